//! SIP over WebSocket, subprotocol `sip`: one WebSocket message is one SIP message (RFC 7118).

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::{Message, WebSocketConfig};

use super::duplex::Io;
use super::{Arrival, End, QueueEntry};
use crate::config::Limits;
use crate::transactions::event::Event;

/// The subprotocol's name (RFC 7118 §4.1).
const SUBPROTOCOL: &str = "sip";

/// The deadline for writing one message.
const WRITE_MAX: Duration = Duration::from_secs(10);

/// A WebSocket over any connection.
pub(crate) type Socket = WebSocketStream<Io>;

/// The server's handshake; fails if the client does not offer the subprotocol `sip`.
pub(crate) async fn accept(io: Io, octets_max: usize) -> io::Result<Socket> {
    #[expect(clippy::result_large_err, reason = "the shape is the library's")]
    let choose = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let offered = request.headers().get_all(header::SEC_WEBSOCKET_PROTOCOL);
        let offered = offered.iter().filter_map(|value| value.to_str().ok());
        if offered
            .flat_map(|value| value.split(','))
            .any(|name| name.trim().eq_ignore_ascii_case(SUBPROTOCOL))
        {
            response
                .headers_mut()
                .insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
            return Ok(response);
        }
        let mut refused = ErrorResponse::new(Some("subprotocol sip is needed".to_owned()));
        *refused.status_mut() = StatusCode::BAD_REQUEST;
        Err(refused)
    };
    let config =
        WebSocketConfig::default().max_message_size(Some(octets_max)).max_frame_size(Some(octets_max));
    tokio_tungstenite::accept_hdr_async_with_config(io, choose, Some(config)).await.map_err(io::Error::other)
}

/// The client's handshake with `host`.
pub(crate) async fn connect(io: Io, host: &str) -> io::Result<Socket> {
    let mut request = format!("ws://{host}/").into_client_request().map_err(io::Error::other)?;
    request.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    let (socket, _) = tokio_tungstenite::client_async(request, io).await.map_err(io::Error::other)?;
    Ok(socket)
}

/// Carries messages until either end closes.
pub(crate) async fn run(
    (limits, events): (&Limits, &mpsc::Sender<Event>),
    socket: Socket,
    end: End,
    mut outbox: mpsc::Receiver<QueueEntry>,
) {
    let idle = Duration::from_secs(limits.idle_seconds.into());
    let (mut sink, mut source) = socket.split();
    let reading = async {
        while let Ok(Some(Ok(message))) = timeout(idle, source.next()).await {
            let octets = match message {
                Message::Text(text) => Bytes::from(text),
                Message::Binary(octets) => octets,
                Message::Close(_) => return,
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => continue,
            };
            let arrivals: Vec<Arrival> = vec![sip::parse(&octets)];
            let received =
                Event::Received { id: end.id, source: end.source, transport: end.transport, arrivals };
            if events.send(received).await.is_err() {
                return;
            }
        }
    };
    let writing = async {
        while let Some(outgoing) = outbox.recv().await {
            let octets = match outgoing {
                QueueEntry::Octets(octets) => octets,
                // The sink has written everything queued before.
                QueueEntry::Start(start) => {
                    drop(start);
                    continue;
                }
            };
            // Browsers expect text frames; a message that is not UTF-8 is sent as a binary frame (RFC 7118 §4.2).
            let message = match String::from_utf8(octets.to_vec()) {
                Ok(text) => Message::text(text),
                Err(_) => Message::Binary(octets),
            };
            if !matches!(timeout(WRITE_MAX, sink.send(message)).await, Ok(Ok(()))) {
                return;
            }
        }
        let _ = timeout(WRITE_MAX, sink.close()).await; // the connection is dropped either way
    };
    tokio::select! {
        () = reading => {}
        () = writing => {}
    }
}
