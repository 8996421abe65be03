//! Options of the `dcsctp` state machine, from the protocol parameters of an endpoint.

use std::time::Duration;

use dcsctp::api::Options;

use crate::endpoint::Tuning;
use crate::message::MESSAGE_OCTETS_MAX;

/// The MTU that every IPv6 path has, less 40 octets of IP and 8 of UDP.
const PACKET_OCTETS_MAX: usize = 1_280 - 40 - 8;

/// The receiver window, in octets.
const WINDOW_OCTETS: usize = 512 * 1_024;

/// Send queue of the state machine in octets: never reached, since the sender checks first.
const QUEUE_OCTETS_MAX: usize = 16 << 20;

/// Options of an association between these ports.
pub(super) fn options(local_port: u16, remote_port: u16, tuning: &Tuning) -> Options {
    let milliseconds = |count: u32| Duration::from_millis(count.into());
    let rto_initial = milliseconds(tuning.rto_initial_ms);
    Options {
        local_port,
        remote_port,
        announced_maximum_incoming_streams: tuning.streams,
        announced_maximum_outgoing_streams: tuning.streams,
        mtu: PACKET_OCTETS_MAX,
        max_message_size: MESSAGE_OCTETS_MAX,
        max_receiver_window_buffer_size: WINDOW_OCTETS,
        max_send_buffer_size: QUEUE_OCTETS_MAX,
        per_stream_send_queue_limit: QUEUE_OCTETS_MAX,
        rto_initial,
        rto_max: milliseconds(tuning.rto_max_ms),
        rto_min: milliseconds(tuning.rto_min_ms),
        t1_init_timeout: rto_initial,
        t1_cookie_timeout: rto_initial,
        t2_shutdown_timeout: rto_initial,
        max_timer_backoff_duration: Some(milliseconds(tuning.rto_max_ms)),
        heartbeat_interval: milliseconds(tuning.heartbeat_ms),
        delayed_ack_max_timeout: milliseconds(tuning.sack_delay_ms),
        max_retransmissions: Some(tuning.association_retransmissions_max.into()),
        max_init_retransmits: Some(tuning.init_retransmissions_max.into()),
        // Signalling is either delivered or the association fails.
        enable_partial_reliability: false,
        ..Options::default()
    }
}
