//! The SMPP server: opens the listeners, accepts connections and starts their tasks.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tracing::{debug, info, warn};

use crate::bind::handshake::Handshake;
use crate::bind::login::Failures;
use crate::bind::{BoundSession, PendingBind};
use crate::config::{Listener, SmppConfig};
use crate::metrics::SessionInfo;
use crate::peer::Peer;
use crate::pool::{PoolMembership, SessionHandle};
use crate::session::{self, SessionParts};
use crate::state::GatewayState;
use crate::stream::Stream;
use crate::{Error, tls};

/// The pause after the system refused a new connection (no descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The state that all listeners share: unbound connections and failed binds.
struct Server {
    shared: Arc<GatewayState>,
    unbound_max: u16,
    unbound: Mutex<HashMap<IpAddr, u16>>,
    failures: Mutex<Failures>,
}

/// Opens every listener, then serves them. Nothing is served if one cannot be opened.
pub(crate) fn start(shared: &Arc<GatewayState>, config: &SmppConfig) -> Result<Vec<SocketAddr>, Error> {
    let opened: Vec<_> = config.listeners.iter().map(open).collect::<Result<_, Error>>()?;
    let addresses = opened.iter().map(|(listener, _)| listener.local_addr());
    let addresses: Result<Vec<SocketAddr>, _> = addresses.collect();
    let addresses = addresses.map_err(|source| {
        let address =
            config.listeners.first().map_or_else(|| Listener::default().address, |first| first.address);
        Error::Listen { address, source }
    })?;
    let server = Arc::new(Server {
        shared: shared.clone(),
        unbound_max: config.unbound_per_address_max,
        unbound: Mutex::default(),
        failures: Mutex::default(),
    });
    for (listener, acceptor) in opened {
        tokio::spawn(serve(server.clone(), listener, acceptor));
    }
    Ok(addresses)
}

fn open(config: &Listener) -> Result<(TcpListener, Option<TlsAcceptor>), Error> {
    let acceptor = config.tls.as_ref().map(tls::acceptor).transpose()?;
    let failed = |source| Error::Listen { address: config.address, source };
    let domain = socket2::Domain::for_address(config.address);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None).map_err(failed)?;
    socket.set_reuse_address(true).map_err(failed)?;
    socket.set_nonblocking(true).map_err(failed)?;
    socket.bind(&config.address.into()).map_err(failed)?;
    socket.listen(1024).map_err(failed)?;
    Ok((TcpListener::from_std(socket.into()).map_err(failed)?, acceptor))
}

async fn serve(server: Arc<Server>, listener: TcpListener, acceptor: Option<TlsAcceptor>) {
    let mut stopping = server.shared.stopping.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        match accepted {
            Ok((stream, address)) => {
                server.shared.metrics.connections.add(1);
                let Some(place) = UnboundPermit::take(&server, address.ip()) else {
                    server.shared.metrics.connections_refused.add(1);
                    continue;
                };
                tokio::spawn(connection(server.clone(), stream, address, acceptor.clone(), place));
            }
            Err(error) => {
                warn!(%error, "cannot take a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A place among the unbound connections of one address; dropping it gives it back.
struct UnboundPermit {
    server: Arc<Server>,
    address: IpAddr,
}

impl UnboundPermit {
    fn take(server: &Arc<Server>, address: IpAddr) -> Option<Self> {
        let mut unbound = server.unbound.lock();
        let count = unbound.entry(address).or_insert(0);
        if *count >= server.unbound_max {
            return None;
        }
        *count += 1;
        Some(Self { server: server.clone(), address })
    }
}

impl Drop for UnboundPermit {
    fn drop(&mut self) {
        let mut unbound = self.server.unbound.lock();
        if let Some(count) = unbound.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                unbound.remove(&self.address);
            }
        }
    }
}

async fn connection(
    server: Arc<Server>,
    stream: TcpStream,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    place: UnboundPermit,
) {
    let _ = stream.set_nodelay(true); // fails if the connection is closed; the next read fails too
    let is_tls = acceptor.is_some();
    let binding = async {
        let stream = match acceptor {
            Some(acceptor) => Stream::Tls(Box::new(acceptor.accept(stream).await.ok()?.into())),
            None => Stream::Plain(stream),
        };
        PendingBind {
            shared: &server.shared,
            failures: &server.failures,
            handshake: Handshake::new(stream),
            address: address.ip(),
        }
        .bind()
        .await
    };
    let bound = timeout(server.shared.bind_timeout, binding).await;
    drop(place);
    let Ok(Some(bound)) = bound else {
        debug!(%address, "no bind");
        return;
    };
    serve_session(server.shared.clone(), bound, address, is_tls).await;
}

async fn serve_session(shared: Arc<GatewayState>, bound: BoundSession, peer: SocketAddr, tls: bool) {
    let BoundSession { handshake, session, account, kind, permit } = bound;
    let Handshake { stream, inbox } = handshake;
    let window = account.settings.load().config.delivery_window;
    let info = SessionInfo {
        endpoint: account.pool.endpoint().clone(),
        via: compact_str::format_compact!("{}@{peer}", account.pool.endpoint()),
        peer,
        kind,
        version: session.version(),
        tls,
        bound_at: (shared.clock)(),
        open: 0,
    };
    info!(endpoint = %info.endpoint, %peer, kind = ?kind, version = ?info.version, "bound");
    let (handle, commands) = SessionHandle::new(info, window, kind.receives());
    let seat = PoolMembership::take(&account.pool, handle.clone(), &shared.centre);
    if *shared.stopping.borrow() {
        handle.unbind();
    }
    let bound =
        SessionParts { stream, session, peer: Peer::Esme(account), inbox, handle: handle.clone(), commands };
    let end = session::run(shared, bound).await;
    drop((seat, permit));
    info!(endpoint = %handle.info.endpoint, %peer, ?end, "session over");
}
