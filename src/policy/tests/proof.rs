//! What the rules say of messages whose author is not proven.

use super::*;

#[test]
fn what_does_not_prove_its_author_is_held_as_the_rules_say_and_named() {
    let of = |provenance| {
        let facts = InboundFacts {
            provenance,
            ..inbound(&[])
        };
        each_preset(|rules| entry(&admit(rules, &facts)))
    };
    let passes = ["released: no-signal"; 4];
    assert_eq!(of(None), passes);
    assert_eq!(of(Some(Provenance::Verified)), passes);
    assert_eq!(of(Some(Provenance::Unsigned)), passes);
    assert_eq!(
        of(Some(Provenance::WrongSignature)),
        ["hold-in:wrong-signature"; 4]
    );
    assert_eq!(of(Some(Provenance::PlainText)), ["hold-in:plain-text"; 4]);
    let mut rules = presets::rules(Preset::InnerCircle).clone();
    rules.hold_unproven = [Unproven::Unsigned].into();
    let said = Provenance::ALL.map(|provenance| {
        let facts = InboundFacts {
            provenance: Some(provenance),
            ..inbound(&[])
        };
        entry(&admit(&rules, &facts))
    });
    let passes = "released: no-signal";
    assert_eq!(said, [passes, "hold-in:unsigned", passes, passes]);
}

#[test]
fn a_missing_proof_is_named_before_what_was_found_in_the_words() {
    let found = [signal(
        SignalCode::InjOverride,
        SignalKind::Rule,
        Severity::Critical,
    )];
    let facts = InboundFacts {
        provenance: Some(Provenance::PlainText),
        ..inbound(&found)
    };
    let said = each_preset(|rules| entry(&admit(rules, &facts)));
    assert_eq!(said, ["hold-in:plain-text"; 4]);
    let torn = InboundFacts {
        readable: Err(RawReason::DoesNotOpen),
        ..facts
    };
    let said = each_preset(|rules| entry(&admit(rules, &torn)));
    assert_eq!(said, ["unreadable"; 4]);
}

#[test]
fn letting_unproven_messages_pass_is_wide_and_needs_a_verified_code() {
    let safe = presets::rules(Preset::SafeAcquaintance);
    let mut rules = safe.clone();
    assert!(rules.choose("hold_unproven.plain-text", "as any other"));
    assert_eq!(rules.compare(safe), Change::Narrower);
    assert_eq!(safe.compare(&rules), Change::Wider);
    assert_eq!(rules.raising_needs, Proof::VerifiedCode);
    assert!(needs_verified_code(safe, &rules));
    let mut narrow = safe.clone();
    assert!(narrow.choose("hold_unproven.unsigned", "hold"));
    assert_eq!(safe.compare(&narrow), Change::Narrower);
    assert_eq!(narrow.raising_needs, Proof::Nothing);
}
