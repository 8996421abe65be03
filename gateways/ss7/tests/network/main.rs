//! The gateway on loopback: a small centre above it, a whole mobile network below.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may panic as tests do"
)]

mod alerts;
mod centre;
mod dialogues;
mod failures;
mod links;
mod networks;
mod originating;
mod peers_of_ipsp;
mod routing;
mod screening;
mod tap;
mod versions;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gateway_ss7::Ss7Gateway;
use gateway_ss7::config::Ss7Config;
use lab::mobile_network::{Fault, MobileNetwork, Operation, Phone, PhoneSettings, Rule, Settings};
use map::Request;
use map::operation::{MtForwardSmArg, ReportSmDeliveryStatusArg};
use smsc::address::Address;
use smsc::delivery::{Delivery, DeliveryAck};
use smsc::endpoint::Endpoint;
use smsc::failure::Failure;
use smsc::ids::MessageId;
use smsc::message::{Content, Kind, Message, Submission};
use smsc::names::Name;
use smsc::ports::Gateways;
use smsc::timestamp::Timestamp;

use centre::SmallCentre;
use tap::{Tap, until};

/// The clock of all tests: 2026-11-18T11:06:40Z.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

const PHONE: &str = "15550201";
const TITLE: &str = "15550001000";
const HLR: &str = "15550000001";
const MSC: &str = "15550000002";
const OTHER_MSC: &str = "15550000003";
const SGSN: &str = "15550000004";

/// A gateway, its centre, and the network that it serves.
struct Rig {
    centre: Arc<SmallCentre>,
    gateway: Ss7Gateway,
    network: MobileNetwork,
    tap: Tap,
}

impl Rig {
    async fn start() -> Self {
        Self::with(|_| {}, |_| {}).await
    }

    /// With other settings of the network, and another configuration of the gateway.
    async fn with(of_network: impl FnOnce(&mut Settings), of_gateway: impl FnOnce(&mut Ss7Config)) -> Self {
        let mut settings = settings();
        of_network(&mut settings);
        let network = MobileNetwork::start(&settings).unwrap();
        let tap = Tap::start(network.local_address()).await;
        let mut config = config(tap.address);
        of_gateway(&mut config);
        let centre = SmallCentre::new();
        let gateway = Ss7Gateway::start(&config, centre.clone(), Arc::new(|| NOW), 1, 7).unwrap();
        soon(centre.wait_until(|centre| centre.opened_times() > 0)).await;
        Self { centre, gateway, network, tap }
    }

    fn phone(&self) -> Phone {
        self.network.phone(PHONE).unwrap()
    }

    /// Brings a text to a phone.
    async fn deliver(&self, number: &str, text: &str) -> Result<DeliveryAck, Failure> {
        soon(self.gateway.deliver(&home(), delivery(1, number, text))).await
    }

    /// Brings a text to [`PHONE`], which is to take it.
    async fn delivered(&self, text: &str) {
        self.deliver(PHONE, text).await.unwrap();
        soon(self.phone().wait_for_text(|found| found == text)).await;
    }

    /// Brings a text to [`PHONE`], which is not to take it.
    async fn failed(&self, text: &str) -> Failure {
        self.deliver(PHONE, text).await.unwrap_err()
    }

    fn order(&self, operation: Operation, fault: Fault, times: u32) {
        self.phone().rule(Rule { operation: Some(operation), fault, times: Some(times) });
    }

    fn counted(&self, what: &str) -> u64 {
        self.gateway.status().counters.get(what).copied().unwrap_or_default()
    }

    /// What the nodes were asked to forward.
    fn forwarded(&self) -> Vec<MtForwardSmArg> {
        let forward = |request| if let Request::MtForwardSm(arg) = request { Some(arg) } else { None };
        self.tap.requests_out().into_iter().filter_map(forward).collect()
    }

    /// The reports that the HLR got.
    fn reported(&self) -> Vec<ReportSmDeliveryStatusArg> {
        let report =
            |request| if let Request::ReportSmDeliveryStatus(arg) = request { Some(arg) } else { None };
        self.tap.requests_out().into_iter().filter_map(report).collect()
    }

    /// Waits until the HLR got and answered that many reports.
    async fn wait_for_reports(&self, count: u64) {
        soon(until(|| self.network.metrics().reports == count && self.gateway.status().dialogues == 0)).await;
    }
}

fn settings() -> Settings {
    Settings { listen: loopback(), ..Settings::default() }
}

/// What an operator writes for one network behind one signalling gateway.
fn config(peer: SocketAddr) -> Ss7Config {
    let text = format!(
        "
        beat_seconds = 0
        networks = [{{ name = 'home', point_code = 1, global_title = '{TITLE}', gateways = [2] }}]
        application_servers = [{{ name = 'a', network = 'home', routing_context = 100 }}]
        [[associations]]
        name = 'stp'
        transport = 'tcp'
        remote = ['{peer}']
        application_servers = ['a']
        reconnect_seconds_max = 1
        "
    );
    toml::from_str(&text).unwrap()
}

/// The whole seconds that a test which waits for timers can do with.
fn quick(config: &mut Ss7Config) {
    (config.routing_seconds, config.forwarding_seconds, config.dialogue_seconds) = (1, 1, 2);
}

fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn home() -> Endpoint {
    Endpoint::Ss7("home".into())
}

fn message(id: u64, number: &str, text: &str) -> Message {
    let content = Content {
        body: Bytes::from(sms::alphabet::encode(text, sms::alphabet::Shifts::NONE).unwrap()),
        ..Content::default()
    };
    let (source, destination) = (Address::alphanumeric("Fernpost"), Address::international(number));
    let submission = Submission::new(Endpoint::Operator, source, destination, content);
    Message {
        id: MessageId::from_u64(id),
        origin: submission.origin,
        account: submission.account,
        source: submission.source,
        destination: submission.destination,
        presented: None,
        route: Name::default(),
        content: submission.content,
        mode: submission.mode,
        receipt: submission.receipt,
        priority: submission.priority,
        protocol_id: submission.protocol_id,
        reply_path: submission.reply_path,
        service_type: submission.service_type,
        optional: submission.optional,
        accepted_at: NOW,
        deliver_after: NOW,
        expires_at: Timestamp::NEVER,
        client_key: None,
        headers: Vec::new(),
        kind: Kind::Ordinary,
    }
}

fn delivery(id: u64, number: &str, text: &str) -> Delivery {
    Delivery { message: Arc::new(message(id, number, text)), receipt_wanted: false }
}

/// A phone of the first MSC that an SGSN serves as well.
fn with_sgsn(settings: &mut Settings) {
    settings.phones = vec![PhoneSettings { sgsn: Some(SGSN.to_owned()), ..PhoneSettings::new(PHONE) }];
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(15), future).await.expect("it takes too long")
}
