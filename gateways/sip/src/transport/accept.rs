//! Listeners for connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sip::Transport;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::connections::{Carrier, Io, Place};
use super::{stream, tls, ws};
use crate::site::Site;

/// How long TLS and WebSocket may take to come up.
const SETUP_MAX: Duration = Duration::from_secs(5);

/// Accepts connections until it is aborted.
pub(crate) async fn run(
    site: Arc<Site>,
    listener: TcpListener,
    transport: Transport,
    tls: Option<TlsAcceptor>,
) {
    loop {
        let (tcp, source) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // No descriptor is left, or the peer gave up: the next one may do better.
                tracing::warn!(%error, "could not accept a connection");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(place) = site.connections.admit(&site, source.ip()) else {
            tracing::debug!(%source, "too many connections");
            continue;
        };
        tokio::spawn(serve(site.clone(), tcp, source, transport, tls.clone(), place));
    }
}

async fn serve(
    site: Arc<Site>,
    tcp: TcpStream,
    source: SocketAddr,
    transport: Transport,
    tls: Option<TlsAcceptor>,
    _place: Place,
) {
    let carrier = timeout(SETUP_MAX, set_up(&site, tcp, transport, tls)).await;
    let carrier = match carrier.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(carrier) => carrier,
        Err(error) => return tracing::debug!(%source, %error, "connection did not come up"),
    };
    let end = stream::End { id: site.connections.name(), source, transport, dialled: false };
    if let Ok(ready) = stream::open(&site, end).await {
        ready.run(&site, carrier).await;
    }
}

async fn set_up(
    site: &Site,
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
        let octets_max = usize::try_from(site.config.limits.message_octets_max).unwrap_or(usize::MAX);
        return ws::accept(io, octets_max).await.map(|socket| Carrier::WebSocket(Box::new(socket)));
    }
    Ok(Carrier::Octets(io))
}
