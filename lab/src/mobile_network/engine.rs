//! The engine: the task that drives associations, protocol stack, dialogues and subscribers.
//!
//! Each pass takes all events and commands that have arrived, executes what follows from them, and
//! writes to each association in one batch.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use sctp::{BadFrame, Endpoint, Framing, Listener};
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::associations::{self, AssociationEvent, Associations};
use super::dialogues::{Dialogues, EngineContext};
use super::network_state::{COMMANDS_MAX, Command, SharedState};
use super::settings::Settings;
use super::stack::{SccpIndication, Stack};

/// Events of associations that may be queued; beyond it reading stops.
const EVENTS_MAX: usize = 256;

/// The payload protocol identifier of M3UA.
const M3UA: u32 = 3;

/// The local address of the gateway.
#[derive(Clone, Copy, Debug)]
pub(super) struct ListenAddress {
    pub(super) address: SocketAddr,
    /// The UDP port, where SCTP is carried over it.
    pub(super) udp_port: Option<u16>,
}

/// Binds the listener and spawns the engine, which ends when the last command sender is dropped.
pub(super) fn start(
    settings: &Settings,
    shared: Arc<SharedState>,
    commands: mpsc::Receiver<Command>,
) -> io::Result<ListenAddress> {
    let (event_sender, events) = mpsc::channel(EVENTS_MAX);
    let stack = Stack::new(settings, Associations::new(event_sender.clone()))?;
    let endpoint = Endpoint {
        transport: settings.transport,
        local: vec![settings.listen],
        remote: Vec::new(),
        tuning: settings.tuning,
    };
    let listener = Listener::bind(&endpoint, framing()).map_err(io::Error::other)?;
    let listen_address = ListenAddress { address: listener.local_address(), udp_port: listener.udp_port() };
    tokio::spawn(associations::accept(listener, event_sender));
    let engine = Engine { stack, dialogues: Dialogues::new(settings), shared };
    tokio::spawn(engine.run(events, commands));
    Ok(listen_address)
}

struct Engine {
    stack: Stack,
    dialogues: Dialogues,
    shared: Arc<SharedState>,
}

impl Engine {
    async fn run(
        mut self,
        mut events: mpsc::Receiver<AssociationEvent>,
        mut commands: mpsc::Receiver<Command>,
    ) {
        let shared = Arc::clone(&self.shared);
        let (mut event_batch, mut command_batch) = (Vec::new(), Vec::new());
        loop {
            let due = [self.stack.deadline(), self.dialogues.deadline()].into_iter().flatten().min();
            tokio::select! {
                count = events.recv_many(&mut event_batch, EVENTS_MAX) => if count == 0 { return },
                count = commands.recv_many(&mut command_batch, COMMANDS_MAX) => if count == 0 {
                    self.stack.stop(now());
                    self.process(&mut event_batch, &mut command_batch);
                    return;
                },
                () = shared.changed.notified() => {}
                () = wait(due) => {}
            }
            self.process(&mut event_batch, &mut command_batch);
        }
    }

    /// One pass over all events and commands.
    fn process(&mut self, events: &mut Vec<AssociationEvent>, commands: &mut Vec<Command>) {
        let now = now();
        let mut state = self.shared.state();
        let Self { stack, dialogues, .. } = self;
        for event in events.drain(..) {
            stack.handle(event, now);
        }
        stack.tick(now);
        let engine = &mut EngineContext { stack, state: &mut state, now };
        for command in commands.drain(..) {
            match command {
                Command::Send { number, request, result } => {
                    dialogues.send(&number, &request, result, engine);
                }
                Command::Kill(number) => engine.stack.kill(number),
            }
        }
        dialogues.tick(engine);
        loop {
            while let Some(indication) = engine.stack.poll(now) {
                match indication {
                    SccpIndication::Unitdata(indication) => dialogues.handle_unitdata(&indication, engine),
                    SccpIndication::Notice { data, cause } => {
                        dialogues.handle_notice(data, cause, engine);
                    }
                }
            }
            // A report that has just arrived may make an alert due, which is sent in this pass.
            let Some(alert) = engine.state.register.next_alert() else { break };
            dialogues.alert(alert, 0, engine);
        }
        engine.stack.flush();
        if std::mem::take(&mut engine.stack.changed) {
            engine.state.associations = engine.stack.associations();
        }
        engine.state.metrics.dropped = engine.stack.dropped;
        drop(state);
        self.shared.arrived.notify_waiters();
    }
}

fn framing() -> Framing {
    Framing { payload_protocol: M3UA, length: |head| m3ua::framed(head).map_err(|_| BadFrame("no M3UA")) }
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until.into()).await,
        None => std::future::pending().await,
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
