//! Conversion of a delivery to one MESSAGE, or one for each segment.

use std::fmt::Write as _;

use bytes::Bytes;
use sip::imdn::{DispositionRequest, Imdn};
use sip::uri::escape_user;
use sip::{Cpim, Headers, Method, Name, Request};
use sms::coding::{Alphabet, DataCoding};
use sms::header::{Reference, UserDataHeader};
use sms::{UserData, segment};
use smsc::address::Address;
use smsc::delivery::Delivery;
use smsc::endpoint::Endpoint;
use smsc::failure::Failure;
use smsc::message::Message;
use smsc::receipt::Receipt;
use smsc::timestamp::Timestamp;

use super::incoming::style;
use super::{envelope, header, hex, receipt};
use crate::config::{BinaryAs, Quirks, ReceiptForm, Segments};
use crate::dates;

/// Initial Max-Forwards (RFC 3261 §8.1.1.6).
const MAX_FORWARDS: u8 = 70;

/// Builds a MESSAGE for any receiver.
#[derive(Clone, Debug)]
pub struct RequestBuilder {
    /// The user part for From.
    source: String,
    /// The user part for Request-URI and To.
    destination: String,
    /// Identifies this message and segment in every attempt: a peer that received an earlier attempt
    /// detects the duplicate by Call-ID, CSeq and From tag.
    call: String,
    /// X- header fields and Content-Type, in order.
    headers: Headers,
    body: Bytes,
    envelope: Envelope,
    /// When the message was accepted, for DateTime of the envelope.
    sent_at: Timestamp,
}

/// The envelope around the body.
#[derive(Clone, Debug)]
enum Envelope {
    None,
    /// `message/cpim` that requests a notification; with the type of the content.
    Requesting(DispositionRequest, &'static str),
    /// `message/cpim` with a notification.
    Notifying(Imdn),
}

/// The two ends of a request.
#[derive(Clone, Debug)]
pub struct Ends<'a> {
    /// The Request-URI of a registered contact or redirection; else it is built from the destination
    /// and `their_host`.
    pub request_uri: Option<&'a str>,
    /// Host, and port if it needs one, for Request-URI and To.
    pub their_host: &'a str,
    /// Host for From and Call-ID.
    pub our_host: &'a str,
}

/// The MESSAGE requests of a delivery; more than one only for a peer with `segments = "passthrough"`.
///
/// # Errors
/// [`Failure::Unsupported`] if the content cannot be cut into segments.
pub fn request_builders(delivery: &Delivery, quirks: &Quirks) -> Result<Vec<RequestBuilder>, Failure> {
    let message = &*delivery.message;
    if let Some(receipt) = message.as_receipt() {
        return Ok(vec![receipt_builder(message, receipt, quirks)]);
    }
    let coding = DataCoding(message.content.data_coding);
    let body = message.content.body.clone();
    let udh = match UserDataHeader::decode(&message.content.header) {
        Ok(udh) => udh,
        Err(_) => UserDataHeader::new(), // empty, or checked when the message was accepted
    };
    let fits = body.len() <= segment::capacity(coding.alphabet(), udh.encoded_len());
    let parts = match quirks.segments {
        Segments::Passthrough if !fits => {
            let reference = Reference::Sixteen(u16::try_from(message.id.get() & 0xffff).unwrap_or_default());
            segment::split(coding.alphabet(), &body, &udh, reference).map_err(|_| Failure::Unsupported)?
        }
        Segments::Reassembled if !fits => {
            vec![UserData { header: udh.without_concatenation(), body: body.to_vec() }]
        }
        Segments::Passthrough | Segments::Reassembled => vec![UserData { header: udh, body: body.to_vec() }],
    };
    Ok((1..).zip(parts).map(|(part, data)| message_builder(delivery, coding, &data, part, quirks)).collect())
}

impl RequestBuilder {
    /// The request without Via and credentials, which depend on the transport and the peer. `cseq` is 1,
    /// and incremented for each repetition with credentials or after a redirection.
    pub fn request(&self, ends: &Ends<'_>, cseq: u32) -> Request {
        let Ends { request_uri, their_host, our_host } = *ends;
        let (source, destination, call) = (&self.source, &self.destination, &self.call);
        let uri = request_uri.map_or_else(|| format!("sip:{destination}@{their_host}"), str::to_owned);
        let mut request = Request::new(Method::Message, uri);
        let headers = &mut request.headers;
        headers.push(Name::MaxForwards, MAX_FORWARDS);
        headers.push(Name::From, format_args!("<sip:{source}@{our_host}>;tag={call}"));
        headers.push(Name::To, format_args!("<sip:{destination}@{their_host}>"));
        headers.push(Name::CallId, format_args!("{call}@{our_host}"));
        headers.push(Name::CSeq, format_args!("{cseq} MESSAGE"));
        for (_, written, value) in self.headers.iter() {
            headers.push_named(written, value);
        }
        let ends = || (format!("<sip:{source}@{our_host}>"), format!("<sip:{destination}@{their_host}>"));
        request.body = match &self.envelope {
            Envelope::None => self.body.clone(),
            Envelope::Requesting(request, media) => self.request_envelope(ends(), request, media),
            Envelope::Notifying(imdn) => {
                let (from, to) = ends();
                imdn.envelope(&from, &to, call, &dates::write_rfc3339(self.sent_at)).to_bytes()
            }
        };
        request
    }

    /// The Message-ID of the notification request, if there is one.
    pub fn imdn_message_id(&self) -> Option<&str> {
        match &self.envelope {
            Envelope::Requesting(request, _) => Some(&request.message_id),
            Envelope::None | Envelope::Notifying(_) => None,
        }
    }

    fn request_envelope(
        &self,
        (from, to): (String, String),
        request: &DispositionRequest,
        media: &str,
    ) -> Bytes {
        let mut cpim = Cpim::new();
        cpim.push("From", &from);
        cpim.push("To", &to);
        cpim.push("DateTime", &dates::write_rfc3339(self.sent_at));
        request.ask(&mut cpim);
        cpim.content.push(Name::ContentType, media);
        cpim.content.push(Name::ContentLength, self.body.len());
        cpim.body = self.body.clone();
        cpim.to_bytes()
    }
}

fn message_builder(
    delivery: &Delivery,
    coding: DataCoding,
    data: &UserData,
    part: usize,
    quirks: &Quirks,
) -> RequestBuilder {
    let message = &*delivery.message;
    let mut headers = Headers::new();
    if !data.header.is_empty() {
        headers.push_named(header::UDH, hex(&data.header.encode()));
    }
    headers.push_named(header::CODING, coding_digit(coding.alphabet()));
    // A message of the platform without validity of the application has none here.
    if message.expires_at < Timestamp::NEVER {
        headers.push_named(header::VALIDITY, dates::write(message.expires_at, style(quirks)));
    }
    if let Some(class) = coding.class() {
        headers.push_named(header::CLASS, class as u8);
    }
    if let Some(bits) = registered_delivery(delivery) {
        headers.push_named(header::REG_DELIVERY, bits);
    }
    push_origin(&mut headers, message, quirks);
    let (content_type, body) = body(coding.alphabet(), data, quirks);
    let builder = addressed(message, part);
    let has_notifications = quirks.sends_receipts && quirks.receipts == ReceiptForm::Imdn;
    let envelope = match registered_delivery(delivery).filter(|_| has_notifications) {
        Some(bits) => Envelope::Requesting(imdn_request(bits, &builder.call), content_type),
        None => Envelope::None,
    };
    let is_wrapped = matches!(envelope, Envelope::Requesting(..));
    headers.push(Name::ContentType, if is_wrapped { CPIM } else { content_type });
    headers.push_named(header::MSG_ID, &builder.call);
    for (name, value) in &message.headers {
        headers.push_named(name, value);
    }
    RequestBuilder { headers, body, envelope, ..builder }
}

const CPIM: &str = "message/cpim";

/// The notification request that corresponds to a registered_delivery.
fn imdn_request(bits: u8, message_id: &str) -> DispositionRequest {
    DispositionRequest {
        message_id: message_id.to_owned(),
        positive_delivery: matches!(bits & 3, 1 | 3),
        // A request for intermediate notifications only includes failures.
        negative_delivery: matches!(bits & 3, 0..=2),
    }
}

/// A builder with source, destination and Call-ID.
fn addressed(message: &Message, part: usize) -> RequestBuilder {
    // The same in every attempt. Messages of the platform have a SID before the centre assigns an
    // id.
    let mut call = match (&message.origin, &message.client_key) {
        (Endpoint::Platform, Some(sid)) => sid.to_string(),
        _ => message.id.to_string(),
    };
    if part > 1 {
        // Writing into a String does not fail.
        let _ = write!(call, "-{part}");
    }
    RequestBuilder {
        source: user(message.presented_source(), &message.source),
        destination: user(&message.destination, &message.destination),
        call,
        headers: Headers::new(),
        body: Bytes::new(),
        envelope: Envelope::None,
        sent_at: message.accepted_at,
    }
}

/// The presented alphanumeric address, or the normalised number, since the presented one may be in a
/// local format.
fn user(presented: &Address, normal: &Address) -> String {
    let address = if presented.is_alphanumeric() { presented } else { normal };
    escape_user(&address.dialled()).into_owned()
}

fn push_origin(headers: &mut Headers, message: &Message, quirks: &Quirks) {
    if let Endpoint::Esme(name) | Endpoint::Smpp(name) = &message.origin {
        headers.push_named(header::SMSC_ID, name);
    }
    let accepted = dates::write(message.accepted_at, style(quirks));
    headers.push_named(header::DELIVERY_TIME, &accepted);
    headers.push_named(header::DELIVERY_TIME_TOO, &accepted);
}

const fn coding_digit(alphabet: Alphabet) -> char {
    match alphabet {
        Alphabet::Gsm7 => '0',
        Alphabet::EightBit => '1',
        Alphabet::Ucs2 => '2',
    }
}

/// The receipts that the submitter requested; 1 if only the centre needs one.
fn registered_delivery(delivery: &Delivery) -> Option<u8> {
    match delivery.message.receipt.0 & 0x13 {
        0 if delivery.receipt_wanted => Some(1),
        0 => None,
        requested => Some(requested),
    }
}

const TEXT: &str = "text/plain;charset=UTF-8";

fn body(alphabet: Alphabet, data: &UserData, quirks: &Quirks) -> (&'static str, Bytes) {
    match sms::text::decode(alphabet, data.header.shifts(), &data.body) {
        Some(text) => (TEXT, text.into()),
        None if quirks.binary_as == BinaryAs::HexText => (TEXT, hex(&data.body).into()),
        None => ("application/octet-stream", data.body.clone().into()),
    }
}

fn receipt_builder(message: &Message, about: &Receipt, quirks: &Quirks) -> RequestBuilder {
    let mut headers = Headers::new();
    headers.push_named(header::TYPE, "receipt");
    headers.push_named(header::MSG_ID, about.about);
    headers.push_named(header::STATE, receipt::word(about.state));
    headers.push_named(header::ERR, format_args!("{:03}", about.error));
    headers.push_named(header::CODING, '0');
    push_origin(&mut headers, message, quirks);
    let has_imdn_request = envelope::imdn_message_id(about.client_key.as_ref()).is_some();
    if quirks.receipts == ReceiptForm::Sms && !has_imdn_request {
        headers.push(Name::ContentType, TEXT);
        return RequestBuilder { headers, body: receipt::text(about).into(), ..addressed(message, 1) };
    }
    headers.push(Name::ContentType, CPIM);
    let imdn = envelope::imdn(about, &message.source.dialled());
    RequestBuilder { headers, envelope: Envelope::Notifying(imdn), ..addressed(message, 1) }
}
