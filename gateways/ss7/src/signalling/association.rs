//! The task of one association: connects or accepts, carries messages both ways, and reconnects.

use std::time::Duration;

use m3ua::LinkId;
use sctp::{Endpoint, Framing, Listener, Receiver, Sender};
use tokio::sync::{mpsc, watch};

use crate::config::{self, Association, Transport};
use crate::error::Error;
use crate::signalling::event::{EngineEvent, LinkEvent, Outbound, PAYLOAD_PROTOCOL};

/// How long an association may take to come up.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// How long what was sent may take to arrive when an association is closed.
const CLOSE_PATIENCE: Duration = Duration::from_secs(3);
/// The first wait before an association is begun anew.
const RECONNECT_FIRST: Duration = Duration::from_millis(500);

/// One association, from start to shutdown of the gateway.
pub(crate) struct AssociationTask {
    link: LinkId,
    name: String,
    endpoint: Endpoint,
    listener: Option<Listener>,
    reconnect_max: Duration,
    engine: mpsc::Sender<EngineEvent>,
    outbound: mpsc::Receiver<Outbound>,
    stopping: watch::Receiver<bool>,
}

impl AssociationTask {
    /// Makes ready; a listening association has its address when this returns.
    ///
    /// # Errors
    /// [`Error::MoReceiver`] if the address is taken, [`Error::Config`] if the transport cannot do what is asked.
    pub(crate) fn new(
        link: LinkId,
        association: &Association,
        engine: mpsc::Sender<EngineEvent>,
        outbound: mpsc::Receiver<Outbound>,
        stopping: watch::Receiver<bool>,
    ) -> Result<Self, Error> {
        let endpoint = endpoint(association);
        let listener = match association.local.first() {
            Some(address) if association.remote.is_empty() => Some(
                Listener::bind(&endpoint, framing())
                    .map_err(|source| Error::Listen { address: *address, source })?,
            ),
            _ => None,
        };
        let reconnect_max = Duration::from_secs(u64::from(association.reconnect_seconds_max.max(1)));
        let name = association.name.clone();
        Ok(Self { link, name, endpoint, listener, reconnect_max, engine, outbound, stopping })
    }

    /// Where it listens, if it does.
    pub(crate) fn local_address(&self) -> Option<std::net::SocketAddr> {
        self.listener.as_ref().map(Listener::local_address)
    }

    /// Keeps the association up until the gateway stops.
    pub(crate) async fn run(mut self) {
        let mut wait = RECONNECT_FIRST;
        while !*self.stopping.borrow() {
            match self.establish().await {
                Ok(association) => {
                    wait = RECONNECT_FIRST;
                    if self.carry(association).await.is_err() {
                        return; // the engine has gone
                    }
                }
                Err(error) => tracing::info!(association = self.name, %error, "association is not up"),
            }
            let stopped = self.stopping.wait_for(|stopping| *stopping);
            if tokio::time::timeout(wait, stopped).await.is_ok() {
                return;
            }
            wait = (wait * 2).min(self.reconnect_max);
        }
    }

    async fn establish(&mut self) -> Result<sctp::Association, sctp::Error> {
        let stopping = &mut self.stopping;
        let established = async {
            match &mut self.listener {
                Some(listener) => listener.accept().await,
                None => sctp::connect(&self.endpoint, framing(), CONNECT_PATIENCE).await,
            }
        };
        tokio::select! {
            association = established => association,
            _ = stopping.wait_for(|stopping| *stopping) => Err(sctp::Error::Closed),
        }
    }

    /// Carries messages until the association ends.
    ///
    /// # Errors
    /// When the engine has gone.
    async fn carry(&mut self, association: sctp::Association) -> Result<(), EngineStopped> {
        // Messages for the lost association are void.
        while self.outbound.try_recv().is_ok() {}
        let (sender, mut receiver) = association.split();
        notify_engine(&self.engine, self.link, LinkEvent::Up { streams: sender.streams() }).await?;
        let ended = tokio::select! {
            ended = read(&mut receiver, &self.engine, self.link) => ended?,
            ended = write(&sender, &mut self.outbound) => ended,
        };
        match ended {
            EndReason::Broken(error) => {
                tracing::warn!(association = self.name, %error, "association lost");
                sender.abort();
            }
            EndReason::Closing => {
                tracing::info!(association = self.name, "association closes");
                let received = async { while receiver.receive().await.is_ok() {} };
                let _ = tokio::join!(sender.shutdown(CLOSE_PATIENCE), received); // a late shutdown aborts the association
            }
        }
        notify_engine(&self.engine, self.link, LinkEvent::Down).await
    }
}

/// How an association ended.
enum EndReason {
    Broken(sctp::Error),
    Closing,
}

/// The engine has stopped.
struct EngineStopped;

async fn notify_engine(
    engine: &mpsc::Sender<EngineEvent>,
    link: LinkId,
    event: LinkEvent,
) -> Result<(), EngineStopped> {
    engine.send(EngineEvent::Link(link, event)).await.map_err(|_| EngineStopped)
}

/// Hands everything that arrives to the engine, in batches. An engine that is busy makes it wait,
/// and so the peer.
async fn read(
    receiver: &mut Receiver,
    engine: &mpsc::Sender<EngineEvent>,
    link: LinkId,
) -> Result<EndReason, EngineStopped> {
    loop {
        let mut events = Vec::new();
        if let Err(error) = receiver.receive_all(&mut events).await {
            return Ok(EndReason::Broken(error));
        }
        notify_engine(engine, link, LinkEvent::Traffic(events)).await?;
    }
}

async fn write(sender: &Sender, outbound: &mut mpsc::Receiver<Outbound>) -> EndReason {
    while let Some(Outbound::Messages(mut messages)) = outbound.recv().await {
        // What has gathered meanwhile goes with it.
        let mut closing = false;
        while let Ok(next) = outbound.try_recv() {
            match next {
                Outbound::Messages(more) => messages.extend(more),
                Outbound::Close => closing = true,
            }
        }
        if let Err(error) = sender.send_all(messages).await {
            return EndReason::Broken(error);
        }
        if closing {
            break;
        }
    }
    EndReason::Closing
}

fn framing() -> Framing {
    let length = |octets: &[u8]| m3ua::framed(octets).map_err(|_| sctp::BadFrame("no M3UA message"));
    Framing { payload_protocol: PAYLOAD_PROTOCOL, length }
}

fn endpoint(association: &Association) -> Endpoint {
    let config::Tuning { rto_min_ms, rto_max_ms, sack_delay_ms, heartbeat_ms, streams, udp_port, .. } =
        association.tuning;
    let listens = association.remote.is_empty();
    Endpoint {
        transport: match association.transport {
            Transport::Sctp => sctp::Transport::Kernel,
            Transport::SctpUdp => sctp::Transport::OverUdp,
            Transport::Tcp => sctp::Transport::Tcp,
        },
        local: association.local.clone(),
        remote: association.remote.clone(),
        tuning: sctp::Tuning {
            rto_min_ms,
            rto_initial_ms: rto_min_ms.saturating_mul(2).min(rto_max_ms),
            rto_max_ms,
            sack_delay_ms,
            heartbeat_ms,
            path_retransmissions_max: association.tuning.path_retransmissions_max,
            association_retransmissions_max: association.tuning.association_retransmissions_max,
            init_retransmissions_max: association.tuning.init_attempts,
            streams,
            udp_port_local: listens.then_some(udp_port),
            udp_port_remote: udp_port,
            ..sctp::Tuning::default()
        },
    }
}
