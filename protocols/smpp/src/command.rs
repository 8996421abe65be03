//! The header that opens every PDU, and the command ids (SMPP 3.4 §3.2, §5.1.2.1; SMPP 5.0 §4.7.5).

use bytes::{BufMut, BytesMut};

use crate::codes::codes;
use crate::status::Status;

codes! {
    /// A `command_id`. A response has the number of its request with the top bit set.
    CommandId(u32) {
        GENERIC_NACK = 0x8000_0000, "generic_nack";
        BIND_RECEIVER = 0x0000_0001, "bind_receiver";
        BIND_RECEIVER_RESP = 0x8000_0001, "bind_receiver_resp";
        BIND_TRANSMITTER = 0x0000_0002, "bind_transmitter";
        BIND_TRANSMITTER_RESP = 0x8000_0002, "bind_transmitter_resp";
        QUERY_SM = 0x0000_0003, "query_sm";
        QUERY_SM_RESP = 0x8000_0003, "query_sm_resp";
        SUBMIT_SM = 0x0000_0004, "submit_sm";
        SUBMIT_SM_RESP = 0x8000_0004, "submit_sm_resp";
        DELIVER_SM = 0x0000_0005, "deliver_sm";
        DELIVER_SM_RESP = 0x8000_0005, "deliver_sm_resp";
        UNBIND = 0x0000_0006, "unbind";
        UNBIND_RESP = 0x8000_0006, "unbind_resp";
        REPLACE_SM = 0x0000_0007, "replace_sm";
        REPLACE_SM_RESP = 0x8000_0007, "replace_sm_resp";
        CANCEL_SM = 0x0000_0008, "cancel_sm";
        CANCEL_SM_RESP = 0x8000_0008, "cancel_sm_resp";
        BIND_TRANSCEIVER = 0x0000_0009, "bind_transceiver";
        BIND_TRANSCEIVER_RESP = 0x8000_0009, "bind_transceiver_resp";
        OUTBIND = 0x0000_000b, "outbind";
        ENQUIRE_LINK = 0x0000_0015, "enquire_link";
        ENQUIRE_LINK_RESP = 0x8000_0015, "enquire_link_resp";
        SUBMIT_MULTI = 0x0000_0021, "submit_multi";
        SUBMIT_MULTI_RESP = 0x8000_0021, "submit_multi_resp";
        PARAM_RETRIEVE = 0x0000_0022, "param_retrieve";
        PARAM_RETRIEVE_RESP = 0x8000_0022, "param_retrieve_resp";
        QUERY_LAST_MSGS = 0x0000_0023, "query_last_msgs";
        QUERY_LAST_MSGS_RESP = 0x8000_0023, "query_last_msgs_resp";
        QUERY_MSG_DETAILS = 0x0000_0024, "query_msg_details";
        QUERY_MSG_DETAILS_RESP = 0x8000_0024, "query_msg_details_resp";
        ALERT_NOTIFICATION = 0x0000_0102, "alert_notification";
        DATA_SM = 0x0000_0103, "data_sm";
        DATA_SM_RESP = 0x8000_0103, "data_sm_resp";
        BROADCAST_SM = 0x0000_0111, "broadcast_sm";
        BROADCAST_SM_RESP = 0x8000_0111, "broadcast_sm_resp";
        QUERY_BROADCAST_SM = 0x0000_0112, "query_broadcast_sm";
        QUERY_BROADCAST_SM_RESP = 0x8000_0112, "query_broadcast_sm_resp";
        CANCEL_BROADCAST_SM = 0x0000_0113, "cancel_broadcast_sm";
        CANCEL_BROADCAST_SM_RESP = 0x8000_0113, "cancel_broadcast_sm_resp";
    }
}

const RESPONSE: u32 = 0x8000_0000;

impl CommandId {
    /// Whether this answers a request. `generic_nack` counts as a response.
    pub const fn is_response(self) -> bool {
        self.0 & RESPONSE != 0
    }

    /// The command id that answers this one.
    #[must_use]
    pub const fn response(self) -> Self {
        Self(self.0 | RESPONSE)
    }

    /// The command id that this one answers.
    #[must_use]
    pub const fn request(self) -> Self {
        Self(self.0 & !RESPONSE)
    }

    /// Whether the number lies in a range that the standard leaves to vendors
    /// (0x00010200 to 0x000102FF, and the same with the top bit set).
    pub const fn is_vendor(self) -> bool {
        self.request().0 >= 0x0001_0200 && self.request().0 <= 0x0001_02ff
    }
}

/// The sixteen octets before every body.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header {
    /// Octets in the whole PDU, these four included.
    pub command_length: u32,
    /// Which operation.
    pub command_id: CommandId,
    /// The result of the request; zero in requests.
    pub command_status: Status,
    /// Joins a response to its request. The standard's range is 1 to
    /// 0x7FFFFFFF; other values are taken as they come and echoed.
    pub sequence_number: u32,
}

impl Header {
    /// Octets of a header.
    pub const LENGTH: usize = 16;

    /// A PDU without a body.
    pub const fn bare(command_id: CommandId, command_status: Status, sequence_number: u32) -> Self {
        Self { command_length: 16, command_id, command_status, sequence_number }
    }

    /// Reads a header from the first sixteen octets, or `None` if there are fewer.
    pub fn decode(octets: &[u8]) -> Option<Self> {
        let &[l0, l1, l2, l3, c0, c1, c2, c3, s0, s1, s2, s3, n0, n1, n2, n3] = octets.first_chunk()?;
        Some(Self {
            command_length: u32::from_be_bytes([l0, l1, l2, l3]),
            command_id: CommandId(u32::from_be_bytes([c0, c1, c2, c3])),
            command_status: Status(u32::from_be_bytes([s0, s1, s2, s3])),
            sequence_number: u32::from_be_bytes([n0, n1, n2, n3]),
        })
    }

    /// Appends the header. For a PDU without a body this is the whole PDU.
    pub fn encode(&self, out: &mut BytesMut) {
        out.reserve(Self::LENGTH);
        out.put_u32(self.command_length);
        out.put_u32(self.command_id.0);
        out.put_u32(self.command_status.0);
        out.put_u32(self.sequence_number);
    }
}
