//! Text that this program did not write.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text from outside: a peer's words, a claimed name, something pasted, an assistant's draft.
///
/// It has no `Display`, and its `Debug` tells only the length, so it cannot slip into a
/// screen, a log, a shell or a file name. The one way out to a person is the sanitiser
/// (`crate::text`), which turns it into `SafeText`. JSON for the assistant carries it under
/// keys that begin with `unsafe_`.
#[derive(Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PeerText(String);

impl PeerText {
    /// Marks text as coming from outside.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text as it came. Only for storing, sealing, scanning, encoding as JSON and
    /// for the sanitiser: never for a screen, a log or a command line.
    pub fn expose_untrusted(&self) -> &str {
        &self.0
    }

    /// Returns the length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Tells whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for PeerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerText({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_repeats_the_text() {
        assert_eq!(
            format!("{:?}", PeerText::new("\u{1b}]0;owned\u{7}")),
            "PeerText(10 bytes)"
        );
    }
}
