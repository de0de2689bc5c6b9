//! Reads the data directory of a gateway, with its password.

use std::path::Path;

use zeroize::Zeroizing;

use crate::api::Error;
use crate::crypto::stacks::{Principal, StacksNetwork, Wallet, open_identity};
use crate::crypto::{SecretKey, signing};
use crate::engine::files::read;
use crate::model::Passphrase;
use crate::wire::clawchat::{
    FileError, Gateway, GatewayIdentity, IdentityFile, InboxEntry, OutboxEntry, PeerEntry, Read,
};

/// What was read of a directory, before any of it is stored.
pub(in crate::engine) struct Found {
    /// Where its gateway listened.
    pub(super) port: u16,
    /// The identities that could be opened.
    pub(super) identities: Vec<FoundIdentity>,
    /// What a person has to know.
    pub(super) notes: Vec<String>,
}

impl std::fmt::Debug for Found {
    /// Tells how many identities there are: most of it is secret or private.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Found({} identities)", self.identities.len())
    }
}

/// One identity with all that belongs to it.
pub(super) struct FoundIdentity {
    pub(super) settings: GatewayIdentity,
    pub(super) file: IdentityFile,
    pub(super) peers: Vec<PeerEntry>,
    pub(super) inbox: Vec<InboxEntry>,
    pub(super) outbox: Vec<OutboxEntry>,
    /// Entries that cannot be true.
    pub(super) unreadable: usize,
}

impl FoundIdentity {
    /// Returns how many entries it has.
    pub(super) fn steps(&self) -> u64 {
        let all = self.peers.len() + self.inbox.len() + self.outbox.len();
        u64::try_from(all).unwrap_or(u64::MAX)
    }
}

/// Reads a directory. An identity that cannot be opened is left out and noted, as long as there is
/// another one.
pub(super) fn found(from: &Path, password: Option<&Passphrase>) -> Result<Found, Error> {
    let bytes = read(&from.join("gateway-config.json"))?.ok_or_else(|| {
        Error::BadRequest(
            "there is no gateway-config.json in that directory; clawchat keeps it in ~/.clawchat"
                .to_owned(),
        )
    })?;
    let gateway = Gateway::decode(&bytes)
        .map_err(|error| Error::BadRequest(format!("gateway-config.json: {error}")))?;
    let mut found = Found {
        port: gateway.port,
        identities: Vec::new(),
        notes: Vec::new(),
    };
    for settings in gateway.identities {
        let Some(who) = Principal::parse(&settings.principal) else {
            let note = "an identity was left out: its principal has a letter wrong";
            found.notes.push(note.to_owned());
            continue;
        };
        match identity(
            &from.join("identities").join(who.to_string()),
            &who,
            password,
        ) {
            Ok(file) => {
                let one = with_files(from, settings, file, &mut found.notes)?;
                found.identities.push(one);
            }
            Err(problem) => found.notes.push(format!("{who} was left out: {problem}")),
        }
    }
    if found.identities.is_empty() {
        return Err(Error::BadRequest(found.notes.join("; ")));
    }
    Ok(found)
}

/// Opens the secrets of an identity. The password that lies beside them comes before the one that
/// is given, as in the real program.
fn identity(
    dir: &Path,
    who: &Principal,
    given: Option<&Passphrase>,
) -> Result<IdentityFile, String> {
    let said = |error: Error| error.to_string();
    let sealed = read(&dir.join("identity.enc")).map_err(said)?;
    let sealed = sealed.ok_or("there is no identity.enc")?;
    let beside = read(&dir.join("password")).map_err(said)?;
    let beside = beside.map(Zeroizing::new);
    let beside = beside.as_ref().map(|bytes| {
        let text = str::from_utf8(bytes).map_err(|_bytes| "the password beside it is no text");
        text.map(str::trim)
    });
    let password = match beside {
        Some(beside) => beside?,
        None => given
            .map(Passphrase::expose)
            .ok_or("no password is given")?,
    };
    let plain = open_identity(&sealed, password).map_err(|error| error.to_string())?;
    let file = IdentityFile::decode(&plain).map_err(|error| error.to_string())?;
    fits(&file, who)?;
    Ok(file)
}

/// Checks that the parts of an identity belong together.
fn fits(file: &IdentityFile, who: &Principal) -> Result<(), &'static str> {
    let network = if file.testnet {
        StacksNetwork::Testnet
    } else {
        StacksNetwork::Mainnet
    };
    let wallet =
        Wallet::from_secret(*file.wallet_secret).map_err(|_key| "its wallet has no key")?;
    if wallet.principal(network) != *who
        || file.principal != who.to_string()
        || wallet.public_key() != file.wallet_key
    {
        return Err("the wallet in it is not that of its principal");
    }
    let node = signing::public_key(&SecretKey::from_bytes(*file.node_seed));
    if node.0 != file.node_key {
        return Err("the two halves of its node key do not fit");
    }
    if let Some(phrase) = &file.phrase {
        let same = Wallet::from_phrase(phrase).is_ok_and(|of| of.secret() == wallet.secret());
        if !same {
            return Err("its seed phrase makes another wallet");
        }
    }
    Ok(())
}

fn with_files(
    from: &Path,
    settings: GatewayIdentity,
    file: IdentityFile,
    notes: &mut Vec<String>,
) -> Result<FoundIdentity, Error> {
    let dir = from.join("identities").join(&file.principal);
    let mut unreadable = 0;
    let peers = list(
        &dir.join("peers.json"),
        PeerEntry::decode,
        &mut unreadable,
        notes,
    )?;
    let mut inbox = list(
        &dir.join("inbox.json"),
        InboxEntry::decode,
        &mut unreadable,
        notes,
    )?;
    let mut outbox = list(
        &dir.join("outbox.json"),
        OutboxEntry::decode,
        &mut unreadable,
        notes,
    )?;
    inbox.sort_by_key(|entry| entry.timestamp);
    outbox.sort_by_key(|entry| entry.timestamp);
    Ok(FoundIdentity {
        settings,
        file,
        peers,
        inbox,
        outbox,
        unreadable,
    })
}

/// Reads a file that holds a list. One that is broken is noted; the real program begins anew with
/// such a file.
fn list<T>(
    path: &Path,
    decode: impl FnOnce(&str) -> Result<Read<T>, FileError>,
    unreadable: &mut usize,
    notes: &mut Vec<String>,
) -> Result<Vec<T>, Error> {
    let Some(bytes) = read(path)? else {
        return Ok(Vec::new());
    };
    match decode(&String::from_utf8_lossy(&bytes)) {
        Ok(Read { entries, skipped }) => {
            *unreadable += skipped;
            Ok(entries)
        }
        Err(error) => {
            let name = path.file_name().unwrap_or_default().display();
            notes.push(format!("{name} was left out: {error}"));
            Ok(Vec::new())
        }
    }
}
