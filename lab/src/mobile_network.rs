//! A simulated mobile network: a signalling gateway with HLR, MSCs and SGSNs behind it, and phones.
//!
//! The centre connects to it as an application server process of M3UA, requests routing information
//! from the HLR, forwards messages to the MSC, and receives the messages of phones. The network has
//! no code of the centre: the centre is a global title and a point code.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use lab::mobile_network::{MobileNetwork, Settings};
//!
//! let network = MobileNetwork::start(&Settings::default())?;
//! network.wait_until_active().await;
//! let phone = network.phone("+15550201").ok_or("no such phone")?;
//! phone.send("BALANCE", "7777").await?;
//! let answer = phone.wait_for_text(|text| text.starts_with("Your balance")).await;
//! println!("{} in {} segments", answer.text, answer.segments);
//! # Ok(())
//! # }
//! ```
//!
//! # Modules
//!
//! | module | contents |
//! |---|---|
//! | [`subscriber`], [`register`] | phones, and their data in HLR and VLR. Pure |
//! | [`inbox`] | received messages, reassembled from segments. Pure |
//! | [`submission`] | messages of phones. Pure |
//! | [`rule`] | faults that can be configured |
//! | [`settings`] | transport, addresses, nodes and phones |
//! | [`http`] | the HTTP interface |
//!
//! `engine` drives the protocols; `responses` encodes results of the subscriber model in MAP.

pub mod http;
pub mod inbox;
pub mod metrics;
pub mod phone;
pub mod register;
pub mod rule;
pub mod settings;
pub mod sink;
pub mod submission;
pub mod subscriber;

mod associations;
mod dialogues;
mod engine;
mod network_state;
mod raw_messages;
mod responses;
mod stack;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hdrhistogram::Histogram;
use tokio::sync::mpsc;

pub use associations::AssociationState;
pub use inbox::InboxEntry;
pub use metrics::Metrics;
pub use network_state::{Acknowledgement, SendError};
pub use phone::{Phone, PhoneState};
pub use rule::{Fault, Operation, Rule};
pub use settings::{NodeKind, NodeSettings, PhoneSettings, Settings, VersionRefusal};
pub use submission::{Content, SmsCommand, Submission};

use engine::ListenAddress;
use network_state::{COMMANDS_MAX, Command, SharedState};
use register::digits;

/// A running network. Its clones are of the same network, which ends with the last of them and of
/// its phones.
#[derive(Clone, Debug)]
pub struct MobileNetwork {
    listen_address: ListenAddress,
    shared: Arc<SharedState>,
    commands: mpsc::Sender<Command>,
}

impl MobileNetwork {
    /// Starts the network. To be called within a tokio runtime.
    ///
    /// # Errors
    /// The address is not available, or the settings are inconsistent.
    pub fn start(settings: &Settings) -> io::Result<Self> {
        let (commands, command_queue) = mpsc::channel(COMMANDS_MAX);
        let shared = Arc::new(SharedState::new(settings)?);
        let listen_address = engine::start(settings, Arc::clone(&shared), command_queue)?;
        Ok(Self { listen_address, shared, commands })
    }

    /// The signalling gateway's listen address.
    pub fn local_address(&self) -> SocketAddr {
        self.listen_address.address
    }

    /// The UDP port, where SCTP is carried over it.
    pub fn udp_port(&self) -> Option<u16> {
        self.listen_address.udp_port
    }

    /// The phone with this number, with or without `+`.
    pub fn phone(&self, number: &str) -> Option<Phone> {
        let number = digits(number);
        self.shared.state().register.phone(number)?;
        Some(self.handle(number))
    }

    /// All phones.
    pub fn phones(&self) -> Vec<Phone> {
        let state = self.shared.state();
        state.register.phones().iter().map(|phone| self.handle(&phone.number)).collect()
    }

    /// Adds a phone, or replaces the one with its number.
    pub fn add_phone(&self, phone: &PhoneSettings) -> Phone {
        let mut state = self.shared.state();
        let msc = state.nodes.iter().find(|node| node.kind == NodeKind::Msc);
        let msc = msc.map(|node| node.global_title.clone()).unwrap_or_default();
        state.register.add(phone, &msc);
        drop(state);
        self.handle(digits(&phone.number))
    }

    /// The nodes.
    pub fn nodes(&self) -> Vec<NodeSettings> {
        self.shared.state().nodes.clone()
    }

    /// Changes a node by its global title, for instance its MAP version or its faults. Returns whether
    /// there is such a node.
    pub fn change_node(&self, global_title: &str, change: impl FnOnce(&mut NodeSettings)) -> bool {
        self.shared.state().node_mut(global_title).map(change).is_some()
    }

    /// The associations.
    pub fn associations(&self) -> Vec<AssociationState> {
        self.shared.state().associations.clone()
    }

    /// Waits until an association carries traffic.
    pub async fn wait_until_active(&self) {
        self.wait_until(|network| network.associations().iter().any(|one| one.state == "active")).await;
    }

    /// Waits until a condition holds; checked when a message arrives or an association changes.
    pub async fn wait_until(&self, condition: impl Fn(&Self) -> bool) {
        loop {
            let arrived = self.shared.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            if condition(self) {
                return;
            }
            arrived.await;
        }
    }

    /// Aborts an association, as a loss of the link does.
    pub async fn kill(&self, association: u16) {
        let _ = self.commands.send(Command::Kill(association)).await; // the engine may have ended
    }

    /// The metrics since the start.
    pub fn metrics(&self) -> Metrics {
        self.shared.state().metrics()
    }

    /// Ages of messages at arrival in a timed sink in microseconds: of those sent since the last call.
    pub fn take_sink_ages_us(&self) -> Option<Histogram<u64>> {
        self.shared.state().sink.take_ages_us()
    }

    fn handle(&self, number: &str) -> Phone {
        Phone::new(number.to_owned(), Arc::clone(&self.shared), self.commands.clone())
    }
}
