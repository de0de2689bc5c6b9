//! What a check found in a text: which span, what it is, and how sure the check can be.

use serde::{Deserialize, Serialize};

use super::PeerText;

/// How much a finding weighs. The order is the order of weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Shown to a person; never a ground to hold anything.
    Note,
    /// Holds where any signal holds.
    Low,
    /// Holds at `trusted-colleague` and narrower.
    Medium,
    /// Holds everywhere.
    High,
    /// Holds everywhere, and asks a person twice before a release.
    Critical,
}

impl Severity {
    /// Returns the name as JSON and the store write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What kind of check found it, which is how far it can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// The characters themselves: certain.
    Exact,
    /// A wording rule: may be wrong.
    Rule,
    /// The opinion of a statistical model: never the only ground for a hold.
    Opinion,
}

impl SignalKind {
    /// Returns the name as JSON and the store write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Rule => "rule",
            Self::Opinion => "opinion",
        }
    }

    /// Returns what it is and how far it can be relied on, for a person.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Exact => "exact check, certain",
            Self::Rule => "wording rule, may be wrong",
            Self::Opinion => "model opinion, may be wrong",
        }
    }
}

/// Where a finding stands, in bytes of the original text; `start <= end`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct TextSpan {
    /// First byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

/// What a finding is about, for rules that treat whole groups alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeClass {
    /// Something in what a peer wrote.
    Inbound,
    /// A secret in a draft: keys, tokens, passwords, card numbers.
    Secret,
    /// Personal data in a draft.
    Personal,
    /// A link in a draft.
    Link,
    /// A file in a draft.
    Attachment,
}

macro_rules! codes {
    ($($variant:ident = $name:literal, $class:ident, $sentence:literal;)*) => {
        /// What was found. The names are stable: they stand in JSON, in the store and in the log.
        ///
        /// Source of the inbound ones: the taxonomy in `docs/scanner.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum SignalCode {
            $(
                #[doc = $sentence]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl SignalCode {
            /// All codes, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Returns what it means, to end a sentence that begins with "this text" or "it".
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }

            /// Returns the group it belongs to.
            pub const fn class(self) -> CodeClass {
                match self { $(Self::$variant => CodeClass::$class,)* }
            }
        }
    };
}

codes! {
    InjOverride = "INJ.OVERRIDE", Inbound, "tells your assistant to drop its instructions or take new ones";
    InjPersona = "INJ.PERSONA", Inbound, "asks your assistant to play a part without rules";
    InjBoundary = "INJ.BOUNDARY", Inbound, "imitates the marks between system, user and tool texts";
    InjObfuscated = "INJ.OBFUSCATED", Inbound, "hides an instruction in an encoding or an odd spelling";
    InjHiddenMarkup = "INJ.HIDDEN_MARKUP", Inbound, "hides prose in markup that is not shown";
    InjTrigger = "INJ.TRIGGER", Inbound, "sets up an instruction for later or for a condition";
    LeakPrompt = "LEAK.PROMPT", Inbound, "asks for your assistant's instructions or memory";
    LeakSecret = "LEAK.SECRET", Inbound, "asks for secrets or private data";
    ExfilUrl = "EXFIL.URL", Inbound, "wants data sent out through a link or a forwarding rule";
    ActExec = "ACT.EXEC", Inbound, "asks to run, install or reconfigure something";
    ActMoney = "ACT.MONEY", Inbound, "asks to pay or to change payment details";
    ActDestruct = "ACT.DESTRUCT", Inbound, "asks to delete, cancel or unlock something";
    ActTool = "ACT.TOOL", Inbound, "asks your assistant to act with its tools";
    SocApproval = "SOC.APPROVAL", Inbound, "claims that you already agreed";
    SocAuthority = "SOC.AUTHORITY", Inbound, "claims an authority or a test as a pretext";
    SocCovert = "SOC.COVERT", Inbound, "asks your assistant to hide something from you";
    SocUrgency = "SOC.URGENCY", Inbound, "presses your assistant to act at once";
    MemPoison = "MEM.POISON", Inbound, "wants something remembered for good";
    PropReplicate = "PROP.REPLICATE", Inbound, "asks to be passed on to other assistants";
    UniTags = "UNI.TAGS", Inbound, "hides text in invisible tag characters";
    UniVs = "UNI.VS", Inbound, "hides data in variation selectors";
    UniZw = "UNI.ZW", Inbound, "has invisible characters where none belong";
    UniBidi = "UNI.BIDI", Inbound, "has controls that reorder what is read";
    UniConfusable = "UNI.CONFUSABLE", Inbound, "mixes alphabets in one word";
    UniCluster = "UNI.CLUSTER", Inbound, "stacks more marks on a character than any language does";
    UniWs = "UNI.WS", Inbound, "uses blank space that could push text out of sight";
    Size = "SIZE", Inbound, "is larger than a person would read";
    LinkSpoof = "LINK.SPOOF", Inbound, "has a link that does not go where it seems to";
    TermEsc = "TERM.ESC", Inbound, "has an escape sequence for terminals";
    TermC0 = "TERM.C0", Inbound, "has control characters";
    TermC1 = "TERM.C1", Inbound, "has control characters of the second set";
    TermOsc = "TERM.OSC", Inbound, "has a command to the terminal, for example for its title";
    TermOsc8 = "TERM.OSC8", Inbound, "has a terminal link whose text and target differ";
    TermOsc52 = "TERM.OSC52", Inbound, "tries to write to your clipboard";
    TermDcs = "TERM.DCS", Inbound, "has a device control string for terminals";
    TermReport = "TERM.REPORT", Inbound, "asks the terminal to type an answer";
    TermPasteEnd = "TERM.PASTE_END", Inbound, "tries to end a paste early";
    TermMode = "TERM.MODE", Inbound, "tries to change a mode of the terminal";
    EncInvalid = "ENC.INVALID", Inbound, "has bytes that are no text";
    UiSpoof = "UI.SPOOF", Inbound, "imitates what this program draws";
    Unsigned = "SIGN.NONE", Inbound, "carries no signature, although its network has them";
    ModelSuspect = "MODEL.SUSPECT", Inbound, "is worded like texts that steer assistants";
    SecretApiKey = "SECRET.API_KEY", Secret, "holds an API key or token";
    SecretPrivateKey = "SECRET.PRIVATE_KEY", Secret, "holds a private key";
    SecretSeedPhrase = "SECRET.SEED_PHRASE", Secret, "holds the seed phrase of a wallet";
    SecretPassword = "SECRET.PASSWORD", Secret, "holds a password or a code";
    SecretCard = "SECRET.CARD", Secret, "holds a payment card number";
    PersonalIban = "PERSONAL.IBAN", Personal, "holds a bank account number";
    PersonalEmail = "PERSONAL.EMAIL", Personal, "holds an e-mail address";
    PersonalPhone = "PERSONAL.PHONE", Personal, "holds a phone number";
    PersonalAddress = "PERSONAL.ADDRESS", Personal, "holds a street address";
    PersonalId = "PERSONAL.ID", Personal, "holds a national identity or tax number";
    PersonalMoney = "PERSONAL.MONEY", Personal, "names an amount of money";
    DraftLink = "DRAFT.LINK", Link, "holds a link";
    DraftAttachment = "DRAFT.ATTACHMENT", Attachment, "holds a file";
}

impl SignalCode {
    /// Finds the code with this stable name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// What it is.
    pub code: SignalCode,
    /// What kind of check found it.
    pub kind: SignalKind,
    /// How much it weighs.
    pub severity: Severity,
    /// Where it stands in the original text.
    pub span: TextSpan,
    /// The words or characters that it rests on: at most 120 characters, decoded where they
    /// were encoded. Untrusted.
    #[serde(rename = "unsafe_evidence")]
    pub evidence: PeerText,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_by_its_name_and_no_name_stands_twice() {
        for (at, code) in SignalCode::ALL.iter().enumerate() {
            assert_eq!(SignalCode::parse(code.as_str()), Some(*code));
            let json = serde_json::to_string(code).unwrap();
            assert_eq!(json, format!("\"{}\"", code.as_str()));
            assert!(
                SignalCode::ALL[..at]
                    .iter()
                    .all(|other| other.sentence() != code.sentence())
            );
        }
        assert_eq!(SignalCode::parse("INJ"), None);
    }

    #[test]
    fn only_an_exact_check_is_called_certain_and_everything_else_may_be_wrong() {
        assert!(SignalKind::Exact.words().contains("certain"));
        for kind in [SignalKind::Rule, SignalKind::Opinion] {
            assert!(kind.words().ends_with("may be wrong"), "{kind:?}");
        }
    }
}
