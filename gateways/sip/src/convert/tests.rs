//! Tests of the conversion, for every row of the tables of the SIP link.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sip::{Message as SipMessage, Name, Request};
use smsc::address::{Address, TypeOfNumber};
use smsc::delivery::Delivery;
use smsc::endpoint::Endpoint;
use smsc::ids::MessageId;
use smsc::message::{Content, Kind, Message, Mode, Submission, Validity};
use smsc::receipt::{Receipt, ReceiptRequest, State};
use smsc::timestamp::Timestamp;

use super::*;
use crate::config::{BinaryAs, OnUnencodable, Quirks, ReceiptForm, Segments};

mod both_ways;
mod envelopes;
mod receipts;
mod received;
mod rules;
mod sent;

/// 2026-11-23 17:05:09 UTC.
const NOW: Timestamp = Timestamp::from_millis(1_795_453_509_000);

const TEXT: &str = "Content-Type: text/plain\r\n";

fn request(uri: &str, extra: &str, body: &[u8]) -> Request {
    let from = if extra.contains("From:") { "" } else { "From: <sip:+4915112345678@there>;tag=1\r\n" };
    let to = if extra.contains("To:") { "" } else { "To: <sip:+4930000000@smsc>\r\n" };
    let head = format!(
        "MESSAGE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP there;branch=z9hG4bK1\r\n{from}{to}Call-ID: 1\r\n\
         CSeq: 1 MESSAGE\r\n{extra}Content-Length: {}\r\n\r\n",
        body.len()
    );
    match sip::parse(&Bytes::from([head.as_bytes(), body].concat())).unwrap() {
        SipMessage::Request(request) => request,
        SipMessage::Response(_) => panic!("a request was written"),
    }
}

fn sender(quirks: Quirks) -> Sender {
    Sender { endpoint: Endpoint::SipPeer("connect".into()), source: None, trusted: false, quirks }
}

fn receive(quirks: Quirks, uri: &str, extra: &str, body: &[u8]) -> Result<ReceivedMessage, u16> {
    let rules = Rules { validity_max: Duration::from_secs(7 * 86_400) };
    let user = |name: &str| (name == "alice").then(|| Address::international("491511"));
    let incoming = read(&request(uri, extra, body), &sender(quirks), rules, user, NOW);
    incoming.map_err(|refusal| refusal.status.code())
}

fn accepted(extra: &str, body: &[u8]) -> Submission {
    receive(Quirks::default(), "sip:+491701234567@smsc", extra, body).unwrap().submission
}

fn content(extra: &str, body: &[u8]) -> (u8, Vec<u8>) {
    let content = accepted(extra, body).content;
    (content.data_coding, content.body.to_vec())
}

fn refused(extra: &str, body: &[u8]) -> u16 {
    receive(Quirks::default(), "sip:+491701234567@smsc", extra, body).unwrap_err()
}

fn message(data_coding: u8, header: &[u8], body: &[u8]) -> Message {
    Message {
        id: MessageId::from_u64(42),
        origin: Endpoint::Platform,
        account: "acme".into(),
        source: Address::international("491700000000"),
        destination: Address::international("4915112345678"),
        presented: None,
        route: "default".into(),
        content: Content {
            data_coding,
            header: Bytes::copy_from_slice(header),
            body: Bytes::copy_from_slice(body),
        },
        mode: Mode::StoreAndForward,
        receipt: ReceiptRequest::NONE,
        priority: 0,
        protocol_id: 0,
        reply_path: false,
        service_type: smsc::names::Name::default(),
        optional: Bytes::new(),
        accepted_at: NOW,
        deliver_after: NOW,
        expires_at: NOW + Duration::from_secs(86_400),
        client_key: None,
        headers: Vec::new(),
        kind: Kind::Ordinary,
    }
}

fn sent_all(message: Message, receipt_wanted: bool, quirks: &Quirks) -> Vec<Request> {
    let delivery = Delivery { message: Arc::new(message), receipt_wanted };
    let ends = Ends { request_uri: None, their_host: "192.0.2.1:5080", our_host: "198.51.100.1:5060" };
    request_builders(&delivery, quirks).unwrap().iter().map(|builder| builder.request(&ends, 1)).collect()
}

fn sent(message: Message) -> Request {
    sent_all(message, false, &Quirks::default()).remove(0)
}

fn get<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.get_named(name)
}
