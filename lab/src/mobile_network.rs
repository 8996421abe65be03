//! A mobile network: a signalling gateway with HLR, MSCs and SGSNs behind it, and phones.
//!
//! The centre connects to it as an application server process of M3UA, asks the HLR where a phone
//! is, forwards messages to the MSC, and gets what phones send. Nothing here knows the centre: it
//! is a global title and a point code.
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
//! # Where to find what
//!
//! | module | answers |
//! |---|---|
//! | [`subscriber`], [`register`] | what does a phone do, and what do HLR and VLR know of it? Pure |
//! | [`inbox`] | what has a phone received, and is it whole? Pure |
//! | [`submission`] | what does a phone send? Pure |
//! | [`rule`] | which faults can be ordered? |
//! | [`settings`] | what does the network look like? |
//! | [`http`] | how is it driven from outside? |
//!
//! `engine` joins the protocols; `answers` turns what the subscriber model says into MAP.

pub mod counters;
pub mod http;
pub mod inbox;
pub mod phone;
pub mod register;
pub mod rule;
pub mod settings;
pub mod sink;
pub mod submission;
pub mod subscriber;

mod answers;
mod dialogues;
mod engine;
mod forged;
mod links;
mod stack;
mod world;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hdrhistogram::Histogram;
use tokio::sync::mpsc;

pub use counters::{AssociationState, Counters};
pub use inbox::Received;
pub use phone::{Phone, PhoneState};
pub use rule::{Fault, Operation, Rule};
pub use settings::{NodeKind, NodeSettings, PhoneSettings, Settings, VersionRefusal};
pub use submission::{Content, Order, Submission};
pub use world::{SendError, Sent};

use engine::Listening;
use register::digits;
use world::{COMMANDS_MAX, Command, Shared};

/// A running network. Its clones are of the same network, which ends with the last of them and of
/// its phones.
#[derive(Clone, Debug)]
pub struct MobileNetwork {
    listening: Listening,
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
}

impl MobileNetwork {
    /// Starts to listen. To be called within a tokio runtime.
    ///
    /// # Errors
    /// The address cannot be had, or the settings contradict themselves.
    pub fn start(settings: &Settings) -> io::Result<Self> {
        let (commands, asked) = mpsc::channel(COMMANDS_MAX);
        let shared = Arc::new(Shared::new(settings)?);
        let listening = engine::start(settings, Arc::clone(&shared), asked)?;
        Ok(Self { listening, shared, commands })
    }

    /// Where the signalling gateway listens.
    pub fn local_address(&self) -> SocketAddr {
        self.listening.address
    }

    /// The port of UDP, where SCTP is carried over it.
    pub fn udp_port(&self) -> Option<u16> {
        self.listening.udp_port
    }

    /// The phone with this number, with or without `+`.
    pub fn phone(&self, number: &str) -> Option<Phone> {
        let number = digits(number);
        self.shared.world().register.phone(number)?;
        Some(self.handle(number))
    }

    /// All phones.
    pub fn phones(&self) -> Vec<Phone> {
        let world = self.shared.world();
        world.register.phones().iter().map(|phone| self.handle(&phone.number)).collect()
    }

    /// Adds a phone, or replaces the one with its number.
    pub fn add_phone(&self, phone: &PhoneSettings) -> Phone {
        let mut world = self.shared.world();
        let msc = world.nodes.iter().find(|node| node.kind == NodeKind::Msc);
        let msc = msc.map(|node| node.global_title.clone()).unwrap_or_default();
        world.register.add(phone, &msc);
        drop(world);
        self.handle(digits(&phone.number))
    }

    /// The nodes as they are now.
    pub fn nodes(&self) -> Vec<NodeSettings> {
        self.shared.world().nodes.clone()
    }

    /// Changes a node, by its global title: its version of MAP, or its faults. Whether there is such a node.
    pub fn change_node(&self, global_title: &str, change: impl FnOnce(&mut NodeSettings)) -> bool {
        self.shared.world().node_mut(global_title).map(change).is_some()
    }

    /// The associations.
    pub fn associations(&self) -> Vec<AssociationState> {
        self.shared.world().associations.clone()
    }

    /// Waits until an association carries traffic.
    pub async fn wait_until_active(&self) {
        self.wait_until(|network| network.associations().iter().any(|one| one.state == "active")).await;
    }

    /// Waits until something is so; looked at when a message arrives or an association changes.
    pub async fn wait_until(&self, is_so: impl Fn(&Self) -> bool) {
        loop {
            let arrived = self.shared.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            if is_so(self) {
                return;
            }
            arrived.await;
        }
    }

    /// Breaks an association, as a cable that is pulled.
    pub async fn kill(&self, association: u16) {
        let _engine_may_be_gone = self.commands.send(Command::Kill(association)).await;
    }

    /// What has happened so far.
    pub fn counters(&self) -> Counters {
        self.shared.world().counters()
    }

    /// How old stamped messages were when they came to a timed sink, in microseconds: those that were
    /// sent since this was asked the last time.
    pub fn take_sink_ages_us(&self) -> Option<Histogram<u64>> {
        self.shared.world().sink.take_ages_us()
    }

    fn handle(&self, number: &str) -> Phone {
        Phone::new(number.to_owned(), Arc::clone(&self.shared), self.commands.clone())
    }
}
