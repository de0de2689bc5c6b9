//! Where a node is: multiaddrs that end in its id.

use super::MOST_ADDRESSES;
use super::swarm::Multiaddr;
use crate::wire::clawchat::{LONGEST_ADDRESS, node_of};

/// Reads addresses as a person writes them, with commas between; all of them lead to one node.
pub(super) fn read(text: &str) -> Result<Vec<String>, String> {
    let mut all: Vec<String> = Vec::new();
    for one in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
        let one = read_one(one)?;
        if !all.contains(&one) {
            all.push(one);
        }
    }
    if all.is_empty() || all.len() > MOST_ADDRESSES {
        return Err(format!(
            "name 1 to {MOST_ADDRESSES} addresses, like /ip4/192.0.2.7/tcp/9000/p2p/12D3KooW…"
        ));
    }
    let mut nodes = all.iter().map(|one| node_of(one));
    let first = nodes.next();
    if nodes.any(|node| Some(node) != first) {
        return Err("these addresses lead to different nodes".to_owned());
    }
    Ok(all)
}

/// Reads one address that ends in the id of a node.
pub(super) fn read_one(text: &str) -> Result<String, String> {
    let wrong = || {
        "this is no address of a node; it is like /ip4/192.0.2.7/tcp/9000/p2p/12D3KooW…".to_owned()
    };
    if text.len() > LONGEST_ADDRESS {
        return Err(wrong());
    }
    let address: Multiaddr = text.parse().map_err(|_not_one| wrong())?;
    let text = address.to_string();
    if node_of(&text).is_none() {
        return Err("the address has to end in /p2p/ and the id of the node".to_owned());
    }
    Ok(text)
}

/// Reads what was stored or told; what is no address is left out.
pub(super) fn parse(text: &str) -> Vec<Multiaddr> {
    text.split(',')
        .filter(|one| one.len() <= LONGEST_ADDRESS)
        .filter_map(|one| one.parse().ok())
        .take(MOST_ADDRESSES)
        .collect()
}

/// Chooses the addresses that are of use to others: none of this computer alone, unless there is
/// no other; those at relays last.
pub(super) fn for_others(addresses: &[String]) -> Vec<String> {
    let own = |one: &&String| one.starts_with("/ip4/127.") || one.starts_with("/ip6/::1/");
    let mut best: Vec<String> = addresses.iter().filter(|one| !own(one)).cloned().collect();
    if best.is_empty() {
        best = addresses.to_vec();
    }
    best.sort_by_key(|one| one.contains("/p2p-circuit"));
    best.truncate(MOST_ADDRESSES);
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: &str = "12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN";

    #[test]
    fn addresses_lead_to_one_node_and_say_so() {
        let one = format!("/ip4/192.0.2.7/tcp/9000/p2p/{NODE}");
        let two = format!("/ip4/192.0.2.7/tcp/9001/ws/p2p/{NODE}");
        let both = format!("{one}, {two},{one}");
        assert_eq!(read(&both), Ok(vec![one, two]));
        assert!(read("").is_err());
        assert!(read("http://192.0.2.7").is_err());
        assert!(
            read("/ip4/192.0.2.7/tcp/9000")
                .unwrap_err()
                .contains("/p2p/")
        );
    }

    #[test]
    fn others_are_told_of_places_that_they_can_reach() {
        let all = [
            "/ip4/127.0.0.1/tcp/9000",
            "/ip4/10.0.0.1/tcp/1/p2p/x/p2p-circuit",
            "/ip4/192.0.2.7/tcp/9000",
        ]
        .map(str::to_owned);
        assert_eq!(for_others(&all), [all[2].clone(), all[1].clone()]);
        assert_eq!(for_others(&all[..1]), all[..1]);
    }
}
