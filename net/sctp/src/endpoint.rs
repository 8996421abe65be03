//! The endpoint of an association: transport, addresses and SCTP protocol parameters.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::error::Error;

/// What carries an association.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Transport {
    /// SCTP of the Linux kernel: the only one with several addresses for one association.
    Kernel,
    /// SCTP in this process, each packet in a datagram of UDP (RFC 6951): for kernels and
    /// containers without SCTP. One address each way.
    OverUdp,
    /// TCP; a [`crate::Framing`] finds the length of each message. One stream.
    Tcp,
}

/// One end of an association, and for [`crate::connect`] the other end too.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoint {
    /// What carries it.
    pub transport: Transport,
    /// Local addresses, all with one port. Empty, or port 0: the system chooses. Several: SCTP of
    /// the kernel alone.
    pub local: Vec<SocketAddr>,
    /// The peer's addresses, all with one port; the first is tried first. A listener has none.
    pub remote: Vec<SocketAddr>,
    /// Protocol parameters.
    pub tuning: Tuning,
}

/// The protocol parameters of an association (RFC 9260 §16), and some of its transport.
///
/// The kernel's own defaults (RTO.Min 1 s, heartbeats every 30 s) stall for more than a second
/// when 1 % is lost; these are usual in signalling networks. TCP has none of the first nine by
/// these names, but is given up after the same time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tuning {
    /// RTO.Min in milliseconds, 10 to 60,000. It has to exceed the peer's `sack_delay_ms`.
    pub rto_min_ms: u32,
    /// RTO.Initial in milliseconds, from `rto_min_ms` to `rto_max_ms`.
    pub rto_initial_ms: u32,
    /// RTO.Max in milliseconds, up to 120,000.
    pub rto_max_ms: u32,
    /// How long an acknowledgement may wait, in milliseconds, 0 to 500.
    pub sack_delay_ms: u32,
    /// HB.Interval in milliseconds: how long a path may be idle; 100 to 600,000.
    pub heartbeat_ms: u32,
    /// Path.Max.Retrans: after so many a path counts as broken, and another is used; 1 to 100.
    pub path_retransmissions_max: u16,
    /// Association.Max.Retrans: after so many in a row the peer counts as unreachable; 1 to 100.
    pub association_retransmissions_max: u16,
    /// Max.Init.Retransmits: how often INIT is sent again; 0 to 100.
    pub init_retransmissions_max: u16,
    /// How many streams are offered and accepted each way, from 1. The fewer of both ends count.
    pub streams: u16,
    /// How long [`crate::Sender::send`] waits for free quota, in milliseconds.
    pub send_ms_max: u32,
    /// The local UDP port. `None`: [`Tuning::UDP_PORT`] for a listener, any for a client. 0: any.
    pub udp_port_local: Option<u16>,
    /// The peer's UDP port, for a client.
    pub udp_port_remote: u16,
    /// How many associations a listener holds, from 1. More are refused; over UDP, not answered.
    pub associations_max: u16,
}

impl Endpoint {
    /// The first local address, or any of the family of the peer.
    pub(crate) fn local_first(&self) -> SocketAddr {
        self.local.first().copied().unwrap_or_else(|| {
            let ipv6 = self.remote.first().is_some_and(SocketAddr::is_ipv6);
            let any = if ipv6 { IpAddr::from([0_u16; 8]) } else { Ipv4Addr::UNSPECIFIED.into() };
            SocketAddr::new(any, 0)
        })
    }

    /// The peer's first address.
    pub(crate) fn remote_first(&self) -> Result<SocketAddr, Error> {
        self.remote.first().copied().ok_or(Error::Endpoint("it has no remote address"))
    }

    /// Checks addresses and parameters against the transport.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.transport != Transport::Kernel && self.local.len().max(self.remote.len()) > 1 {
            return Err(Error::Endpoint("several addresses need the SCTP of the kernel"));
        }
        for side in [&self.local, &self.remote] {
            if side.iter().any(|address| Some(address.port()) != side.first().map(SocketAddr::port)) {
                return Err(Error::Endpoint("all addresses of one end have one port"));
            }
        }
        self.tuning.check()
    }
}

impl Tuning {
    /// The port that IANA assigned to SCTP over UDP (RFC 6951 §5.1).
    pub const UDP_PORT: u16 = 9899;

    /// How long it takes until a peer that acknowledges nothing counts as unreachable, once data was
    /// sent to it: the sum of all retransmission timeouts, each twice the one before.
    pub fn unreachable_after(&self) -> Duration {
        let timeout = |nth: u16| {
            let doubled = u64::from(self.rto_min_ms) << nth.min(20);
            doubled.min(u64::from(self.rto_max_ms))
        };
        Duration::from_millis((0..=self.association_retransmissions_max).map(timeout).sum())
    }

    fn check(&self) -> Result<(), Error> {
        let ranges = [
            ((10..=60_000).contains(&self.rto_min_ms), "rto_min_ms is 10 to 60000"),
            (
                (self.rto_min_ms..=self.rto_max_ms).contains(&self.rto_initial_ms),
                "rto_initial_ms lies between rto_min_ms and rto_max_ms",
            ),
            (self.rto_max_ms <= 120_000, "rto_max_ms is at most 120000"),
            (self.sack_delay_ms <= 500, "sack_delay_ms is at most 500"),
            ((100..=600_000).contains(&self.heartbeat_ms), "heartbeat_ms is 100 to 600000"),
            ((1..=100).contains(&self.path_retransmissions_max), "path_retransmissions_max is 1 to 100"),
            (
                (1..=100).contains(&self.association_retransmissions_max),
                "association_retransmissions_max is 1 to 100",
            ),
            (self.init_retransmissions_max <= 100, "init_retransmissions_max is at most 100"),
            (self.streams > 0, "streams is at least 1"),
        ];
        ranges.into_iter().find(|(kept, _)| !kept).map_or(Ok(()), |(_, rule)| Err(Error::Endpoint(rule)))
    }
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            rto_min_ms: 250,
            rto_initial_ms: 500,
            rto_max_ms: 2_000,
            sack_delay_ms: 50,
            heartbeat_ms: 5_000,
            path_retransmissions_max: 3,
            association_retransmissions_max: 6,
            init_retransmissions_max: 4,
            streams: 17,
            send_ms_max: 5_000,
            udp_port_local: None,
            udp_port_remote: Self::UDP_PORT,
            associations_max: 256,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(transport: Transport) -> Endpoint {
        Endpoint { transport, local: Vec::new(), remote: Vec::new(), tuning: Tuning::default() }
    }

    #[test]
    fn only_the_kernel_has_several_addresses() {
        let two = vec!["192.0.2.1:2905".parse().unwrap(), "192.0.2.2:2905".parse().unwrap()];
        for transport in [Transport::OverUdp, Transport::Tcp] {
            let refused = Endpoint { remote: two.clone(), ..endpoint(transport) }.check();
            assert!(matches!(refused, Err(Error::Endpoint(_))), "{transport:?}");
        }
        assert_eq!(Endpoint { remote: two, ..endpoint(Transport::Kernel) }.check(), Ok(()));
    }

    #[test]
    fn one_end_has_one_port() {
        let two = vec!["192.0.2.1:2905".parse().unwrap(), "192.0.2.2:2906".parse().unwrap()];
        let refused = Endpoint { local: two, ..endpoint(Transport::Kernel) }.check();
        assert!(matches!(refused, Err(Error::Endpoint(_))));
    }

    #[test]
    fn parameters_out_of_range_are_refused() {
        let good = Tuning::default();
        assert_eq!(good.check(), Ok(()));
        for bad in [
            Tuning { rto_min_ms: 0, ..good },
            Tuning { rto_initial_ms: good.rto_max_ms + 1, ..good },
            Tuning { association_retransmissions_max: 0, ..good },
            Tuning { heartbeat_ms: 0, ..good },
            Tuning { streams: 0, ..good },
        ] {
            assert!(matches!(bad.check(), Err(Error::Endpoint(_))), "{bad:?}");
        }
    }

    #[test]
    fn the_time_until_a_peer_is_unreachable_is_the_sum_of_its_timeouts() {
        // 250 + 500 + 1000 + 2000 × 4
        assert_eq!(Tuning::default().unreachable_after(), Duration::from_millis(9_750));
    }
}
