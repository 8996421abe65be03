//! What travels: a message, who sent it, who gets it, and what was asked for.
//!
//! A [`Submission`] is what a gateway was handed; a [`Message`] is what the
//! centre made of it and keeps. Neither knows any wire, and neither is
//! serialisable: stores and gateways own their forms and convert.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use bytes::Bytes;
use compact_str::CompactString;

use crate::address::Address;
use crate::optional;
use crate::ports::Outcome;
use crate::receipt::{Receipt, ReceiptRequest};

/// Octets of the body that a receipt repeats: SMPP's `text:` field has twenty.
const EXCERPT_OCTETS: usize = 20;

/// A short name of an account, a link, a peer or a route. Cheap to clone.
pub type Name = CompactString;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The end of time: never due, never expired.
    pub const NEVER: Self = Self(u64::MAX >> 1);

    /// A time by its milliseconds since 1970.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// How long ago `earlier` was; nothing if it lies ahead.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(millis).min(Self::NEVER.0))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// The one id of a message, from submission to receipt, on every wire.
///
/// 64 bits, sortable by time of acceptance: milliseconds since 2020-01-01 (42
/// bits), node (10 bits), sequence (12 bits). Shown as 19 decimal digits.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MessageId(u64);

impl MessageId {
    /// An id by its number, as a store or a wire kept it.
    pub const fn from_u64(number: u64) -> Self {
        Self(number)
    }

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// When the centre gave this id out.
    pub const fn time(self) -> Timestamp {
        Timestamp((self.0 >> 22) + crate::ids::EPOCH_MILLIS)
    }

    /// Reads the decimal form; leading zeros do not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
        if digits { text.parse().ok().map(Self) } else { None }
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:019}", self.0)
    }
}

/// Somebody on the other side of a gateway: where a message came from, or where
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
    /// Who handed it in; receipts go back there.
    pub origin: Endpoint,
    /// The account it belongs to: who may read it and whose limits it counts against.
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
    /// The connection by which a centre before us received it, where that centre says so.
    pub received_via: Option<Name>,
    /// When a centre before us received it, where that centre says so.
    pub received_at: Option<Timestamp>,
    /// Header fields that mean nothing to the centre (`X-…` of SIP and of the platform's API), for
    /// whoever takes the message and can be given them.
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

/// A message that the centre has taken over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    /// Its one id.
    pub id: MessageId,
    /// Who handed it in.
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
    /// Header fields that mean nothing to the centre, for whoever can be given them.
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

    /// The receipt about this message that says `outcome`, on its way back to the submitter.
    /// `None` for messages about which nobody is told: receipts, and the operator's own.
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
    /// Somebody's message.
    Ordinary,
    /// The centre's own word about a message, on its way back to the submitter.
    Receipt {
        /// The endpoint that asked for it; a receipt is never routed by its number.
        to: Endpoint,
        /// What it says.
        receipt: Box<Receipt>,
    },
}

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

    #[test]
    fn an_id_reads_with_and_without_leading_zeros() {
        let id = MessageId::from_u64(42);
        assert_eq!(id.to_string(), "0000000000000000042");
        assert_eq!(MessageId::parse("0000000000000000042"), Some(id));
        assert_eq!(MessageId::parse("42"), Some(id));
        for wrong in ["", "4 2", "-1", "0x2a", "99999999999999999999", "123456789012345678901"] {
            assert_eq!(MessageId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn debug_output_holds_no_body() {
        let content = Content { data_coding: 0, header: Bytes::new(), body: Bytes::from_static(b"secret") };
        assert!(!format!("{content:?}").contains("secret"));
    }
}
