//! What the engine, the handles and HTTP share: the subscribers, the nodes, the counters.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::counters::{AssociationState, Counters};
use super::register::Register;
use super::settings::{NodeSettings, Settings};
use super::sink::Sink;
use super::submission::{Order, Submission};

/// Commands that may wait for the engine.
pub(super) const COMMANDS_MAX: usize = 1024;

/// Everything that both sides see.
#[derive(Debug)]
pub(super) struct Shared {
    world: Mutex<World>,
    /// The engine has something to look at: an alert that is due.
    pub(super) changed: Notify,
    /// A phone has received something, or an association has changed.
    pub(super) arrived: Notify,
}

/// The state of the network.
#[derive(Debug)]
pub(super) struct World {
    /// The phones.
    pub(super) register: Register,
    /// The nodes, with the faults on order.
    pub(super) nodes: Vec<NodeSettings>,
    /// What has happened.
    pub(super) counters: Counters,
    /// What counts under load.
    pub(super) sink: Sink,
    /// Who is connected.
    pub(super) associations: Vec<AssociationState>,
}

/// What the engine is asked to do.
pub(super) enum Command {
    /// A phone sends.
    Send { number: String, outgoing: Request, answer: Answer },
    /// An association breaks.
    Kill(u16),
}

/// What a phone sends.
pub(super) enum Request {
    /// A message.
    Submission(Box<Submission>),
    /// Something about a message sent before.
    Order(Order),
}

/// Who waits for the result.
pub(super) type Answer = oneshot::Sender<Result<Sent, SendError>>;

/// What the centre has accepted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Sent {
    /// TP-MR of every segment, in order.
    pub message_references: Vec<u8>,
    /// The version of MAP that was spoken, 1 to 3.
    pub map_version: u8,
}

/// Why a message was not sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SendError {
    /// The centre refused it.
    #[error("{name}")]
    Refused {
        /// The MAP error in words.
        name: &'static str,
        /// The MAP error's code.
        code: u8,
        /// TP-FCS of the SMS-SUBMIT-REPORT, if there was one.
        failure_cause: Option<u8>,
    },
    /// No phone has this number.
    #[error("no such phone")]
    NoPhone,
    /// The phone is off.
    #[error("the phone is off")]
    Off,
    /// The number or the content has no form in a TPDU.
    #[error("cannot be written: {0}")]
    Unwritable(#[from] sms::Error),
    /// The dialogue came to nothing; the text says how.
    #[error("{0}")]
    Failed(&'static str),
    /// The network has ended, or has no room.
    #[error("the mobile network does not answer")]
    Gone,
}

impl Shared {
    /// The network as `settings` describe it.
    ///
    /// # Errors
    /// A timed sink cannot be made.
    pub(super) fn new(settings: &Settings) -> io::Result<Self> {
        let world = World {
            register: Register::new(settings),
            nodes: settings.nodes.clone(),
            counters: Counters::default(),
            sink: if settings.sink_is_timed { Sink::timed()? } else { Sink::default() },
            associations: Vec::new(),
        };
        Ok(Self { world: Mutex::new(world), changed: Notify::new(), arrived: Notify::new() })
    }

    /// The state; held for a moment, never across an await.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// The node with this global title.
    pub(super) fn node_mut(&mut self, global_title: &str) -> Option<&mut NodeSettings> {
        self.nodes.iter_mut().find(|node| node.global_title == global_title)
    }

    /// The counters, the sink's among them.
    pub(super) fn counters(&self) -> Counters {
        Counters {
            sink_deliveries: self.sink.deliveries(),
            sink_duplicates: self.sink.duplicates(),
            ..self.counters
        }
    }
}
