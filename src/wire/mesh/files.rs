//! The files of the scripts' state directory that are not signed objects: who we are, and whom
//! we trust. Signed objects are written by [`super::Signed`] and [`super::Received`].

use std::fmt;

use super::canonical::{Style, Value, write};
use super::decode_time;
use super::object::{members, string};
use super::{Identity, NotAnObject, PROTOCOL, Reason, Received, RequestId, Scheme, encode_time};
use crate::model::UnixMillis;

/// Why a file is not taken. Nothing of the file is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// It is no JSON object.
    #[error(transparent)]
    Json(#[from] NotAnObject),
    /// It is of another version of the protocol.
    #[error("it is of another version of the protocol")]
    OtherVersion,
    /// Something in it cannot be true.
    #[error(transparent)]
    NotBelieved(Reason),
}

/// Returns the name of the file that holds something with this id, without a directory. Only
/// for ids that are safe.
pub fn file_name(id: &str) -> String {
    format!("{id}.json")
}

/// `identity.json`: who somebody is. The secret key lies beside it.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityFile {
    /// Who.
    pub identity: Identity,
    /// Since when, to the second; absent where the file says it in no usual form.
    pub created: Option<UnixMillis>,
}

impl fmt::Debug for IdentityFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityFile").finish_non_exhaustive()
    }
}

impl IdentityFile {
    /// Reads the file.
    pub fn decode(bytes: &[u8], scheme: &Scheme) -> Result<Self, FileError> {
        let object = Received::parse(bytes)?;
        if object.text("protocol").as_deref() != Some(PROTOCOL) {
            return Err(FileError::OtherVersion);
        }
        Ok(Self {
            identity: Identity::read(&object, scheme).map_err(FileError::NotBelieved)?,
            created: time(&object, "created_at"),
        })
    }

    /// Writes the file. A time that is not known is left out.
    pub fn encode(&self) -> String {
        let mut list = members([("protocol", string(PROTOCOL))]);
        list.extend(self.identity.members());
        list.extend(members(
            self.created
                .map(|at| ("created_at", string(&encode_time(at)))),
        ));
        write(&Value::Object(list), Style::File)
    }
}

/// `peers/<agent_id>.json`: somebody who is trusted, one way.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerFile {
    /// Who.
    pub identity: Identity,
    /// Since when, to the second; absent where the file says it in no usual form.
    pub trusted: Option<UnixMillis>,
    /// The request that was approved.
    pub source: Option<RequestId>,
}

impl fmt::Debug for PeerFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerFile").finish_non_exhaustive()
    }
}

impl PeerFile {
    /// Reads the file.
    pub fn decode(bytes: &[u8], scheme: &Scheme) -> Result<Self, FileError> {
        let object = Received::parse(bytes)?;
        let source = object.text("source_request_id");
        Ok(Self {
            identity: Identity::read(&object, scheme).map_err(FileError::NotBelieved)?,
            trusted: time(&object, "trusted_at"),
            source: source.and_then(|id| RequestId::parse(&id)),
        })
    }

    /// Writes the file. What is not known is left out.
    pub fn encode(&self) -> String {
        let mut list = self.identity.members();
        let source = self.source.as_ref().map(RequestId::as_str);
        list.extend(members(
            self.trusted
                .map(|at| ("trusted_at", string(&encode_time(at)))),
        ));
        list.extend(members(source.map(|id| ("source_request_id", string(id)))));
        write(&Value::Object(list), Style::File)
    }
}

fn time(object: &Received<'_>, name: &str) -> Option<UnixMillis> {
    object.text(name).and_then(|text| decode_time(&text))
}
