//! From where an address can be reached.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::clawchat::is_address;

/// From where an address can be reached, the narrowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// From this machine alone.
    Loopback,
    /// From the same network.
    Local,
    /// From everywhere, as far as can be told.
    Public,
}

impl Reach {
    /// Tells from where an address can be reached; `None` where it is no address that could be
    /// dialled. Of an address through a relay it is the relay that counts.
    pub fn of(address: &str) -> Option<Self> {
        if !is_address(address) {
            return None;
        }
        let mut parts = address.split('/').skip(1);
        let (kind, host) = (parts.next()?, parts.next()?);
        match kind {
            "ip4" => Some(Self::of_ip(IpAddr::V4(host.parse::<Ipv4Addr>().ok()?))),
            "ip6" => Some(Self::of_ip(IpAddr::V6(host.parse::<Ipv6Addr>().ok()?))),
            "dns" | "dns4" | "dns6" if host == "localhost" => Some(Self::Loopback),
            "dns" | "dns4" | "dns6" => Some(Self::Public),
            _ => None,
        }
    }

    /// Tells the same of an address without its port.
    pub fn of_ip(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        if ip.is_loopback() || ip.is_unspecified() {
            return Self::Loopback;
        }
        let local = match ip {
            IpAddr::V4(ip) => {
                ip.is_private() || ip.is_link_local() || ip.is_broadcast() || ip.is_multicast()
            }
            IpAddr::V6(ip) => {
                ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_multicast()
            }
        };
        if local { Self::Local } else { Self::Public }
    }

    /// Tells whether somebody whom we reach like this may be told of an address, and believed one:
    /// nobody on another network has a use for ours, or for having us knock at our own doors.
    pub fn may_see(self, address: &str) -> bool {
        Self::of(address).is_some_and(|reach| reach >= self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart_by_from_where_they_work() {
        for (address, reach) in [
            ("/ip4/127.0.0.1/tcp/9000", Some(Reach::Loopback)),
            ("/ip4/0.0.0.0/tcp/9000", Some(Reach::Loopback)),
            ("/ip6/::1/tcp/9000", Some(Reach::Loopback)),
            ("/ip6/::ffff:127.0.0.1/tcp/9000", Some(Reach::Loopback)),
            ("/dns4/localhost/tcp/9000", Some(Reach::Loopback)),
            ("/ip4/192.168.1.2/tcp/9000", Some(Reach::Local)),
            ("/ip4/10.0.0.1/tcp/9001/ws", Some(Reach::Local)),
            ("/ip4/169.254.0.1/tcp/1", Some(Reach::Local)),
            ("/ip6/fe80::1/tcp/1", Some(Reach::Local)),
            ("/ip6/fd00::1/tcp/1", Some(Reach::Local)),
            ("/ip4/203.0.113.7/tcp/1", Some(Reach::Public)),
            ("/ip6/2001:db8::1/tcp/1", Some(Reach::Public)),
            ("/dns4/relay.example/tcp/1", Some(Reach::Public)),
            ("/unix/tmp", None),
            ("/ip4/localhost/tcp/1", None),
            ("/ip4", None),
            ("ip4/127.0.0.1", None),
        ] {
            assert_eq!(Reach::of(address), reach, "{address}");
        }
    }

    #[test]
    fn nobody_elsewhere_sees_or_names_an_address_of_this_machine_or_network() {
        let (own, lan, wan) = (
            "/ip4/127.0.0.1/tcp/1",
            "/ip4/10.0.0.1/tcp/1",
            "/ip4/203.0.113.7/tcp/1",
        );
        for (reach, seen) in [
            (Reach::Loopback, [true, true, true]),
            (Reach::Local, [false, true, true]),
            (Reach::Public, [false, false, true]),
        ] {
            assert_eq!([own, lan, wan].map(|address| reach.may_see(address)), seen);
        }
    }
}
