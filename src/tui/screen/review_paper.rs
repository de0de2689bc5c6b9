//! What a person has to read before deciding, as rows that are wrapped but never cut.

use std::cell::RefCell;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::api::Review;
use crate::model::{
    Author, Body, Content, Fingerprint, Message, Part, PeerText, ReviewItem, ReviewKind, Severity,
    Signal, StopReason,
};
use crate::text::{SafeLine, SafeText, ours, sanitise, sanitise_line, sanitise_marked};
use crate::tui::theme::Role;
use crate::tui::widget::paint::{clock, day};

use super::review::Look;
use super::review_verdict::words_of;
use super::review_words::{Purpose, Written};
use super::side::{preset_label, relay_name};

/// One row: theirs stands right of the gutter, ours does not have one.
#[derive(Debug, Default)]
pub(super) struct PaperRow {
    pub(super) gutter: bool,
    pub(super) pieces: Vec<(Role, SafeLine)>,
    /// The number of the signal that this row begins to tell of.
    pub(super) signal: Option<u32>,
}

/// The rows of a paper, wrapped once per width.
#[derive(Debug, Default)]
pub(in crate::tui) struct Kept(RefCell<Option<(u16, Arc<Vec<PaperRow>>)>>);

impl Kept {
    /// Returns the rows for a width, made if they are not kept.
    pub(super) fn at(
        &self,
        width: u16,
        make: impl FnOnce() -> Vec<PaperRow>,
    ) -> Arc<Vec<PaperRow>> {
        if let Some((at, rows)) = &*self.0.borrow()
            && *at == width
        {
            return Arc::clone(rows);
        }
        let rows = Arc::new(make());
        *self.0.borrow_mut() = Some((width, Arc::clone(&rows)));
        rows
    }

    /// Forgets the rows, because what is on the paper changed.
    pub(super) fn clear(&self) {
        *self.0.borrow_mut() = None;
    }
}

/// What is written on the paper.
pub(super) struct Page<'a> {
    pub(super) review: &'a Review,
    pub(super) written: &'a Written,
    pub(super) look: Look,
    /// Only the text, because others stand below it.
    pub(super) brief: bool,
    pub(super) zone: &'a TimeZone,
}

/// Columns of the labels.
const LABEL: usize = 13;
/// Cells of a line from before the item, which is context and may be cut.
const BEFORE: usize = 160;

struct Paper {
    rows: Vec<PaperRow>,
    width: usize,
}

impl Paper {
    fn row(&mut self, pieces: Vec<(Role, SafeLine)>) {
        self.rows.push(PaperRow {
            gutter: false,
            pieces,
            signal: None,
        });
    }

    fn blank(&mut self) {
        self.row(Vec::new());
    }

    fn words(&mut self, role: Role, words: &str) {
        for line in sanitise(&PeerText::new(words)).wrap(self.width) {
            self.row(vec![(role, line)]);
        }
    }

    /// A label and what belongs to it; wraps under itself.
    fn entry(&mut self, label: &str, role: Role, value: &PeerText) {
        let room = self.width.saturating_sub(LABEL).max(1);
        let lines = sanitise(value).wrap(room);
        for (line, label) in lines
            .into_iter()
            .zip(std::iter::once(label).chain(std::iter::repeat("")))
        {
            let label = ours(&format!("{label:LABEL$}"));
            self.row(vec![(Role::Dim, label), (role, line)]);
        }
    }

    fn key(&mut self, label: &str, role: Role, key: Option<&Fingerprint>) {
        let words = key.map_or("none", |key| key.0.as_str());
        self.entry(label, role, &PeerText::new(words));
    }

    fn theirs(&mut self, text: &PeerText) {
        self.behind_gutter(&sanitise(text));
    }

    fn behind_gutter(&mut self, text: &SafeText) {
        for line in text.wrap(self.width.saturating_sub(2)) {
            self.rows.push(PaperRow {
                gutter: true,
                pieces: vec![(Role::Text, line)],
                signal: None,
            });
        }
    }

    fn hidden(&mut self, text: &PeerText) {
        for hidden in sanitise(text).hidden() {
            let Some(decoded) = &hidden.decoded else {
                continue;
            };
            self.words(
                Role::Stop,
                &format!("Hidden text, decoded ({} characters):", hidden.count),
            );
            self.behind_gutter(decoded);
        }
    }
}

/// Returns everything that has to be read for an item and those decided with it.
pub(super) fn of_all(page: &Page<'_>, others: &[Review], width: u16) -> Vec<PaperRow> {
    if others.is_empty() {
        return rows(page, width);
    }
    let all = others.len() + 1;
    let mut paper = Paper {
        rows: Vec::new(),
        width: usize::from(width).max(1),
    };
    for (number, review) in (1..).zip(std::iter::once(page.review).chain(others)) {
        paper.words(Role::Heading, &format!("{number} of {all}"));
        let brief = Page {
            review,
            brief: true,
            ..*page
        };
        paper.rows.extend(rows(&brief, width));
        paper.blank();
    }
    if page.look == Look::Safe {
        effect(&mut paper, page.review, "All of them are judged under");
        earlier(&mut paper, page);
    }
    paper.rows
}

/// Returns everything that has to be read for this item.
pub(super) fn rows(page: &Page<'_>, width: u16) -> Vec<PaperRow> {
    let (review, zone) = (page.review, page.zone);
    let mut paper = Paper {
        rows: Vec::new(),
        width: usize::from(width).max(1),
    };
    match &review.item.kind {
        ReviewKind::ContactRequest {
            fingerprint,
            answers,
        } => contact(&mut paper, review, zone, fingerprint, *answers),
        ReviewKind::KeyChange {
            pinned,
            shown,
            reason,
        } => {
            paper.words(Role::Stop, &capital(reason.sentence()));
            paper.blank();
            who(&mut paper, review);
            match reason {
                StopReason::KeyChanged => {
                    key_changed(&mut paper, review, zone, pinned.as_ref(), shown);
                }
                StopReason::AnsweredTwice => {
                    answered_twice(&mut paper, review, zone, pinned.as_ref(), shown);
                }
                StopReason::CodeDiffers => code_differs(&mut paper, review, zone, shown),
            }
        }
        ReviewKind::HeldMessage { rule, .. } => held(&mut paper, page, rule),
        ReviewKind::HeldDraft {
            rule,
            reason,
            expires,
            ..
        } => {
            paper.entry("held by", Role::Wait, &PeerText::new(rule.as_str()));
            if !reason.is_empty() {
                paper.entry("it", Role::Wait, &PeerText::new(reason.as_str()));
            }
            let until = format!("{} {}", day(*expires, zone), clock(*expires, zone));
            paper.entry("waits until", Role::Wait, &PeerText::new(until));
            draft(&mut paper, page);
        }
    }
    paper.rows
}

fn key_changed(
    paper: &mut Paper,
    review: &Review,
    zone: &TimeZone,
    pinned: Option<&Fingerprint>,
    shown: &Fingerprint,
) {
    paper.key("you accepted", Role::Text, pinned);
    paper.key("shown now", Role::Stop, Some(shown));
    paper.entry("noticed", Role::Text, &when(&review.item, zone));
    paper.blank();
    paper.words(
        Role::Dim,
        "Nothing leaves and nothing enters until you settle this. They may have a new device, \
         or somebody answers in their place. Ask them by another way, with the key at hand.",
    );
}

/// The key on show is a stranger's here, so the paper has to say which key is whose.
fn answered_twice(
    paper: &mut Paper,
    review: &Review,
    zone: &TimeZone,
    pinned: Option<&Fingerprint>,
    shown: &Fingerprint,
) {
    keys(paper, review, Role::Text, pinned);
    paper.key("a stranger's", Role::Stop, Some(shown));
    paper.entry("noticed", Role::Text, &when(&review.item, zone));
    paper.blank();
    paper.words(
        Role::Text,
        "Their key came with the link: it belongs to the person who invited you. The last one \
         is of somebody else who had the same link and answered in your place; it is never \
         theirs, so it cannot be pinned.",
    );
    paper.blank();
    paper.words(
        Role::Dim,
        "Nothing leaves and nothing enters until you settle this. Tell the person who invited \
         you, by another way: what they accept now may be the stranger. Keeping the key lets \
         the channel go on with them alone; after closing it, ask them for a new link.",
    );
}

fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}

fn when(item: &ReviewItem, zone: &TimeZone) -> PeerText {
    PeerText::new(format!(
        "{} {}",
        day(item.since, zone),
        clock(item.since, zone)
    ))
}

fn who(paper: &mut Paper, review: &Review) {
    paper.entry("channel", Role::Title, &review.item.name);
    let relay = relay_name(&review.channel.relay, usize::MAX).plain();
    let over = format!("{} over {relay}", review.network.label());
    paper.entry("network", Role::Text, &PeerText::new(over));
}

fn contact(
    paper: &mut Paper,
    review: &Review,
    zone: &TimeZone,
    fingerprint: &Fingerprint,
    answers: Option<u32>,
) {
    paper.words(
        Role::Text,
        "Somebody answered the invite that you made. The name is the one you gave it: who \
         answered, only the key can tell.",
    );
    paper.blank();
    who(paper, review);
    keys(paper, review, Role::Text, Some(fingerprint));
    paper.entry("answered", Role::Text, &when(&review.item, zone));
    match answers {
        Some(times @ 2..) => paper.entry(
            "answers",
            Role::Stop,
            &PeerText::new(format!(
                "{times} times: more than one person had this link, and the last one is shown"
            )),
        ),
        Some(_) => paper.entry("answers", Role::Text, &PeerText::new("once")),
        None => paper.entry(
            "answers",
            Role::Dim,
            &PeerText::new("this relay does not tell how many"),
        ),
    }
    let preset = preset_label(&review.channel.preset).plain();
    paper.entry("engagement", Role::Text, &PeerText::new(preset));
    paper.blank();
    paper.words(
        Role::Dim,
        "Accepting pins this key: messages can go both ways, and a different key stops the \
         channel. Anyone who saw the link could have answered it first, so compare both \
         keys with them, by voice, before you accept if it matters.",
    );
}

/// Writes their key and ours.
fn keys(paper: &mut Paper, review: &Review, role: Role, theirs: Option<&Fingerprint>) {
    paper.key("their key", role, theirs);
    let ours = review.channel.our_fingerprint.as_ref();
    paper.key("your key", Role::Text, ours);
}

fn code_differs(paper: &mut Paper, review: &Review, zone: &TimeZone, shown: &Fingerprint) {
    keys(paper, review, Role::Stop, Some(shown));
    paper.entry("compared", Role::Text, &when(&review.item, zone));
    paper.blank();
    paper.words(
        Role::Dim,
        "Somebody answered in their place, or the two of you compared another channel. Keep the \
         key only if you compared wrongly; otherwise close the channel and make a new invite, \
         given by a way you trust.",
    );
}

fn held(paper: &mut Paper, page: &Page<'_>, rule: &str) {
    paper.entry("held by", Role::Wait, &PeerText::new(rule));
    paper.blank();
    text(paper, page);
    if let Some(words) = page.written.text(Purpose::OwnWords) {
        paper.blank();
        paper.words(
            Role::Heading,
            "YOUR WORDS, which go to your assistant in its place",
        );
        paper.theirs(&words);
    }
    reason(paper, page);
    if page.look == Look::Safe && !page.brief {
        signals(
            paper,
            page,
            "No finding is a promise that a message is safe.",
        );
        effect(
            paper,
            page.review,
            "Released, your assistant reads it under",
        );
        earlier(paper, page);
    }
}

fn draft(paper: &mut Paper, page: &Page<'_>) {
    paper.blank();
    text(paper, page);
    if let Some(words) = page.written.text(Purpose::Edit) {
        paper.blank();
        paper.words(Role::Heading, "YOUR VERSION, which leaves in its place");
        paper.theirs(&words);
    }
    reason(paper, page);
    if page.look == Look::Safe && !page.brief {
        signals(
            paper,
            page,
            "What no rule knows is not found: read it yourself.",
        );
        effect(
            paper,
            page.review,
            "Approved, it leaves after 10 seconds, under",
        );
        earlier(paper, page);
    }
}

/// The message in the chosen look.
fn text(paper: &mut Paper, page: &Page<'_>) {
    let message = page.review.message.as_ref();
    match (message.map(|message| &message.content), page.look) {
        (Some(Content::Text(body)), Look::Safe) => {
            let signals = message.map(|message| message.signals.as_slice());
            safe_text(paper, body, signals.unwrap_or_default());
        }
        (Some(Content::Text(body)), Look::Raw) => {
            paper.words(
                Role::Dim,
                "As it came; what is not plain is written as its code",
            );
            paper.theirs(&raw(&body.judged()));
        }
        (Some(Content::Text(_)), Look::Assistant) => assistants(paper, page.review),
        (Some(Content::Raw { reason, payload }), _) => {
            paper.words(Role::Wait, &capital(reason.sentence()));
            paper.theirs(payload);
        }
        (None, _) => paper.words(Role::Dim, "The message is gone."),
    }
}

/// The parts of a body, each with its own signals marked under the numbers of the whole list.
fn safe_text(paper: &mut Paper, body: &Body, signals: &[Signal]) {
    let of = |part: Part| body.signals_in(signals, part);
    if !body.subject.is_empty() {
        paper.words(Role::Dim, "Subject");
        paper.behind_gutter(&sanitise_marked(&body.subject, &of(Part::Subject)));
        paper.words(Role::Dim, "Text");
    }
    paper.behind_gutter(&sanitise_marked(&body.body, &of(Part::Body)));
    if body.metadata.expose_untrusted() != "{}" {
        paper.words(Role::Dim, "Metadata");
        paper.behind_gutter(&sanitise_marked(&body.metadata, &of(Part::Metadata)));
    }
    paper.hidden(&body.subject);
    paper.hidden(&body.body);
    paper.hidden(&body.metadata);
}

/// Writes every character that is no plain letter, mark or line end as its code.
fn raw(text: &PeerText) -> PeerText {
    let mut codes = String::new();
    for c in text.expose_untrusted().chars() {
        match c {
            '\n' | ' '..='~' => codes.push(c),
            _ => codes.extend(c.escape_unicode()),
        }
    }
    PeerText::new(codes)
}

/// What `check` would give: the instructions, then the words under their untrusted names.
fn assistants(paper: &mut Paper, review: &Review) {
    let given = review.clean.as_ref();
    let words = words_of(review.message.as_ref());
    paper.words(Role::Dim, "instructions");
    paper.theirs(&PeerText::new(review.channel.instructions.as_str()));
    paper.words(Role::Dim, "unsafe_subject");
    paper.theirs(&raw(&words.subject));
    paper.words(Role::Dim, "unsafe_body");
    paper.theirs(&raw(&words.body));
    if let Some(clean) = given.filter(|clean| clean.body != words.body) {
        paper.words(Role::Dim, "unsafe_body, with hidden text removed");
        paper.theirs(&raw(&clean.body));
    }
}

fn reason(paper: &mut Paper, page: &Page<'_>) {
    if let Some(words) = page.written.text(Purpose::Reason) {
        paper.blank();
        paper.words(
            Role::Heading,
            "WHY NOT, if you refuse: your assistant reads this",
        );
        paper.theirs(&words);
    }
}

fn signals(paper: &mut Paper, page: &Page<'_>, promise: &str) {
    let Some(message) = &page.review.message else {
        return;
    };
    paper.blank();
    let count = message.signals.len();
    paper.words(Role::Heading, &format!("SIGNALS {count}"));
    for (number, signal) in (1u32..).zip(&message.signals) {
        let role = match signal.severity {
            Severity::Note => Role::Dim,
            Severity::Low | Severity::Medium => Role::Wait,
            Severity::High | Severity::Critical => Role::Stop,
        };
        let kind = signal.kind.words();
        let first = paper.rows.len();
        paper.words(
            role,
            &format!("{number} it {} · {kind}", signal.code.sentence()),
        );
        if let Some(row) = paper.rows.get_mut(first) {
            row.signal = Some(number);
        }
        paper.theirs(&signal.evidence);
    }
    paper.words(Role::Dim, promise);
}

fn effect(paper: &mut Paper, review: &Review, what: &str) {
    let before = match review.flagged_before {
        0 => "no signals".to_owned(),
        some => format!("signals in {some}"),
    };
    paper.blank();
    paper.words(
        Role::Dim,
        &format!(
            "{what} {}. Of {} messages here, {before} before this.",
            review.policy, review.total
        ),
    );
}

fn earlier(paper: &mut Paper, page: &Page<'_>) {
    if page.review.before.is_empty() {
        return;
    }
    paper.blank();
    paper.words(Role::Heading, "BEFORE THIS");
    for message in &page.review.before {
        before(paper, message, page.zone);
    }
}

fn before(paper: &mut Paper, message: &Message, zone: &TimeZone) {
    let (arrow, who) = match message.author {
        Author::Peer => ("┆ ", "theirs  "),
        Author::Human => ("→ ", "you  "),
        Author::Assistant => ("→ ", "your assistant  "),
    };
    let head = ours(&format!("{} {arrow}{who}", clock(message.at, zone)));
    let room = paper.width.saturating_sub(head.width()).min(BEFORE);
    let line = sanitise_line(message.content.text(), room);
    paper.row(vec![(Role::Dim, head), (Role::Text, line)]);
}
