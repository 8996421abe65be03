//! One connection: a reader and a writer, over TCP or TLS (RFC 3261 §18.3) or a WebSocket.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sip::Transport;
use sip::stream::{Frame, PONG, Stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::connections::{Carrier, Io};
use super::{Arrival, ConnectionId, Event, Outgoing, ws};
use crate::site::Site;

/// Messages that may wait for a connection to take them; one more closes it.
const OUTBOX_MAX: usize = 2048;

/// How long a connection may take to take what is written.
const WRITE_MAX: Duration = Duration::from_secs(10);

/// One end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) id: ConnectionId,
    /// The other end.
    pub(crate) source: SocketAddr,
    pub(crate) transport: Transport,
    /// Whether we opened it: then nobody has to prove anything on it.
    pub(crate) dialled: bool,
}

/// A connection that the element knows and that waits to be run.
pub(crate) struct Ready {
    end: End,
    /// For answers to keep-alives; the element alone keeps the connection open.
    writer: mpsc::WeakSender<Outgoing>,
    outbox: mpsc::Receiver<Outgoing>,
    proof: oneshot::Receiver<()>,
}

/// The gateway is shutting down.
pub(crate) struct Gone;

/// Makes a connection known to the element.
pub(crate) async fn open(site: &Site, end: End) -> Result<Ready, Gone> {
    let (writer, outbox) = mpsc::channel(OUTBOX_MAX);
    let (proven, proof) = oneshot::channel();
    let ready = Ready { end, writer: writer.downgrade(), outbox, proof };
    site.events.send(Event::Opened { id: end.id, writer, proven }).await.map_err(|_| Gone)?;
    Ok(ready)
}

impl Ready {
    /// Carries messages until either end closes, then tells the element.
    pub(crate) async fn run(self, site: &Site, carrier: Carrier) {
        let Self { end, writer, outbox, proof } = self;
        let unproven = Duration::from_secs(site.config.limits.unproven_seconds.into());
        let carried = async {
            match carrier {
                Carrier::Octets(io) => {
                    let (reader, sink) = tokio::io::split(io);
                    tokio::select! {
                        () = read(site, reader, end, writer) => {}
                        () = write(sink, outbox) => {}
                    }
                }
                Carrier::WebSocket(socket) => ws::run(site, *socket, end, outbox).await,
            }
        };
        tokio::select! {
            () = carried => {}
            () = too_long_unproven(proof, unproven), if !end.dialled => {
                tracing::debug!(source = %end.source, "closed a connection that proved nothing");
            }
        }
        let _gone = site.events.send(Event::Closed(end.id)).await; // the element may be gone
    }
}

/// Ends only if nobody proved who it is in time.
async fn too_long_unproven(proof: oneshot::Receiver<()>, unproven: Duration) {
    if timeout(unproven, proof).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

async fn read(site: &Site, mut reader: ReadHalf<Io>, end: End, writer: mpsc::WeakSender<Outgoing>) {
    let limits = &site.config.limits;
    let mut stream = Stream::new(usize::try_from(limits.message_octets_max).unwrap_or(usize::MAX));
    let idle = Duration::from_secs(limits.idle_seconds.into());
    while let Ok(Ok(1..)) = timeout(idle, reader.read_buf(stream.buffer())).await {
        let mut arrivals: Vec<Arrival> = Vec::new();
        while let Some(frame) = stream.poll() {
            match frame {
                Frame::Message(message) => arrivals.push(Ok(message)),
                Frame::Refused(refused) => arrivals.push(Err(refused)),
                Frame::Pong => {}
                Frame::Ping => {
                    let pong = Outgoing::Octets(Bytes::from_static(PONG));
                    let answered = writer.upgrade().map(|writer| writer.try_send(pong));
                    if !matches!(answered, Some(Ok(()))) {
                        return;
                    }
                }
            }
        }
        let End { id, source, transport, .. } = end;
        let received = Event::Received { id, source, transport, arrivals };
        if site.events.send(received).await.is_err() || stream.is_broken() {
            break;
        }
    }
    if stream.is_broken() {
        // The refusal is on its way; what follows on this stream means nothing.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Writes everything that waits in one go, and then lets messages go whose answers were in it.
async fn write(mut sink: WriteHalf<Io>, mut outbox: mpsc::Receiver<Outgoing>) {
    let mut waiting = Vec::with_capacity(64);
    let mut starts = Vec::new();
    let mut octets = BytesMut::new();
    while outbox.recv_many(&mut waiting, 64).await > 0 {
        octets.clear();
        for outgoing in waiting.drain(..) {
            match outgoing {
                Outgoing::Octets(message) => octets.extend_from_slice(&message),
                Outgoing::Start(start) => starts.push(start),
            }
        }
        let written = timeout(WRITE_MAX, async {
            sink.write_all(&octets).await?;
            sink.flush().await
        });
        if !matches!(written.await, Ok(Ok(()))) {
            return;
        }
        starts.clear();
    }
    let _closed = timeout(WRITE_MAX, sink.shutdown()).await; // it is closed either way
}
