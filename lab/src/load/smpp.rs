//! SMPP load: connections that submit with a window each, and sinks that acknowledge deliveries.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::BytesMut;
use smpp::pdu::{BindKind, DataCoding, RegisteredDelivery, Sm, SmResp};
use smpp::{CommandId, Frame, Framing, Pdu, Status, Tlvs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::pacing::{Connection, merge, run};
use super::{LoadMetrics, Pace, SinkMetrics, stamp};
use crate::esme::{EsmeError, address, connect};

/// The centre to load, and the account that submits.
#[derive(Clone, Debug)]
pub struct Target {
    /// The centre.
    pub centre: SocketAddr,
    /// The account that submits.
    pub system_id: String,
    /// Its password.
    pub password: String,
    /// The prefix of destinations; a number follows that differs from message to message.
    pub destination_prefix: String,
    /// Whether receipts are requested.
    pub receipts: bool,
    /// Whether each text begins with its send time, for a sink that measures.
    pub stamped: bool,
}

/// How many destinations a run spreads over.
const DESTINATIONS: u64 = 1_000_000;
/// A typical text.
const TEXT: &[u8] = b"Your parcel is on its way and arrives tomorrow between 10 and 12. Track it on our site or call us, reference 4711-0815. Thank you for your order!";

/// The text after a timestamp.
const STAMPED_TEXT: &str = "Your parcel is on its way and arrives tomorrow between 10 and 12. Track it on our site or call us, reference 4711-0815.";

/// After the end of a run: how long the last responses may take.
const TAIL: Duration = Duration::from_secs(60);

/// Submits over `connections` connections until the pace is done; then waits for the last responses.
pub async fn submit(
    target: &Target,
    connections: usize,
    pace: Pace,
    sink: &Arc<SinkMetrics>,
) -> Result<LoadMetrics, EsmeError> {
    let kind = if target.receipts { BindKind::Transceiver } else { BindKind::Transmitter };
    let mut tasks = Vec::with_capacity(connections);
    for number in 0..connections {
        let stream = connect(target.centre, kind, &target.system_id, &target.password).await?;
        let submitter = Submitter::new(target, stream, number as u64, pace.window, Arc::clone(sink))?;
        tasks.push(tokio::spawn(run(submitter, pace, connections, TAIL)));
    }
    merge(tasks).await
}

/// Binds a receiver that acknowledges every delivery at once, until its connection ends.
pub async fn sink(
    centre: SocketAddr,
    system_id: &str,
    password: &str,
    metrics: Arc<SinkMetrics>,
) -> Result<(), EsmeError> {
    let mut stream = connect(centre, BindKind::Receiver, system_id, password).await?;
    tokio::spawn(async move {
        let (mut read, mut write) = (BytesMut::with_capacity(256 * 1024), BytesMut::new());
        while matches!(stream.read_buf(&mut read).await, Ok(1..)) {
            let batch = Framing::default().take(&mut read);
            for frame in batch.frames() {
                respond(&frame, &metrics, &mut write);
            }
            if stream.write_all_buf(&mut write).await.is_err() {
                break;
            }
        }
    });
    Ok(())
}

/// Responds to a request of the centre.
fn respond(frame: &Frame<'_>, metrics: &SinkMetrics, write: &mut BytesMut) {
    let sequence = frame.header.sequence_number;
    let resp = match frame.header.command_id {
        CommandId::DELIVER_SM => {
            let is_receipt = matches!(frame.decode(), Ok(Pdu::DeliverSm(sm)) if sm.esm_class.0 & 0x3c != 0);
            let counter = if is_receipt { &metrics.receipts } else { &metrics.messages };
            counter.fetch_add(1, Ordering::Relaxed);
            Pdu::DeliverSmResp(SmResp::new(b""))
        }
        CommandId::ENQUIRE_LINK => Pdu::EnquireLinkResp(Tlvs::NONE),
        _ => return,
    };
    let _ = resp.encode(sequence, Status::ESME_ROK, write); // a fixed form cannot fail
}

/// One connection that submits.
struct Submitter {
    target: Target,
    stream: TcpStream,
    read: BytesMut,
    write: BytesMut,
    sink: Arc<SinkMetrics>,
    metrics: LoadMetrics,
    /// When each unanswered request was sent.
    unanswered: HashMap<u32, Instant>,
    sequence: u32,
    next_destination: u64,
}

impl Submitter {
    fn new(
        target: &Target,
        stream: TcpStream,
        number: u64,
        window: usize,
        sink: Arc<SinkMetrics>,
    ) -> io::Result<Self> {
        Ok(Self {
            target: target.clone(),
            stream,
            read: BytesMut::with_capacity(256 * 1024),
            write: BytesMut::with_capacity(64 * 1024),
            sink,
            metrics: LoadMetrics::new()?,
            unanswered: HashMap::with_capacity(window * 2),
            sequence: 1,
            next_destination: number * 7919,
        })
    }

    fn handle_received(&mut self, end: Instant) {
        let now = Instant::now();
        let batch = Framing::default().take(&mut self.read);
        for frame in batch.frames() {
            if frame.header.command_id != CommandId::SUBMIT_SM_RESP {
                respond(&frame, &self.sink, &mut self.write);
                continue;
            }
            let Some(sent_at) = self.unanswered.remove(&frame.header.sequence_number) else { continue };
            if frame.header.command_status != Status::ESME_ROK {
                self.metrics.refused += 1;
                continue;
            }
            if self.target.receipts {
                self.sink.receipts_due.fetch_add(1, Ordering::Relaxed);
            }
            if now <= end {
                self.metrics.record_accepted(now - sent_at);
            }
        }
    }
}

impl Connection for Submitter {
    type Error = EsmeError;

    fn unanswered(&self) -> usize {
        self.unanswered.len()
    }

    fn send(&mut self, count: usize, now: Instant) -> Result<(), EsmeError> {
        for _ in 0..count {
            self.next_destination = (self.next_destination + 1) % DESTINATIONS;
            let destination = format!("{}{:08}", self.target.destination_prefix, self.next_destination);
            let stamped = self.target.stamped.then(|| stamp::stamped(STAMPED_TEXT));
            let submit = Sm {
                source: address("+4915100000000"),
                destination: address(&destination),
                data_coding: DataCoding(0),
                short_message: stamped.as_deref().map_or(TEXT, str::as_bytes),
                registered_delivery: RegisteredDelivery(u8::from(self.target.receipts)),
                ..Sm::default()
            };
            self.sequence = self.sequence % 0x7fff_ffff + 1;
            Pdu::SubmitSm(submit).encode(self.sequence, Status::ESME_ROK, &mut self.write)?;
            self.unanswered.insert(self.sequence, now);
        }
        Ok(())
    }

    async fn receive(&mut self, wait: Duration, end: Instant) -> Result<(), EsmeError> {
        self.stream.write_all_buf(&mut self.write).await?;
        match tokio::time::timeout(wait, self.stream.read_buf(&mut self.read)).await {
            Err(_elapsed) => {}
            Ok(Ok(1..)) => self.handle_received(end),
            Ok(Ok(_)) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(Err(error)) => return Err(error.into()),
        }
        Ok(())
    }

    /// Whether all responses have arrived, and all receipts over any of the connections.
    fn is_done(&self) -> bool {
        let receipts = self.sink.receipts.load(Ordering::Relaxed);
        self.unanswered.is_empty() && receipts >= self.sink.receipts_due.load(Ordering::Relaxed)
    }

    fn into_metrics(self) -> LoadMetrics {
        self.metrics
    }
}
