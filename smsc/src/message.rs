//! What travels: a submission, the message that the centre makes of it, and a replacement.
//!
//! A [`Submission`] is what a gateway was handed; a [`Message`] is what the
//! centre made of it and keeps. Neither knows any wire, and neither is
//! serialisable: stores and gateways own their forms and convert.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::address::Address;
use crate::endpoint::Endpoint;
use crate::ids::MessageId;
use crate::names::Name;
use crate::optional;
use crate::receipt::{Outcome, Receipt, ReceiptRequest};
use crate::timestamp::Timestamp;

/// Octets of the body that a receipt repeats: SMPP's `text:` field has twenty.
const EXCERPT_OCTETS: usize = 20;

/// The user data of a message, in the centre's own form.
///
/// Every octet is kept as it came. The body holds, by the alphabet of
/// `data_coding`: one septet an octet (GSM 7 bit), octets (8 bit), or UTF-16BE
/// (UCS2). It may be longer than one segment: the gateway that sends it splits it.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Content {
    /// TP-DCS (TS 23.038 §4), which is also SMPP's data_coding.
    pub data_coding: u8,
    /// The user data header with its length octet; empty when there is none.
    pub header: Bytes,
    /// What follows the header.
    pub body: Bytes,
}

impl fmt::Debug for Content {
    /// Sizes only: a body never reaches a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content")
            .field("data_coding", &self.data_coding)
            .field("header_octets", &self.header.len())
            .field("body_octets", &self.body.len())
            .finish()
    }
}

/// The messaging mode that the submitter chose (SMPP 3.4 §2.10; esm_class bits 1-0).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mode {
    /// Kept until it is delivered, refused or expired. The only safe mode.
    #[default]
    StoreAndForward,
    /// One attempt, never stored. Lost if that attempt fails.
    Datagram,
    /// One attempt, never stored; the answer to the submission is its outcome.
    Transactional,
}

/// How long the submitter wants the centre to try.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Validity {
    /// Until this time.
    Until(Timestamp),
    /// For this long after acceptance.
    For(Duration),
}

/// A message as a gateway received it, before any decision.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The endpoint that submitted it; receipts go back there.
    pub origin: Endpoint,
    /// The account it belongs to: it may read the message, and its limits count.
    pub account: Name,
    /// The sender as the submitter wrote it.
    pub source: Address,
    /// The destination as the submitter wrote it.
    pub destination: Address,
    /// What to deliver.
    pub content: Content,
    /// Store and forward unless the submitter chose otherwise.
    pub mode: Mode,
    /// Which receipts the submitter wants.
    pub receipt: ReceiptRequest,
    /// 0 (lowest) to 3 (SMPP priority_flag); higher goes first for one destination.
    pub priority: u8,
    /// TP-PID (TS 23.040 §9.2.3.9), SMPP protocol_id.
    pub protocol_id: u8,
    /// Whether the sender asks the receiver to answer through the same centre (TP-RP).
    pub reply_path: bool,
    /// SMPP service_type, forwarded as it is.
    pub service_type: Name,
    /// Optional parameters in SMPP's TLV form, forwarded as they are.
    pub optional: Bytes,
    /// Not before this time; at once when absent.
    pub deliver_after: Option<Timestamp>,
    /// How long to try; the operator's default when absent.
    pub validity: Option<Validity>,
    /// The submitter's own key: the same key from the same account gives the same message.
    pub client_key: Option<Name>,
    /// The connection by which a previous centre received it, where that centre states it.
    pub received_via: Option<Name>,
    /// When a previous centre received it, where that centre states it.
    pub received_at: Option<Timestamp>,
    /// Header fields that mean nothing to the centre (`X-…` of SIP and of the platform's API), for
    /// a receiver with a wire that can carry them.
    pub headers: Vec<(Name, String)>,
    /// Whether it replaces a waiting message of the same submitter with the same source,
    /// destination and service type, if there is one (SMPP's replace_if_present_flag).
    pub replaces: bool,
}

impl Submission {
    /// A plain store-and-forward submission with nothing asked for.
    pub fn new(origin: Endpoint, source: Address, destination: Address, content: Content) -> Self {
        Self {
            origin,
            account: Name::default(),
            source,
            destination,
            content,
            mode: Mode::StoreAndForward,
            receipt: ReceiptRequest::NONE,
            priority: 0,
            protocol_id: 0,
            reply_path: false,
            service_type: Name::default(),
            optional: Bytes::new(),
            deliver_after: None,
            validity: None,
            client_key: None,
            received_via: None,
            received_at: None,
            headers: Vec::new(),
            replaces: false,
        }
    }
}

/// What a submitter wants changed (replace_sm).
#[derive(Clone, Debug)]
pub struct Replacement {
    /// The sender, which must be that of the message; without digits it is not asked for.
    pub source: Address,
    /// What to deliver; the old content when absent.
    pub content: Option<Content>,
    /// Which receipts the submitter wants from now on.
    pub receipt: ReceiptRequest,
    /// Not before this time; as it was when absent.
    pub deliver_after: Option<Timestamp>,
    /// How long to try; as it was when absent.
    pub validity: Option<Validity>,
}

impl Replacement {
    /// A replacement that changes nothing but the receipts.
    pub const fn new(source: Address, receipt: ReceiptRequest) -> Self {
        Self { source, content: None, receipt, deliver_after: None, validity: None }
    }
}

/// A message that the centre has taken over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// Its one id.
    pub id: MessageId,
    /// The endpoint that submitted it.
    pub origin: Endpoint,
    /// The account it belongs to; empty for traffic of the centre itself.
    pub account: Name,
    /// The sender, normalised.
    pub source: Address,
    /// The destination, normalised.
    pub destination: Address,
    /// Source and destination as the submitter wrote them, where normalising changed them.
    pub presented: Option<Box<(Address, Address)>>,
    /// The route chosen at acceptance; looked up again at every attempt.
    pub route: Name,
    /// What to deliver.
    pub content: Content,
    /// How it is kept.
    pub mode: Mode,
    /// Which receipts the submitter wants.
    pub receipt: ReceiptRequest,
    /// 0 (lowest) to 3.
    pub priority: u8,
    /// TP-PID.
    pub protocol_id: u8,
    /// TP-RP.
    pub reply_path: bool,
    /// SMPP service_type.
    pub service_type: Name,
    /// Optional parameters in SMPP's TLV form.
    pub optional: Bytes,
    /// When the centre took it over.
    pub accepted_at: Timestamp,
    /// Not before this time.
    pub deliver_after: Timestamp,
    /// The end of all attempts.
    pub expires_at: Timestamp,
    /// The submitter's own key.
    pub client_key: Option<Name>,
    /// Header fields that mean nothing to the centre, for receivers that can be given them.
    pub headers: Vec<(Name, String)>,
    /// An ordinary message, or a receipt about one.
    pub kind: Kind,
}

impl Message {
    /// Source as the submitter wrote it.
    pub fn presented_source(&self) -> &Address {
        self.presented.as_ref().map_or(&self.source, |both| &both.0)
    }

    /// Destination as the submitter wrote it.
    pub fn presented_destination(&self) -> &Address {
        self.presented.as_ref().map_or(&self.destination, |both| &both.1)
    }

    /// The receipt about this message with `outcome`, on its way back to the submitter.
    /// `None` for messages without receipts: receipts themselves, and the operator's own.
    pub(crate) fn receipt_message(
        &self,
        id: MessageId,
        outcome: &Outcome,
        expires_at: Timestamp,
    ) -> Option<Self> {
        if self.as_receipt().is_some() || self.origin == Endpoint::Operator {
            return None;
        }
        let receipt = Receipt {
            about: self.id,
            state: outcome.state,
            error: outcome.error,
            submitted_at: self.accepted_at,
            done_at: outcome.at,
            // A copy: a slice would keep the whole buffer that the message came in.
            excerpt: Bytes::copy_from_slice(
                self.content.body.get(..EXCERPT_OCTETS).unwrap_or(&self.content.body),
            ),
            excerpt_coding: self.content.data_coding,
            client_key: self.client_key.clone(),
        };
        Some(Self {
            id,
            origin: Endpoint::Operator,
            account: self.account.clone(),
            source: self.presented_destination().clone(),
            destination: self.presented_source().clone(),
            presented: None,
            route: compact_str::format_compact!("{}", self.origin),
            content: Content::default(),
            mode: Mode::StoreAndForward,
            receipt: ReceiptRequest::NONE,
            priority: self.priority,
            protocol_id: 0,
            reply_path: false,
            service_type: self.service_type.clone(),
            optional: optional::message_reference_only(&self.optional),
            accepted_at: outcome.at,
            deliver_after: outcome.at,
            expires_at,
            client_key: None,
            headers: Vec::new(),
            kind: Kind::Receipt { to: self.origin.clone(), receipt: Box::new(receipt) },
        })
    }

    /// The receipt that this message carries, if it is one.
    pub fn as_receipt(&self) -> Option<&Receipt> {
        match &self.kind {
            Kind::Receipt { receipt, .. } => Some(receipt),
            Kind::Ordinary => None,
        }
    }
}

/// What a message is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Kind {
    /// A submitter's message.
    Ordinary,
    /// The centre's own word about a message, on its way back to the submitter.
    Receipt {
        /// The endpoint that asked for it; a receipt is never routed by its number.
        to: Endpoint,
        /// Its content.
        receipt: Box<Receipt>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_no_body() {
        let content = Content { data_coding: 0, header: Bytes::new(), body: Bytes::from_static(b"secret") };
        assert!(!format!("{content:?}").contains("secret"));
    }
}
