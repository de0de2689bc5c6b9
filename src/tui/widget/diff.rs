//! The difference between two texts, line by line.
//!
//! Bounded: where the changed parts are too long to be compared, one stands whole in place of
//! the other.

/// Cells of the table of comparisons at most, so that a hostile text costs no time.
const MOST: usize = 1_000_000;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Kept,
    Removed,
    Added,
}

impl Fate {
    /// Returns the sign that stands before the line.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Kept => "  ",
            Self::Removed => "- ",
            Self::Added => "+ ",
        }
    }
}

/// Returns the lines of both texts in order, each with what became of it.
pub(crate) fn lines<'a>(from: &'a str, to: &'a str) -> Vec<(Fate, &'a str)> {
    let (old, new): (Vec<_>, Vec<_>) = (from.lines().collect(), to.lines().collect());
    let found = between(&old, &new).into_iter();
    found.map(|(fate, line)| (fate, *line)).collect()
}

/// Returns the lines of both lists in order, each with what became of it.
pub(crate) fn between<'a, T: PartialEq>(old: &'a [T], new: &'a [T]) -> Vec<(Fate, &'a T)> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (
        old.get(head..).unwrap_or_default(),
        new.get(head..).unwrap_or_default(),
    );
    let pairs = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = pairs.take_while(|(a, b)| a == b).count();
    let (old_mid, kept_tail) = old_rest.split_at(old_rest.len() - tail);
    let (new_mid, _) = new_rest.split_at(new_rest.len() - tail);
    let mut found: Vec<_> = old.iter().take(head).map(|l| (Fate::Kept, l)).collect();
    if old_mid.len().saturating_mul(new_mid.len()) > MOST {
        found.extend(old_mid.iter().map(|line| (Fate::Removed, line)));
        found.extend(new_mid.iter().map(|line| (Fate::Added, line)));
    } else {
        middle(old_mid, new_mid, &mut found);
    }
    found.extend(kept_tail.iter().map(|line| (Fate::Kept, line)));
    found
}

/// Compares by the longest common run of lines, in order.
fn middle<'a, T: PartialEq>(old: &'a [T], new: &'a [T], found: &mut Vec<(Fate, &'a T)>) {
    let width = new.len() + 1;
    let mut common = vec![0u32; (old.len() + 1) * width];
    let at = |table: &[u32], a: usize, b: usize| table.get(a * width + b).copied().unwrap_or(0);
    for (a, left) in old.iter().enumerate().rev() {
        for (b, right) in new.iter().enumerate().rev() {
            let best = if left == right {
                at(&common, a + 1, b + 1) + 1
            } else {
                at(&common, a + 1, b).max(at(&common, a, b + 1))
            };
            if let Some(cell) = common.get_mut(a * width + b) {
                *cell = best;
            }
        }
    }
    let (mut a, mut b) = (0, 0);
    loop {
        match (old.get(a), new.get(b)) {
            (Some(left), Some(right)) if left == right => {
                found.push((Fate::Kept, left));
                (a, b) = (a + 1, b + 1);
            }
            (Some(left), right)
                if right.is_none() || at(&common, a + 1, b) >= at(&common, a, b + 1) =>
            {
                found.push((Fate::Removed, left));
                a += 1;
            }
            (_, Some(right)) => {
                found.push((Fate::Added, right));
                b += 1;
            }
            (_, None) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Fate::{Added, Kept, Removed};

    #[test]
    fn a_changed_line_is_removed_and_added_between_what_stays() {
        assert_eq!(
            lines("a\nb\nc", "a\nx\nc"),
            [(Kept, "a"), (Removed, "b"), (Added, "x"), (Kept, "c")]
        );
    }

    #[test]
    fn equal_and_empty_texts_show_nothing_changed() {
        assert_eq!(lines("a", "a"), [(Kept, "a")]);
        assert_eq!(lines("", ""), []);
        assert_eq!(lines("", "a"), [(Added, "a")]);
        assert_eq!(lines("a", ""), [(Removed, "a")]);
    }

    #[test]
    fn a_repeated_line_is_counted_once_more() {
        let found = lines("a\na", "a\na\na");
        let added = found.iter().filter(|(fate, _)| *fate == Added);
        assert_eq!((found.len(), added.count()), (3, 1));
    }

    #[test]
    fn any_two_lists_can_be_read_back_from_their_difference() {
        use proptest::prelude::*;
        let list = || prop::collection::vec("[abc]", 0..12);
        proptest!(|(old in list(), new in list())| {
            let found = between(&old, &new);
            let without = |left_out: Fate| -> Vec<String> {
                let kept = found.iter().filter(|(fate, _)| *fate != left_out);
                kept.map(|(_, line)| (*line).clone()).collect()
            };
            prop_assert_eq!(without(Added), old.clone());
            prop_assert_eq!(without(Removed), new.clone());
        });
    }

    #[test]
    fn both_texts_can_be_read_back_from_the_difference() {
        let (old, new) = ("a\nb\na\nc\nd", "b\na\nx\nd\nd");
        let found = lines(old, new);
        let without = |left_out: Fate| -> Vec<&str> {
            let kept = found.iter().filter(|(fate, _)| *fate != left_out);
            kept.map(|(_, line)| *line).collect()
        };
        assert_eq!(without(Added).join("\n"), old);
        assert_eq!(without(Removed).join("\n"), new);
    }

    #[test]
    fn texts_too_long_to_compare_stand_whole() {
        let old = "a\n".repeat(1_500);
        let new = "b\n".repeat(1_500);
        assert_eq!(lines(&old, &new).len(), 3_000);
    }
}
