//! SMPP load: many connections with a window each, and sinks that answer at once.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use smpp::pdu::{BindKind, DataCoding, RegisteredDelivery, Sm, SmResp};
use smpp::{CommandId, Frame, Framing, Pdu, Status, Tlvs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::{Outcome, Pace, stamp};
use crate::esme::{EsmeError, address, connect};

/// Whom to load, and as whom.
#[derive(Clone, Debug)]
pub struct Target {
    /// The centre.
    pub centre: SocketAddr,
    /// The account that submits.
    pub system_id: String,
    /// Its password.
    pub password: String,
    /// Destinations begin so; a number follows that differs from message to message.
    pub destination_prefix: String,
    /// Whether receipts are asked for.
    pub receipts: bool,
    /// Whether each text says when it was sent, for a sink that measures.
    pub stamped: bool,
}

/// How many destinations a run spreads over.
const DESTINATIONS: u64 = 1_000_000;
/// A usual text.
const TEXT: &[u8] = b"Your parcel is on its way and arrives tomorrow between 10 and 12. Track it on our site or call us, reference 4711-0815. Thank you for your order!";

/// What follows a stamp.
const STAMPED_TEXT: &str = "Your parcel is on its way and arrives tomorrow between 10 and 12. Track it on our site or call us, reference 4711-0815.";

/// What sinks have seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// Messages delivered.
    pub messages: AtomicU64,
    /// Receipts delivered.
    pub receipts: AtomicU64,
    /// Receipts that are owed: messages accepted with a receipt asked for.
    owed: AtomicU64,
}

/// Submits over `connections` connections until the pace is done; then waits for the last answers.
pub async fn submit(
    target: &Target,
    connections: usize,
    pace: Pace,
    seen: &Arc<Seen>,
) -> Result<Outcome, EsmeError> {
    let kind = if target.receipts { BindKind::Transceiver } else { BindKind::Transmitter };
    let mut tasks = Vec::with_capacity(connections);
    for number in 0..connections {
        let stream = connect(target.centre, kind, &target.system_id, &target.password).await?;
        let submitter = Submitter::new(target, number as u64, connections, pace, Arc::clone(seen))?;
        tasks.push(tokio::spawn(submitter.run(stream)));
    }
    let mut all = Outcome::new()?;
    for task in tasks {
        all.merge(&task.await.map_err(io::Error::other)??);
    }
    Ok(all)
}

/// Binds a receiver that answers every delivery at once, until its connection ends.
pub async fn sink(
    centre: SocketAddr,
    system_id: &str,
    password: &str,
    seen: Arc<Seen>,
) -> Result<(), EsmeError> {
    let mut stream = connect(centre, BindKind::Receiver, system_id, password).await?;
    tokio::spawn(async move {
        let (mut read, mut write) = (BytesMut::with_capacity(256 * 1024), BytesMut::new());
        while matches!(stream.read_buf(&mut read).await, Ok(1..)) {
            let batch = Framing::default().take(&mut read);
            for frame in batch.frames() {
                answer(&frame, &seen, &mut write);
            }
            if stream.write_all_buf(&mut write).await.is_err() {
                break;
            }
        }
    });
    Ok(())
}

/// Answers a request of the centre.
fn answer(frame: &Frame<'_>, seen: &Seen, write: &mut BytesMut) {
    let sequence = frame.header.sequence_number;
    let resp = match frame.header.command_id {
        CommandId::DELIVER_SM => {
            let is_receipt = matches!(frame.decode(), Ok(Pdu::DeliverSm(sm)) if sm.esm_class.0 & 0x3c != 0);
            let counter = if is_receipt { &seen.receipts } else { &seen.messages };
            counter.fetch_add(1, Ordering::Relaxed);
            Pdu::DeliverSmResp(SmResp::new(b""))
        }
        CommandId::ENQUIRE_LINK => Pdu::EnquireLinkResp(Tlvs::NONE),
        _ => return,
    };
    let _fixed_form_always_fits = resp.encode(sequence, Status::ESME_ROK, write);
}

struct Submitter {
    target: Target,
    pace: Pace,
    connections: usize,
    seen: Arc<Seen>,
    outcome: Outcome,
    /// When each unanswered request was sent.
    open: HashMap<u32, Instant>,
    sequence: u32,
    sent: u64,
    next_destination: u64,
}

/// After the end of a run: how long the last answers may take.
const TAIL: Duration = Duration::from_secs(60);

impl Submitter {
    fn new(
        target: &Target,
        number: u64,
        connections: usize,
        pace: Pace,
        seen: Arc<Seen>,
    ) -> io::Result<Self> {
        Ok(Self {
            target: target.clone(),
            pace,
            connections,
            seen,
            outcome: Outcome::new()?,
            open: HashMap::with_capacity(pace.window * 2),
            sequence: 1,
            sent: 0,
            next_destination: number * 7919,
        })
    }

    async fn run(mut self, mut stream: TcpStream) -> Result<Outcome, EsmeError> {
        let (mut read, mut write) = (BytesMut::with_capacity(256 * 1024), BytesMut::with_capacity(64 * 1024));
        let began = now();
        let end = began + self.pace.lasts;
        loop {
            let moment = now();
            if moment < end {
                self.fill(moment - began, moment, &mut write)?;
            } else if self.is_done() || moment > end + TAIL {
                self.outcome.took = self.pace.lasts;
                return Ok(self.outcome);
            }
            stream.write_all_buf(&mut write).await?;
            // With a rate to keep, look at the clock every millisecond; else answers set the pace.
            let wait = if self.pace.per_second.is_some() {
                Duration::from_millis(1)
            } else {
                Duration::from_millis(100)
            };
            match tokio::time::timeout(wait, stream.read_buf(&mut read)).await {
                Err(_elapsed) => continue,
                Ok(Ok(1..)) => self.take(&mut read, &mut write, end),
                Ok(Ok(_)) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(Err(error)) => return Err(error.into()),
            }
        }
    }

    /// Whether every answer has come, and every receipt over any of the connections.
    fn is_done(&self) -> bool {
        let receipts = self.seen.receipts.load(Ordering::Relaxed);
        self.open.is_empty() && receipts >= self.seen.owed.load(Ordering::Relaxed)
    }

    /// Writes requests until the window is full or the pace is kept.
    fn fill(&mut self, elapsed: Duration, moment: Instant, write: &mut BytesMut) -> Result<(), smpp::Error> {
        let owed = self.pace.owed(elapsed, self.connections);
        while self.open.len() < self.pace.window && self.sent < owed {
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
            Pdu::SubmitSm(submit).encode(self.sequence, Status::ESME_ROK, write)?;
            self.open.insert(self.sequence, moment);
            self.sent += 1;
        }
        Ok(())
    }

    fn take(&mut self, read: &mut BytesMut, write: &mut BytesMut, end: Instant) {
        let moment = now();
        let batch = Framing::default().take(read);
        for frame in batch.frames() {
            if frame.header.command_id != CommandId::SUBMIT_SM_RESP {
                answer(&frame, &self.seen, write);
                continue;
            }
            let Some(sent_at) = self.open.remove(&frame.header.sequence_number) else { continue };
            if frame.header.command_status != Status::ESME_ROK {
                self.outcome.refused += 1;
                continue;
            }
            if self.target.receipts {
                self.seen.owed.fetch_add(1, Ordering::Relaxed);
            }
            if moment <= end {
                self.outcome.accepted += 1;
                let micros = u64::try_from((moment - sent_at).as_micros()).unwrap_or(u64::MAX);
                self.outcome.note_latency(micros);
            }
        }
    }
}

fn now() -> Instant {
    Instant::now()
}
