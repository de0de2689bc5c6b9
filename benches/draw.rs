//! What a frame costs at 120x36, and that it does not grow with the conversation.
//!
//! Budgets: a key to a drawn frame within 8 ms; 100,000 messages within 1.2 times 100.

use chaperon::api::{Page, Reply};
use chaperon::model::{
    Author, Body, Channel, ChannelId, ChannelState, Content, Message as Letter, MessageId,
    NetworkId, PeerText, UnixMillis,
};
use chaperon::tui::theme::ColourHints;
use chaperon::tui::{
    Message, Model, Question, Setup, Symbols, ThemeChoice, Themes, start, update, view,
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use divan::Bencher;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const NOW: UnixMillis = UnixMillis(1_763_505_660_000);
const SIZE: (u16, u16) = (120, 36);
const CHANNEL: ChannelId = ChannelId(1);

/// Allocations tell what a frame costs where the machine is too busy for times.
#[global_allocator]
static ALLOCATIONS: divan::AllocProfiler = divan::AllocProfiler::system();

fn main() {
    divan::main();
}

fn channel() -> Channel {
    Channel {
        account: None,
        presence: None,
        id: CHANNEL,
        network: NetworkId::Mailbox,
        address: "channel".into(),
        name: PeerText::new("Marta Ruiz"),
        phone: None,
        state: ChannelState::Active,
        paused: false,
        inviter: true,
        relay: "https://relay.example.com".into(),
        our_key: String::new(),
        their_key: None,
        our_fingerprint: None,
        fingerprint: None,
        preset: "trusted-colleague".into(),
        instructions: "Settle times and places alone. Ask before you promise anything.".into(),
        created_at: NOW,
        last_seen: None,
        unread: 0,
        held_in: 0,
        stopped: None,
        verified: None,
        rules: None,
        policy_version: 1,
        wake: Vec::new(),
        muted: None,
        news: 0,
        news_at: None,
        trusts_us: None,
    }
}

fn letter(id: i64) -> Letter {
    let text =
        format!("Could we hold slot {id} for thirty minutes? It expires on Wednesday at five.");
    Letter {
        routing: None,
        id: MessageId(id),
        channel: CHANNEL,
        author: if id % 2 == 0 {
            Author::Peer
        } else {
            Author::Human
        },
        seq: Some(id),
        at: UnixMillis(NOW.0 - (100_000 - id) * 60_000),
        content: Content::Text(Body::new("", text)),
        envelope: None,
        admission: None,
        delivery: None,
        handed_over: None,
        read: true,
        signals: Vec::new(),
        passage: None,
        other: None,
        digest: false,
    }
}

/// Makes a surface that holds this many messages.
fn model(messages: i64) -> Model {
    let mut model = Model::new(Setup {
        theme: ThemeChoice::DARK,
        themes: Themes::default(),
        colours: ColourHints::default(),
        symbols: Symbols::Unicode,
        banner: None,
        tour: false,
        zone: TimeZone::UTC,
        now: NOW,
        size: SIZE,
    });
    start(&mut model);
    let page = Page {
        messages: (1..=messages).map(letter).collect(),
        more: false,
        newer: false,
        total: messages.unsigned_abs(),
    };
    for (question, reply) in [
        (Question::Channels, Reply::Channels(vec![channel()])),
        (Question::NeedsYou, Reply::NeedsYou(Vec::new())),
        (Question::Newest(CHANNEL, None), Reply::Page(page)),
    ] {
        update(
            &mut model,
            NOW,
            Message::Answer(question, Box::new(Ok(reply))),
        );
    }
    model
}

fn terminal() -> Terminal<TestBackend> {
    Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).expect("a test terminal cannot fail")
}

fn press(model: &mut Model, code: KeyCode) {
    let key = KeyEvent::new(code, KeyModifiers::NONE);
    update(model, NOW, Message::Key(key));
}

/// Draws the newest messages.
#[divan::bench(args = [100, 100_000])]
fn transcript(bencher: Bencher<'_, '_>, messages: i64) {
    let model = model(messages);
    let mut terminal = terminal();
    bencher.bench_local(|| {
        terminal
            .draw(|frame| view(&model, frame))
            .expect("a test terminal cannot fail");
    });
}

/// Draws the newest messages with nothing wrapped yet.
#[divan::bench(args = [100, 100_000])]
fn first_frame(bencher: Bencher<'_, '_>, messages: i64) {
    let mut width = 0;
    let mut model = model(messages);
    let mut terminal = terminal();
    bencher.bench_local(|| {
        // Another width each time, so that nothing comes out of the cache.
        width = (width + 1) % 50;
        update(&mut model, NOW, Message::Resize(110 + width, SIZE.1));
        terminal.backend_mut().resize(110 + width, SIZE.1);
        terminal
            .draw(|frame| view(&model, frame))
            .expect("a test terminal cannot fail");
    });
}

/// From a key to the frame that shows it, while scrolling up and down.
#[divan::bench(args = [100, 100_000])]
fn key_to_frame(bencher: Bencher<'_, '_>, messages: i64) {
    let mut model = model(messages);
    press(&mut model, KeyCode::Tab);
    let mut terminal = terminal();
    let mut turn = 0_u32;
    bencher.bench_local(|| {
        turn = (turn + 1) % 40;
        press(&mut model, KeyCode::Char(if turn < 20 { 'k' } else { 'j' }));
        terminal
            .draw(|frame| view(&model, frame))
            .expect("a test terminal cannot fail");
    });
}

/// From a key to the frame that shows it, while writing a long message.
#[divan::bench]
fn typing(bencher: Bencher<'_, '_>) {
    let mut model = model(100);
    press(&mut model, KeyCode::Char('i'));
    update(
        &mut model,
        NOW,
        Message::Paste(PeerText::new("some words ".repeat(400))),
    );
    let mut terminal = terminal();
    bencher.bench_local(|| {
        press(&mut model, KeyCode::Char('x'));
        terminal
            .draw(|frame| view(&model, frame))
            .expect("a test terminal cannot fail");
        press(&mut model, KeyCode::Backspace);
    });
}
