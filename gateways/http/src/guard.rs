//! Which addresses an application may live at.
//!
//! An application's URL is chosen by a tenant, so it must not reach the operator's own network: not by
//! an address, not by a name that resolves to one, not by a redirect. Names are judged by what they
//! resolve to at the moment of connecting, so that a name cannot change its mind in between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    pub(crate) allow_private: bool,
}

/// A host that has no address, or none that may be called.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the host has no address that may be called")]
pub(crate) struct Refused;

impl Guard {
    /// Refuses a URL that names a forbidden address itself; names are judged when they resolve.
    pub(crate) fn check(self, url: &Url) -> Result<(), Refused> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(Refused),
        };
        if self.admits(address) { Ok(()) } else { Err(Refused) }
    }

    fn admits(self, address: IpAddr) -> bool {
        self.allow_private || is_public(address)
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = *self;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(|_| Refused)?;
            let admitted: Vec<SocketAddr> = found.filter(|found| guard.admits(found.ip())).collect();
            if admitted.is_empty() {
                return Err(Refused.into());
            }
            let addresses: Addrs = Box::new(admitted.into_iter());
            Ok(addresses)
        })
    }
}

/// Whether an address belongs to the Internet at large (RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(address) => is_public_v4(address),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        [0 | 240..=255, ..] => true,
        [100, 64..=127, ..] => true, // carrier-grade NAT
        [192, 0, 0, _] => true,
        [198, 18 | 19, ..] => true, // benchmarks
        _ => false,
    };
    !(special
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local() // 169.254.169.254 is where clouds keep their secrets
        || address.is_multicast()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    // Only 2000::/3 is given out; documentation lies inside it.
    let [first, second, ..] = address.segments();
    first & 0xe000 == 0x2000 && (first, second) != (0x2001, 0x0db8)
}

/// The IPv4 address inside an IPv6 one: mapped, translated (64:ff9b::/96) or 6to4.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b, c, d] = address.octets();
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(Ipv4Addr::new(a, b, c, d)),
        [0x2002, high, low, ..] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Some(Ipv4Addr::new(a, b, c, d))
        }
        _ => address.to_ipv4_mapped(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Guard = Guard { allow_private: false };

    #[test]
    fn the_operators_own_network_is_out_of_reach() {
        let refused = [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://0.0.0.0/",
            "http://10.0.0.1/",
            "http://172.31.255.255/",
            "http://192.168.1.1/",
            "http://169.254.169.254/latest/meta-data",
            "http://100.64.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://[::1]/",
            "http://[::]/",
            "http://[fe80::1]/",
            "http://[fd00:ec2::254]/",
            "http://[::ffff:10.0.0.1]/",
            "http://[64:ff9b::a00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[2001:db8::1]/",
            "http://[ff02::1]/",
        ];
        for url in refused {
            let parsed = Url::parse(url).unwrap();
            assert!(STRICT.check(&parsed).is_err(), "{url}");
            assert!(Guard { allow_private: true }.check(&parsed).is_ok(), "{url}");
        }
    }

    #[test]
    fn the_internet_is_in_reach() {
        for url in
            ["https://8.8.8.8/", "http://172.32.0.1/", "http://[2606:4700::1111]/", "http://example.com/"]
        {
            assert!(STRICT.check(&Url::parse(url).unwrap()).is_ok(), "{url}");
        }
    }

    #[tokio::test]
    async fn a_name_is_judged_by_its_addresses() {
        let name: Name = "localhost".parse().unwrap();
        assert!(STRICT.resolve(name).await.is_err());
        let name: Name = "localhost".parse().unwrap();
        assert!(Guard { allow_private: true }.resolve(name).await.is_ok());
    }
}
