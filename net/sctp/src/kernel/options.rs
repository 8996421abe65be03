//! Socket options of SCTP (RFC 6458 §8), as the octets that the kernel reads.
//!
//! The structures are those of `linux/sctp.h`. Each begins with the association's number, which is
//! unused on a one-to-one socket and stays zero.

use std::io;
use std::net::SocketAddr;

use socket2::Socket;

use super::{addresses, calls};
use crate::endpoint::Tuning;

const SCTP_RTOINFO: i32 = 0;
const SCTP_ASSOCINFO: i32 = 1;
const SCTP_INITMSG: i32 = 2;
const SCTP_NODELAY: i32 = 3;
const SCTP_PEER_ADDR_PARAMS: i32 = 9;
const SCTP_STATUS: i32 = 14;
const SCTP_DELAYED_SACK: i32 = 16;
const SCTP_RECVRCVINFO: i32 = 32;
const SCTP_SOCKOPT_BINDX_ADD: i32 = 100;
const SCTP_SOCKOPT_CONNECTX: i32 = 110;
const SCTP_EVENT: i32 = 127;

/// Notifications that are subscribed to: association changes, and SHUTDOWN of the peer.
const SCTP_ASSOC_CHANGE: u16 = 0x8001;
const SCTP_SHUTDOWN_EVENT: u16 = 0x8005;

/// `SPP_HB_ENABLE`.
const HEARTBEATS_ON: u32 = 1;

/// Octets of `struct sockaddr_storage`.
const ADDRESS_STORAGE: usize = 128;

/// Octets of `struct sctp_status`, and where the number of outgoing streams is in it.
const STATUS_OCTETS: usize = 176;
const STATUS_OUTGOING_STREAMS: usize = 18;

/// One option and its value.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Opt {
    name: i32,
    value: Vec<u8>,
}

impl Opt {
    /// `sctp_bindx`: binds to these addresses too.
    pub(super) fn bind(to: &[SocketAddr]) -> Self {
        Self { name: SCTP_SOCKOPT_BINDX_ADD, value: addresses::packed(to) }
    }

    /// `sctp_connectx`: connects to a peer that has these addresses.
    pub(super) fn connect(to: &[SocketAddr]) -> Self {
        Self { name: SCTP_SOCKOPT_CONNECTX, value: addresses::packed(to) }
    }

    /// Sets it on the socket.
    pub(super) fn set(&self, socket: &Socket) -> io::Result<()> {
        calls::set_option(socket, self.name, &self.value)
    }

    fn u32_fields(name: i32, u32_fields: &[u32]) -> Self {
        Self { name, value: u32_fields.iter().flat_map(|word| word.to_ne_bytes()).collect() }
    }
}

/// Options that are set before a socket connects or listens; associations inherit them.
pub(super) fn of_endpoint(tuning: &Tuning) -> Vec<Opt> {
    let mut options = vec![
        initiation(tuning),
        Opt::u32_fields(SCTP_RTOINFO, &[0, tuning.rto_initial_ms, tuning.rto_max_ms, tuning.rto_min_ms]),
        association(tuning),
        path(tuning),
        // A delay of zero is encoded as acknowledging each packet.
        Opt::u32_fields(
            SCTP_DELAYED_SACK,
            &[0, tuning.sack_delay_ms, if tuning.sack_delay_ms == 0 { 1 } else { 2 }],
        ),
    ];
    options.extend(of_association());
    options
}

/// Options that make messages leave at once, and arrive with their stream.
pub(super) fn of_association() -> [Opt; 4] {
    [
        event(SCTP_ASSOC_CHANGE),
        event(SCTP_SHUTDOWN_EVENT),
        Opt::u32_fields(SCTP_RECVRCVINFO, &[1]),
        Opt::u32_fields(SCTP_NODELAY, &[1]),
    ]
}

/// The number of outgoing streams of an established association.
pub(super) fn outgoing_streams(socket: &Socket) -> io::Result<u16> {
    let mut status = [0; STATUS_OCTETS];
    calls::get_option(socket, SCTP_STATUS, &mut status)?;
    let streams = status.get(STATUS_OUTGOING_STREAMS..).and_then(<[u8]>::first_chunk::<2>);
    Ok(streams.map_or(0, |streams| u16::from_ne_bytes(*streams)))
}

/// `struct sctp_initmsg`.
fn initiation(tuning: &Tuning) -> Opt {
    // In milliseconds, and never longer than RTO.Max.
    let timeout_max = u16::try_from(tuning.rto_max_ms).unwrap_or(u16::MAX);
    // The kernel counts attempts; 0 means its default.
    let attempts = tuning.init_retransmissions_max.saturating_add(1);
    let fields = [tuning.streams, tuning.streams, attempts, timeout_max];
    Opt { name: SCTP_INITMSG, value: fields.iter().flat_map(|field| field.to_ne_bytes()).collect() }
}

/// `struct sctp_assocparams`: a field of zero is left unchanged.
fn association(tuning: &Tuning) -> Opt {
    let mut value = vec![0; 4];
    value.extend(tuning.association_retransmissions_max.to_ne_bytes());
    value.resize(20, 0);
    Opt { name: SCTP_ASSOCINFO, value }
}

/// `struct sctp_paddrparams`, which is packed, up to the fields that old kernels do not have.
fn path(tuning: &Tuning) -> Opt {
    let mut value = vec![0; 4 + ADDRESS_STORAGE];
    value.extend(tuning.heartbeat_ms.to_ne_bytes());
    value.extend(tuning.path_retransmissions_max.to_ne_bytes());
    value.extend([0; 8]); // path MTU and SACK delay
    value.extend(HEARTBEATS_ON.to_ne_bytes());
    value.extend([0; 2]);
    Opt { name: SCTP_PEER_ADDR_PARAMS, value }
}

/// `struct sctp_event`.
fn event(kind: u16) -> Opt {
    let mut value = vec![0; 4];
    value.extend(kind.to_ne_bytes());
    value.extend([1, 0]);
    Opt { name: SCTP_EVENT, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes and offsets as a C compiler gives them for `linux/sctp.h`.
    #[test]
    fn structures_have_the_sizes_of_the_kernels_header() {
        let tuning = Tuning::default();
        let sizes = of_endpoint(&tuning).iter().map(|option| option.value.len()).collect::<Vec<_>>();
        assert_eq!(sizes, [8, 16, 20, 152, 12, 8, 8, 4, 4]);
        let path = path(&tuning).value;
        assert_eq!(path[132..136], tuning.heartbeat_ms.to_ne_bytes());
        assert_eq!(path[136..138], tuning.path_retransmissions_max.to_ne_bytes());
        assert_eq!(path[146..150], HEARTBEATS_ON.to_ne_bytes());
        let association = association(&tuning).value;
        assert_eq!(association[4..6], tuning.association_retransmissions_max.to_ne_bytes());
    }

    #[test]
    fn zero_delay_is_encoded_as_acknowledging_each_packet() {
        let tuning = Tuning { sack_delay_ms: 0, ..Tuning::default() };
        assert!(of_endpoint(&tuning).contains(&Opt::u32_fields(SCTP_DELAYED_SACK, &[0, 0, 1])));
    }

    #[test]
    fn options_fail_on_a_socket_of_another_protocol() {
        let tcp = Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        for option in of_endpoint(&Tuning::default()) {
            assert!(option.set(&tcp).is_err());
        }
        assert!(outgoing_streams(&tcp).is_err());
    }
}
