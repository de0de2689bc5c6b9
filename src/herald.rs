//! Tells a person what waits while no screen is open: by the desktop and by their command.
//!
//! Runs beside an engine without a screen. A screen that is open on the same engine goes first:
//! it takes on what it shows or tells itself ([`Request::Claim`]), and only the rest is told
//! here. Must not: write to a terminal, or decide anything.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::api::{Event, Handle, Reply, Request};
use crate::desktop::notices::{Moment, Notice, Notices, There};
use crate::desktop::notify::{Reach, Ways, letter};
use crate::desktop::settings::{plan, wishes};
use crate::model::{Channel, UnixMillis};
use crate::profile::{Config, ConfigError};

/// How long a screen has to take on what it tells itself.
const SCREENS_FIRST: Duration = Duration::from_secs(2);
/// Between looks when nothing else is due.
const IDLE: Duration = Duration::from_secs(3600);

/// Tells a person what waits until the engine is gone.
///
/// `settings` reads the settings file, now and whenever it was read again; the last ones that
/// could be read count. `bus` says whether there is a desktop to tell; `now` is the engine's
/// clock.
pub async fn run(
    handle: Handle,
    settings: impl Fn() -> Result<Config, ConfigError>,
    bus: bool,
    now: impl Fn() -> UnixMillis,
) {
    let reach = Reach {
        terminal: None,
        bus,
    };
    let mut herald = Herald {
        ways: Ways::new(reach),
        notices: Notices::default(),
        config: Config::default(),
        handle,
    };
    herald.read(&settings);
    let mut events = herald.handle.events();
    loop {
        let next = herald.look_round(now()).await;
        let pause = next.map_or(IDLE, |next| next.since(now()).min(IDLE));
        tokio::select! {
            event = events.next() => if !herald.hear(event, &settings) {
                return;
            },
            () = tokio::time::sleep(pause) => {}
        }
        // A burst of events is looked at once, and a screen goes first.
        let quiet = tokio::time::Instant::now() + SCREENS_FIRST;
        while let Ok(event) = tokio::time::timeout_at(quiet, events.next()).await {
            if !herald.hear(event, &settings) {
                return;
            }
        }
    }
}

struct Herald {
    ways: Ways,
    notices: Notices,
    config: Config,
    handle: Handle,
}

impl Herald {
    /// Takes note of an event; tells whether there are more to come.
    fn hear(&mut self, event: Event, settings: impl Fn() -> Result<Config, ConfigError>) -> bool {
        if matches!(event, Event::Settings | Event::Overflow) {
            self.read(settings);
        }
        event != Event::Closing
    }

    fn read(&mut self, settings: impl Fn() -> Result<Config, ConfigError>) {
        match settings() {
            Ok(config) => self.config = config,
            Err(error) => tracing::warn!(%error, "the settings cannot be read; the old ones count"),
        }
    }

    /// Looks at everything that waits, and tells what is to be told. Returns when to look again
    /// though nothing happens.
    async fn look_round(&mut self, now: UnixMillis) -> Option<UnixMillis> {
        let Ok(Reply::NeedsYou(needs)) = self.handle.ask(Request::NeedsYou).await else {
            return None;
        };
        let Ok(Reply::Channels(channels)) = self.handle.ask(Request::Channels).await else {
            return None;
        };
        let Ok(Reply::Status(status)) = self.handle.ask(Request::Status).await else {
            return None;
        };
        let there = There {
            needs: &needs,
            channels: &channels,
            settled: (status.today.alone, status.today.refused),
            sees_needs: false,
            sees_channels: false,
        };
        let at = Moment::of(now, &TimeZone::system());
        let wishes = wishes(&self.config);
        let outcome = self.notices.look(wishes, at, &there.candidates(now));
        for channel in outcome.close {
            // Without a screen there is nothing to write.
            let _nothing = self.ways.untell(Notice::id(channel));
        }
        let again = self.tell(outcome.tell, &channels, now).await;
        outcome.next.into_iter().chain(again).min()
    }

    /// Tells what nobody else has told; returns when to look again for the sake of what waits.
    async fn tell(
        &mut self,
        notices: Vec<Notice>,
        channels: &[Channel],
        now: UnixMillis,
    ) -> Option<UnixMillis> {
        let about = notices.iter().flat_map(|notice| &notice.about);
        let occasions: Vec<_> = about.map(|(occasion, _)| *occasion).collect();
        if occasions.is_empty() {
            return None;
        }
        let seen = Vec::new();
        let request = Request::Claim { occasions, seen };
        let Ok(Reply::Claimed(granted)) = self.handle.ask(request).await else {
            return None;
        };
        let waits = granted
            .iter()
            .filter_map(|own| Some((own.occasion, own.wait?)));
        let waits: Vec<_> = waits.collect();
        let again = self.notices.put_off(&notices, &waits);
        let told = granted.iter().filter(|own| own.wait.is_none());
        let ours: Vec<_> = told.map(|own| own.occasion).collect();
        let plan = plan(&self.config);
        for notice in notices {
            let Some(notice) = notice.only(&ours) else {
                continue;
            };
            let text = (granted.iter()).find(|own| Some(own.occasion) == notice.first());
            let channel = channels.iter().find(|one| Some(one.id) == notice.channel);
            let name = channel.map(|channel| &channel.name);
            let text = text.and_then(|own| own.unsafe_text.as_ref());
            let text = text.filter(|_| self.config.notify_text());
            let letter = letter(&notice, name, text, now);
            // Without a screen there is nothing to write.
            let _nothing = self.ways.tell(&plan, &letter).await;
        }
        again
    }
}
