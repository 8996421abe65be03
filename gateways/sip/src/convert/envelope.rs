//! Bodies of MESSAGE with and without a `message/cpim` envelope (RFC 3862), and the disposition
//! notifications (RFC 5438) that envelopes request and carry.

use bytes::Bytes;
use compact_str::CompactString;
use sip::header::ContentType;
use sip::imdn::{Delivery, DispositionRequest, Imdn, NAMESPACE};
use sip::{Cpim, Name, Request, Status};
use smsc::names::Name as PartyName;
use smsc::receipt::{Receipt, ReceiptRequest, RemoteReceipt, State};

use crate::codes::Refusal;
use crate::dates;

/// Prefix of the client key of a message with an IMDN request: its receipt is an IMDN with the
/// Message-ID of the request, independent of the receipt form of the peer.
const KEY_PREFIX: &str = "imdn:";

/// Octets that a Message-ID may have.
const MESSAGE_ID_OCTETS_MAX: usize = 64;

/// The body of a request, without its envelope.
pub(super) struct Payload {
    envelope: Option<Cpim>,
    /// The Content-Type of a body without an envelope.
    stated: Option<String>,
    /// The body.
    pub(super) body: Bytes,
}

impl Payload {
    /// Removes the envelope from the body of a request, if there is one.
    ///
    /// # Errors
    /// 400 for a malformed envelope, 415 for one that requires an unknown extension, or for a content
    /// with an encoding.
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
    /// 400 for a malformed type.
    pub(super) fn content_type(&self) -> Result<Option<ContentType<'_>>, Refusal> {
        let found = match &self.envelope {
            Some(envelope) => envelope.content_type(),
            None => self.stated.as_deref().map(ContentType::parse).transpose(),
        };
        found.map_err(|_| Refusal::new(Status::BAD_REQUEST, ""))
    }

    /// The receipts that the sender requests by IMDN, and the client key that marks them as IMDN.
    ///
    /// # Errors
    /// 400 for a Message-ID that is too long or has invalid characters.
    pub(super) fn receipt_request(&self) -> Result<Option<(ReceiptRequest, PartyName)>, Refusal> {
        let Some(imdn_request) = self.envelope.as_ref().and_then(DispositionRequest::of) else {
            return Ok(None);
        };
        let id = imdn_request.message_id;
        if id.len() > MESSAGE_ID_OCTETS_MAX || !id.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Err(Refusal::new(Status::BAD_REQUEST, "imdn.Message-ID is no id"));
        }
        let request = match (imdn_request.positive_delivery, imdn_request.negative_delivery) {
            (true, true) => ReceiptRequest(1),
            (false, _) => ReceiptRequest(2),
            (true, false) => ReceiptRequest(3),
        };
        Ok(Some((request, format!("{KEY_PREFIX}{id}").into())))
    }
}

/// The content without line breaks after it, which some clients append to the envelope; Content-Length
/// of the content is used for that only, since Content-Length of the request limits the body.
fn content(envelope: &Cpim) -> Bytes {
    let stated = envelope.content.get(Name::ContentLength).and_then(|length| length.parse::<usize>().ok());
    let blank = |length: &usize| {
        let after = envelope.body.get(*length..);
        after.is_some_and(|after| after.iter().all(|octet| matches!(octet, b'\r' | b'\n')))
    };
    stated.filter(blank).map_or_else(|| envelope.body.clone(), |length| envelope.body.slice(..length))
}

/// The Message-ID in a client key from [`Payload::receipt_request`].
pub(super) fn imdn_message_id(client_key: Option<&CompactString>) -> Option<&str> {
    client_key.and_then(|key| key.strip_prefix(KEY_PREFIX))
}

/// The notification in a MESSAGE, if there is one.
///
/// # Errors
/// 400 if it is malformed.
pub fn notification(request: &Request) -> Result<Option<Imdn>, Refusal> {
    let media = request.headers.content_type().ok().flatten();
    let may_be = |media: &ContentType<'_>| media.is("message", "cpim") || media.is("message", "imdn+xml");
    if !media.as_ref().is_some_and(may_be) {
        return Ok(None); // the common case: nothing is copied
    }
    let payload = Payload::open(request)?;
    if !payload.content_type()?.is_some_and(|media| media.is("message", "imdn+xml")) {
        return Ok(None);
    }
    Imdn::parse(&payload.body).map(Some).map_err(|_| Refusal::new(Status::BAD_REQUEST, "IMDN cannot be read"))
}

/// The receipt in a notification of `link`, with the Message-ID of the request as remote id; `None` if
/// it is not about the delivery.
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

/// The receipt as a notification; `recipient` is the destination of the message, as dialled.
pub(super) fn imdn(receipt: &Receipt, recipient: &str) -> Imdn {
    let delivery = match receipt.state {
        State::Delivered | State::Accepted => Delivery::Delivered,
        State::Rejected => Delivery::Forbidden,
        State::Expired | State::Deleted | State::Undeliverable => Delivery::Failed,
        State::Unknown | State::Scheduled | State::Enroute => Delivery::Error,
    };
    let own = imdn_message_id(receipt.client_key.as_ref()).or(receipt.client_key.as_deref());
    Imdn {
        message_id: own.map_or_else(|| receipt.about.to_string(), str::to_owned),
        datetime: dates::write_rfc3339(receipt.submitted_at),
        recipient_uri: format!("tel:{recipient}"),
        delivery: Some(delivery),
    }
}
