//! A delivery as one MESSAGE, or one for each segment.

use std::fmt::Write as _;

use bytes::Bytes;
use sip::imdn::{DispositionRequest, Imdn};
use sip::uri::escape_user;
use sip::{Cpim, Headers, Method, Name, Request};
use sms::coding::{Alphabet, DataCoding};
use sms::header::{Reference, UserDataHeader};
use sms::{UserData, segment};
use smsc::address::Address;
use smsc::failure::Failure;
use smsc::message::{Message, Party, Timestamp};
use smsc::ports::Delivery;
use smsc::receipt::Receipt;

use super::incoming::style;
use super::{envelope, header, hex, receipt};
use crate::config::{BinaryAs, Quirks, ReceiptForm, Segments};
use crate::dates;

/// Hops that a request of ours may take (RFC 3261 §8.1.1.6).
const MAX_FORWARDS: u8 = 70;

/// A MESSAGE that does not know yet whom it is sent to.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The user part for From.
    source: String,
    /// The user part for Request-URI and To.
    destination: String,
    /// Names this message, and this segment of it, on every attempt: a peer that got an earlier
    /// attempt recognises the next one by Call-ID, CSeq and From tag.
    call: String,
    /// X- header fields and Content-Type, in order.
    headers: Headers,
    body: Bytes,
    envelope: Envelope,
    /// When the message was sent, for its envelope.
    sent_at: Timestamp,
}

/// What is put around the body of a draft.
#[derive(Clone, Debug)]
enum Envelope {
    None,
    /// `message/cpim` that asks for a notification about content of this type.
    Asking(DispositionRequest, &'static str),
    /// `message/cpim` that brings one.
    Notifying(Imdn),
}

/// Between whom a draft travels.
#[derive(Clone, Debug)]
pub struct Ends<'a> {
    /// The whole Request-URI, if the receiver chose it (a registered contact); else it is made of
    /// the destination and `their_host`.
    pub request_uri: Option<&'a str>,
    /// Host, and port if it needs one, for Request-URI and To.
    pub their_host: &'a str,
    /// Host for From and Call-ID.
    pub our_host: &'a str,
}

/// The MESSAGEs that make up a delivery; more than one only for a peer that wants segments.
///
/// # Errors
/// [`Failure::Unsupported`] if the content cannot be cut into segments.
pub fn drafts(delivery: &Delivery, quirks: &Quirks) -> Result<Vec<Draft>, Failure> {
    let message = &*delivery.message;
    if let Some(receipt) = message.as_receipt() {
        return Ok(vec![receipt_draft(message, receipt, quirks)]);
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
    Ok((1..).zip(parts).map(|(part, data)| message_draft(delivery, coding, &data, part, quirks)).collect())
}

impl Draft {
    /// The request, but for Via and credentials, which depend on the way it goes. `cseq` is 1, and
    /// one more for each time it is sent again with credentials or to another place.
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
            Envelope::Asking(asked, media) => self.asking(ends(), asked, media),
            Envelope::Notifying(imdn) => {
                let (from, to) = ends();
                imdn.envelope(&from, &to, call, &dates::write_rfc3339(self.sent_at)).to_bytes()
            }
        };
        request
    }

    /// The id by which the receiver will name this message in a notification, if it is asked for one.
    pub fn asked_id(&self) -> Option<&str> {
        match &self.envelope {
            Envelope::Asking(asked, _) => Some(&asked.message_id),
            Envelope::None | Envelope::Notifying(_) => None,
        }
    }

    fn asking(&self, (from, to): (String, String), asked: &DispositionRequest, media: &str) -> Bytes {
        let mut cpim = Cpim::new();
        cpim.push("From", &from);
        cpim.push("To", &to);
        cpim.push("DateTime", &dates::write_rfc3339(self.sent_at));
        asked.ask(&mut cpim);
        cpim.content.push(Name::ContentType, media);
        cpim.content.push(Name::ContentLength, self.body.len());
        cpim.body = self.body.clone();
        cpim.to_bytes()
    }
}

fn message_draft(
    delivery: &Delivery,
    coding: DataCoding,
    data: &UserData,
    part: usize,
    quirks: &Quirks,
) -> Draft {
    let message = &*delivery.message;
    let mut headers = Headers::new();
    if !data.header.is_empty() {
        headers.push_named(header::UDH, hex(&data.header.encode()));
    }
    headers.push_named(header::CODING, coding_digit(coding.alphabet()));
    // The platform leaves it to the centre where its application does not say.
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
    let draft = addressed(message, part);
    let asks = quirks.sends_receipts && quirks.receipts == ReceiptForm::Imdn;
    let envelope = match registered_delivery(delivery).filter(|_| asks) {
        Some(bits) => Envelope::Asking(asked(bits, &draft.call), content_type),
        None => Envelope::None,
    };
    let is_wrapped = matches!(envelope, Envelope::Asking(..));
    headers.push(Name::ContentType, if is_wrapped { CPIM } else { content_type });
    headers.push_named(header::MSG_ID, &draft.call);
    for (name, value) in &message.headers {
        headers.push_named(name, value);
    }
    Draft { headers, body, envelope, ..draft }
}

const CPIM: &str = "message/cpim";

/// What a registered_delivery asks for, in the words of an envelope.
fn asked(bits: u8, message_id: &str) -> DispositionRequest {
    DispositionRequest {
        message_id: message_id.to_owned(),
        positive_delivery: matches!(bits & 3, 1 | 3),
        // Nothing at all was asked for but notifications on the way: the end is told then too.
        negative_delivery: matches!(bits & 3, 0..=2),
    }
}

/// Who sends, who is meant, and the name of the attempt.
fn addressed(message: &Message, part: usize) -> Draft {
    // The same however often it is tried. The platform's messages have their name before the centre
    // gives them an id.
    let mut call = match (&message.origin, &message.client_key) {
        (Party::Platform, Some(sid)) => sid.to_string(),
        _ => message.id.to_string(),
    };
    if part > 1 {
        // Writing into a String does not fail.
        let _ = write!(call, "-{part}");
    }
    Draft {
        source: user(message.presented_source(), &message.source),
        destination: user(&message.destination, &message.destination),
        call,
        headers: Headers::new(),
        body: Bytes::new(),
        envelope: Envelope::None,
        sent_at: message.accepted_at,
    }
}

/// As people write it; the normalised form for a number, since the submitter's may be local to it.
fn user(presented: &Address, normal: &Address) -> String {
    let address = if presented.is_alphanumeric() { presented } else { normal };
    escape_user(&address.dialled()).into_owned()
}

fn push_origin(headers: &mut Headers, message: &Message, quirks: &Quirks) {
    if let Party::Esme(name) | Party::Smpp(name) = &message.origin {
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

/// What the submitter asked for; 1 if only the centre wants to know.
fn registered_delivery(delivery: &Delivery) -> Option<u8> {
    match delivery.message.receipt.0 & 0x13 {
        0 if delivery.receipt_wanted => Some(1),
        0 => None,
        asked => Some(asked),
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

fn receipt_draft(message: &Message, about: &Receipt, quirks: &Quirks) -> Draft {
    let mut headers = Headers::new();
    headers.push_named(header::TYPE, "receipt");
    headers.push_named(header::MSG_ID, about.about);
    headers.push_named(header::STATE, receipt::word(about.state));
    headers.push_named(header::ERR, format_args!("{:03}", about.error));
    headers.push_named(header::CODING, '0');
    push_origin(&mut headers, message, quirks);
    let was_asked_so = envelope::asked_id(about.client_key.as_ref()).is_some();
    if quirks.receipts == ReceiptForm::Sms && !was_asked_so {
        headers.push(Name::ContentType, TEXT);
        return Draft { headers, body: receipt::text(about).into(), ..addressed(message, 1) };
    }
    headers.push(Name::ContentType, CPIM);
    let imdn = envelope::imdn(about, &message.source.dialled());
    Draft { headers, envelope: Envelope::Notifying(imdn), ..addressed(message, 1) }
}
