//! `gateway-config.json`: which identities there are, and how each of them behaves.

use serde_json::{Value, json};

use super::FileError;

/// Longest file that is looked at.
const LONGEST: usize = 1024 * 1024;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Where it listens: TCP here, WebSocket at the next one.
    pub port: u16,
    /// Its identities. The first one that is loaded speaks for all, in the real program.
    pub identities: Vec<GatewayIdentity>,
}

/// One identity of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayIdentity {
    /// Who: text that begins with `stacks:`.
    pub principal: String,
    /// What it is called here: see [`is_nick`].
    pub nick: Option<String>,
    /// Whether it is there from the start.
    pub autoload: bool,
    /// Whether other identities here may write to it. The real program does not look at it.
    pub allow_local: bool,
    /// Who else may write to it: principals, or `*` for everybody.
    pub allowed: Vec<String>,
    /// Whether a message wakes the assistant.
    pub wake: bool,
}

/// Tells whether the real program takes this as a nick: letters, digits, `_` and `-`.
pub fn is_nick(text: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    !text.is_empty() && text.bytes().all(is_safe)
}

impl Gateway {
    /// Reads the file, and refuses what the real program refuses.
    pub fn decode(json: &[u8]) -> Result<Self, FileError> {
        if json.len() > LONGEST {
            return Err(FileError::Json);
        }
        let value: Value = serde_json::from_slice(json).map_err(|_content| FileError::Json)?;
        if value.get("version").and_then(Value::as_f64) != Some(1.0) {
            return Err(FileError::OtherVersion);
        }
        let port = value.get("p2pPort").and_then(Value::as_u64);
        let port = port.and_then(|port| u16::try_from(port).ok());
        let identities = value.get("identities").and_then(Value::as_array);
        let identities = identities.ok_or(FileError::Member("identities"))?;
        let identities: Result<Vec<_>, _> =
            identities.iter().map(GatewayIdentity::from_value).collect();
        let gateway = Self {
            port: port
                .filter(|port| *port > 0)
                .ok_or(FileError::Member("p2pPort"))?,
            identities: identities?,
        };
        if gateway.identities.is_empty() {
            return Err(FileError::Member("identities"));
        }
        gateway.check_names()?;
        Ok(gateway)
    }

    /// Refuses two identities of one principal or one nick.
    fn check_names(&self) -> Result<(), FileError> {
        let mut seen = std::collections::HashSet::new();
        let principals = self
            .identities
            .iter()
            .map(|one| ("principal", &one.principal));
        let nicks = self.identities.iter();
        let nicks = nicks.filter_map(|one| one.nick.as_ref().map(|nick| ("nick", nick)));
        for (member, name) in principals.chain(nicks) {
            if !seen.insert((member, name)) {
                return Err(FileError::Member(member));
            }
        }
        Ok(())
    }

    /// Writes the file, as the real program does.
    pub fn encode(&self) -> String {
        let identities = self.identities.iter().map(GatewayIdentity::to_value);
        let value = json!({
            "version": 1,
            "p2pPort": self.port,
            "identities": identities.collect::<Vec<_>>(),
        });
        format!("{value:#}")
    }
}

impl GatewayIdentity {
    fn from_value(value: &Value) -> Result<Self, FileError> {
        let truth = |name: &'static str| {
            let truth = value.get(name).and_then(Value::as_bool);
            truth.ok_or(FileError::Member(name))
        };
        let principal = value.get("principal").and_then(Value::as_str);
        let principal = principal.filter(|text| text.starts_with("stacks:"));
        let nick = match value.get("nick") {
            None => None,
            Some(nick) => {
                let nick = nick.as_str().filter(|nick| is_nick(nick));
                Some(nick.ok_or(FileError::Member("nick"))?.to_owned())
            }
        };
        let allowed = value.get("allowedRemotePeers").and_then(Value::as_array);
        let allowed = allowed.and_then(|list| {
            let one = |peer: &Value| {
                let peer = peer.as_str()?;
                (peer == "*" || peer.starts_with("stacks:")).then(|| peer.to_owned())
            };
            list.iter().map(one).collect::<Option<Vec<_>>>()
        });
        Ok(Self {
            principal: principal.ok_or(FileError::Member("principal"))?.to_owned(),
            nick,
            autoload: truth("autoload")?,
            allow_local: truth("allowLocal")?,
            allowed: allowed.ok_or(FileError::Member("allowedRemotePeers"))?,
            wake: truth("openclawWake")?,
        })
    }

    fn to_value(&self) -> Value {
        let mut value = json!({ "principal": self.principal });
        if let (Some(nick), Value::Object(members)) = (&self.nick, &mut value) {
            members.insert("nick".to_owned(), nick.as_str().into());
        }
        if let Value::Object(members) = &mut value {
            members.insert("autoload".to_owned(), self.autoload.into());
            members.insert("allowLocal".to_owned(), self.allow_local.into());
            members.insert("allowedRemotePeers".to_owned(), self.allowed.clone().into());
            members.insert("openclawWake".to_owned(), self.wake.into());
        }
        value
    }
}
