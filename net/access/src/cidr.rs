//! A range of addresses in CIDR form, as access lists are written.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Addresses that share a prefix, written as `192.0.2.0/24`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Network(IpNet);

impl Network {
    /// Whether `address` lies in this range. An IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let network = match text.parse::<IpAddr>() {
            Ok(address) => Ok(Self(IpNet::from(address))),
            Err(_) => text.parse().map(Self),
        };
        network.map_err(|_| Error::NotANetwork)
    }
}

impl TryFrom<String> for Network {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn the_prefix_decides() {
        assert!(holds("192.0.2.0/24", "192.0.2.255"));
        assert!(!holds("192.0.2.0/24", "192.0.3.0"));
        assert!(holds("192.0.2.9/24", "192.0.2.1"), "bits after the prefix do not count");
        assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.8"));
        assert!(holds("0.0.0.0/0", "203.0.113.9"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::/32", "2001:db9::"));
        assert!(holds("192.0.2.0/24", "::ffff:192.0.2.1"), "a mapped address is the same address");
        assert!(!holds("::/0", "192.0.2.1"));
    }

    #[test]
    fn refuses_what_is_no_range() {
        for wrong in ["", "192.0.2.0/33", "192.0.2", "::/129", "192.0.2.0/-1", "192.0.2.0/"] {
            assert!(matches!(wrong.parse::<Network>(), Err(Error::NotANetwork)), "{wrong}");
        }
    }

    #[test]
    fn the_configured_form_is_kept() {
        for (written, shown) in [("192.0.2.9/24", "192.0.2.9/24"), ("::1", "::1/128")] {
            let network: Network = serde_json::from_value(written.into()).unwrap();
            assert_eq!(serde_json::to_value(network).unwrap(), shown);
        }
    }
}
