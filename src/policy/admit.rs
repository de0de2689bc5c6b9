//! Decides whether something that arrived may reach the assistant.
//!
//! Called by the engine inside the transaction that stores the message, so no row exists
//! without an admission. A pause is none of this module's business: it delays handing over,
//! and must not leave a verdict behind that outlives it.

use crate::model::{Admission, RawReason};

/// What is known of an inbound message when it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Whether it was opened and decoded, or why not.
    pub readable: Result<(), RawReason>,
}

/// Judges an inbound message.
pub fn admit(facts: &Facts) -> Admission {
    match facts.readable {
        Ok(()) => Admission::Released {
            rule: "readable".to_owned(),
        },
        Err(reason) => Admission::Held {
            rule: reason.sentence().to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readable_message_is_released() {
        let admission = admit(&Facts { readable: Ok(()) });
        assert_eq!(
            admission,
            Admission::Released {
                rule: "readable".into()
            }
        );
    }

    #[test]
    fn an_unreadable_message_is_held_with_the_reason_a_person_reads() {
        for reason in [
            RawReason::NotAnEnvelope,
            RawReason::DoesNotOpen,
            RawReason::NotAMessage,
        ] {
            let admission = admit(&Facts {
                readable: Err(reason),
            });
            let rule = reason.sentence().to_owned();
            assert_eq!(admission, Admission::Held { rule });
        }
    }
}
