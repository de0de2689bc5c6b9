//! Where a webhook may lead: to public addresses, unless the operator allows others.
//!
//! Whoever registers chooses the address, and must not reach through the relay what only the
//! relay can reach. Names are resolved here, what is not public is left out, and the
//! connection is made to the addresses that are left: a name cannot lead elsewhere after it
//! was checked.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Client, ClientBuilder, Url};
use url::Host;

/// How long a connection and a whole delivery may take.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(10);

/// The address is not public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address is not public")]
pub(super) struct Forbidden;

/// The clients of deliveries, made when they are needed first.
#[derive(Debug)]
pub(super) struct Clients {
    allow_private: bool,
    plain: OnceLock<Option<Client>>,
    tls: OnceLock<Option<Client>>,
}

impl Clients {
    pub(super) fn new(allow_private: bool) -> Self {
        Self {
            allow_private,
            plain: OnceLock::new(),
            tls: OnceLock::new(),
        }
    }

    /// Returns the client for a URL; `None` where TLS is not possible here.
    pub(super) fn to(&self, url: &Url) -> Result<Option<&Client>, Forbidden> {
        let is_forbidden = |address: IpAddr| !self.allow_private && !is_public(address);
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(Forbidden),
        };
        if literal.is_some_and(is_forbidden) {
            return Err(Forbidden);
        }
        let client = match url.scheme() {
            // Without TLS no root certificates are read.
            "http" => self
                .plain
                .get_or_init(|| self.build(|builder| builder.tls_certs_only([]))),
            "https" => self.tls.get_or_init(|| self.build(|builder| builder)),
            _ => return Err(Forbidden),
        };
        Ok(client.as_ref())
    }

    fn build(&self, adjust: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Option<Client> {
        // An error means that a provider is installed already, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder()
            .http1_only()
            // A proxy would resolve the name once more.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .pool_max_idle_per_host(1)
            .user_agent(concat!("chaperon-relay/", env!("CARGO_PKG_VERSION")))
            .dns_resolver(Checked {
                allow_private: self.allow_private,
            });
        adjust(builder).build().ok()
    }
}

/// Resolves names to the addresses that are allowed.
struct Checked {
    allow_private: bool,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            // The port is that of the URL.
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found
                .filter(|address| allow_private || is_public(address.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(Forbidden.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Whether a delivery failed because a name led to private addresses alone.
pub(super) fn is_forbidden(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(error) = source {
        if error.is::<Forbidden>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// Whether an address is of the public internet (IANA's special-purpose registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        // this network, private, loopback, multicast and what is beyond
        (0 | 10 | 127 | 224.., ..)
            // shared with carriers, benchmarks
            | (100, 64..=127, _)
            | (198, 18..=19, _)
            // link-local, private
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            // protocol assignments, documentation, the way to 6to4
            | (192, 0, 0 | 2)
            | (198, 51, 100)
            | (203, 0, 113)
            | (192, 88, 99)
    );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, third, fourth, fifth, sixth, ..] = address.segments();
    let [.., a, b, c, d] = address.octets();
    let last = Ipv4Addr::new(a, b, c, d);
    let is_zero = |middle: [u16; 3]| middle == [0; 3];
    match (first, second) {
        // mapped: the same host by another name
        (0, 0) if is_zero([third, fourth, fifth]) && sixth == 0xffff => is_public_v4(last),
        // NAT64: the gateway goes on to an IPv4 address
        (0x64, 0xff9b) if is_zero([third, fourth, fifth]) && sixth == 0 => is_public_v4(last),
        // 6to4: the same
        (0x2002, _) => {
            let ([a, b], [c, d]) = (second.to_be_bytes(), third.to_be_bytes());
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Teredo, benchmarks, ORCHID and the like; documentation
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => false,
        // what is not global unicast is local, multicast or nothing
        _ => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_addresses_of_the_public_internet_are_allowed() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::10.0.0.1",
            "fe80::1",
            "fc00::1",
            "fd12:3456::1",
            "fec0::1",
            "ff02::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "5f00::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.254",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn an_address_is_recognised_however_it_is_written() {
        let clients = Clients::new(false);
        for url in [
            "http://127.0.0.1:80/x",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://[::1]/",
            "http://[::ffff:169.254.169.254]/",
            "https://10.0.0.1/",
            "ftp://1.1.1.1/",
            "http://user:pw@192.168.0.1/",
        ] {
            assert!(clients.to(&url.parse().unwrap()).is_err(), "{url}");
        }
        for url in ["http://1.1.1.1/", "http://hook.example/"] {
            assert!(
                clients.to(&url.parse().unwrap()).unwrap().is_some(),
                "{url}"
            );
        }
        let allowing = Clients::new(true);
        assert!(allowing.to(&"http://127.0.0.1/".parse().unwrap()).is_ok());
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused_when_it_is_resolved() {
        let resolved = async |allow_private| {
            let checked = Checked { allow_private };
            let found = checked.resolve("localhost".parse().unwrap()).await;
            found
                .map(Iterator::count)
                .map_err(|error| error.is::<Forbidden>())
        };
        assert_eq!(resolved(false).await, Err(true));
        assert!(resolved(true).await.unwrap() > 0);

        let clients = Clients::new(false);
        let url: Url = "http://localhost:9/".parse().unwrap();
        let client = clients.to(&url).unwrap().unwrap();
        let error = client.post(url).send().await.unwrap_err();
        assert!(is_forbidden(&error), "{error:?}");
    }

    proptest! {
        #[test]
        fn a_mapped_address_is_as_public_as_what_it_maps_to(bits in any::<u32>()) {
            let address = Ipv4Addr::from_bits(bits);
            let mapped = IpAddr::V6(address.to_ipv6_mapped());
            prop_assert_eq!(is_public(mapped), is_public(IpAddr::V4(address)));
            let std_says = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_multicast() || address.is_unspecified() || address.is_broadcast();
            prop_assert!(!(std_says && is_public(IpAddr::V4(address))));
        }
    }
}
