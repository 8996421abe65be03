//! Who may in: a connection from its first octet to its bind.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use smpp::pdu::{Bind, BindKind, BindResp};
use smpp::session::{Config, Input, Side, Verdict};
use smpp::{Header, Pdu, Session, Status, Tag, TlvBuffer};
use smsc::names::Name;
use tokio::time::Instant;
use tracing::warn;

use crate::account::{Account, BindPermit, Settings};
use crate::gateway::Shared;
use crate::handshake::Handshake;
use crate::login::Failures;

/// Every refused bind is answered after this time, whatever the reason: the time tells nothing.
const REFUSAL_DELAY: Duration = Duration::from_millis(500);

/// A connection that has not bound yet.
pub(crate) struct Greeting<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) failures: &'a Mutex<Failures>,
    pub(crate) handshake: Handshake,
    pub(crate) address: IpAddr,
}

/// A connection that has.
pub(crate) struct Welcome {
    pub(crate) handshake: Handshake,
    pub(crate) session: Session,
    pub(crate) account: Arc<Account>,
    pub(crate) kind: BindKind,
    pub(crate) permit: BindPermit,
}

/// A bind that knew its password.
struct Admitted {
    account: Arc<Account>,
    settings: Arc<Settings>,
    permit: BindPermit,
    interface_version: u8,
}

impl Greeting<'_> {
    /// Answers what comes before the bind, then the bind. `None` if there will be no session.
    pub(crate) async fn bind(mut self) -> Option<Welcome> {
        let stats = &self.shared.stats;
        let mut session = Session::new(Config::new(Side::Centre), now());
        loop {
            let mut octets = self.handshake.next_pdu().await?;
            let batch = Handshake::FRAMING.take(&mut octets);
            if let Some(fault) = batch.fault() {
                stats.malformed.add(1);
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
                        stats.binds_refused.add(1);
                        tokio::time::sleep(REFUSAL_DELAY).await;
                        session.refuse(&frame.header, status, now());
                        session.handle(Input::Unbind, now());
                    }
                }
            }
            if self.handshake.send_outputs(&mut session).await? {
                return None;
            }
        }
    }

    /// Whether this bind may be. Unknown name, wrong password, wrong address and too many tries
    /// sound the same.
    fn admit(&self, bind: &Bind<'_>) -> Result<Admitted, Status> {
        let refused = Err(Status::ESME_RBINDFAIL);
        let Ok(system_id) = std::str::from_utf8(bind.system_id) else { return refused };
        let name = Name::from(system_id);
        if self.failures.lock().is_barred(self.address, &name, now()) {
            return refused;
        }
        let account = self.shared.accounts.get(system_id);
        let settings = account.as_ref().map(|account| account.settings.load_full());
        let known = settings.as_ref().is_some_and(|settings| {
            let allowed = &settings.config.allowed;
            let opens = settings.opens_with(bind.password);
            opens && (allowed.is_empty() || allowed.iter().any(|network| network.contains(self.address)))
        });
        let (Some(account), Some(settings), true) = (account, settings, known) else {
            self.failures.lock().failed(self.address, &name, now());
            warn!(system_id = %name.escape_debug(), address = %self.address, "bind refused");
            return refused;
        };
        self.failures.lock().succeeded(self.address, &name);
        if !settings.config.may_bind(bind.kind) {
            return refused;
        }
        let Some(permit) = account.bind() else { return Err(Status::ESME_RALYBND) };
        Ok(Admitted { account, settings, permit, interface_version: bind.interface_version })
    }

    async fn welcome(mut self, kind: BindKind, header: &Header, admitted: Admitted) -> Option<Welcome> {
        let Admitted { account, settings, permit, interface_version } = admitted;
        // The session so far knew no account; this one has the account's limits.
        let config = settings.session(self.shared.bind_timeout, self.shared.response_timeout);
        let version_max = config.version_max;
        let mut session = Session::new(config, now());
        session.received(header, now());
        let version = session.accept(interface_version, now());
        let mut tlvs = TlvBuffer::new();
        if version.has_tlvs() {
            tlvs.push_u8(Tag::SC_INTERFACE_VERSION, version_max.interface_version());
        }
        let system_id = Some(self.shared.system_id.as_bytes());
        let resp = Pdu::BindResp(BindResp { kind, system_id, tlvs: tlvs.as_tlvs() });
        self.handshake.send(&resp, header.sequence_number).await?;
        self.shared.stats.binds.add(1);
        Some(Welcome { handshake: self.handshake, session, account, kind, permit })
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}
