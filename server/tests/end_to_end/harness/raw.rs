//! A connection that sends given octets, right or wrong.

use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use smpp::pdu::{Address, Bind, BindKind, Npi, Sm, Ton};
use smpp::{CommandId, Framing, Header, Pdu, Status, Tlvs};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::PATIENCE;

/// A TCP connection to the SMPP listener.
pub(crate) struct Raw {
    stream: TcpStream,
    read: BytesMut,
}

impl Raw {
    pub(crate) async fn connect(centre: SocketAddr) -> Self {
        let stream = TcpStream::connect(centre).await.expect("the centre listens");
        Self { stream, read: BytesMut::new() }
    }

    /// Connects and binds as a transceiver.
    pub(crate) async fn bind(centre: SocketAddr, system_id: &str, password: &str) -> Self {
        let mut raw = Self::connect(centre).await;
        let bind = Bind {
            kind: BindKind::Transceiver,
            system_id: system_id.as_bytes(),
            password: password.as_bytes(),
            system_type: b"",
            interface_version: 0x34,
            addr_ton: Ton::UNKNOWN,
            addr_npi: Npi::UNKNOWN,
            address_range: b"",
            tlvs: Tlvs::NONE,
        };
        raw.say(&encoded(&Pdu::Bind(bind), 1)).await;
        assert_eq!(raw.answer().await.map(|(_, status)| status), Some(Status::ESME_ROK));
        raw
    }

    /// Writes octets; a peer that has hung up is no failure.
    pub(crate) async fn say(&mut self, octets: &[u8]) {
        let _hung_up = self.stream.write_all(octets).await;
    }

    /// The header of the next PDU, or `None` when the peer hangs up.
    pub(crate) async fn answer(&mut self) -> Option<(CommandId, Status)> {
        loop {
            let batch = Framing::default().take(&mut self.read);
            let mut frames = batch.frames();
            if let Some(frame) = frames.next() {
                assert!(frames.next().is_none(), "one answer at a time");
                return Some((frame.header.command_id, frame.header.command_status));
            }
            let read =
                timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await.expect("an answer in time");
            if !matches!(read, Ok(1..)) {
                return None;
            }
        }
    }

    /// The next PDU.
    pub(crate) async fn pdu(&mut self) -> (Header, Bytes) {
        loop {
            let batch = Framing::default().take(&mut self.read);
            let mut frames = batch.frames();
            if let Some(frame) = frames.next() {
                assert!(frames.next().is_none(), "one PDU at a time");
                return (frame.header, frame.bytes_of(frame.body()));
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await.expect("a PDU in time");
            assert!(matches!(read, Ok(1..)), "the centre hung up");
        }
    }

    /// Reads until the centre has answered `count` requests; returns their statuses.
    pub(crate) async fn answers(&mut self, count: usize) -> Vec<Status> {
        let mut statuses = Vec::new();
        while statuses.len() < count {
            let batch = Framing::default().take(&mut self.read);
            statuses.extend(batch.frames().map(|frame| frame.header.command_status));
            if statuses.len() < count {
                let read = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
                assert!(matches!(read, Ok(Ok(1..))), "{} of {count} answers came", statuses.len());
            }
        }
        statuses
    }
}

/// A submit_sm as it goes on the wire.
pub(crate) fn submit(destination: &str, text: &[u8], sequence: u32) -> Vec<u8> {
    let digits =
        |text: &'static str| Address { ton: Ton::INTERNATIONAL, npi: Npi::ISDN, addr: text.as_bytes() };
    let sm = Sm {
        source: digits("4915100000000"),
        destination: Address {
            ton: Ton::INTERNATIONAL,
            npi: Npi::ISDN,
            addr: destination.trim_start_matches('+').as_bytes(),
        },
        short_message: text,
        ..Sm::default()
    };
    encoded(&Pdu::SubmitSm(sm), sequence)
}

/// A PDU as it goes on the wire.
pub(crate) fn encoded(pdu: &Pdu<'_>, sequence: u32) -> Vec<u8> {
    let mut octets = BytesMut::new();
    pdu.encode(sequence, Status::ESME_ROK, &mut octets).expect("it has a form");
    octets.to_vec()
}
