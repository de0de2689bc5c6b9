//! What every profile has: four engagement presets, each a text and rules, and the invitation.
//!
//! A preset text goes to the assistant with every message of a channel. It is advice: what is
//! enforced stands in the rules, which [`super::admit`] and [`super::release`] apply.

use std::sync::LazyLock;

use super::rules::Rules;
use crate::model::Preset;

/// Text of the invitation that goes with a link. Placeholders: `invite_url`,
/// `recipient_name`, `sender_name`, `channel_id`, `mailbox_url`, `public_key`.
pub const ONBOARD: &str = include_str!("presets/onboard.tmpl");

/// Returns the text of a built-in preset; its one placeholder is `name`.
pub fn builtin(name: &str) -> Option<&'static str> {
    Preset::parse(name).map(|preset| match preset {
        Preset::SafeAcquaintance => include_str!("presets/safe-acquaintance.tmpl"),
        Preset::TrustedColleague => include_str!("presets/trusted-colleague.tmpl"),
        Preset::InnerCircle => include_str!("presets/inner-circle.tmpl"),
        Preset::OneTime => include_str!("presets/one-time.tmpl"),
    })
}

/// Returns the rules of a built-in preset.
pub fn rules(preset: Preset) -> &'static Rules {
    static SAFE: LazyLock<Rules> =
        LazyLock::new(|| read(include_str!("presets/safe-acquaintance.toml")));
    static TRUSTED: LazyLock<Rules> =
        LazyLock::new(|| read(include_str!("presets/trusted-colleague.toml")));
    static INNER: LazyLock<Rules> =
        LazyLock::new(|| read(include_str!("presets/inner-circle.toml")));
    static ONCE: LazyLock<Rules> = LazyLock::new(|| read(include_str!("presets/one-time.toml")));
    match preset {
        Preset::SafeAcquaintance => &SAFE,
        Preset::TrustedColleague => &TRUSTED,
        Preset::InnerCircle => &INNER,
        Preset::OneTime => &ONCE,
    }
}

fn read(text: &str) -> Rules {
    Rules::parse_builtin(text).expect("the file is part of the program, and a test reads each")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::template;

    #[test]
    fn every_preset_begins_with_the_two_lines_other_programs_look_for() {
        let tiers = [
            "Safe Acquaintance (default)",
            "Trusted Colleague",
            "Inner Circle",
            "One-Time",
        ];
        for (preset, tier) in Preset::ALL.into_iter().zip(tiers) {
            let text = builtin(preset.as_str()).unwrap();
            let filled = template::fill(text, &[("name", "Ana")]).unwrap();
            let mut lines = filled.lines();
            assert_eq!(lines.next(), Some("Engagement policy for channel: Ana"));
            assert_eq!(lines.next(), Some(format!("Tier: {tier}").as_str()));
        }
    }

    #[test]
    fn every_preset_says_that_the_peer_s_words_are_data() {
        for preset in Preset::ALL {
            let text = builtin(preset.as_str()).unwrap();
            assert!(text.contains("unsafe_"), "{}", preset.as_str());
        }
    }

    #[test]
    fn no_other_name_is_built_in() {
        assert_eq!(builtin("friends"), None);
        assert_eq!(builtin("onboard"), None);
    }

    #[test]
    fn the_invitation_fills_with_the_six_placeholders() {
        let values = [
            ("invite_url", "https://relay.example/invite?channel=a&pub=b"),
            ("recipient_name", "Marta"),
            ("sender_name", "Ana"),
            ("channel_id", "a"),
            ("mailbox_url", "https://relay.example"),
            ("public_key", "b"),
        ];
        insta::assert_snapshot!(template::fill(ONBOARD, &values).unwrap());
    }
}
