//! One delivery as a gateway is given it, its acknowledgement, and what an endpoint is capable of.

use std::sync::Arc;

use crate::message::Message;
use crate::names::Name;

/// One thing to hand over: a message, or a concatenated message put together again.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The message; of a reassembled one, its first segment with the whole content.
    pub message: Arc<Message>,
    /// Whether a receipt of the next hop is wanted.
    pub receipt_wanted: bool,
}

/// The response of a next hop that took a message.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DeliveryAck {
    /// The next hop's own id of the message, if it gave one and will send a receipt with it.
    pub remote_id: Option<Name>,
    /// The link or session that carried it, for the trace.
    pub via: Name,
}

/// What an endpoint wants of the centre when it is given messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Capabilities {
    /// Deliveries to one destination address that may be open at once; 1 keeps strict order
    /// through failures, more keeps the order of sending.
    pub open_per_destination: u16,
    /// Whether segments of a concatenated message are to be put together first.
    pub reassembled: bool,
    /// Whether the endpoint sends receipts of its own, so that hand-over is not the end.
    pub sends_receipts: bool,
}
