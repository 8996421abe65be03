//! A connection over TCP, TLS (RFC 3261 §18.3) or WebSocket: its reader and writer.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use sip::stream::{Frame, PONG, Stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::duplex::Io;
use super::{Arrival, End, QueueEntry, ws};
use crate::config::Limits;
use crate::transactions::event::Event;

/// Messages in the send queue of a connection; one more closes it.
const OUTBOX_MAX: usize = 2048;

/// The deadline for one write.
const WRITE_MAX: Duration = Duration::from_secs(10);

/// What carries the messages of a connection: octets, or a WebSocket over them.
pub(crate) enum Carrier {
    Octets(Io),
    WebSocket(Box<ws::Socket>),
}

/// A connection that is registered with the transaction task.
pub(crate) struct Connection {
    end: End,
    /// For responses to keep-alives; weak, since the transaction task closes the connection by
    /// dropping the sender.
    writer: mpsc::WeakSender<QueueEntry>,
    outbox: mpsc::Receiver<QueueEntry>,
    authenticated: oneshot::Receiver<()>,
}

/// The transaction task has ended, since the gateway is shutting down.
pub(crate) struct ShutdownError;

/// Registers a connection with the transaction task.
pub(crate) async fn open(events: &mpsc::Sender<Event>, end: End) -> Result<Connection, ShutdownError> {
    let (writer, outbox) = mpsc::channel(OUTBOX_MAX);
    let (sender, authenticated) = oneshot::channel();
    let connection = Connection { end, writer: writer.downgrade(), outbox, authenticated };
    let opened = Event::Opened { id: end.id, writer, authenticated: sender };
    events.send(opened).await.map_err(|_| ShutdownError)?;
    Ok(connection)
}

impl Connection {
    /// Carries messages until either end closes, then unregisters the connection.
    pub(crate) async fn run(self, limits: &Limits, events: &mpsc::Sender<Event>, carrier: Carrier) {
        let Self { end, writer, outbox, authenticated } = self;
        let deadline = Duration::from_secs(limits.unproven_seconds.into());
        let carried = async {
            match carrier {
                Carrier::Octets(io) => {
                    let (reader, sink) = tokio::io::split(io);
                    tokio::select! {
                        () = read((limits, events), reader, end, writer) => {}
                        () = write(sink, outbox) => {}
                    }
                }
                Carrier::WebSocket(socket) => ws::run((limits, events), *socket, end, outbox).await,
            }
        };
        tokio::select! {
            () = carried => {}
            () = unauthenticated_until(deadline, authenticated), if !end.dialled => {
                tracing::debug!(source = %end.source, "closed a connection without authenticated requests");
            }
        }
        let _ = events.send(Event::Closed(end.id)).await; // fails after the transaction task has ended
    }
}

/// Completes only if no request on the connection was authenticated before the deadline.
async fn unauthenticated_until(deadline: Duration, authenticated: oneshot::Receiver<()>) {
    if timeout(deadline, authenticated).await.is_ok() {
        std::future::pending::<()>().await;
    }
}

async fn read(
    (limits, events): (&Limits, &mpsc::Sender<Event>),
    mut reader: ReadHalf<Io>,
    end: End,
    writer: mpsc::WeakSender<QueueEntry>,
) {
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
                    let pong = QueueEntry::Octets(Bytes::from_static(PONG));
                    let answered = writer.upgrade().map(|writer| writer.try_send(pong));
                    if !matches!(answered, Some(Ok(()))) {
                        return;
                    }
                }
            }
        }
        let End { id, source, transport, .. } = end;
        let received = Event::Received { id, source, transport, arrivals };
        if events.send(received).await.is_err() || stream.is_broken() {
            break;
        }
    }
    if stream.is_broken() {
        // Leaves time to write the refusal; octets after the parse error cannot be framed.
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Writes the whole queue at once, then starts the delivery of the messages of which the responses were written.
async fn write(mut sink: WriteHalf<Io>, mut outbox: mpsc::Receiver<QueueEntry>) {
    let mut queued = Vec::with_capacity(64);
    let mut starts = Vec::new();
    let mut octets = BytesMut::new();
    while outbox.recv_many(&mut queued, 64).await > 0 {
        octets.clear();
        for outgoing in queued.drain(..) {
            match outgoing {
                QueueEntry::Octets(message) => octets.extend_from_slice(&message),
                QueueEntry::Start(start) => starts.push(start),
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
    let _ = timeout(WRITE_MAX, sink.shutdown()).await; // the connection is dropped either way
}
