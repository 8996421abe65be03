//! The transports of SIP and their properties for messages and transactions (RFC 3261 §18).

use std::fmt;

/// Requests longer than this leave UDP when the path's MTU is unknown (RFC 3261 §18.1.1).
pub const DATAGRAM_OCTETS_MAX: usize = 1300;

/// A transport protocol.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Transport {
    /// Datagrams, which may be lost.
    Udp,
    /// A stream.
    Tcp,
    /// TLS over a stream.
    Tls,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket over TLS (RFC 7118).
    Wss,
}

impl Transport {
    /// Whether the transport itself recovers lost octets: then no message is retransmitted.
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// The name in Via.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The port where none is written (RFC 3261 §19.1.2, RFC 7118 §5.1).
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    /// Reads the name in Via or in a URI's transport parameter, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        let all = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];
        all.into_iter().find(|transport| transport.as_str().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The transport for a request of `octets` to a peer on `preferred`: one that is too
/// long for a datagram goes over TCP (RFC 3261 §18.1.1, RFC 3428 §8).
pub const fn transport_for(preferred: Transport, octets: usize) -> Transport {
    match preferred {
        Transport::Udp if octets > DATAGRAM_OCTETS_MAX => Transport::Tcp,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_58_a_request_over_1300_octets_leaves_udp() {
        assert_eq!(transport_for(Transport::Udp, 1300), Transport::Udp);
        assert_eq!(transport_for(Transport::Udp, 1301), Transport::Tcp);
        assert_eq!(transport_for(Transport::Tls, 1301), Transport::Tls);
        assert_eq!(transport_for(Transport::Ws, 70_000), Transport::Ws);
    }
}
