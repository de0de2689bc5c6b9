//! What opens a protected profile.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::ZeroizeOnDrop;

/// A passphrase. It is wiped when it is dropped, and its `Debug` tells nothing, not even its
/// length.
///
/// It serialises as a plain string, because the control socket carries it. That socket is open
/// to its owner alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ZeroizeOnDrop)]
#[serde(transparent)]
pub struct Passphrase(String);

impl Passphrase {
    /// Takes a passphrase. The caller wipes its own copy.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the text, only to derive a key from it or to carry it to the engine.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the length in characters.
    pub fn chars(&self) -> usize {
        self.0.chars().count()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_tells_nothing_of_a_passphrase() {
        let passphrase = Passphrase::new("correct horse");
        assert_eq!(format!("{passphrase:?}"), "Passphrase(..)");
    }

    #[test]
    fn a_passphrase_is_a_plain_string_in_json() {
        let passphrase = Passphrase::new("a \"b\"");
        let json = serde_json::to_string(&passphrase).unwrap();
        assert_eq!(json, r#""a \"b\"""#);
        assert_eq!(
            serde_json::from_str::<Passphrase>(&json).unwrap(),
            passphrase
        );
    }
}
