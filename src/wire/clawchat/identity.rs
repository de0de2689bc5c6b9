//! What lies sealed in `identity.enc`: the secrets of one identity, as JSON.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{FileError, from_hex, hex};
use crate::model::PeerText;

/// Longest file that is looked at. Real ones have some 700 bytes.
const LONGEST: usize = 64 * 1024;
/// What a private key of a wallet ends in: its public key is used in the compressed form.
const COMPRESSED: &str = "01";
/// What a principal begins with.
const PREFIX: &str = "stacks:";

/// An identity with its secrets, of the right shape. Whether its parts fit together has to be
/// checked by whoever can compute one from the other.
pub struct IdentityFile {
    /// Who it is.
    pub principal: String,
    /// The public key of its node.
    pub node_key: [u8; 32],
    /// The Ed25519 seed of its node.
    pub node_seed: Zeroizing<[u8; 32]>,
    /// The words that the wallet is made from, where they are known.
    pub phrase: Option<Zeroizing<String>>,
    /// The public key of the wallet, compressed.
    pub wallet_key: [u8; 33],
    /// The private key of the wallet.
    pub wallet_secret: Zeroizing<[u8; 32]>,
    /// Whether it is of the test network.
    pub testnet: bool,
    /// What it calls itself.
    pub nick: Option<PeerText>,
}

impl fmt::Debug for IdentityFile {
    /// Prints the name alone: most of it is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityFile(..)")
    }
}

/// The members, in the order in which the real program writes them.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase")]
struct Members {
    principal: String,
    address: String,
    public_key: String,
    private_key: String,
    mnemonic: String,
    wallet_public_key_hex: String,
    wallet_private_key_hex: String,
    testnet: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nick: Option<String>,
}

impl IdentityFile {
    /// Reads the JSON. A file that does not say which network it is of is of the test network.
    pub fn decode(json: &[u8]) -> Result<Self, FileError> {
        if json.len() > LONGEST {
            return Err(FileError::Json);
        }
        let members: Members = serde_json::from_slice(json).map_err(|_secret| FileError::Json)?;
        if members.principal.strip_prefix(PREFIX) != Some(&members.address) {
            return Err(FileError::Member("principal"));
        }
        let wallet_secret = members.wallet_private_key_hex.strip_suffix(COMPRESSED);
        Ok(Self {
            principal: members.principal.clone(),
            node_key: from_hex(&members.public_key).ok_or(FileError::Member("publicKey"))?,
            node_seed: secret(&members.private_key).ok_or(FileError::Member("privateKey"))?,
            phrase: Some(Zeroizing::new(members.mnemonic.clone()))
                .filter(|phrase| !phrase.is_empty()),
            wallet_key: from_hex(&members.wallet_public_key_hex)
                .ok_or(FileError::Member("walletPublicKeyHex"))?,
            wallet_secret: wallet_secret
                .and_then(secret)
                .ok_or(FileError::Member("walletPrivateKeyHex"))?,
            testnet: members.testnet != Some(false),
            nick: members
                .nick
                .as_deref()
                .filter(|nick| !nick.is_empty())
                .map(PeerText::new),
        })
    }

    /// Writes the JSON, as the real program does.
    pub fn encode(&self) -> Zeroizing<String> {
        let address = self.principal.strip_prefix(PREFIX);
        let secret = Zeroizing::new(hex(&self.wallet_secret[..]));
        let phrase = self.phrase.as_ref().map(|phrase| phrase.as_str());
        let members = Members {
            principal: self.principal.clone(),
            address: address.unwrap_or(&self.principal).to_owned(),
            public_key: hex(&self.node_key),
            private_key: hex(&self.node_seed[..]),
            mnemonic: phrase.unwrap_or_default().to_owned(),
            wallet_public_key_hex: hex(&self.wallet_key),
            wallet_private_key_hex: format!("{}{COMPRESSED}", *secret),
            testnet: Some(self.testnet),
            nick: self
                .nick
                .as_ref()
                .map(|nick| nick.expose_untrusted().to_owned()),
        };
        Zeroizing::new(serde_json::to_string(&members).unwrap_or_default())
    }
}

fn secret(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    from_hex(text).map(Zeroizing::new)
}
