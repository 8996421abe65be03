//! Listeners for TCP, TLS and WebSocket connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sip::Transport;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::connections::{ConnectionPermit, Connections};
use super::duplex::Io;
use super::stream::Carrier;
use super::{tls, ws};

/// The deadline of the TLS and WebSocket handshakes.
const SETUP_MAX: Duration = Duration::from_secs(5);

/// Accepts connections until it is aborted.
pub(crate) async fn run(
    connections: Arc<Connections>,
    listener: TcpListener,
    transport: Transport,
    tls: Option<TlsAcceptor>,
) {
    loop {
        let (tcp, source) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // File descriptors are exhausted, or the peer aborted: the next accept may succeed.
                tracing::warn!(%error, "could not accept a connection");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(permit) = connections.admit(source.ip()) else {
            tracing::debug!(%source, "too many connections");
            continue;
        };
        tokio::spawn(serve(connections.clone(), tcp, source, transport, tls.clone(), permit));
    }
}

async fn serve(
    connections: Arc<Connections>,
    tcp: TcpStream,
    source: SocketAddr,
    transport: Transport,
    tls: Option<TlsAcceptor>,
    _permit: ConnectionPermit,
) {
    let carrier = timeout(SETUP_MAX, set_up(connections.octets_max(), tcp, transport, tls)).await;
    match carrier.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(carrier) => connections.run_accepted(source, transport, carrier).await,
        Err(error) => tracing::debug!(%source, %error, "connection did not come up"),
    }
}

async fn set_up(
    octets_max: usize,
    tcp: TcpStream,
    transport: Transport,
    tls: Option<TlsAcceptor>,
) -> io::Result<Carrier> {
    tcp.set_nodelay(true)?;
    let io: Io = match tls {
        Some(acceptor) => Box::new(tls::accept(&acceptor, tcp).await?),
        None => Box::new(tcp),
    };
    if matches!(transport, Transport::Ws | Transport::Wss) {
        return ws::accept(io, octets_max).await.map(|socket| Carrier::WebSocket(Box::new(socket)));
    }
    Ok(Carrier::Octets(io))
}
