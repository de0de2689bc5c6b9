//! What the table of keys must never say.

use crossterm::event::{KeyEvent, KeyModifiers};

use super::*;

fn does(scope: Scope, code: KeyCode, modifiers: KeyModifiers) -> Found {
    Keys::built_in().lookup(scope, None, &KeyEvent::new(code, modifiers))
}

#[test]
fn no_key_means_two_things_in_one_scope() {
    for (index, one) in TABLE.iter().enumerate() {
        for other in TABLE.iter().skip(index + 1) {
            let meet = |key: &Chord| other.keys.iter().any(|held| held.clashes(*key));
            let clash = one.scope == other.scope && one.keys.iter().any(meet);
            assert!(!clash, "{one:?} and {other:?}");
        }
    }
}

#[test]
fn no_action_stands_twice_in_one_scope() {
    for (index, one) in TABLE.iter().enumerate() {
        for other in TABLE.iter().skip(index + 1) {
            let same = one.scope == other.scope && one.action == other.action;
            assert!(!same, "{one:?} and {other:?}");
        }
    }
}

#[test]
fn keys_that_terminals_and_multiplexers_take_are_left_to_them() {
    for binding in TABLE {
        for taken in "abhimqs[".chars().map(ctrl) {
            assert!(!binding.keys.contains(&taken), "{binding:?}");
        }
    }
}

#[test]
fn enter_space_escape_tab_y_and_digits_never_decide() {
    for binding in TABLE.iter().filter(|line| line.action.decides(line.scope)) {
        assert!(
            !binding.keys.iter().any(|key| keys::is_reflex(*key)),
            "{binding:?}"
        );
    }
}

#[test]
fn control_with_a_letter_is_not_the_letter() {
    let a = KeyCode::Char('a');
    for modifiers in [KeyModifiers::CONTROL, KeyModifiers::ALT] {
        assert_eq!(does(Scope::Review, a, modifiers), Found::Nothing);
    }
}

#[test]
fn a_key_that_counts_everywhere_is_text_in_a_text_field() {
    let colon = KeyCode::Char(':');
    let found = does(Scope::Review, colon, KeyModifiers::NONE);
    assert_eq!(found, Found::Does(Action::Palette));
    let found = does(Scope::Composer, colon, KeyModifiers::NONE);
    assert_eq!(found, Found::Nothing);
}
