//! What a MESSAGE carries: its body, or what lies in the `message/cpim` envelope that is its body
//! (RFC 3862), and the disposition notifications that such envelopes ask for and bring (RFC 5438).

use bytes::Bytes;
use compact_str::CompactString;
use sip::header::ContentType;
use sip::imdn::{Delivery, DispositionRequest, Imdn, NAMESPACE};
use sip::{Cpim, Name, Request, Status};
use smsc::message::Name as PartyName;
use smsc::receipt::{Receipt, ReceiptRequest, RemoteReceipt, State};

use crate::codes::Refusal;
use crate::dates;

/// Marks the client key of a message whose sender asked for an IMDN, so that its receipt is one
/// and repeats the sender's id, whatever the sender is given otherwise.
const KEY_PREFIX: &str = "imdn:";

/// Octets that a sender's id of its message may have.
const MESSAGE_ID_OCTETS_MAX: usize = 64;

/// A body, taken out of its envelope.
pub(super) struct Parcel {
    envelope: Option<Cpim>,
    /// The Content-Type of a body without an envelope.
    stated: Option<String>,
    /// The body.
    pub(super) body: Bytes,
}

impl Parcel {
    /// Opens the body of a request.
    ///
    /// # Errors
    /// 400 for an envelope that cannot be read, 415 for one that requires what is not known here,
    /// or for an encoded content.
    pub(super) fn open(request: &Request) -> Result<Self, Refusal> {
        let headers = &request.headers;
        let content_type = headers.content_type().map_err(|_| Refusal::new(Status::BAD_REQUEST, ""))?;
        if !content_type.is_some_and(|media| media.is("message", "cpim")) {
            let stated = headers.get(Name::ContentType).map(str::to_owned);
            return Ok(Self { envelope: None, stated, body: request.body.clone() });
        }
        let envelope = Cpim::parse(&request.body)
            .map_err(|_| Refusal::new(Status::BAD_REQUEST, "message/cpim cannot be read"))?;
        if envelope.not_understood(&[NAMESPACE]).next().is_some() {
            let reason = "message/cpim requires what is not supported";
            return Err(Refusal::new(Status::UNSUPPORTED_MEDIA_TYPE, reason));
        }
        let encoding = envelope.content.get_named("Content-Transfer-Encoding").unwrap_or("binary");
        if !["7bit", "8bit", "binary"].iter().any(|plain| encoding.eq_ignore_ascii_case(plain)) {
            let reason = "Content-Transfer-Encoding is not supported";
            return Err(Refusal::new(Status::UNSUPPORTED_MEDIA_TYPE, reason));
        }
        let body = content(&envelope);
        Ok(Self { envelope: Some(envelope), stated: None, body })
    }

    /// The type of the body.
    ///
    /// # Errors
    /// 400 for one that cannot be read.
    pub(super) fn content_type(&self) -> Result<Option<ContentType<'_>>, Refusal> {
        let found = match &self.envelope {
            Some(envelope) => envelope.content_type(),
            None => self.stated.as_deref().map(ContentType::parse).transpose(),
        };
        found.map_err(|_| Refusal::new(Status::BAD_REQUEST, ""))
    }

    /// What the sender wants to hear, and by which key the receipt will know that it is an IMDN.
    ///
    /// # Errors
    /// 400 for an id that is too long, or no id.
    pub(super) fn asked(&self) -> Result<Option<(ReceiptRequest, PartyName)>, Refusal> {
        let Some(asked) = self.envelope.as_ref().and_then(DispositionRequest::of) else { return Ok(None) };
        let id = asked.message_id;
        if id.len() > MESSAGE_ID_OCTETS_MAX || !id.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(Refusal::new(Status::BAD_REQUEST, "imdn.Message-ID is no id"));
        }
        let wanted = match (asked.positive_delivery, asked.negative_delivery) {
            (true, true) => ReceiptRequest(1),
            (false, _) => ReceiptRequest(2),
            (true, false) => ReceiptRequest(3),
        };
        Ok(Some((wanted, format!("{KEY_PREFIX}{id}").into())))
    }
}

/// The content without the line breaks that some end their envelope with, where Content-Length
/// tells them apart. It is believed in nothing else: the request's own says how much there is.
fn content(envelope: &Cpim) -> Bytes {
    let stated = envelope.content.get(Name::ContentLength).and_then(|length| length.parse::<usize>().ok());
    let blank = |length: &usize| {
        let after = envelope.body.get(*length..);
        after.is_some_and(|after| after.iter().all(|octet| matches!(octet, b'\r' | b'\n')))
    };
    stated.filter(blank).map_or_else(|| envelope.body.clone(), |length| envelope.body.slice(..length))
}

/// The sender's own id in a key that [`Parcel::asked`] made.
pub(super) fn asked_id(client_key: Option<&CompactString>) -> Option<&str> {
    client_key.and_then(|key| key.strip_prefix(KEY_PREFIX))
}

/// The notification that a MESSAGE brings; `None` if it brings none.
///
/// # Errors
/// 400 if it cannot be read.
pub fn notification(request: &Request) -> Result<Option<Imdn>, Refusal> {
    let media = request.headers.content_type().ok().flatten();
    let may_be = |media: &ContentType<'_>| media.is("message", "cpim") || media.is("message", "imdn+xml");
    if !media.as_ref().is_some_and(may_be) {
        return Ok(None); // all but a few: nothing is copied for them
    }
    let parcel = Parcel::open(request)?;
    if !parcel.content_type()?.is_some_and(|media| media.is("message", "imdn+xml")) {
        return Ok(None);
    }
    Imdn::parse(&parcel.body).map(Some).map_err(|_| Refusal::new(Status::BAD_REQUEST, "IMDN cannot be read"))
}

/// What a notification of `link` says about a message of ours, which it knows by the id that we
/// asked with; `None` if it is not about the delivery.
pub fn remote_receipt(imdn: &Imdn, link: &str) -> Option<RemoteReceipt> {
    let state = match imdn.delivery? {
        Delivery::Delivered => State::Delivered,
        Delivery::Failed => State::Undeliverable,
        Delivery::Forbidden => State::Rejected,
        Delivery::Error => State::Unknown,
    };
    let remote_ids = vec![CompactString::from(imdn.message_id.as_str())];
    Some(RemoteReceipt { link: link.into(), remote_ids, state, error: 0 })
}

/// The receipt as a notification; `recipient` is whom the message was for, as it is dialled.
pub(super) fn imdn(receipt: &Receipt, recipient: &str) -> Imdn {
    let delivery = match receipt.state {
        State::Delivered | State::Accepted => Delivery::Delivered,
        State::Rejected => Delivery::Forbidden,
        State::Expired | State::Deleted | State::Undeliverable => Delivery::Failed,
        State::Unknown | State::Scheduled | State::Enroute => Delivery::Error,
    };
    let own = asked_id(receipt.client_key.as_ref()).or(receipt.client_key.as_deref());
    Imdn {
        message_id: own.map_or_else(|| receipt.about.to_string(), str::to_owned),
        datetime: dates::write_rfc3339(receipt.submitted_at),
        recipient_uri: format!("tel:{recipient}"),
        delivery: Some(delivery),
    }
}
