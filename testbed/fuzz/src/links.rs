//! Fuzz targets for SMPP and SIP: PDUs, receipts, times, messages, streams, envelopes.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use gateway_sip::config::Quirks;
use gateway_sip::convert::{Rules, Sender, read};
use gateway_sip::dates::{self, Style};
use sip::header::{AuthParams, Contact};
use sip::imdn::{DispositionRequest, Imdn, NAMESPACE};
use sip::stream::{Frame, Stream};
use sip::{Cpim, Message, Name, Request, Uri};
use smpp::receipt::{IdMatch, ReceivedReceipt};
use smpp::{Framing, Pdu, time};
use smsc::endpoint::Endpoint;
use smsc::timestamp::Timestamp;

/// Any moment: 2026-11-18T11:06:40Z.
const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

/// A stream of PDUs: each PDU that is read is written again octet for octet.
pub(crate) fn smpp(octets: &[u8]) {
    let batch = Framing::default().take(&mut BytesMut::from(octets));
    for frame in batch.frames() {
        let Ok(pdu) = frame.decode() else { continue };
        let mut again = BytesMut::new();
        let written = pdu.encode(frame.header.sequence_number, frame.header.command_status, &mut again);
        assert!(written.is_ok() && again == frame.octets(), "a value that was read is written differently");
        if let Pdu::SubmitSm(sm) | Pdu::DeliverSm(sm) = pdu {
            let _ = (sm.check(), ReceivedReceipt::from_deliver_sm(&sm).map(|receipt| receipt.state()));
        }
    }
}

/// The text of a delivery receipt.
pub(crate) fn smpp_receipt(octets: &[u8]) {
    let receipt = ReceivedReceipt::parse(octets);
    let _ = (receipt.state(), receipt.error_code(), receipt.submitted(), receipt.delivered());
    for rule in [IdMatch::Auto, IdMatch::Exact, IdMatch::HexThenDecimal, IdMatch::DecimalThenHex] {
        assert!(receipt.id.is_none_or(|id| rule.candidates(id).len() <= 3));
    }
    for date in [receipt.submit_date, receipt.done_date].into_iter().flatten() {
        let _ = time::parse_receipt_date(date, 60);
    }
}

/// A time in either form (SMPP 3.4 §7.1.1), now and at the ends of time.
pub(crate) fn smpp_time(octets: &[u8]) {
    for now in [0, 1_795_000_000, i64::MAX, i64::MIN] {
        let _ = time::parse(octets, now);
    }
    let _ = time::parse_receipt_date(octets, i32::MIN);
}

/// A datagram: an accepted message is accepted again as it is written.
pub(crate) fn sip(octets: &[u8]) {
    match sip::parse(&Bytes::copy_from_slice(octets)) {
        Err(refused) => drop(refused.answer.map(|answer| answer.to_bytes())),
        Ok(message) => {
            typed_headers(&message);
            let written = message.to_bytes();
            let again = sip::parse(&written);
            assert!(
                again.is_ok_and(|again| again.to_bytes() == written),
                "a value that was read is written differently"
            );
        }
    }
}

fn typed_headers(message: &Message) {
    let headers = message.headers();
    let _ = (headers.via().map(|via| via.rport()), headers.from(), headers.to(), headers.cseq());
    let _ = (headers.content_type(), headers.max_forwards());
    for name in [Name::Authorization, Name::ProxyAuthorization] {
        headers.all(name).for_each(|value| drop(sip::digest::Credentials::parse(value)));
    }
    for name in [Name::WwwAuthenticate, Name::ProxyAuthenticate] {
        for value in headers.all(name) {
            let _ = (sip::digest::Challenge::parse(value), AuthParams::parse(value));
        }
    }
    for value in headers.elements(Name::Contact) {
        let _ = Contact::parse(value);
    }
    if let Message::Request(request) = message {
        let uri = Uri::parse(&request.uri);
        assert!(uri.is_ok(), "a request without a URI was accepted");
        let mut request: Request = request.clone();
        request.note_source(([192, 0, 2, 1], 5060).into());
        let lifetimes = sip::register::Lifetimes { min_seconds: 60, max_seconds: 3600 };
        let _ = sip::register::Registration::parse(&request, lifetimes);
    }
}

/// A stream: in one piece or octet by octet, the same messages.
pub(crate) fn sip_stream(octets: &[u8]) {
    const OCTETS_MAX: usize = 65_536;
    let take = |stream: &mut Stream, messages: &mut Vec<Bytes>| {
        while let Some(frame) = stream.poll() {
            if let Frame::Message(message) = frame {
                messages.push(message.to_bytes());
            }
        }
    };
    let (mut whole, mut pieces) = (Vec::new(), Vec::new());
    let mut stream = Stream::new(OCTETS_MAX);
    stream.buffer().extend_from_slice(octets);
    take(&mut stream, &mut whole);
    let mut stream = Stream::new(OCTETS_MAX);
    for octet in octets {
        stream.buffer().extend_from_slice(&[*octet]);
        take(&mut stream, &mut pieces);
    }
    assert!(whole == pieces, "how a stream is cut changes its messages");
}

/// A MESSAGE as a submission, with the headers of the SIP link and under both kinds of quirks.
pub(crate) fn sip_link(octets: &[u8]) {
    let Ok(Message::Request(request)) = sip::parse(&Bytes::copy_from_slice(octets)) else { return };
    let all_quirks = Quirks { legacy_dates: true, numeric_coding: true, ..Quirks::default() };
    for quirks in [Quirks::default(), all_quirks] {
        let sender =
            Sender { endpoint: Endpoint::SipPeer("peer".into()), source: None, trusted: true, quirks };
        let rules = Rules { validity_max: Duration::from_secs(7 * 24 * 3600) };
        let _ = read(&request, &sender, rules, |_| None, NOW);
        let _ = gateway_sip::convert::read_receipt(&request, "peer");
        let _ = gateway_sip::convert::notification(&request);
    }
    for (_, _, value) in request.headers.iter() {
        let _ = (dates::read(value, Style::Plain, NOW), dates::read(value, Style::Legacy, NOW));
    }
}

/// An envelope: one that is read is read again as it is written.
pub(crate) fn cpim(octets: &[u8]) {
    let Ok(envelope) = Cpim::parse(&Bytes::copy_from_slice(octets)) else { return };
    let _ = (
        DispositionRequest::of(&envelope),
        envelope.content_type(),
        envelope.not_understood(&[NAMESPACE]).count(),
    );
    let again = Cpim::parse(&envelope.to_bytes());
    assert!(again.is_ok_and(|again| again == envelope), "a value that was read is written differently");
}

/// A disposition notification: one that is read is read again as it is written.
pub(crate) fn imdn(octets: &[u8]) {
    let Ok(imdn) = Imdn::parse(octets) else { return };
    let again = Imdn::parse(imdn.write().as_bytes());
    let same = |again: Imdn| imdn.delivery.is_none() || again.delivery == imdn.delivery;
    assert!(again.is_ok_and(same), "a value that was read is written differently");
}
