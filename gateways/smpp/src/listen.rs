//! The server: listeners, and the way of a connection from its first octet to its bind.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use parking_lot::Mutex;
use smpp::pdu::{Bind, BindKind, BindResp};
use smpp::session::{Input, Output, Verdict};
use smpp::{Framing, Header, Pdu, Status, Tag, TlvBuffer};
use smsc::message::Name;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, info, warn};

use crate::account::{Account, BindPermit, Settings};
use crate::config::{Listener, SmppConfig};
use crate::gateway::Shared;
use crate::lane::Handle;
use crate::login::Failures;
use crate::peer::Peer;
use crate::session::{self, Bound};
use crate::stats::SessionInfo;
use crate::stream::Stream;
use crate::{Error, tls};

/// The longest PDU before the bind; a bind has some hundred octets.
const UNBOUND_LENGTH_MAX: u32 = 1024;
/// Every refused bind is answered after this time, whatever the reason: the time tells nothing.
const REFUSAL_DELAY: Duration = Duration::from_millis(500);
/// The pause after the system refused a new connection (no descriptors left).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What all listeners share: who is at the door.
struct Door {
    shared: Arc<Shared>,
    unbound_max: u16,
    unbound: Mutex<HashMap<IpAddr, u16>>,
    failures: Mutex<Failures>,
}

/// Opens every listener, then serves them. Nothing is served if one cannot be opened.
pub(crate) fn start(shared: &Arc<Shared>, config: &SmppConfig) -> Result<Vec<SocketAddr>, Error> {
    let opened: Vec<_> = config.listeners.iter().map(open).collect::<Result<_, Error>>()?;
    let addresses = opened.iter().map(|(listener, _)| listener.local_addr());
    let addresses: Result<Vec<SocketAddr>, _> = addresses.collect();
    let addresses = addresses.map_err(|source| {
        let address = config.listeners.first().map_or_else(|| Listener::default().address, |first| first.address);
        Error::Listen { address, source }
    })?;
    let door = Arc::new(Door {
        shared: shared.clone(),
        unbound_max: config.unbound_per_address_max,
        unbound: Mutex::default(),
        failures: Mutex::default(),
    });
    for (listener, acceptor) in opened {
        tokio::spawn(serve(door.clone(), listener, acceptor));
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

async fn serve(door: Arc<Door>, listener: TcpListener, acceptor: Option<TlsAcceptor>) {
    let mut stopping = door.shared.stopping.subscribe();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        match accepted {
            Ok((stream, address)) => {
                door.shared.stats.connections.add(1);
                let Some(place) = Place::take(&door, address.ip()) else {
                    door.shared.stats.connections_refused.add(1);
                    continue;
                };
                tokio::spawn(connection(door.clone(), stream, address, acceptor.clone(), place));
            }
            Err(error) => {
                warn!(%error, "cannot take a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// A place among the unbound connections of one address; dropping it gives it back.
struct Place {
    door: Arc<Door>,
    address: IpAddr,
}

impl Place {
    fn take(door: &Arc<Door>, address: IpAddr) -> Option<Self> {
        let mut unbound = door.unbound.lock();
        let count = unbound.entry(address).or_insert(0);
        if *count >= door.unbound_max {
            return None;
        }
        *count += 1;
        Some(Self { door: door.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut unbound = self.door.unbound.lock();
        if let Some(count) = unbound.get_mut(&self.address) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                unbound.remove(&self.address);
            }
        }
    }
}

async fn connection(
    door: Arc<Door>,
    stream: TcpStream,
    address: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    place: Place,
) {
    // A failure here means that the connection is gone, which the next read tells.
    let _gone = stream.set_nodelay(true);
    let is_tls = acceptor.is_some();
    let greeting = async {
        let stream = match acceptor {
            Some(acceptor) => Stream::Tls(Box::new(acceptor.accept(stream).await.ok()?.into())),
            None => Stream::Plain(stream),
        };
        Greeting { door: &door, stream, address: address.ip(), inbox: BytesMut::new() }.bind().await
    };
    let greeted = timeout(door.shared.bind_timeout, greeting).await;
    drop(place);
    let Ok(Some(welcome)) = greeted else {
        debug!(%address, "no bind");
        return;
    };
    serve_session(door, welcome, address, is_tls).await;
}

async fn serve_session(door: Arc<Door>, welcome: Welcome, peer: SocketAddr, tls: bool) {
    let Welcome { stream, session, account, kind, inbox, permit } = welcome;
    let shared = door.shared.clone();
    let window = account.settings.load().config.delivery_window;
    let info = SessionInfo {
        party: account.lane.party().clone(),
        via: compact_str::format_compact!("{}@{peer}", account.lane.party()),
        peer,
        kind,
        version: session.version(),
        tls,
        bound_at: (shared.clock)(),
        open: 0,
    };
    info!(party = %info.party, %peer, kind = ?kind, version = ?info.version, "bound");
    let lane = account.lane.clone();
    let (handle, orders) = Handle::new(info, window, kind.receives());
    lane.add(handle.clone(), &*shared.centre);
    if *shared.stopping.borrow() {
        handle.unbind();
    }
    let bound = Bound { stream, session, peer: Peer::Esme(account), inbox, handle: handle.clone(), orders };
    let gone = LaneGuard { lane, handle: handle.clone(), _permit: permit };
    let end = session::run(shared, bound).await;
    drop(gone);
    info!(party = %handle.info.party, %peer, ?end, "session over");
}

/// Takes a session out of its lane, however its task ends.
struct LaneGuard {
    lane: Arc<crate::lane::Lane>,
    handle: Arc<Handle>,
    _permit: BindPermit,
}

impl Drop for LaneGuard {
    fn drop(&mut self) {
        self.lane.remove(&self.handle);
    }
}

/// A connection that has not bound yet.
struct Greeting<'a> {
    door: &'a Arc<Door>,
    stream: Stream,
    address: IpAddr,
    inbox: BytesMut,
}

/// A connection that has.
struct Welcome {
    stream: Stream,
    session: smpp::Session,
    account: Arc<Account>,
    kind: BindKind,
    inbox: BytesMut,
    permit: BindPermit,
}

impl Greeting<'_> {
    /// Answers what comes before the bind, then the bind. `None` if there will be no session.
    async fn bind(mut self) -> Option<Welcome> {
        let shared = self.door.shared.clone();
        let mut session = smpp::Session::new(
            smpp::session::Config { bind_timeout: shared.bind_timeout, ..smpp::session::Config::new(smpp::session::Side::Centre) },
            now(),
        );
        let framing = Framing { command_length_max: UNBOUND_LENGTH_MAX };
        loop {
            let mut one = self.next_pdu(&framing).await?;
            let batch = framing.take(&mut one);
            if let Some(fault) = batch.fault() {
                shared.stats.malformed.add(1);
                session.handle(Input::BadLength(fault), now());
            }
            for frame in batch.frames() {
                let Verdict::Bind(kind) = session.received(&frame.header, now()) else { continue };
                let admitted = match frame.decode() {
                    Ok(Pdu::Bind(bind)) => self.admit(&bind),
                    Ok(_) => Err(Status::ESME_RBINDFAIL),
                    Err(error) => Err(error.status()),
                };
                match admitted {
                    Ok(admitted) => return self.welcome(kind, &frame.header, admitted).await,
                    Err(status) => {
                        shared.stats.binds_refused.add(1);
                        tokio::time::sleep(REFUSAL_DELAY).await;
                        session.refuse(&frame.header, status, now());
                        session.handle(Input::Unbind, now());
                    }
                }
            }
            if self.send_outputs(&mut session).await? {
                return None;
            }
        }
    }

    /// Exactly one PDU, so that what follows a bind is left to the session. What can never become
    /// a PDU is returned as it is.
    async fn next_pdu(&mut self, framing: &Framing) -> Option<BytesMut> {
        loop {
            if let Some(&length) = self.inbox.first_chunk::<4>() {
                let length = u32::from_be_bytes(length);
                let is_possible = (16..=framing.command_length_max).contains(&length);
                let octets = usize::try_from(length).ok()?;
                if !is_possible {
                    return Some(std::mem::take(&mut self.inbox));
                }
                if self.inbox.len() >= octets {
                    return Some(self.inbox.split_to(octets));
                }
            }
            self.inbox.reserve(256);
            if self.stream.read_buf(&mut self.inbox).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// Sends what the session has to say; whether it is closed then.
    async fn send_outputs(&mut self, session: &mut smpp::Session) -> Option<bool> {
        let mut out = BytesMut::new();
        let mut closed = false;
        while let Some(output) = session.poll() {
            match output {
                Output::Send(header) => header.encode(&mut out),
                Output::Close(_) => closed = true,
                Output::Unanswered { .. } => {}
            }
        }
        self.stream.write_all(&out).await.ok()?;
        self.stream.flush().await.ok()?;
        if closed {
            // The answer is sent; a peer that is gone has nothing to hear.
            let _gone = self.stream.shutdown().await;
        }
        Some(closed)
    }

    /// Whether this bind may be. Unknown name, wrong password, wrong address and too many tries
    /// sound the same.
    fn admit(&self, bind: &Bind<'_>) -> Result<Admitted, Status> {
        let refused = Err(Status::ESME_RBINDFAIL);
        let Ok(system_id) = std::str::from_utf8(bind.system_id) else { return refused };
        let name = Name::from(system_id);
        if self.door.failures.lock().is_barred(self.address, &name, now()) {
            return refused;
        }
        let account = self.door.shared.accounts.get(system_id);
        let settings = account.as_ref().map(|account| account.settings.load_full());
        let known = settings.as_ref().is_some_and(|settings| {
            let allowed = &settings.config.allowed;
            let opens = settings.opens_with(bind.password);
            opens && (allowed.is_empty() || allowed.iter().any(|network| network.contains(self.address)))
        });
        let (Some(account), Some(settings), true) = (account, settings, known) else {
            self.door.failures.lock().failed(self.address, &name, now());
            warn!(system_id = %name.escape_debug(), address = %self.address, "bind refused");
            return refused;
        };
        self.door.failures.lock().succeeded(self.address, &name);
        if !settings.config.may_bind(bind.kind) {
            return refused;
        }
        let Some(permit) = account.bind() else { return Err(Status::ESME_RALYBND) };
        Ok(Admitted { account, settings, permit, interface_version: bind.interface_version })
    }

    async fn welcome(mut self, kind: BindKind, header: &Header, admitted: Admitted) -> Option<Welcome> {
        let Admitted { account, settings, permit, interface_version } = admitted;
        let shared = &self.door.shared;
        // The session so far knew no account; this one has the account's limits.
        let config = settings.session(shared.bind_timeout, shared.response_timeout);
        let version_max = config.version_max;
        let mut session = smpp::Session::new(config, now());
        session.received(header, now());
        let version = session.accept(interface_version, now());
        let mut tlvs = TlvBuffer::new();
        if version.has_tlvs() {
            tlvs.push_u8(Tag::SC_INTERFACE_VERSION, version_max.interface_version());
        }
        let system_id = Some(shared.system_id.as_bytes());
        let resp = Pdu::BindResp(BindResp { kind, system_id, tlvs: tlvs.as_tlvs() });
        let mut out = BytesMut::new();
        resp.encode(header.sequence_number, Status::ESME_ROK, &mut out).ok()?;
        self.stream.write_all(&out).await.ok()?;
        self.stream.flush().await.ok()?;
        shared.stats.binds.add(1);
        Some(Welcome { stream: self.stream, session, account, kind, inbox: self.inbox, permit })
    }
}

/// A bind that knew its password.
struct Admitted {
    account: Arc<Account>,
    settings: Arc<Settings>,
    permit: BindPermit,
    interface_version: u8,
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}
