//! Who an agent says it is, and the request to be its contact.

use std::fmt;

use super::canonical::{Members, Value};
use super::object::{members, string};
use super::{
    AgentId, MeshKey, Reason, Received, Refused, RequestId, Scheme, Signed, Window, decode_time,
    encode_time,
};
use crate::model::{PeerText, UnixMillis};

const TYPE: &str = "contact_request";

/// What an agent tells of itself. Whoever has the key may claim any name and any address.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The name that other agents call it by.
    pub agent: AgentId,
    /// A name for people, of any content.
    pub display_name: PeerText,
    /// Where it says that it can be reached: any text. See `RelayUrl` before using it.
    pub endpoint: PeerText,
    /// Its key.
    pub key: MeshKey,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// Reads the five members, wherever they stand. The fingerprint has to be that of the key.
    pub(super) fn read(object: &Received<'_>, scheme: &Scheme) -> Result<Self, Reason> {
        let text = |name| object.text(name).ok_or(Reason::Member);
        let key = text("public_key")?;
        let key = MeshKey::read(&key, scheme).ok_or(Reason::Key)?;
        if text("fingerprint")? != key.fingerprint() {
            return Err(Reason::Fingerprint);
        }
        let agent = object.text("agent_id");
        Ok(Self {
            agent: agent
                .and_then(|id| AgentId::parse(&id))
                .ok_or(Reason::Agent)?,
            display_name: PeerText::new(text("display_name")?),
            endpoint: PeerText::new(text("endpoint")?),
            key,
        })
    }

    /// Writes the five members in the order of the scripts.
    pub(super) fn members<'a>(&self) -> Members<'a> {
        members([
            ("agent_id", string(self.agent.as_str())),
            ("display_name", string(self.display_name.expose_untrusted())),
            ("endpoint", string(self.endpoint.expose_untrusted())),
            ("public_key", string(self.key.pem())),
            ("fingerprint", string(self.key.fingerprint())),
        ])
    }
}

/// A request to be somebody's contact. Its signature shows only that whoever sent it has the
/// key in it.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactRequest {
    /// Its id, which whoever asks chooses.
    pub id: RequestId,
    /// Who asks.
    pub from: Identity,
    /// When it was written, to the second.
    pub written: UnixMillis,
    /// What for, in the words of whoever asks.
    pub purpose: PeerText,
}

impl fmt::Debug for ContactRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactRequest")
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

impl ContactRequest {
    /// Reads a contact request and checks it against the key that it carries.
    pub fn decode(
        object: &Received<'_>,
        window: Window,
        scheme: &Scheme,
    ) -> Result<Self, Refused<RequestId>> {
        let id = object.request_id();
        match id.clone().ok_or(Reason::Id) {
            Ok(known) => Self::believe(object, known, window, scheme),
            Err(reason) => Err(reason),
        }
        .map_err(|reason| Refused { reason, id })
    }

    fn believe(
        object: &Received<'_>,
        id: RequestId,
        window: Window,
        scheme: &Scheme,
    ) -> Result<Self, Reason> {
        if object.text("type").as_deref() != Some(TYPE) {
            return Err(Reason::Type);
        }
        let from = object.object("from").ok_or(Reason::Member)?;
        let from = Identity::read(&from, scheme)?;
        object.check_signature(&from.key.key(), scheme)?;
        let written = written(object, window)?;
        // The scripts always send one and never look at it.
        let purpose = match object.text("purpose") {
            None if object.has("purpose") => return Err(Reason::Member),
            purpose => PeerText::new(purpose.unwrap_or_default()),
        };
        Ok(Self {
            id,
            from,
            written,
            purpose,
        })
    }

    /// Signs it with the key whose public half it carries.
    pub fn sign(&self, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Signed {
        let object = members([
            ("type", string(TYPE)),
            ("request_id", string(self.id.as_str())),
            ("from", Value::Object(self.from.members())),
            ("timestamp", string(&encode_time(self.written))),
            ("purpose", string(self.purpose.expose_untrusted())),
        ]);
        Signed::new(object, sign)
    }
}

/// Reads when something was written, and refuses what is too far from now.
pub(super) fn written(object: &Received<'_>, window: Window) -> Result<UnixMillis, Reason> {
    let written = object.text("timestamp");
    let written = written
        .and_then(|text| decode_time(&text))
        .ok_or(Reason::Time)?;
    if window.holds(written) {
        Ok(written)
    } else {
        Err(Reason::Stale)
    }
}
