//! A simulated ESME: binds, submits, and receives deliveries.
//!
//! For scripts and demonstrations; [`crate::load`] has the load generator.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::BytesMut;
use smpp::pdu::{Address, Bind, BindKind, DataCoding, Npi, RegisteredDelivery, Sm, SmResp, Ton};
use smpp::receipt::ReceivedReceipt;
use smpp::{CommandId, Framing, MessageState, Pdu, Status, Tlvs};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

/// How long a response may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Deliveries that may be queued.
const INBOX: usize = 10_000;

/// A bound ESME. Dropping it closes its connection.
#[derive(Debug)]
pub struct Esme {
    requests: mpsc::Sender<Request>,
    inbox: mpsc::Receiver<Delivery>,
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum EsmeError {
    /// The connection failed or was closed.
    #[error("connection: {0}")]
    Connection(#[from] io::Error),
    /// The centre answered with this command_status.
    #[error("the centre answered {0:?}")]
    Refused(Status),
    /// No response arrived within ten seconds.
    #[error("no answer in time")]
    Timeout,
    /// The request has no form in SMPP.
    #[error("cannot be written: {0}")]
    Unwritable(#[from] smpp::Error),
}

/// A message to submit.
#[derive(Clone, Debug, Default)]
pub struct Outgoing<'a> {
    /// The sender, digits; international if it begins with `+`.
    pub source: &'a str,
    /// The destination, digits; international if it begins with `+`.
    pub destination: &'a str,
    /// data_coding.
    pub data_coding: u8,
    /// short_message.
    pub short_message: &'a [u8],
    /// registered_delivery.
    pub registered_delivery: u8,
}

/// A delivery of the centre.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The sender's digits.
    pub source: String,
    /// The destination's digits.
    pub destination: String,
    /// data_coding.
    pub data_coding: u8,
    /// short_message or message_payload.
    pub short_message: Vec<u8>,
    /// The receipt, if it is one.
    pub receipt: Option<Receipt>,
}

/// A receipt.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The message it is about.
    pub message_id: String,
    /// The state of that message, if the receipt has it.
    pub state: Option<MessageState>,
}

struct Request {
    pdu: BytesMut,
    response: oneshot::Sender<(Status, Vec<u8>)>,
}

impl Esme {
    /// Connects and binds.
    pub async fn bind(
        centre: SocketAddr,
        kind: BindKind,
        system_id: &str,
        password: &str,
    ) -> Result<Self, EsmeError> {
        let stream = connect(centre, kind, system_id, password).await?;
        let (requests, outgoing) = mpsc::channel(1000);
        let (deliveries, inbox) = mpsc::channel(INBOX);
        tokio::spawn(run(stream, outgoing, deliveries));
        Ok(Self { requests, inbox })
    }

    /// Submits one message; returns the centre's message id.
    pub async fn submit(&self, outgoing: &Outgoing<'_>) -> Result<String, EsmeError> {
        let mut pdu = BytesMut::new();
        let submit = Sm {
            source: address(outgoing.source),
            destination: address(outgoing.destination),
            data_coding: DataCoding(outgoing.data_coding),
            short_message: outgoing.short_message,
            registered_delivery: RegisteredDelivery(outgoing.registered_delivery),
            ..Sm::default()
        };
        Pdu::SubmitSm(submit).encode(1, Status::ESME_ROK, &mut pdu)?;
        let (sender, response) = oneshot::channel();
        let gone = || EsmeError::Connection(io::ErrorKind::ConnectionAborted.into());
        self.requests.send(Request { pdu, response: sender }).await.map_err(|_| gone())?;
        let response = tokio::time::timeout(TIMEOUT, response).await.map_err(|_| EsmeError::Timeout)?;
        match response.map_err(|_| gone())? {
            (Status::ESME_ROK, id) => Ok(String::from_utf8_lossy(&id).into_owned()),
            (status, _) => Err(EsmeError::Refused(status)),
        }
    }

    /// The next delivery; `None` when the connection has ended.
    pub async fn next(&mut self) -> Option<Delivery> {
        self.inbox.recv().await
    }
}

/// Connects and binds, and returns the bound connection.
pub(crate) async fn connect(
    centre: SocketAddr,
    kind: BindKind,
    system_id: &str,
    password: &str,
) -> Result<TcpStream, EsmeError> {
    let mut stream = TcpStream::connect(centre).await?;
    stream.set_nodelay(true)?;
    let mut out = BytesMut::new();
    let bind = Bind {
        kind,
        system_id: system_id.as_bytes(),
        password: password.as_bytes(),
        system_type: b"",
        interface_version: 0x34,
        addr_ton: Ton::UNKNOWN,
        addr_npi: Npi::UNKNOWN,
        address_range: b"",
        tlvs: Tlvs::NONE,
    };
    Pdu::Bind(bind).encode(1, Status::ESME_ROK, &mut out)?;
    stream.write_all(&out).await?;
    let status = tokio::time::timeout(TIMEOUT, read_status(&mut stream));
    match status.await.map_err(|_| EsmeError::Timeout)?? {
        Status::ESME_ROK => Ok(stream),
        refused => Err(EsmeError::Refused(refused)),
    }
}

/// Reads one PDU and no octet more, since deliveries may follow at once; returns its command_status.
async fn read_status(stream: &mut TcpStream) -> io::Result<Status> {
    let [command_length, _, command_status, _] = [
        stream.read_u32().await?,
        stream.read_u32().await?,
        stream.read_u32().await?,
        stream.read_u32().await?,
    ];
    let body = command_length.saturating_sub(16).into();
    tokio::io::copy(&mut stream.take(body), &mut tokio::io::sink()).await?;
    Ok(Status(command_status))
}

/// An address in the usual notation.
pub(crate) fn address(text: &str) -> Address<'_> {
    match text.strip_prefix('+') {
        Some(digits) => Address { ton: Ton::INTERNATIONAL, npi: Npi::ISDN, addr: digits.as_bytes() },
        None => Address { ton: Ton::UNKNOWN, npi: Npi::ISDN, addr: text.as_bytes() },
    }
}

async fn run(mut stream: TcpStream, mut outgoing: mpsc::Receiver<Request>, inbox: mpsc::Sender<Delivery>) {
    let mut pending: HashMap<u32, oneshot::Sender<(Status, Vec<u8>)>> = HashMap::new();
    let mut sequence = 1_u32;
    let (mut read, mut write) = (BytesMut::with_capacity(64 * 1024), BytesMut::new());
    loop {
        tokio::select! {
            request = outgoing.recv() => {
                let Some(Request { mut pdu, response }) = request else { return };
                sequence = sequence % 0x7fff_ffff + 1;
                if let Some(field) = pdu.get_mut(12..16) {
                    field.copy_from_slice(&sequence.to_be_bytes());
                }
                write.extend_from_slice(&pdu);
                pending.insert(sequence, response);
            }
            octets = stream.read_buf(&mut read) => {
                if !matches!(octets, Ok(1..)) {
                    return;
                }
                let batch = Framing::default().take(&mut read);
                for frame in batch.frames() {
                    let sequence = frame.header.sequence_number;
                    match (frame.header.command_id, frame.decode()) {
                        (_, Ok(Pdu::DeliverSm(sm))) => {
                            let _ = inbox.try_send(delivery(&sm)); // dropped when full
                            let resp = Pdu::DeliverSmResp(SmResp::new(b""));
                            if resp.encode(sequence, Status::ESME_ROK, &mut write).is_err() {
                                return;
                            }
                        }
                        (_, Ok(Pdu::EnquireLink(_))) => {
                            let resp = Pdu::EnquireLinkResp(Tlvs::NONE);
                            if resp.encode(sequence, Status::ESME_ROK, &mut write).is_err() {
                                return;
                            }
                        }
                        (_, Ok(Pdu::Unbind(_))) => {
                            let resp = Pdu::UnbindResp(Tlvs::NONE);
                            if resp.encode(sequence, Status::ESME_ROK, &mut write).is_err() {
                                return;
                            }
                        }
                        (CommandId::SUBMIT_SM_RESP | CommandId::GENERIC_NACK, decoded) => {
                            let id = match decoded {
                                Ok(Pdu::SubmitSmResp(resp)) => resp.message_id.unwrap_or_default().to_vec(),
                                _ => Vec::new(),
                            };
                            if let Some(response) = pending.remove(&sequence) {
                                // The request may have timed out.
                                let _ = response.send((frame.header.command_status, id));
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        if stream.write_all_buf(&mut write).await.is_err() {
            return;
        }
    }
}

fn delivery(sm: &Sm<'_>) -> Delivery {
    let receipt = ReceivedReceipt::from_deliver_sm(sm).and_then(|receipt| {
        let message_id = String::from_utf8_lossy(receipt.id?).into_owned();
        Some(Receipt { message_id, state: receipt.state() })
    });
    Delivery {
        source: String::from_utf8_lossy(sm.source.addr).into_owned(),
        destination: String::from_utf8_lossy(sm.destination.addr).into_owned(),
        data_coding: sm.data_coding.0,
        short_message: sm.user_data().to_vec(),
        receipt,
    }
}
