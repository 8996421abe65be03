//! Conversion of a received MESSAGE to a submission.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use sip::header::ContentType;
use sip::{Headers, Name, Request, Status};
use sms::alphabet;
use sms::coding::{Alphabet, DataCoding, MessageClass};
use sms::header::{ReferenceWidth, UserDataHeader};
use sms::{segment, text, ucs2};
use smsc::address::Address;
use smsc::endpoint::Endpoint;
use smsc::message::{Content, Submission, Validity};
use smsc::names::Name as PartyName;
use smsc::receipt::ReceiptRequest;
use smsc::timestamp::Timestamp;

use super::envelope::Payload;
use super::{header, is_ours, number, unhex};
use crate::codes::Refusal;
use crate::config::{BinaryAs, OnUnencodable, Quirks};
use crate::dates::{self, Style};

/// The sender of a message: a peer or a user.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Its endpoint.
    pub endpoint: Endpoint,
    /// The source address of all its messages, for a user; for a peer From has it.
    pub source: Option<Address>,
    /// Whether P-Asserted-Identity is used.
    pub trusted: bool,
    /// The configured deviations of the peer.
    pub quirks: Quirks,
}

/// The configuration that applies to all senders.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The longest validity; a later one is reduced to it.
    pub validity_max: Duration,
}

/// A received message.
#[derive(Clone, Debug)]
pub struct ReceivedMessage {
    /// The submission to the centre.
    pub submission: Submission,
    /// The validity for the response, if the requested one was reduced.
    pub reduced_validity: Option<String>,
}

/// Reads a MESSAGE. `user_number` gives the address of a registered user by name.
///
/// # Errors
/// The refusal for the response; see the table of the SIP link.
pub fn read(
    request: &Request,
    sender: &Sender,
    rules: Rules,
    user_number: impl Fn(&str) -> Option<Address>,
    now: Timestamp,
) -> Result<ReceivedMessage, Refusal> {
    let headers = &request.headers;
    let destination = number::destination(request, user_number)?;
    let source = match &sender.source {
        Some(own) => own.clone(),
        None => number::source(headers, sender.trusted)?,
    };
    let payload = Payload::open(request)?;
    let content = content(request, &payload, &sender.quirks)?;
    let (validity, reduced_validity) = match headers.get_named(header::VALIDITY) {
        None => (None, None),
        Some(text) => validity(text, style(&sender.quirks), rules.validity_max, now)?,
    };
    let mut submission = Submission::new(sender.endpoint.clone(), source, destination, content);
    submission.account = account(&sender.endpoint);
    submission.receipt = receipt(headers)?;
    submission.validity = validity;
    if matches!(sender.endpoint, Endpoint::SipPeer(_)) {
        submission.client_key = message_id(headers)?;
        submission.received_via = connection(headers);
        submission.received_at = received_at(headers, style(&sender.quirks), now);
    }
    if let Some((request, key)) = payload.receipt_request()? {
        if headers.get_named(header::REG_DELIVERY).is_none() {
            submission.receipt = request;
        }
        // A sender with the same id in both places supports the X-SMS header fields, and gets receipts
        // in the configured form.
        let same = submission.client_key.as_deref() == key.split_once(':').map(|(_, id)| id);
        submission.client_key = if same { submission.client_key } else { Some(key) };
    }
    submission.headers = own_headers(headers);
    Ok(ReceivedMessage { submission, reduced_validity })
}

/// The account of the messages of an endpoint.
fn account(endpoint: &Endpoint) -> PartyName {
    match endpoint {
        Endpoint::SipPeer(name) | Endpoint::SipUser(name) => name.clone(),
        _ => PartyName::default(),
    }
}

pub(super) const fn style(quirks: &Quirks) -> Style {
    if quirks.legacy_dates { Style::Legacy } else { Style::Plain }
}

/// The kinds of Content-Type that the conversion distinguishes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Media {
    /// text/plain, text/html, text/vnd.wap.wml, or no Content-Type at all.
    Text,
    /// application/octet-stream.
    Octets,
}

fn media(content_type: Option<&ContentType<'_>>) -> Result<Media, Refusal> {
    let Some(stated) = content_type else { return Ok(Media::Text) };
    let is = |kind, subtype| stated.is(kind, subtype);
    if is("text", "plain") || is("text", "html") || is("text", "vnd.wap.wml") {
        Ok(Media::Text)
    } else if is("application", "octet-stream") {
        Ok(Media::Octets)
    } else {
        Err(Refusal::new(Status::UNSUPPORTED_MEDIA_TYPE, ""))
    }
}

fn content(request: &Request, payload: &Payload, quirks: &Quirks) -> Result<Content, Refusal> {
    let headers = &request.headers;
    let encoded = headers.get(Name::ContentEncoding).unwrap_or("identity");
    if !encoded.eq_ignore_ascii_case("identity") {
        return Err(Refusal::new(Status::UNSUPPORTED_MEDIA_TYPE, "Content-Encoding is not supported"));
    }
    let content_type = payload.content_type()?;
    let media = media(content_type.as_ref())?;
    let stated = coding(headers, quirks)?;
    let udh = user_data_header(headers)?;
    let alphabet = stated.unwrap_or(if media == Media::Octets { Alphabet::EightBit } else { Alphabet::Gsm7 });
    let (alphabet, body) = match (alphabet, media) {
        (Alphabet::EightBit, Media::Text) if quirks.binary_as == BinaryAs::HexText => {
            (alphabet, hex_body(&payload.body)?)
        }
        (Alphabet::EightBit, _) => (alphabet, payload.body.clone()),
        (Alphabet::Gsm7 | Alphabet::Ucs2, Media::Octets) => {
            return Err(Refusal::new(Status::UNSUPPORTED_MEDIA_TYPE, "This X-SMS-CODING needs text"));
        }
        (Alphabet::Gsm7 | Alphabet::Ucs2, Media::Text) => {
            let text = decode_text(&payload.body, content_type.as_ref())?;
            encode_text(&text, stated, &udh, quirks.on_unencodable)?
        }
    };
    check_size(alphabet, &body, &udh)?;
    let data_coding = DataCoding::of(alphabet).with_class(class(headers)?);
    Ok(Content { data_coding: data_coding.into(), header: udh.encode().into(), body })
}

fn coding(headers: &Headers, quirks: &Quirks) -> Result<Option<Alphabet>, Refusal> {
    Ok(Some(match headers.get_named(header::CODING) {
        None => return Ok(None),
        Some("0") => Alphabet::Gsm7,
        Some("1") => Alphabet::EightBit,
        Some("2") => Alphabet::Ucs2,
        Some("4") if quirks.numeric_coding => Alphabet::EightBit,
        Some("8") if quirks.numeric_coding => Alphabet::Ucs2,
        Some(_) => return Err(Refusal::new(Status::BAD_REQUEST, "X-SMS-CODING is none of 0, 1, 2")),
    }))
}

fn user_data_header(headers: &Headers) -> Result<UserDataHeader, Refusal> {
    let Some(stated) = headers.get_named(header::UDH).filter(|stated| !stated.is_empty()) else {
        return Ok(UserDataHeader::new());
    };
    let refuse = |reason| Refusal::new(Status::BAD_REQUEST, reason);
    let octets = unhex(stated).ok_or(refuse("X-SMS-UDH is not hex"))?;
    let udh = UserDataHeader::decode(&octets).map_err(|_| refuse("X-SMS-UDH has wrong lengths"))?;
    if udh.encoded_len() > sms::UserData::OCTETS_MAX {
        return Err(Refusal::new(Status::REQUEST_ENTITY_TOO_LARGE, "X-SMS-UDH is too long"));
    }
    Ok(udh)
}

fn class(headers: &Headers) -> Result<Option<MessageClass>, Refusal> {
    match headers.get_named(header::CLASS).map(str::as_bytes) {
        None => Ok(None),
        Some(&[digit @ b'0'..=b'3']) => Ok(Some(MessageClass::from_bits(digit - b'0'))),
        Some(_) => Err(Refusal::new(Status::BAD_REQUEST, "X-M-CLASS is none of 0 to 3")),
    }
}

fn receipt(headers: &Headers) -> Result<ReceiptRequest, Refusal> {
    let Some(stated) = headers.get_named(header::REG_DELIVERY) else { return Ok(ReceiptRequest::NONE) };
    match stated.parse() {
        Ok(bits @ (0..=3 | 16..=19)) => Ok(ReceiptRequest(bits)),
        _ => Err(Refusal::new(Status::BAD_REQUEST, "X-REG-DELIVERY is none of 0 to 3 and 16 to 19")),
    }
}

/// Octets that an X-SMS-MSG-ID may have.
const MESSAGE_ID_OCTETS_MAX: usize = 64;

/// The id of the message in the peer; the centre detects duplicates by it, even days later.
fn message_id(headers: &Headers) -> Result<Option<PartyName>, Refusal> {
    let Some(stated) = headers.get_named(header::MSG_ID).filter(|stated| !stated.is_empty()) else {
        return Ok(None);
    };
    if stated.len() > MESSAGE_ID_OCTETS_MAX || !stated.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Err(Refusal::new(Status::BAD_REQUEST, "X-SMS-MSG-ID is no id"));
    }
    Ok(Some(stated.into()))
}

/// The connection on which the peer received the message; legacy centres write `null` for none.
fn connection(headers: &Headers) -> Option<PartyName> {
    let stated = headers.get_named(header::SMSC_ID)?;
    (!stated.is_empty() && stated != "null").then(|| stated.into())
}

/// When the peer received the message; a malformed or future time is ignored.
fn received_at(headers: &Headers, style: Style, now: Timestamp) -> Option<Timestamp> {
    let names = [header::DELIVERY_TIME, header::DELIVERY_TIME_TOO];
    let stated = names.into_iter().find_map(|name| headers.get_named(name))?;
    dates::read(stated, style, now).filter(|at| *at <= now)
}

/// Extension header fields that one message may have, and octets of one.
const OWN_HEADERS_MAX: usize = 32;
const OWN_HEADER_OCTETS_MAX: usize = 1024;

/// The unknown `X-` header fields, which are forwarded. Fields above the limits are dropped, not
/// refused, since a proxy may have added them.
fn own_headers(headers: &Headers) -> Vec<(PartyName, String)> {
    let own = headers.iter().filter(|(_, name, value)| {
        let is_extension = name.get(..2).is_some_and(|prefix| prefix.eq_ignore_ascii_case("X-"));
        let fits = name.len() + value.len() <= OWN_HEADER_OCTETS_MAX;
        is_extension && !is_ours(name) && fits && !value.contains(char::is_control)
    });
    own.take(OWN_HEADERS_MAX).map(|(_, name, value)| (name.into(), value.to_owned())).collect()
}

type EffectiveValidity = (Option<Validity>, Option<String>);

fn validity(text: &str, style: Style, max: Duration, now: Timestamp) -> Result<EffectiveValidity, Refusal> {
    let refuse = |reason| Refusal::new(Status::BAD_REQUEST, reason);
    let until = dates::read(text, style, now).ok_or(refuse("X-SMS-VALIDITY is no date"))?;
    if until <= now {
        return Err(refuse("X-SMS-VALIDITY is in the past"));
    }
    let latest = now + max;
    if until <= latest {
        return Ok((Some(Validity::Until(until)), None));
    }
    Ok((Some(Validity::Until(latest)), Some(dates::write(latest, style))))
}

/// The text, decoded by the charset of Content-Type; the default is UTF-8.
fn decode_text<'a>(body: &'a [u8], content_type: Option<&ContentType<'_>>) -> Result<Cow<'a, str>, Refusal> {
    let charset = content_type.and_then(ContentType::charset).unwrap_or(Cow::Borrowed("utf-8"));
    let malformed = Refusal::new(Status::BAD_REQUEST, "Body is not in its charset");
    let wide = |from: fn([u8; 2]) -> u16, body: &[u8]| {
        let (pairs, odd) = body.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().copied().map(from).collect();
        let text = if odd.is_empty() { String::from_utf16(&units).ok() } else { None };
        text.map(Cow::Owned).ok_or(malformed)
    };
    match (charset.to_ascii_lowercase().as_str(), body) {
        ("utf-8" | "utf8", _) => {
            let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
            str::from_utf8(body).map(Cow::Borrowed).map_err(|_| malformed)
        }
        ("us-ascii" | "ascii", _) if body.is_ascii() => {
            str::from_utf8(body).map(Cow::Borrowed).map_err(|_| malformed)
        }
        ("us-ascii" | "ascii", _) => Err(malformed),
        ("iso-8859-1" | "latin1", _) => Ok(body.iter().copied().map(char::from).collect()),
        ("utf-16", [0xff, 0xfe, rest @ ..]) | ("utf-16le", rest) => wide(u16::from_le_bytes, rest),
        ("utf-16", [0xfe, 0xff, rest @ ..]) | ("utf-16" | "utf-16be" | "iso-10646-ucs-2", rest) => {
            wide(u16::from_be_bytes, rest)
        }
        _ => Err(Refusal::new(Status::UNSUPPORTED_MEDIA_TYPE, "Charset is not supported")),
    }
}

/// The text in the requested alphabet, or in the smallest one that can encode it. National language
/// tables are used if the user data header selects them.
fn encode_text(
    text: &str,
    stated: Option<Alphabet>,
    udh: &UserDataHeader,
    on_unencodable: OnUnencodable,
) -> Result<(Alphabet, Bytes), Refusal> {
    let ucs2 = || (Alphabet::Ucs2, Bytes::from(ucs2::encode(text)));
    if stated == Some(Alphabet::Ucs2) {
        return Ok(ucs2());
    }
    if let Ok(body) = alphabet::encode(text, udh.shifts()) {
        return Ok((Alphabet::Gsm7, body.into()));
    }
    match (stated, on_unencodable) {
        (None, _) | (_, OnUnencodable::Upgrade) => Ok(ucs2()),
        (_, OnUnencodable::Refuse) => {
            Err(Refusal::new(Status::NOT_ACCEPTABLE_HERE, "Text does not fit X-SMS-CODING"))
        }
        (_, OnUnencodable::Transliterate) => {
            let body = alphabet::encode(&text::replace_look_alikes(text), udh.shifts());
            body.map(|body| (Alphabet::Gsm7, body.into()))
                .map_err(|_| Refusal::new(Status::NOT_ACCEPTABLE_HERE, "Text does not fit X-SMS-CODING"))
        }
    }
}

fn hex_body(body: &[u8]) -> Result<Bytes, Refusal> {
    let text = str::from_utf8(body).ok().map(str::trim);
    let octets = text.and_then(unhex).ok_or(Refusal::new(Status::BAD_REQUEST, "Body is not hex"))?;
    Ok(octets.into())
}

/// Checks that the body fits one message, or segments that repeat the elements of the header.
fn check_size(alphabet: Alphabet, body: &[u8], udh: &UserDataHeader) -> Result<(), Refusal> {
    let too_long = |reason| Refusal::new(Status::REQUEST_ENTITY_TOO_LARGE, reason);
    if body.len() <= segment::capacity(alphabet, udh.encoded_len()) {
        return Ok(());
    }
    if udh.concatenation().is_some() {
        return Err(too_long("Segment has more than 140 octets"));
    }
    let count = segment::count(alphabet, body, udh, ReferenceWidth::Sixteen);
    count.map(drop).map_err(|_| too_long("Needs more than 255 segments"))
}
