//! Telling others on the local network that we are there, and finding them (RFC 6762, 6763).
//!
//! Whoever is on the network can answer with anything, so what is found is only where to ask;
//! and only addresses of a local network are asked.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use mdns_sd::{ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent, ServiceInfo};

use crate::wire::mesh::{DISCOVERY_PATH, Identity};

/// The name of the service.
const SERVICE: &str = "_openclaw-mesh._tcp.local.";
/// How long others have to answer.
const LISTEN: Duration = Duration::from_secs(3);
/// Addresses that are asked at most, whatever the network says.
const MOST: usize = 256;
/// Bytes of the longest label of a name (RFC 1035, section 2.3.4).
const LABEL: usize = 63;

/// We are announced until this is dropped.
pub(super) struct Announced(ServiceDaemon);

impl Drop for Announced {
    fn drop(&mut self) {
        // Nobody waits for the farewell; without it the entry dies of age.
        if let Err(error) = self.0.shutdown() {
            tracing::debug!(%error, "mDNS does not stop");
        }
    }
}

/// Tells others that we listen at this address.
pub(super) fn announce(identity: &Identity, at: SocketAddr) -> Result<Announced, mdns_sd::Error> {
    let service = service(identity, at)?;
    let daemon = ServiceDaemon::new()?;
    let announced = Announced(daemon);
    announced.0.register(service)?;
    Ok(announced)
}

fn service(identity: &Identity, at: SocketAddr) -> Result<ServiceInfo, mdns_sd::Error> {
    let agent = identity.agent.as_str();
    // Ids are ASCII. A dot would begin another label.
    let label: String = agent.replace('.', "-").chars().take(LABEL).collect();
    let host = format!("{label}.local.");
    let properties = [
        ("id", agent),
        ("fp", identity.key.fingerprint()),
        ("path", DISCOVERY_PATH),
    ];
    let ip = at.ip();
    if ip.is_unspecified() {
        let service = ServiceInfo::new(SERVICE, &label, &host, "", at.port(), &properties[..])?;
        Ok(service.enable_addr_auto())
    } else {
        ServiceInfo::new(SERVICE, &label, &host, ip, at.port(), &properties[..])
    }
}

/// Listens for others and returns where they are reached. Blocks for three seconds.
pub(super) fn browse() -> Result<Vec<String>, mdns_sd::Error> {
    let daemon = Announced(ServiceDaemon::new()?);
    let events = daemon.0.browse(SERVICE)?;
    let until = Instant::now() + LISTEN;
    let mut found = BTreeSet::new();
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        let Ok(event) = events.recv_timeout(left) else {
            break;
        };
        if let ServiceEvent::ServiceResolved(service) = event
            && found.len() < MOST
        {
            found.extend(address(&service));
        }
    }
    Ok(found.into_iter().collect())
}

fn address(service: &ResolvedService) -> Option<String> {
    let addresses = service.get_addresses().iter();
    pick(addresses.map(ScopedIp::to_ip_addr), service.get_port())
}

/// Returns the URL of the first of these addresses that lies on a local network, version 4
/// before 6, and this computer itself last: what somebody else calls so is not we. Link-local
/// ones of version 6 need the name of an interface, which no URL has.
fn pick(addresses: impl Iterator<Item = IpAddr>, port: u16) -> Option<String> {
    let is_local = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_loopback(),
    };
    let ip = addresses
        .filter(is_local)
        .min_by_key(|ip| (ip.is_loopback(), *ip))?;
    Some(format!("http://{}", SocketAddr::new(ip, port)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::SecretKey;
    use crate::model::PeerText;
    use crate::net::Network as _;
    use crate::net::mesh::{Mesh, SCHEME};
    use crate::wire::mesh::{AgentId, MeshKey};

    fn identity(agent: &str) -> Identity {
        let key = Mesh.public_of(&SecretKey::from_bytes([3; 32]).into()).key;
        Identity {
            agent: AgentId::parse(agent).unwrap(),
            display_name: PeerText::new("A name, of any content"),
            endpoint: PeerText::new("http://192.168.1.5:8787"),
            key: MeshKey::new(key, &SCHEME),
        }
    }

    #[test]
    fn an_announcement_says_id_fingerprint_and_path() {
        let at = "192.168.1.5:8787".parse().unwrap();
        let identity = identity("agent.a");
        let service = service(&identity, at).unwrap();
        assert_eq!(service.get_fullname(), "agent-a._openclaw-mesh._tcp.local.");
        assert_eq!(service.get_property_val_str("id"), Some("agent.a"));
        let fingerprint = identity.key.fingerprint();
        assert_eq!(service.get_property_val_str("fp"), Some(fingerprint));
        assert_eq!(
            service.get_property_val_str("path"),
            Some("/agent-mesh/discovery")
        );
        assert_eq!(service.get_port(), 8787);
    }

    #[test]
    fn the_longest_id_can_be_announced() {
        let identity = identity(&"x".repeat(128));
        let service = service(&identity, "0.0.0.0:1".parse().unwrap()).unwrap();
        assert_eq!(service.get_property_val_str("id").unwrap().len(), 128);
    }

    #[test]
    fn what_is_announced_elsewhere_than_on_a_local_network_is_not_asked() {
        let pick = |addresses: &[&str]| {
            let addresses: Vec<_> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
            pick(addresses.into_iter(), 8787)
        };
        assert_eq!(
            pick(&["fd00::5", "192.168.1.5"]).unwrap(),
            "http://192.168.1.5:8787"
        );
        assert_eq!(
            pick(&["127.0.0.1", "fd00::5"]).unwrap(),
            "http://[fd00::5]:8787"
        );
        assert_eq!(pick(&["127.0.0.1"]).unwrap(), "http://127.0.0.1:8787");
        assert_eq!(pick(&["8.8.8.8", "2001:db8::1", "fe80::1"]), None);
        assert_eq!(pick(&[]), None);
    }
}
