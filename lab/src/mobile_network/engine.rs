//! The one task that moves everything: associations, protocols, subscribers.
//!
//! Every turn takes all that has come in, does all that follows from it, and hands what is to be
//! written to the associations in one batch each.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use sctp::{BadFrame, Endpoint, Framing, Listener};
use tokio::sync::mpsc;
use tokio::time::sleep_until;

use super::dialogues::{Dialogues, Turn};
use super::links::{self, Happened, Links};
use super::settings::Settings;
use super::stack::{Arrived, Stack};
use super::world::{COMMANDS_MAX, Command, Shared};

/// Batches from associations that may wait for the engine; then it is the peers that wait.
const HAPPENED_MAX: usize = 256;

/// The payload protocol identifier of M3UA.
const M3UA: u32 = 3;

/// Where the gateway listens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listening {
    pub(super) address: SocketAddr,
    /// The port of UDP, where SCTP is carried over it.
    pub(super) udp_port: Option<u16>,
}

/// Begins to listen, and starts the task. It ends when nobody can give commands any more.
pub(super) fn start(
    settings: &Settings,
    shared: Arc<Shared>,
    commands: mpsc::Receiver<Command>,
) -> io::Result<Listening> {
    let (told, happened) = mpsc::channel(HAPPENED_MAX);
    let stack = Stack::new(settings, Links::new(told.clone()))?;
    let endpoint = Endpoint {
        transport: settings.transport,
        local: vec![settings.listen],
        remote: Vec::new(),
        tuning: settings.tuning,
    };
    let listener = Listener::bind(&endpoint, framing()).map_err(io::Error::other)?;
    let listening = Listening { address: listener.local_address(), udp_port: listener.udp_port() };
    tokio::spawn(links::accept(listener, told));
    let engine = Engine { stack, dialogues: Dialogues::new(settings), shared };
    tokio::spawn(engine.run(happened, commands));
    Ok(listening)
}

struct Engine {
    stack: Stack,
    dialogues: Dialogues,
    shared: Arc<Shared>,
}

impl Engine {
    async fn run(mut self, mut happened: mpsc::Receiver<Happened>, mut commands: mpsc::Receiver<Command>) {
        let shared = Arc::clone(&self.shared);
        let (mut batch, mut asked) = (Vec::new(), Vec::new());
        loop {
            let due = [self.stack.deadline(), self.dialogues.deadline()].into_iter().flatten().min();
            tokio::select! {
                count = happened.recv_many(&mut batch, HAPPENED_MAX) => if count == 0 { return },
                count = commands.recv_many(&mut asked, COMMANDS_MAX) => if count == 0 {
                    self.stack.stop(now());
                    self.turn(&mut batch, &mut asked);
                    return;
                },
                () = shared.changed.notified() => {}
                () = wait(due) => {}
            }
            self.turn(&mut batch, &mut asked);
        }
    }

    /// Does everything that there is to do.
    fn turn(&mut self, batch: &mut Vec<Happened>, asked: &mut Vec<Command>) {
        let now = now();
        let mut world = self.shared.world();
        let Self { stack, dialogues, .. } = self;
        for happened in batch.drain(..) {
            stack.handle(happened, now);
        }
        stack.tick(now);
        let turn = &mut Turn { stack, world: &mut world, now };
        for command in asked.drain(..) {
            match command {
                Command::Send { number, outgoing, answer } => {
                    dialogues.send(&number, &outgoing, answer, turn);
                }
                Command::Kill(number) => turn.stack.kill(number),
            }
        }
        dialogues.tick(turn);
        loop {
            while let Some(arrived) = turn.stack.poll(now) {
                match arrived {
                    Arrived::Unitdata(indication) => dialogues.received(&indication, turn),
                    Arrived::Returned { data, cause } => dialogues.returned(data, cause, turn),
                }
            }
            // An alert may be due by what has just arrived, and what it sends goes out in this turn.
            let Some(alert) = turn.world.register.next_alert() else { break };
            dialogues.alert(alert, 0, turn);
        }
        turn.stack.flush();
        if std::mem::take(&mut turn.stack.changed) {
            turn.world.associations = turn.stack.associations();
        }
        turn.world.counters.dropped = turn.stack.dropped;
        drop(world);
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
