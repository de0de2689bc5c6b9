//! The id of a node, which is its key, and addresses that end in one.

use std::fmt;

/// Longest address that is looked at, in bytes.
pub const LONGEST_ADDRESS: usize = 256;

/// Identity multihash of a protobuf that says "Ed25519, 32 bytes" (libp2p peer id spec).
const HEAD: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];
const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// Characters of every id of this kind.
const TEXT: usize = 52;

/// The id of a node: its Ed25519 key. In text `12D3KooW…`, 52 characters. Ids of other kinds of
/// keys belong to no gateway.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub [u8; 32]);

impl NodeId {
    /// Reads the text, in its one form.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != TEXT {
            return None;
        }
        // A number of 38 bytes, big-endian, whose first byte is 0 and is written as `1`.
        let mut bytes = [0_u8; HEAD.len() + 32];
        for character in text.bytes() {
            let digit = ALPHABET.iter().position(|letter| *letter == character)?;
            let mut carry = u32::try_from(digit).ok()?;
            for byte in bytes.iter_mut().rev() {
                carry += u32::from(*byte) * 58;
                *byte = u8::try_from(carry & 0xff).ok()?;
                carry >>= 8;
            }
            if carry > 0 {
                return None;
            }
        }
        let key = bytes.strip_prefix(&HEAD)?;
        let id = Self(key.try_into().ok()?);
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0_u32; TEXT];
        for byte in HEAD.iter().chain(&self.0) {
            let mut carry = u32::from(*byte);
            for digit in digits.iter_mut().rev() {
                carry += *digit * 256;
                *digit = carry % 58;
                carry /= 58;
            }
        }
        for digit in digits {
            let letter = usize::try_from(digit).ok().and_then(|d| ALPHABET.get(d));
            write!(f, "{}", char::from(*letter.unwrap_or(&b'1')))?;
        }
        Ok(())
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({self})")
    }
}

/// Tells whether text could be a multiaddr: short, of characters that are safe in a line, and
/// beginning with a slash. Whether it means something, libp2p says.
pub fn is_address(text: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"/.:-_%".contains(&byte);
    (2..=LONGEST_ADDRESS).contains(&text.len())
        && text.starts_with('/')
        && !text.ends_with('/')
        && text.bytes().all(is_safe)
}

/// Returns the node that an address leads to: the id after the last `/p2p/`, where nothing
/// follows it.
pub fn node_of(address: &str) -> Option<NodeId> {
    if !is_address(address) {
        return None;
    }
    let (_, id) = address.rsplit_once("/p2p/")?;
    NodeId::parse(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB";

    #[test]
    fn an_id_has_one_text() {
        let id = NodeId::parse(ID).unwrap();
        assert_eq!(id.to_string(), ID);
        for other in [
            "",
            "12D3KooW",
            &ID.replace('B', "O"),
            &ID.to_lowercase(),
            &ID.replacen("12", "11", 1),
            &"z".repeat(52),
            // The key of another kind: an RSA id, as public bootstrap nodes have.
            "QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN",
        ] {
            assert_eq!(NodeId::parse(other), None, "{other}");
        }
    }

    #[test]
    fn the_node_of_an_address_is_the_last_one_and_nothing_follows_it() {
        let id = NodeId::parse(ID);
        assert_eq!(node_of(&format!("/ip4/127.0.0.1/tcp/9000/p2p/{ID}")), id);
        let relay = NodeId([7; 32]);
        let relayed = format!("/dns4/relay.example/tcp/1/p2p/{relay}/p2p-circuit/p2p/{ID}");
        assert_eq!(node_of(&relayed), id);
        for other in [
            "/ip4/127.0.0.1/tcp/9000".to_owned(),
            format!("/ip4/127.0.0.1/tcp/9000/p2p/{ID}/"),
            format!("/ip4/127.0.0.1/tcp/9000/p2p/{relay}/p2p-circuit"),
            format!("ip4/127.0.0.1/p2p/{ID}"),
            format!("/ip4/127.0.0.1\u{202e}/p2p/{ID}"),
            format!("/{}/p2p/{ID}", "x".repeat(256)),
        ] {
            assert_eq!(node_of(&other), None, "{other}");
        }
    }
}
