//! The client: binds to other centres, and binds again when a session is lost.

use std::sync::Arc;
use std::time::Duration;

use smpp::pdu::{Bind, BindKind};
use smpp::session::Verdict;
use smpp::tlv::Tlvs;
use smpp::{Pdu, Session, Status};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tracing::{debug, info, warn};

use crate::bind::handshake::Handshake;
use crate::config::LinkBind;
use crate::link::Link;
use crate::metrics::SessionInfo;
use crate::peer::Peer;
use crate::pool::{PoolMembership, SessionHandle};
use crate::session::{self, SessionParts};
use crate::state::GatewayState;
use crate::stream::Stream;

/// How long a connection may take to be made, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The wait after the first failure.
const WAIT_FIRST: Duration = Duration::from_secs(1);
/// A session that lived this long was a good one: the next wait is the first again.
const GOOD_SESSION: Duration = Duration::from_secs(30);

/// Keeps every bind of each of these links, until the link ends. `seed` spreads their reconnects.
pub(crate) fn start(shared: &Arc<GatewayState>, links: &[Arc<Link>], seed: u64) {
    let mut number = 0_u64;
    for link in links {
        let kinds: &[BindKind] = match link.config.bind {
            LinkBind::Transceiver => &[BindKind::Transceiver],
            LinkBind::Pair => &[BindKind::Transmitter, BindKind::Receiver],
            LinkBind::Transmitter => &[BindKind::Transmitter],
            LinkBind::Receiver => &[BindKind::Receiver],
        };
        for &kind in kinds.iter().cycle().take(kinds.len() * usize::from(link.config.binds)) {
            number += 1;
            let wait = Wait::new(link.config.reconnect_seconds_max, seed ^ number.wrapping_mul(0x9e37_79b9));
            tokio::spawn(keep(shared.clone(), link.clone(), kind, wait));
        }
    }
}

/// One bind, for as long as its link lives.
async fn keep(shared: Arc<GatewayState>, link: Arc<Link>, kind: BindKind, mut wait: Wait) {
    let mut ending = link.ending.subscribe();
    loop {
        let life = async {
            match connect(&shared, &link, kind).await {
                Ok(bound) => {
                    let begun = Instant::now();
                    serve(&shared, &link, kind, bound).await;
                    if begun.elapsed() >= GOOD_SESSION {
                        wait.reset();
                    }
                }
                Err(reason) => {
                    shared.metrics.binds_refused.add(1);
                    warn!(link = %link.name, %reason, "cannot bind");
                }
            }
            tokio::time::sleep(wait.next()).await;
        };
        if *link.ending.borrow() {
            return;
        }
        // A session that is up unbinds by itself when the link ends; only waits are cut short.
        let stop = async {
            drop(ending.wait_for(|ending| *ending).await);
            while link.pool.len() > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            () = life => {}
            () = stop => return,
        }
    }
}

/// A session that has just been bound.
struct BoundLink {
    handshake: Handshake,
    session: Session,
    peer: std::net::SocketAddr,
}

async fn serve(shared: &Arc<GatewayState>, link: &Arc<Link>, kind: BindKind, fresh: BoundLink) {
    let BoundLink { handshake, session, peer } = fresh;
    let info = SessionInfo {
        endpoint: link.pool.endpoint().clone(),
        // All sessions of a link share its name: a receipt may come over another one.
        via: link.name.clone(),
        peer,
        kind,
        version: session.version(),
        tls: link.connector.is_some(),
        bound_at: (shared.clock)(),
        open: 0,
    };
    info!(link = %link.name, %peer, ?kind, version = ?info.version, "bound");
    shared.metrics.binds.add(1);
    let (handle, commands) = SessionHandle::new(info, link.config.window, kind.transmits());
    let seat = PoolMembership::take(&link.pool, handle.clone(), &shared.centre);
    if *link.ending.borrow() {
        handle.unbind();
    }
    let Handshake { stream, inbox } = handshake;
    let bound = SessionParts { stream, session, peer: Peer::Link(link.clone()), inbox, handle, commands };
    let end = session::run(shared.clone(), bound).await;
    drop(seat);
    info!(link = %link.name, ?end, "session over");
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
enum BindError {
    #[error("no connection")]
    NoConnection,
    #[error("no answer to the bind")]
    NoAnswer,
    #[error("bind refused: {0}")]
    Refused(Status),
}

async fn connect(shared: &GatewayState, link: &Link, kind: BindKind) -> Result<BoundLink, BindError> {
    let connected = timeout(CONNECT_TIMEOUT, open(link)).await;
    let (stream, peer) = connected.ok().flatten().ok_or(BindError::NoConnection)?;
    let bound = timeout(shared.bind_timeout, bind(shared, link, kind, Handshake::new(stream))).await;
    let (handshake, session) = bound.map_err(|_| BindError::NoAnswer)??;
    Ok(BoundLink { handshake, session, peer })
}

async fn open(link: &Link) -> Option<(Stream, std::net::SocketAddr)> {
    let config = &link.config;
    let stream = TcpStream::connect((config.host.as_str(), config.port)).await.ok()?;
    stream.set_nodelay(true).ok()?;
    let peer = stream.peer_addr().ok()?;
    let Some(connector) = &link.connector else { return Some((Stream::Plain(stream), peer)) };
    let configured = config.tls.as_ref().map(|tls| tls.server_name.as_str()).filter(|name| !name.is_empty());
    let name = configured.unwrap_or(&config.host).to_owned();
    let stream = connector.connect(name.try_into().ok()?, stream).await;
    let stream = stream.inspect_err(|error| warn!(link = %link.name, %error, "TLS failed")).ok()?;
    Some((Stream::Tls(Box::new(stream.into())), peer))
}

/// Binds on a fresh connection.
async fn bind(
    shared: &GatewayState,
    link: &Link,
    kind: BindKind,
    mut handshake: Handshake,
) -> Result<(Handshake, Session), BindError> {
    let now = || Instant::now().into_std();
    let config = link.session(shared.bind_timeout, shared.response_timeout);
    let interface_version = config.version_max.interface_version();
    let mut session = Session::new(config, now());
    let sequence = session.bind(kind, now()).ok_or(BindError::NoAnswer)?;
    let request = Pdu::Bind(Bind {
        kind,
        system_id: link.config.system_id.as_bytes(),
        password: link.password.reveal().as_bytes(),
        system_type: link.config.system_type.as_bytes(),
        interface_version,
        addr_ton: smpp::pdu::Ton::UNKNOWN,
        addr_npi: smpp::pdu::Npi::UNKNOWN,
        address_range: link.config.address_range.as_bytes(),
        tlvs: Tlvs::NONE,
    });
    handshake.send(&request, sequence).await.ok_or(BindError::NoAnswer)?;
    loop {
        let mut octets = handshake.next_pdu().await.ok_or(BindError::NoAnswer)?;
        let batch = Handshake::FRAMING.take(&mut octets);
        if batch.fault().is_some() {
            return Err(BindError::NoAnswer);
        }
        for frame in batch.frames() {
            match session.received(&frame.header, now()) {
                Verdict::Bound(_) => {
                    if let Ok(Pdu::BindResp(resp)) = frame.decode() {
                        session.negotiate(resp.sc_interface_version());
                    }
                    return Ok((handshake, session));
                }
                Verdict::BindRefused(status) => return Err(BindError::Refused(status)),
                verdict => debug!(link = %link.name, ?verdict, "before the bind"),
            }
        }
        if handshake.send_outputs(&mut session).await.ok_or(BindError::NoAnswer)? {
            return Err(BindError::NoAnswer);
        }
    }
}

/// Waits that double, each cut by a random part, so that many links do not come back at once.
struct Wait {
    next: Duration,
    most: Duration,
    random: u64,
}

impl Wait {
    fn new(seconds_max: u16, seed: u64) -> Self {
        let most = Duration::from_secs(u64::from(seconds_max.max(1)));
        Self { next: WAIT_FIRST.min(most), most, random: seed }
    }

    fn reset(&mut self) {
        self.next = WAIT_FIRST.min(self.most);
    }

    /// Between half of the wait and all of it.
    fn next(&mut self) -> Duration {
        let wait = self.next;
        self.next = (self.next * 2).min(self.most);
        // splitmix64: good enough to spread, and the same seed gives the same waits.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let part = u32::from((mixed >> 48) as u16);
        wait / 2 + wait / 2 * part / 65_536
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most_and_differ_between_links() {
        let waits = |seed| {
            let mut wait = Wait::new(60, seed);
            (0..10).map(|_| wait.next()).collect::<Vec<_>>()
        };
        let first = waits(1);
        assert_eq!(first, waits(1), "the same seed, the same waits");
        assert_ne!(first, waits(2));
        for (number, wait) in first.iter().enumerate() {
            let whole = Duration::from_secs(60.min(1 << number));
            assert!(*wait >= whole / 2 && *wait <= whole, "{number}: {wait:?}");
        }
    }
}
