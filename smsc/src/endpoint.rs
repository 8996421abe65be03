//! An endpoint: where a message comes from, or where it is to go.

use std::fmt;

use crate::names::Name;

/// The other side of a gateway: where a message came from, or where
/// it is to go.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Endpoint {
    /// An account that binds to us as an ESME; reached over any of its binds.
    Esme(Name),
    /// Another centre that we bind to: a link or a weighted group of links.
    Smpp(Name),
    /// A SIP platform or proxy.
    SipPeer(Name),
    /// A user registered with our SIP registrar, by number in E.164 digits or by name.
    SipUser(Name),
    /// A mobile network: a routing domain of our signalling. Its phones are reached by their numbers.
    Ss7(Name),
    /// The messaging platform of the same process.
    Platform,
    /// The operator, through the command line or the plain HTTP door.
    Operator,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Esme(name) => write!(f, "esme:{name}"),
            Self::Smpp(name) => write!(f, "smpp:{name}"),
            Self::SipPeer(name) => write!(f, "sip:{name}"),
            Self::SipUser(name) => write!(f, "user:{name}"),
            Self::Ss7(name) => write!(f, "ss7:{name}"),
            Self::Platform => f.write_str("platform"),
            Self::Operator => f.write_str("operator"),
        }
    }
}

impl std::str::FromStr for Endpoint {
    type Err = UnknownEndpoint;

    /// Reads what [`fmt::Display`] writes, as route tables spell it.
    fn from_str(text: &str) -> Result<Self, UnknownEndpoint> {
        match text.split_once(':') {
            None if text == "platform" => Ok(Self::Platform),
            None if text == "operator" => Ok(Self::Operator),
            Some((_, "")) | None => Err(UnknownEndpoint),
            Some(("esme", name)) => Ok(Self::Esme(name.into())),
            Some(("smpp", name)) => Ok(Self::Smpp(name.into())),
            Some(("sip", name)) => Ok(Self::SipPeer(name.into())),
            Some(("user", name)) => Ok(Self::SipUser(name.into())),
            Some(("ss7", name)) => Ok(Self::Ss7(name.into())),
            Some(_) => Err(UnknownEndpoint),
        }
    }
}

/// A text that names no endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected esme:NAME, smpp:NAME, sip:NAME, user:NUMBER, ss7:NAME or platform")]
pub struct UnknownEndpoint;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_reads_what_it_writes() {
        let endpoints = [
            Endpoint::Esme("acme".into()),
            Endpoint::Smpp("carrier-a".into()),
            Endpoint::SipPeer("connect".into()),
            Endpoint::SipUser("4915112345678".into()),
            Endpoint::Ss7("home".into()),
            Endpoint::Platform,
            Endpoint::Operator,
        ];
        for endpoint in endpoints {
            assert_eq!(endpoint.to_string().parse(), Ok(endpoint));
        }
        for wrong in ["", "esme:", "esme", "fax:1", ":"] {
            assert_eq!(wrong.parse::<Endpoint>(), Err(UnknownEndpoint), "{wrong}");
        }
    }
}
