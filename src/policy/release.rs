//! Decides whether something from this side may leave.
//!
//! Called by the engine inside the transaction that queues the message. Whether the channel
//! is active, paused or stopped is the channel's state and is checked at every attempt to
//! send; this module judges only who wrote what.

use crate::model::Author;

/// What is known of an outbound message when it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Who wrote it.
    pub author: Author,
}

/// What a rule says of an outbound message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Release {
    /// It may leave.
    Leaves {
        /// The rule that said so, for a person to read.
        rule: &'static str,
    },
    /// It stays here.
    Stays {
        /// The rule that said so, for a person to read.
        rule: &'static str,
    },
}

/// Judges an outbound message.
pub fn release(facts: &Facts) -> Release {
    match facts.author {
        Author::Human => Release::Leaves {
            rule: "written by a person",
        },
        Author::Assistant => Release::Leaves {
            rule: "written by the assistant; no rule of this version holds its messages",
        },
        // What a peer wrote never goes out again in our name.
        Author::Peer => Release::Stays {
            rule: "written by the other side",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_table() {
        let rows = [Author::Human, Author::Assistant, Author::Peer].map(|author| {
            match release(&Facts { author }) {
                Release::Leaves { rule } => format!("{}: leaves, {rule}", author.as_str()),
                Release::Stays { rule } => format!("{}: stays, {rule}", author.as_str()),
            }
        });
        assert_eq!(
            rows,
            [
                "human: leaves, written by a person",
                "assistant: leaves, written by the assistant; no rule of this version holds \
                 its messages",
                "peer: stays, written by the other side",
            ]
        );
    }
}
