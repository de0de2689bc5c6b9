//! Marks of turns, tools and markup: read from the text as it is.
//!
//! What is found here stands on the characters of formats that assistants are fed with, so one
//! hit is enough where nobody writes such a mark by accident.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::model::{Severity, SignalCode};
use crate::text::finder::{Finder, Word};
use crate::text::views;

/// Is told of each finding: code, severity, first byte, byte after the last.
pub(super) type Tell<'a> = dyn FnMut(SignalCode, Severity, usize, usize) + 'a;

/// Words that a comment must have before it counts as prose.
const FEWEST_WORDS: usize = 4;

/// Divisions of a page; a message that hides something in one has one or two.
const FEWEST_DIVISIONS: usize = 3;

/// Characters within which a page says that it is one.
const PAGE_HEAD: usize = 4096;

/// Cells of a drawn line from which on it is one.
const SHORTEST_RULE: usize = 6;

/// Marks that only formats for assistants have. Sources: the chat templates of `ChatML`, Llama 2
/// and 3, Mistral, Gemma, Alpaca, Claude and `OpenClaw`; the `ReAct` paper for its lines.
const TOKENS: &[&str] = &[
    "<|im_start|>",
    "<|im_end|>",
    "<|im_sep|>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|begin_of_text|>",
    "<|endofprompt|>",
    "<|start|>",
    "<|channel|>",
    "<|message|>",
    "<|tool|>",
    "<|python_tag|>",
    "<|reserved",
    "<|end|>",
    "[inst]",
    "[/inst]",
    "<<sys>>",
    "<</sys>>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<function_calls>",
    "</function_calls>",
    "<function_results>",
    "<invoke name=",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "<tool_result",
    "</tool_result",
    "[tool_result",
    "[tool_calls]",
    "[tool_output",
    "<system-reminder>",
    "</system-reminder>",
    "<system_prompt",
    "</system_prompt",
    "<system>",
    "</system>",
    "[system]",
    "[/system]",
    "[system message",
    "[system notice",
    "<system mode",
    "[system mode",
    "external_untrusted_content",
    "end_untrusted",
    "begin_untrusted",
    "### system",
    "### instruction",
    "### response:",
    "### human:",
    "### assistant:",
    "### user:",
    "#system",
    "\"role\": \"system\"",
    "\"role\":\"system\"",
    "\"role\": \"tool\"",
    "\"role\":\"tool\"",
    "\"role\": \"assistant\"",
    "\"role\":\"assistant\"",
    "'role': 'system'",
    "\"role\": \"developer\"",
    "\"tool_calls\":",
    "\"function_call\":",
    "</user>",
    "</assistant>",
    "</untrusted",
    "</context>",
    "end of user input",
    "end of prompt",
    "begin system",
    "system override",
    "[system:",
    "[admin]",
    "[developer]",
    "system prompt end",
    "end system prompt",
    "<user_input>",
    "</user_input>",
    "<human>",
    "</human>",
    "<assistant>",
    "begin admin",
    "<admin>",
    "<sys>",
    "[context end",
    "<системный",
    "<系统",
    "[系统",
    "<systemmodus",
    "<modo del sistema",
    "<modo sistema",
    "<mode système",
    "<システム",
    "system notification:",
    "[[system",
    "[user_instruction",
    "=== system",
    "```system",
];

/// Words of this program's own screens, which no message has reason to draw.
const CHROME: &[&str] = &[
    "scanned by your client",
    "no risks found",
    "press r to release",
    "to release",
    "approved by ",
    "hold: none",
    "held: none",
    "status: approved",
    "verdict: safe",
    "verdict:",
    "✔ verified",
    "✓ verified",
    "✅ verified",
    "signature verified",
    "verified peer",
    "verified sender",
    "trust: full",
    "trust level:",
    "auto-approved",
    "released by",
    "[you]",
    "you approved",
    "decision: allow",
    "decision: approve",
    "risk: none",
    "risk: low",
    "safe to ",
    "signals: none",
    "nothing known found",
    "end-to-end verified",
    "safety code matches",
    "policy: allow",
    "[approved]",
    "[verified]",
    "✔ scanned",
    "✔ approved",
    "needs you",
    "passed all checks",
    "passed all security checks",
    "released automatically",
    "security check passed",
    "[y/n]",
    "press enter",
    "press y",
    "0 signals",
    "— you —",
    "message from your human",
    "(verified)",
    "you (",
];

static FINDER: LazyLock<Finder> = LazyLock::new(|| {
    let patterns = TOKENS.iter().chain(CHROME).chain(HIDING);
    Finder::new(patterns.map(|mark| Word {
        text: Cow::Borrowed(*mark),
        anywhere: true,
    }))
});

/// Styles that make text invisible.
const HIDING: &[&str] = &[
    "font-size:0",
    "font-size: 0",
    "display:none",
    "display: none",
    "visibility:hidden",
    "visibility: hidden",
    "color:white",
    "color: white",
    "color:#fff",
    "color: #fff",
    "opacity:0",
    "opacity: 0",
    "font-size:1px",
    "font-size: 1px",
    "aria-hidden",
];

/// Reads a text.
pub(super) fn find(text: &str, tell: &mut Tell<'_>) {
    let page = is_page(text);
    marks(text, page, tell);
    lines(text, tell);
    comments(text, page, tell);
    images(text, tell);
}

/// Tells a page of HTML, where comments and hidden parts are ordinary, from a message.
pub(in crate::text) fn is_page(text: &str) -> bool {
    let head = match text.char_indices().nth(PAGE_HEAD) {
        Some((end, _)) => text.get(..end).unwrap_or_default(),
        None => text,
    };
    let mut divisions = 0;
    head.match_indices('<').any(|(at, _)| {
        let rest = head.as_bytes().get(at + 1..).unwrap_or_default();
        let begins = |tag: &str| {
            let start = rest.get(..tag.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()))
        };
        divisions += usize::from(begins("div"));
        let outer = ["html", "body", "table", "head>", "td", "!doctype"];
        divisions >= FEWEST_DIVISIONS || outer.iter().any(|tag| begins(tag))
    })
}

fn marks(text: &str, page: bool, tell: &mut Tell<'_>) {
    let mut chrome = Vec::new();
    // Marks are written small, and only the case of ASCII letters counts for nothing.
    let small = text.to_ascii_lowercase();
    let mut at = 0;
    while at < small.len() {
        let Some(found) = FINDER.longest_at(&small, at) else {
            at += 1;
            continue;
        };
        at = found.end;
        let index = found.word;
        let (start, end) = (found.start, found.end);
        if index < TOKENS.len() {
            tell(SignalCode::InjBoundary, Severity::High, start, end);
        } else if index < TOKENS.len() + CHROME.len() {
            chrome.push((start, end));
        } else {
            let severity = if page { Severity::Note } else { Severity::High };
            tell(SignalCode::InjHiddenMarkup, severity, start, end);
        }
    }
    let Some((start, end)) = chrome.first().copied() else {
        return;
    };
    let near = chrome
        .windows(2)
        .any(|pair| matches!(pair, [(_, end), (start, _)] if start.saturating_sub(*end) < 160));
    let starts_line = |at: usize| {
        text.get(..at).is_some_and(|before| {
            let line = before.rsplit('\n').next().unwrap_or_default();
            line.chars().all(|c| !c.is_alphanumeric()) && before.contains('\n')
        })
    };
    let severity = if near || chrome.iter().any(|(at, _)| starts_line(*at)) || drawn_line(text) {
        Severity::High
    } else {
        Severity::Note
    };
    tell(SignalCode::UiSpoof, severity, start, end);
}

/// Tells whether there is a line drawn with box characters.
fn drawn_line(text: &str) -> bool {
    let mut row = 0;
    for c in text.chars() {
        row = if matches!(c, '\u{2500}'..='\u{259F}') {
            row + 1
        } else {
            0
        };
        if row >= SHORTEST_RULE {
            return true;
        }
    }
    false
}

/// What the start of a line says about who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    User,
    Assistant,
    System,
    Step,
}

/// Bytes that hold the longest name of a speaker.
const LONGEST_SPEAKER: usize = 20;

const SPEAKERS: &[(&str, Speaker)] = &[
    ("human:", Speaker::User),
    ("user:", Speaker::User),
    ("assistant:", Speaker::Assistant),
    ("ai:", Speaker::Assistant),
    ("system:", Speaker::System),
    ("bot:", Speaker::Assistant),
    ("observation:", Speaker::Step),
    ("thought:", Speaker::Step),
    ("action:", Speaker::Step),
    ("action input:", Speaker::Step),
    ("final answer:", Speaker::Step),
    ("tool:", Speaker::Step),
    ("tool result:", Speaker::Step),
    ("function:", Speaker::Step),
    ("developer:", Speaker::System),
    ("model:", Speaker::Assistant),
    ("claude:", Speaker::Assistant),
    ("chatgpt:", Speaker::Assistant),
    ("response:", Speaker::Assistant),
    ("tool call:", Speaker::Step),
    ("system message:", Speaker::System),
    ("instruction:", Speaker::System),
];

fn lines(text: &str, tell: &mut Tell<'_>) {
    let mut seen: Vec<(Speaker, &str, usize)> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start_matches([' ', '\t', '>', '*', '#', '-', '[', '(', '"', '\'']);
        let start = at + line.len() - trimmed.len();
        at += line.len();
        if let Some((name, speaker)) = speaker(trimmed)
            && seen.len() < 16
        {
            seen.push((*speaker, name, start));
        }
        if is_chat_row(line) {
            tell(
                SignalCode::UiSpoof,
                Severity::High,
                start,
                start + trimmed.trim_end().len(),
            );
        }
    }
    let Some((_, first, start)) = seen.first().copied() else {
        return;
    };
    let has = |wanted| seen.iter().any(|(speaker, ..)| *speaker == wanted);
    let steps = seen
        .iter()
        .filter(|(speaker, name, _)| *speaker == Speaker::Step && *name != first)
        .count();
    let turns = has(Speaker::Assistant) && (has(Speaker::User) || has(Speaker::System));
    let react = has(Speaker::Step) && (steps > 0 || has(Speaker::Assistant));
    let severity = if turns || react {
        Severity::High
    } else {
        Severity::Note
    };
    tell(
        SignalCode::InjBoundary,
        severity,
        start,
        start + first.len(),
    );
}

/// Returns who speaks in a line, and what it says so with.
fn speaker(line: &str) -> Option<&'static (&'static str, Speaker)> {
    let head = line.as_bytes();
    let head = head.get(..LONGEST_SPEAKER).unwrap_or(head);
    // Most lines are told by this alone.
    if !head.contains(&b':') {
        return None;
    }
    SPEAKERS.iter().find(|(name, _)| {
        let start = head.get(..name.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
    })
}

/// Tells a line like `[12:04] You: fine`, which is how chat programs draw a message.
fn is_chat_row(line: &str) -> bool {
    let line = line.trim_start_matches([' ', '\t', '│', '|', '>', '*']);
    let Some(rest) = line.strip_prefix(['[', '(', '<']) else {
        return false;
    };
    let Some((time, rest)) = rest.split_once([']', ')', '>']) else {
        return false;
    };
    let clock = time.len() <= 20
        && time.contains(':')
        && time.bytes().filter(u8::is_ascii_digit).count() >= 3
        && time
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b":. -/TZapmAPM".contains(&byte));
    let name = rest.split_once(':').map_or("", |(name, _)| name.trim());
    clock && !name.is_empty() && name.chars().count() <= 32
}

/// HTML comments, and the link definitions that Markdown writers use as comments.
fn comments(text: &str, page: bool, tell: &mut Tell<'_>) {
    for (opening, closing) in [
        ("<!--", "-->"),
        ("[//]: # ", "\n"),
        ("[comment]: ", "\n"),
        ("[//]: <> ", "\n"),
    ] {
        for (start, _) in text.match_indices(opening).take(16) {
            let body = text.get(start + opening.len()..).unwrap_or_default();
            let limit = views::floor(body, 4096);
            let body = body.get(..limit).unwrap_or_default();
            let end = body.find(closing).unwrap_or(body.len());
            let body = body.get(..end).unwrap_or_default();
            let words = body
                .split_whitespace()
                .filter(|word| word.chars().filter(|c| c.is_alphabetic()).count() >= 2)
                .count();
            let prose = words >= FEWEST_WORDS
                || body
                    .chars()
                    .filter(|c| !c.is_ascii() && c.is_alphabetic())
                    .count()
                    >= 6;
            let encoded = body.split_whitespace().any(|word| word.len() >= 24);
            let severity = if (prose || encoded) && !page {
                Severity::High
            } else {
                Severity::Note
            };
            let end = start + opening.len() + end;
            tell(SignalCode::InjHiddenMarkup, severity, start, end);
        }
    }
}

/// Markdown images whose address has room for data: drawing one sends it.
fn images(text: &str, tell: &mut Tell<'_>) {
    for (start, _) in text.match_indices("![").take(16) {
        let rest = text.get(start..).unwrap_or_default();
        let rest = rest.get(..views::floor(rest, 1024)).unwrap_or_default();
        let Some((_, link)) = rest.split_once("](") else {
            continue;
        };
        let end = link.find([')', '\n']).unwrap_or(link.len());
        let address = link.get(..end).unwrap_or_default();
        if !address.contains("://") {
            continue;
        }
        let query = address
            .split_once(['?', '#'])
            .map_or("", |(_, query)| query);
        let slot = query.ends_with('=')
            || query.contains(['{', '<', '[', '$', ' '])
            || [
                "DATA",
                "SECRET",
                "data",
                "secret",
                "PLACEHOLDER",
                "exfil",
                "conversation",
            ]
            .iter()
            .any(|word| query.contains(word))
            || address.contains(['{', '<']);
        let severity = if slot { Severity::High } else { Severity::Note };
        let end = start + rest.len() - link.len() + end;
        tell(SignalCode::ExfilUrl, severity, start, end);
    }
}
