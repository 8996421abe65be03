//! The state of the mobile network that engine, handles and HTTP share, and commands to the engine.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::associations::AssociationState;
use super::metrics::Metrics;
use super::register::Register;
use super::settings::{NodeSettings, Settings};
use super::sink::Sink;
use super::submission::{SmsCommand, Submission};

/// Commands that may be queued for the engine.
pub(super) const COMMANDS_MAX: usize = 1024;

/// The shared state and its notifications.
#[derive(Debug)]
pub(super) struct SharedState {
    state: Mutex<NetworkState>,
    /// Notifies the engine of a change, such as an alert that is due.
    pub(super) changed: Notify,
    /// Notifies waiting handles: a phone has received a message, or an association has changed.
    pub(super) arrived: Notify,
}

/// The state of the network.
#[derive(Debug)]
pub(super) struct NetworkState {
    /// The phones.
    pub(super) register: Register,
    /// The nodes, with their configured faults.
    pub(super) nodes: Vec<NodeSettings>,
    /// Metrics, without those of the sink.
    pub(super) metrics: Metrics,
    /// Counts deliveries under load.
    pub(super) sink: Sink,
    /// States of the associations.
    pub(super) associations: Vec<AssociationState>,
}

/// A command to the engine.
pub(super) enum Command {
    /// A phone sends.
    Send { number: String, request: Request, result: ResultSender },
    /// An association is aborted.
    Kill(u16),
}

/// What a phone sends.
pub(super) enum Request {
    /// A message.
    Submission(Box<Submission>),
    /// An SMS-COMMAND about an earlier message.
    Command(SmsCommand),
}

/// Receives the result of a request.
pub(super) type ResultSender = oneshot::Sender<Result<Acknowledgement, SendError>>;

/// The acknowledgement of a message by the centre.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Acknowledgement {
    /// TP-MR of every segment, in order.
    pub message_references: Vec<u8>,
    /// The MAP version of the dialogue, 1 to 3.
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
    /// The dialogue failed; the text is the reason.
    #[error("{0}")]
    Failed(&'static str),
    /// The network has ended.
    #[error("the mobile network does not answer")]
    Gone,
}

impl SharedState {
    /// The network as `settings` describe it.
    ///
    /// # Errors
    /// The histogram of a timed sink cannot be created.
    pub(super) fn new(settings: &Settings) -> io::Result<Self> {
        let state = NetworkState {
            register: Register::new(settings),
            nodes: settings.nodes.clone(),
            metrics: Metrics::default(),
            sink: if settings.sink_is_timed { Sink::timed()? } else { Sink::default() },
            associations: Vec::new(),
        };
        Ok(Self { state: Mutex::new(state), changed: Notify::new(), arrived: Notify::new() })
    }

    /// The state; the guard is never held across an await.
    pub(super) fn state(&self) -> MutexGuard<'_, NetworkState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NetworkState {
    /// The node with this global title.
    pub(super) fn node_mut(&mut self, global_title: &str) -> Option<&mut NodeSettings> {
        self.nodes.iter_mut().find(|node| node.global_title == global_title)
    }

    /// The metrics, including those of the sink.
    pub(super) fn metrics(&self) -> Metrics {
        Metrics {
            sink_deliveries: self.sink.deliveries(),
            sink_duplicates: self.sink.duplicates(),
            ..self.metrics
        }
    }
}
