//! Requests that a session has passed to the centre, and the results of these calls.

use bytes::Bytes;
use smpp::pdu::UnsuccessSme;
use smpp::{Header, Status};
use smsc::ids::MessageId;
use smsc::message::{Replacement, Submission};
use smsc::names::Name;
use smsc::ports::{Acceptance, StoreError};
use smsc::rejection::Rejection;
use smsc::stored::{MessageDetails, MessageStatus};

/// The messages of all PDUs of one read, and the requests that carried them.
#[derive(Default)]
pub(super) struct SubmitBatch {
    pub(super) submissions: Vec<Submission>,
    pub(super) requests: Vec<SubmitRequest>,
    /// Transactional messages: each is its own call, since its response waits for the delivery.
    pub(super) transactional: Vec<(Submission, SubmitRequest)>,
}

/// One request that carries messages: submit_sm, data_sm, deliver_sm or submit_multi.
pub(super) struct SubmitRequest {
    pub(super) header: Header,
    /// Number of messages in it.
    pub(super) count: u16,
    /// Of submit_multi: the destinations of the messages, and those that were refused already.
    pub(super) multi: Option<Box<(Vec<DestinationStatus>, Vec<DestinationStatus>)>>,
}

impl SubmitRequest {
    /// A request with one message.
    pub(super) const fn one(header: &Header) -> Self {
        Self { header: *header, count: 1, multi: None }
    }
}

/// A destination of submit_multi and its command_status.
pub(super) struct DestinationStatus {
    ton: smpp::pdu::Ton,
    npi: smpp::pdu::Npi,
    digits: Bytes,
    pub(super) status: Status,
}

impl DestinationStatus {
    /// The destination `address` with this status.
    pub(super) fn new(address: &smpp::pdu::Address<'_>, status: Status) -> Self {
        Self { ton: address.ton, npi: address.npi, digits: Bytes::copy_from_slice(address.addr), status }
    }

    /// The destination as submit_multi_resp carries it.
    pub(super) fn on_wire(&self) -> UnsuccessSme<'_> {
        UnsuccessSme {
            address: smpp::pdu::Address { ton: self.ton, npi: self.npi, addr: &self.digits },
            error_status_code: self.status,
        }
    }
}

/// The result of a call to the centre.
pub(super) enum Completion {
    /// Messages were accepted or refused.
    Accepted(Vec<SubmitRequest>, Acceptance),
    /// query_sm.
    Queried(Header, MessageId, Result<Option<MessageStatus>, StoreError>),
    /// query_last_msgs.
    Newest(Header, Result<Vec<MessageId>, StoreError>),
    /// query_msg_details, and the sm_length of the request.
    Detailed(Header, u8, Result<Option<MessageDetails>, StoreError>),
    /// replace_sm: the message before the change.
    ReplaceRead(Box<PendingReplace>, Result<Option<MessageDetails>, StoreError>),
    /// replace_sm.
    Replaced(Header, Result<bool, Rejection>),
    /// A request that is refused.
    Refused(Header, Status),
    /// cancel_sm.
    Cancelled(Header, Result<bool, StoreError>),
    /// A receipt of another centre.
    RemoteReceipt(Header, Result<bool, StoreError>),
}

/// A replace_sm that waits for the details of its message.
pub(super) struct PendingReplace {
    pub(super) header: Header,
    pub(super) account: Name,
    pub(super) id: MessageId,
    pub(super) replacement: Replacement,
    pub(super) text: Bytes,
}
