//! Which rules a channel is under, and how a person changes them.

use std::time::Duration;

use crate::api::{
    ChannelRef, Engagement, EngagementChange, EngagementRow, Error, Event, Proposal, Replay,
    ReplayExample, Reply, RowStep,
};
use crate::crypto;
use crate::model::{
    Actor, Channel, Date, Digest, Evidence, LocalTime, Message, Preset, ReviewKind, UnixMillis,
};
use crate::net;
use crate::policy::ends::{Ended, Ends, Life};
use crate::policy::presets;
use crate::policy::replay::{PastMessage, Replayed, replay};
use crate::policy::rules::{
    Drafts, InboundHold, Proof, Rules, Step, Unproven, needs_verified_code,
};
use crate::profile::Profile;
use crate::store::{self, Read, channels::Keyed, log, supervision};

use super::core::Core;
use super::local_time::{local, zone};
use super::reading::{readable, shown};

/// How far back a replay goes.
const REPLAYED: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long a rule that is made of one item holds.
const RULE_LASTS: Duration = REPLAYED;
/// Messages that a replay judges at most.
const REPLAYED_AT_MOST: u32 = 2000;
/// Messages that a replay shows at most.
const EXAMPLES: usize = 20;

/// The rules that a channel is under at this moment.
pub(super) struct InForce {
    pub(super) rules: Rules,
    /// Name and version for the log and the screen, for example `trusted-colleague v3`.
    pub(super) name: String,
    /// Why these are not the rules that the channel's preset says, where they are not.
    pub(super) instead: Option<String>,
}

/// Returns the rules that a channel is under.
///
/// Rules that cannot be read hold everything. Rules that let through more than
/// safe-acquaintance are narrowed to that until the safety code was compared.
pub(super) fn in_force(profile: &Profile, channel: &Channel, now: UnixMillis) -> InForce {
    let own = own_rules(channel, now);
    let has_own = own.is_some();
    let rules = match own {
        Some(rules) => rules.map_err(|problem| format!("its own rules: {problem}")),
        None => preset_rules(profile, &channel.preset),
    };
    let (rules, instead) = match rules {
        Ok(rules) => narrowed(rules, channel.verified.is_some()),
        Err(problem) => {
            let mut rules = presets::rules(Preset::SafeAcquaintance).clone();
            rules.inbound = InboundHold::All;
            (rules, Some(format!("everything is held: {problem}")))
        }
    };
    let over = channel.rules.is_some() && !has_own;
    let over = over.then(|| "as its preset: the last day of its own rules is over".to_owned());
    InForce {
        rules,
        name: policy_name(&channel.preset, has_own, channel.policy_version),
        instead: instead.or(over),
    }
}

/// Tells whether a preset, or the rules of a channel's own on top of it, can end a channel at
/// all. Own rules have a last day, after which those of the preset hold again.
pub(super) fn may_end(profile: &Profile, preset: &str, own: Option<&str>) -> bool {
    let ends =
        |rules: Result<Rules, String>| rules.is_ok_and(|rules| rules.ends != Ends::default());
    own.is_some_and(|own| ends(usable(own))) || ends(preset_rules(profile, preset))
}

/// Reads the rules of a channel's own; `None` where it has none, or their last day is over.
fn own_rules(channel: &Channel, now: UnixMillis) -> Option<Result<Rules, String>> {
    let rules = usable(channel.rules.as_ref()?);
    let is_over = |last| rules_today(&rules, now).is_some_and(|today| today > last);
    let last = rules.as_ref().ok().and_then(|rules| rules.until);
    (!last.is_some_and(is_over)).then_some(rules)
}

fn rules_today(rules: &Result<Rules, String>, now: UnixMillis) -> Option<Date> {
    Some(local_now(rules.as_ref().ok()?, now)?.date())
}

fn policy_name(preset: &str, own_rules: bool, version: u32) -> String {
    let own = if own_rules { " with own rules" } else { "" };
    format!("{preset}{own} v{version}")
}

fn narrowed(mut rules: Rules, verified: bool) -> (Rules, Option<String>) {
    if verified || !(rules.is_wide() || rules.raising_needs == Proof::VerifiedCode) {
        return (rules, None);
    }
    rules.drafts = Drafts::Held;
    rules.inbound = rules.inbound.min(InboundHold::AnySignal);
    rules.hold_unproven.extend(Unproven::BY_DEFAULT);
    (
        rules,
        Some("as safe-acquaintance until the safety code is compared".to_owned()),
    )
}

/// Reads rules, and looks whether this computer knows their time zone.
fn usable(text: &str) -> Result<Rules, String> {
    let rules = Rules::parse(text).map_err(|error| error.to_string())?;
    if zone(&rules.time_zone).is_none() {
        return Err(format!("there is no time zone `{}`", rules.time_zone));
    }
    Ok(rules)
}

/// Returns the rules of a preset: the user's file, or those that are built in. A preset that has
/// a text alone has the rules of safe-acquaintance.
fn preset_rules(profile: &Profile, name: &str) -> Result<Rules, String> {
    let file = profile.preset_rules(name);
    if let Some(text) = file.map_err(|error| format!("preset {name}: {error}"))? {
        let rules = usable(&text).map_err(|problem| format!("{name}.toml: {problem}"))?;
        if rules.until.is_some() {
            return Err(format!(
                "{name}.toml: `until` is for the rules of one channel"
            ));
        }
        return Ok(rules);
    }
    let preset = Preset::parse(name).unwrap_or(Preset::SafeAcquaintance);
    Ok(presets::rules(preset).clone())
}

/// Returns the time in the zone of the rules; `None` for a moment that no calendar has.
pub(super) fn local_now(rules: &Rules, now: UnixMillis) -> Option<LocalTime> {
    local(now, &zone(&rules.time_zone)?)
}

/// Tells whether a channel is over by its rules, and why.
pub(super) fn ended(
    read: &impl Read,
    channel: &Channel,
    rules: &Rules,
    now: UnixMillis,
) -> Result<Option<Ended>, store::Error> {
    if rules.ends == Ends::default() {
        return Ok(None);
    }
    let Some(today) = local_now(rules, now) else {
        return Ok(Some(Ended::Date));
    };
    let age = now.since(channel.created_at);
    let last = match rules.ends.after_quiet_days {
        Some(_) => supervision::last_at(read, channel.id)?,
        None => None,
    };
    let life = Life {
        age,
        quiet: last.map_or(age, |last| now.since(last)),
        today: today.date(),
    };
    Ok(rules.ends.ended(&life))
}

/// A proposal that was read.
struct Proposed {
    preset: String,
    rules: Rules,
    text: String,
}

impl Core {
    pub(super) fn engagement(
        &self,
        reference: &ChannelRef,
        proposal: &Proposal,
    ) -> Result<Reply, Error> {
        let keyed = self.find(reference)?;
        let proposed = self.proposed(&keyed, proposal)?;
        let shown = self.show_engagement(keyed, proposed)?;
        Ok(Reply::Engagement(Box::new(shown)))
    }

    pub(super) fn set_engagement(
        &mut self,
        reference: &ChannelRef,
        proposal: &Proposal,
        seen: &Digest,
        widen: bool,
    ) -> Result<Reply, Error> {
        let keyed = self.find(reference)?;
        let channel = keyed.channel.clone();
        let proposed = self.proposed(&keyed, proposal)?;
        let preview = self.show_engagement(keyed, proposed)?;
        if preview.seen != *seen {
            return Err(Error::Changed);
        }
        if let Some(blocked) = preview.blocked {
            return Err(Error::NeedsCode(blocked));
        }
        if preview.widens && !widen {
            return Err(Error::Widens(in_words(&preview.changes)));
        }
        let preset = preset_rules(&self.profile, &preview.preset).map_err(Error::BadRequest)?;
        let own = (preset.to_toml() != preview.rules).then_some(preview.rules.as_str());
        let rules = usable(&preview.rules).map_err(Error::BadRequest)?;
        self.put_in_force(&channel, &preview.preset, own, &preview.text, &rules)?;
        self.engagement(&ChannelRef::Id(channel.id), &Proposal::default())
    }

    /// Puts a preset's text and rules into force. Where that widens, it has to be confirmed.
    pub(super) fn use_preset(
        &mut self,
        keyed: &Keyed,
        preset: &str,
        text: &str,
        widen: bool,
    ) -> Result<(), Error> {
        let now = self.now();
        let before = in_force(&self.profile, &keyed.channel, now);
        let next = Channel {
            preset: preset.to_owned(),
            rules: None,
            ..keyed.channel.clone()
        };
        let rules = preset_rules(&self.profile, preset).map_err(Error::BadRequest)?;
        let after = in_force(&self.profile, &next, now);
        let widening: Vec<_> = before.rules.widens(&after.rules);
        if !widening.is_empty() && !widen {
            let rows = widening
                .iter()
                .map(|row| format!("{} from {} to {}", row.row, row.from, row.to));
            return Err(Error::Widens(rows.collect::<Vec<_>>().join(", ")));
        }
        self.put_in_force(&keyed.channel, preset, None, text, &rules)
    }

    fn put_in_force(
        &mut self,
        channel: &Channel,
        preset: &str,
        own: Option<&str>,
        text: &str,
        rules: &Rules,
    ) -> Result<(), Error> {
        let now = self.now();
        let before = in_force(&self.profile, channel, now);
        let what = if before.rules.widens(rules).is_empty() {
            "engagement_set"
        } else {
            "engagement_widened"
        };
        let after = policy_name(preset, own.is_some(), channel.policy_version + 1);
        let detail = format!("{} -> {after}", before.name);
        let evidence = Evidence {
            policy: Some(after),
            ..Evidence::default()
        };
        let tx = self.store.write()?;
        store::channels::set_engagement(&tx, channel.id, preset, own, text)?;
        let entry = log::NewEntry {
            detail: &detail,
            evidence: Some(&evidence),
            ..log::NewEntry::plain(now, Actor::Human, what, Some(channel.id))
        };
        log::append(&tx, &entry)?;
        tx.commit()?;
        self.tell(Event::Channels);
        // What a waiting draft was judged by has changed.
        self.tell(Event::NeedsYou);
        Ok(())
    }

    fn proposed(&self, keyed: &Keyed, proposal: &Proposal) -> Result<Proposed, Error> {
        let channel = &keyed.channel;
        let preset = proposal.preset.as_deref().unwrap_or(&channel.preset);
        let own = own_rules(channel, self.now());
        let mut rules = match (&proposal.rules, &proposal.preset, own) {
            (Some(rules), _, _) => usable(rules),
            (None, None, Some(own)) => own,
            (None, Some(_), _) | (None, None, None) => preset_rules(&self.profile, preset),
        }
        .map_err(Error::BadRequest)?;
        if let Some(edit) = &proposal.edit
            && !apply(&mut rules, &edit.key, &edit.step)
        {
            return Err(Error::BadRequest(format!(
                "the row {} has no such value",
                edit.key
            )));
        }
        let text = match (&proposal.text, &proposal.preset) {
            (Some(text), _) => text.clone(),
            (None, Some(preset)) => self.preset_text(preset, &channel.name)?,
            (None, None) => channel.instructions.clone(),
        };
        Ok(Proposed {
            preset: preset.to_owned(),
            rules,
            text,
        })
    }

    /// Returns the rules that would let the like of a held item pass for a time, as TOML; `None`
    /// where there are none. A channel with rules of its own has none: after the last day these
    /// would be lost.
    pub(super) fn rule_of(&self, channel: &Channel, kind: &ReviewKind) -> Option<String> {
        let (ReviewKind::HeldMessage { rule, .. } | ReviewKind::HeldDraft { rule, .. }) = kind
        else {
            return None;
        };
        if channel.rules.is_some() {
            return None;
        }
        let rules = preset_rules(&self.profile, &channel.preset).ok()?;
        let last = local_now(&rules, self.now().after(RULE_LASTS))?.date();
        Some(rules.letting_pass(rule, last)?.to_toml())
    }

    fn show_engagement(&self, keyed: Keyed, proposed: Proposed) -> Result<Engagement, Error> {
        let now = self.now();
        let signed = net::of(keyed.channel.network).has_routing();
        let current = in_force(&self.profile, &keyed.channel, now);
        let Proposed {
            preset,
            rules,
            text,
        } = proposed;
        let toml = rules.to_toml();
        let unverified = keyed.channel.verified.is_none();
        let blocked = (unverified && needs_verified_code(&current.rules, &rules))
            .then(|| "this lets through more than safe-acquaintance".to_owned());
        let changes: Vec<_> = current.rules.changes(&rules);
        let labels = rules.rows();
        let label = |row: &str| {
            labels
                .iter()
                .find(|known| known.key == row)
                .map_or(row, |known| known.label)
                .to_owned()
        };
        let changes: Vec<_> = changes
            .into_iter()
            .map(|change| EngagementChange {
                label: label(change.row),
                wider: change.effect.widens(),
                from: change.from,
                to: change.to,
            })
            .collect();
        let seen = crypto::sha256_of(&[
            &keyed.channel.id.0.to_be_bytes(),
            &keyed.channel.policy_version.to_be_bytes(),
            preset.as_bytes(),
            toml.as_bytes(),
            text.as_bytes(),
        ]);
        Ok(Engagement {
            replay: self.replay(&keyed.channel, &current.rules, &rules, now)?,
            rows: rows(&rules, signed),
            widens: changes.iter().any(|change| change.wider),
            changes,
            blocked,
            in_force: current.instead,
            preset,
            rules: toml,
            text,
            seen,
            channel: shown(keyed),
        })
    }

    fn replay(
        &self,
        channel: &Channel,
        current: &Rules,
        proposed: &Rules,
        now: UnixMillis,
    ) -> Result<Replay, Error> {
        let since = now.before(REPLAYED);
        let mut past = supervision::since(&self.store, channel.id, since, REPLAYED_AT_MOST)?;
        past.retain(|message| local_now(proposed, message.at).is_some());
        past.retain(|message| local_now(current, message.at).is_some());
        let was = replay(current, &history(&past, current));
        let would = replay(proposed, &history(&past, proposed));
        let oldest = past
            .first()
            .map_or(0, |first| now.since(first.at).as_secs());
        let examples = past
            .iter()
            .zip(would.verdicts.iter().zip(&was.verdicts))
            .rev()
            .filter(|(_, (would, was))| would != was)
            .filter_map(|(message, (would, _))| {
                Some(ReplayExample {
                    at: message.at,
                    unsafe_text: message.content.body()?.body.clone(),
                    verdict: replayed(would),
                })
            })
            .take(EXAMPLES)
            .collect();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Ok(Replay {
            messages: count(past.len()),
            days: u32::try_from(oldest.div_ceil(24 * 60 * 60)).unwrap_or(u32::MAX),
            alone: (count(would.alone), count(was.alone)),
            waits: (count(would.waits), count(was.waits)),
            held_in: (count(would.held_in), count(was.held_in)),
            examples,
        })
    }
}

fn in_words(changes: &[EngagementChange]) -> String {
    changes
        .iter()
        .filter(|change| change.wider)
        .map(|change| format!("{} from {} to {}", change.label, change.from, change.to))
        .collect::<Vec<_>>()
        .join(", ")
}

fn apply(rules: &mut Rules, key: &str, step: &RowStep) -> bool {
    match step {
        RowStep::Next => rules.set(key, Step::Next),
        RowStep::Previous => rules.set(key, Step::Previous),
        RowStep::Value(value) => rules.choose(key, value),
    }
}

/// Returns the rows for a channel; those about signatures only where messages have them.
fn rows(rules: &Rules, signed: bool) -> Vec<EngagementRow> {
    let rows = rules.rows().into_iter();
    let rows = rows.filter(|row| signed || !is_about_proof(row.key));
    rows.map(|row| EngagementRow {
        key: row.key.to_owned(),
        label: row.label.to_owned(),
        value: row.value,
        section: section(row.key, row.enforced).to_owned(),
        enforced: row.enforced,
        choices: row.options,
    })
    .collect()
}

fn is_about_proof(key: &str) -> bool {
    key.starts_with("hold_unproven.")
}

/// Returns the heading that a row stands under.
fn section(key: &str, enforced: bool) -> &'static str {
    match key {
        _ if !enforced => "What it may share (asked of the assistant)",
        "inbound" | "hold_first_message" => "What reaches your assistant",
        key if is_about_proof(key) => "What reaches your assistant",
        "delivery" => "How you hear of it",
        "ends" | "until" | "raising_needs" => "The channel",
        _ => "How your assistant may act",
    }
}

fn replayed(verdict: &Replayed) -> String {
    match verdict {
        Replayed::Alone => "alone".to_owned(),
        Replayed::Waits { rule } => format!("waits: {rule}"),
        Replayed::Released => "released".to_owned(),
        Replayed::HeldIn { rule } => format!("held: {rule}"),
        Replayed::Yours => "yours".to_owned(),
    }
}

fn history(past: &[Message], rules: &Rules) -> Vec<PastMessage> {
    past.iter()
        .filter_map(|message| {
            Some(PastMessage {
                author: message.author,
                at: message.at,
                local: local_now(rules, message.at)?,
                readable: readable(&message.content),
                signals: message.signals.clone(),
                provenance: message
                    .routing
                    .as_ref()
                    .and_then(|routing| routing.provenance),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_about_proof_are_shown_only_where_messages_are_signed() {
        let rules = presets::rules(Preset::SafeAcquaintance);
        let keys = |signed| -> Vec<String> {
            let rows = rows(rules, signed).into_iter();
            rows.map(|row| row.key)
                .filter(|key| is_about_proof(key))
                .collect()
        };
        assert_eq!(keys(false), Vec::<String>::new());
        assert_eq!(
            keys(true),
            [
                "hold_unproven.unsigned",
                "hold_unproven.plain-text",
                "hold_unproven.wrong-signature"
            ]
        );
        let section = section("hold_unproven.unsigned", true);
        assert_eq!(section, "What reaches your assistant");
    }

    #[test]
    fn without_a_compared_code_unproven_messages_are_held_whatever_the_rules_say() {
        let mut rules = presets::rules(Preset::InnerCircle).clone();
        rules.hold_unproven.clear();
        let (narrow, why) = narrowed(rules.clone(), false);
        assert!(why.is_some());
        assert_eq!(narrow.hold_unproven, Unproven::BY_DEFAULT.into());
        let (wide, why) = narrowed(rules.clone(), true);
        assert_eq!((wide, why), (rules, None));
    }
}
