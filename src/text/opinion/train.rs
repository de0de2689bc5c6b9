//! Learns the weights from labelled texts, with the features that the product uses.
//!
//! Logistic regression by stochastic gradient descent with per-weight rates (Adagrad; Duchi,
//! Hazan and Singer, 2011) and an L2 penalty. A message counts by its most suspicious part,
//! as it does in the product, so one bad sentence teaches nothing about its neighbours.

use std::ops::Range;

use super::{Biases, HEADER, MAGIC, Part, Sum, VERSION, features, part_of};

/// A labelled text, turned into features.
#[derive(Clone, Debug)]
pub struct Example {
    buckets: Vec<u16>,
    sentences: Vec<Range<usize>>,
    is_attack: bool,
    weight: f32,
}

impl Example {
    /// Reads a text; `weight` says how much it counts beside the others.
    pub fn new(view: &str, is_attack: bool, weight: f32) -> Self {
        let mut buckets = Vec::new();
        let mut sentences = Vec::new();
        for span in features::sentences(view) {
            let start = buckets.len();
            features::each(view.get(span).unwrap_or_default(), |bucket| {
                buckets.push(bucket);
            });
            sentences.push(start..buckets.len());
        }
        Self {
            buckets,
            sentences,
            is_attack,
            weight,
        }
    }

    fn features(&self, part: &Range<usize>) -> &[u16] {
        self.buckets.get(part.clone()).unwrap_or_default()
    }
}

/// How to learn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Times that every example is looked at.
    pub passes: u32,
    /// First step of every weight.
    pub rate: f32,
    /// Pull of every weight towards zero.
    pub penalty: f32,
    /// Where the order of the examples starts from: the same seed, the same weights.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            passes: 30,
            rate: 1.0,
            penalty: 1e-3,
            seed: 1,
        }
    }
}

/// What was learnt, before it is made small.
#[derive(Clone, Debug)]
pub struct Trained {
    weights: Vec<f32>,
    biases: Biases,
}

/// Learns from `examples`.
pub fn fit(examples: &[&Example], settings: &Settings) -> Trained {
    let mut learner = Learner::new(settings);
    let mut order: Vec<&Example> = examples.to_vec();
    for pass in 0..settings.passes {
        learner.shuffle(&mut order);
        for example in &order {
            learner.step(example);
        }
        if pass >= settings.passes / 2 {
            learner.remember();
        }
    }
    learner.average()
}

/// Weights on their way, with the sum of squares that slows each of them down.
struct Learner {
    trained: Trained,
    squares: Vec<f32>,
    bias_squares: Biases,
    remembered: Trained,
    times: f32,
    settings: Settings,
    state: u64,
}

impl Learner {
    fn new(settings: &Settings) -> Self {
        let nothing = Trained {
            weights: vec![0.0; features::BUCKETS],
            biases: Biases::default(),
        };
        Self {
            trained: nothing.clone(),
            remembered: nothing,
            times: 0.0,
            squares: vec![1e-6; features::BUCKETS],
            bias_squares: Biases {
                whole: 1e-6,
                sentence: 1e-6,
                pair: 1e-6,
            },
            settings: *settings,
            state: settings.seed,
        }
    }

    fn step(&mut self, example: &Example) {
        let (score, part, range) = self.trained.highest(example);
        let target = f32::from(u8::from(example.is_attack));
        let slope = (1.0 / (1.0 + (-score).exp()) - target) * example.weight;
        let rate = self.settings.rate;
        let square = self.bias_squares.of_mut(part);
        *square += slope * slope;
        *self.trained.biases.of_mut(part) -= rate * slope / square.sqrt();
        let buckets = example.features(&range);
        let one = Sum {
            weight: slope,
            count: count(buckets),
        };
        let each = one.normed();
        for bucket in buckets {
            let index = usize::from(*bucket);
            let (Some(weight), Some(square)) = (
                self.trained.weights.get_mut(index),
                self.squares.get_mut(index),
            ) else {
                continue;
            };
            let slope = each + self.settings.penalty * *weight;
            *square += slope * slope;
            *weight -= rate * slope / square.sqrt();
        }
    }

    /// Adds the weights as they are now to the average (Polyak and Juditsky, 1992): where
    /// the last few examples pulled them to matters less then.
    fn remember(&mut self) {
        let pairs = self
            .remembered
            .weights
            .iter_mut()
            .zip(&self.trained.weights);
        pairs.for_each(|(sum, weight)| *sum += weight);
        for part in [Part::Whole, Part::Sentence, Part::Pair] {
            *self.remembered.biases.of_mut(part) += self.trained.biases.of(part);
        }
        self.times += 1.0;
    }

    fn average(mut self) -> Trained {
        if self.times == 0.0 {
            return self.trained;
        }
        let weights = self.remembered.weights.iter_mut();
        weights.for_each(|weight| *weight /= self.times);
        for part in [Part::Whole, Part::Sentence, Part::Pair] {
            *self.remembered.biases.of_mut(part) /= self.times;
        }
        self.remembered
    }

    /// Shuffles with `SplitMix64` (Steele, Lea and Flood, 2014).
    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.state;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
            let other = mixed % (last as u64 + 1);
            items.swap(last, usize::try_from(other).unwrap_or(last));
        }
    }
}

impl Trained {
    /// Returns the log-odds of an attack.
    pub fn score(&self, example: &Example) -> f32 {
        self.highest(example).0
    }

    fn sum(&self, buckets: &[u16]) -> Sum {
        let weights = buckets
            .iter()
            .filter_map(|b| self.weights.get(usize::from(*b)));
        Sum {
            weight: weights.sum(),
            count: count(buckets),
        }
    }

    fn highest(&self, example: &Example) -> (f32, Part, Range<usize>) {
        let mut whole = Sum::default();
        let mut last: Option<(Sum, usize)> = None;
        let mut best = (f32::NEG_INFINITY, Part::Whole, 0..0);
        for span in &example.sentences {
            let sum = self.sum(example.features(span));
            let score = sum.normed() + self.biases.sentence;
            if score > best.0 {
                best = (score, Part::Sentence, span.clone());
            }
            if let Some((last, start)) = last {
                let score = last.plus(sum).normed() + self.biases.pair;
                if score > best.0 {
                    best = (score, Part::Pair, start..span.end);
                }
            }
            whole = whole.plus(sum);
            last = Some((sum, span.start));
        }
        best.0 -= part_of(example.sentences.len());
        let score = whole.normed() + self.biases.whole;
        if score > best.0 {
            best = (score, Part::Whole, 0..example.buckets.len());
        }
        best
    }

    /// Writes the weights as eight bits each, with the threshold a score has to reach.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "rounded and clamped to eight bits"
    )]
    pub fn to_bytes(&self, threshold: f32) -> Vec<u8> {
        let scale = self.scale();
        let mut bytes = Vec::with_capacity(HEADER + features::BUCKETS);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        let Biases {
            whole,
            sentence,
            pair,
        } = self.biases;
        for number in [scale, whole, sentence, pair, threshold] {
            bytes.extend(number.to_le_bytes());
        }
        let small = |weight: &f32| (weight / scale).round().clamp(-127.0, 127.0) as i8;
        bytes.extend(
            self.weights
                .iter()
                .map(|weight| small(weight).cast_unsigned()),
        );
        bytes
    }

    /// Returns the step between two weights of eight bits. The largest few are clipped:
    /// they would make the steps too coarse for all others.
    fn scale(&self) -> f32 {
        let mut sizes: Vec<f32> = self.weights.iter().map(|weight| weight.abs()).collect();
        sizes.sort_unstable_by(|a, b| b.total_cmp(a));
        let largest = sizes.get(features::BUCKETS / 2_000).copied().unwrap_or(0.0);
        if largest > 0.0 { largest / 127.0 } else { 1.0 }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no text has sixteen million features"
)]
const fn count(buckets: &[u16]) -> f32 {
    buckets.len() as f32
}
