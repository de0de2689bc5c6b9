//! Wallets, addresses, node keys and the sealed file.

use chaperon::crypto::stacks::{
    IdentityFileError, PhraseError, Principal, StacksNetwork, Wallet, open_identity, seal_identity,
};
use chaperon::crypto::{SecretKey, signing};
use chaperon::wire::clawchat::{IdentityFile, NodeId};
use serde_json::Value;

use super::{bytes, list, text};

fn hash160(vector: &Value) -> [u8; 20] {
    bytes(text(vector, "hash160")).try_into().unwrap()
}

fn assert_addresses(hash160: [u8; 20], mainnet: &str, testnet: &str) {
    for (network, address) in [
        (StacksNetwork::Mainnet, mainnet),
        (StacksNetwork::Testnet, testnet),
    ] {
        let principal = Principal::new(network, hash160);
        assert_eq!(principal.address(), address);
        let text = format!("stacks:{address}");
        assert_eq!(Principal::parse(&text), Some(principal));
        assert_eq!(principal.to_string(), text);
    }
}

#[test]
fn words_make_the_same_wallet() {
    for vector in list("wallets") {
        let wallet = Wallet::from_phrase(text(&vector, "mnemonic")).unwrap();
        let secret = text(&vector, "private_key_hex_with_01_suffix");
        assert_eq!([&wallet.secret()[..], &[1]].concat(), bytes(secret));
        assert_eq!(
            wallet.public_key()[..],
            bytes(text(&vector, "public_key_hex"))
        );
        for (network, member) in [
            (StacksNetwork::Testnet, "testnet"),
            (StacksNetwork::Mainnet, "mainnet"),
        ] {
            let principal = wallet.principal(network);
            assert_eq!(principal.to_string(), text(&vector[member], "principal"));
            assert_eq!(principal.address(), text(&vector[member], "address"));
            assert_eq!(*principal.hash160(), hash160(&vector));
        }
    }
}

#[test]
fn words_that_the_real_program_refuses_are_refused() {
    for vector in list("mnemonic_handling") {
        assert_eq!(vector["result"]["ok"], false);
        let label = text(&vector, "label");
        let error = Wallet::from_phrase(text(&vector, "mnemonic")).err();
        let expected = match label {
            "12 words" => PhraseError::Words,
            "upper case" | "double spaces" | "leading/trailing space" => PhraseError::Form,
            _ => PhraseError::Checksum,
        };
        assert_eq!(error, Some(expected), "{label}");
    }
}

#[test]
fn keys_have_the_same_addresses() {
    for vector in list("addresses_from_public_key") {
        let secret = bytes(text(&vector, "private_key_hex"));
        let wallet = Wallet::from_secret(secret.try_into().unwrap()).unwrap();
        assert_eq!(
            wallet.public_key()[..],
            bytes(text(&vector, "public_key_hex"))
        );
        let hash160 = hash160(&vector);
        assert_eq!(wallet.principal(StacksNetwork::Mainnet).hash160(), &hash160);
        assert_addresses(hash160, text(&vector, "mainnet"), text(&vector, "testnet"));
    }
    for vector in list("addresses_from_hash160") {
        let mainnet = text(&vector, "mainnet_p2pkh_version_22");
        let testnet = text(&vector, "testnet_p2pkh_version_26");
        assert_addresses(hash160(&vector), mainnet, testnet);
    }
}

#[test]
fn node_keys_have_the_same_ids() {
    for vector in list("node_keys") {
        let seed = bytes(text(&vector, "seed_hex")).try_into().unwrap();
        let public = signing::public_key(&SecretKey::from_bytes(seed));
        assert_eq!(public.0[..], bytes(text(&vector, "ed25519_public_key_hex")));
        let id = NodeId(public.0);
        assert_eq!(id.to_string(), text(&vector, "peer_id"));
        assert_eq!(NodeId::parse(text(&vector, "peer_id")), Some(id));
    }
}

#[test]
fn sealed_identities_are_opened_and_written_the_same() {
    for vector in list("identity_files") {
        let (password, plain) = (text(&vector, "password"), text(&vector, "plaintext_json"));
        let file = bytes(text(&vector, "file_hex"));
        let opened = open_identity(&file, password).unwrap();
        assert_eq!(str::from_utf8(&opened).unwrap(), plain);
        let identity = IdentityFile::decode(&opened).unwrap();
        assert_eq!(*identity.encode(), plain);
        let wallet = Wallet::from_phrase(identity.phrase.as_ref().unwrap()).unwrap();
        assert_eq!(*wallet.secret(), identity.wallet_secret);
        assert_eq!(wallet.public_key(), identity.wallet_key);
        let salt = bytes(text(&vector, "salt_hex")).try_into().unwrap();
        let iv = bytes(text(&vector, "iv_hex")).try_into().unwrap();
        let sealed = seal_identity(plain.as_bytes(), password, salt, iv);
        assert_eq!(sealed, Ok(file));
    }
}

#[test]
fn a_file_that_does_not_open_says_no_more_than_the_real_one() {
    let vector = &list("identity_files")[0];
    let file = bytes(text(vector, "file_hex"));
    let password = text(vector, "password");
    let does_not_open = Err(IdentityFileError::DoesNotOpen);
    assert_eq!(open_identity(&file, "correct horse batterx"), does_not_open);
    let mut changed = file.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(open_identity(&changed, password), does_not_open);
    assert_eq!(open_identity(&file[..20], password), does_not_open);
    let older = [&[1], &file[1..]].concat();
    for other in [&older[..], &[]] {
        let error = open_identity(other, password);
        assert_eq!(error, Err(IdentityFileError::OtherVersion));
    }
    let short = seal_identity(b"{}", "12345678901", [0; 16], [0; 12]);
    assert_eq!(short, Err(IdentityFileError::ShortPassword));
}
