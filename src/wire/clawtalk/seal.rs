//! Envelopes of ours.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::envelope::{message_text, sealed_digest};
use super::{AgentName, Scheme};
use crate::model::{Digest, MessageKind};
use crate::wire::js_json::{JsText, quoted};

/// UTF-16 units of the longest body that a relay takes.
pub const LONGEST_POST: usize = 65_536;

/// What goes around the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The exact name of the recipient, as the directory has it.
    pub to: AgentName,
    /// What kind of message it is.
    pub kind: MessageKind,
    /// The thread it belongs to.
    pub topic: Option<JsText>,
    /// What links a response to its request.
    pub correlation: Option<JsText>,
    /// The id of the message it answers. Not signed.
    pub reply_to: Option<JsText>,
}

/// An envelope that no relay would take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sealed it has {0} characters, more than the {LONGEST_POST} that a relay takes")]
pub struct TooLong(pub usize);

/// An envelope of ours, ready to be posted.
#[derive(Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The body of the request.
    pub body: String,
    /// The text that was signed.
    pub signed: String,
    /// The digest by which it is known wherever it shows up: that of the envelope that the relay
    /// makes of it.
    pub envelope: Digest,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outgoing({} bytes)", self.body.len())
    }
}

/// Seals a payload, which is JSON text, and signs what the reference verifies.
///
/// `seal` makes the box for the recipient from nonce and plain text, without the nonce. `sign`
/// is left out where we have no key for it.
pub fn seal(
    draft: &Draft,
    payload: &str,
    nonce: &[u8; 24],
    scheme: &Scheme,
    seal: impl FnOnce(&[u8; 24], &[u8]) -> Vec<u8>,
    sign: Option<impl FnOnce(&[u8]) -> [u8; 64]>,
) -> Result<Outgoing, TooLong> {
    let label = |label: &Option<JsText>| label.as_ref().map(JsText::to_json);
    let sealed = quoted(&STANDARD.encode(seal(nonce, payload.as_bytes())));
    let nonce = quoted(&STANDARD.encode(nonce));
    let envelope = sealed_digest(&nonce, &sealed, scheme);
    let mut members = vec![
        ("type", Some(quoted(draft.kind.as_str()))),
        ("topic", label(&draft.topic)),
        ("correlationId", label(&draft.correlation)),
        ("encrypted", Some(String::from("true"))),
        ("payload", Some(sealed)),
        ("nonce", Some(nonce)),
    ];
    let signed = message_text(draft.to.as_str(), &members);
    // Where the relay keeps it.
    members.insert(3, ("replyTo", label(&draft.reply_to)));
    let signature = sign.map(|sign| quoted(&STANDARD.encode(sign(signed.as_bytes()))));
    members.push(("signature", signature));
    let body = message_text(draft.to.as_str(), &members);
    let units = body.encode_utf16().count();
    if units > LONGEST_POST {
        return Err(TooLong(units));
    }
    Ok(Outgoing {
        body,
        signed,
        envelope,
    })
}
