//! Test fixture: settings, messages, and one node in virtual time.

#![allow(dead_code, reason = "each test uses some of it")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code may fail by panicking"
)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use m3ua::{
    AspState, Input, Kind, LinkId, LinkSettings, M3ua, Message, Output, ProtocolData, Role, ServerId,
    ServerSettings, ServerState, Settings, Timers, TrafficMode, Transfer,
};

/// Parameter tags.
pub(crate) mod tag {
    pub(crate) const INFO_STRING: u16 = 0x0004;
    pub(crate) const ROUTING_CONTEXT: u16 = 0x0006;
    pub(crate) const DIAGNOSTIC: u16 = 0x0007;
    pub(crate) const HEARTBEAT: u16 = 0x0009;
    pub(crate) const TRAFFIC_MODE: u16 = 0x000b;
    pub(crate) const ERROR_CODE: u16 = 0x000c;
    pub(crate) const STATUS: u16 = 0x000d;
    pub(crate) const ASP_IDENTIFIER: u16 = 0x0011;
    pub(crate) const AFFECTED: u16 = 0x0012;
    pub(crate) const NETWORK_APPEARANCE: u16 = 0x0200;
    pub(crate) const USER_CAUSE: u16 = 0x0204;
    pub(crate) const CONGESTION: u16 = 0x0205;
    pub(crate) const ROUTING_KEY: u16 = 0x0207;
    pub(crate) const REGISTRATION_RESULT: u16 = 0x0208;
    pub(crate) const DEREGISTRATION_RESULT: u16 = 0x0209;
    pub(crate) const LOCAL_KEY: u16 = 0x020a;
    pub(crate) const DPC: u16 = 0x020b;
    pub(crate) const PROTOCOL_DATA: u16 = 0x0210;
    pub(crate) const REGISTRATION_STATUS: u16 = 0x0212;
    pub(crate) const DEREGISTRATION_STATUS: u16 = 0x0213;
}

pub(crate) const AS_INACTIVE: u32 = 0x0001_0002;
pub(crate) const AS_ACTIVE: u32 = 0x0001_0003;
pub(crate) const AS_PENDING: u32 = 0x0001_0004;
pub(crate) const INSUFFICIENT: u32 = 0x0002_0001;
pub(crate) const ALTERNATE: u32 = 0x0002_0002;
pub(crate) const ASP_FAILURE: u32 = 0x0002_0003;

pub(crate) const LINK: LinkId = LinkId(0);
pub(crate) const OTHER: LinkId = LinkId(1);
pub(crate) const SERVER: ServerId = ServerId(0);
pub(crate) const T_ACK: Duration = Duration::from_secs(2);

pub(crate) fn server(context: u32) -> ServerSettings {
    ServerSettings {
        name: format!("server {context}"),
        routing_context: Some(context),
        network_appearance: None,
        traffic_mode: TrafficMode::Loadshare,
        minimum_active: 1,
        registers: None,
        point_codes: Vec::new(),
    }
}

pub(crate) fn settings(roles: &[Role], servers: Vec<ServerSettings>) -> Settings {
    let all: Vec<ServerId> = (0..).take(servers.len()).map(ServerId).collect();
    let link =
        |&role: &Role| LinkSettings { name: "link".into(), role, asp_identifier: None, servers: all.clone() };
    Settings { links: roles.iter().map(link).collect(), servers, timers: Timers::default(), pending_max: 100 }
}

pub(crate) fn numbers(values: &[u32]) -> Bytes {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

pub(crate) fn message(kind: Kind, parameters: &[(u16, u32)]) -> Message {
    parameters.iter().fold(Message::new(kind), |message, &(tag, value)| message.with(tag, numbers(&[value])))
}

/// A message with routing context 100.
pub(crate) fn of_100(kind: Kind, parameters: &[(u16, u32)]) -> Message {
    message(kind, parameters).with(tag::ROUTING_CONTEXT, numbers(&[100]))
}

pub(crate) fn data(context: u32, sls: u8) -> Message {
    let mut value = numbers(&[2, 1]).to_vec();
    value.extend([3, 2, 0, sls]);
    value.extend(b"user");
    message(Kind::Data, &[(tag::ROUTING_CONTEXT, context)]).with(tag::PROTOCOL_DATA, value)
}

pub(crate) fn transfer(server: ServerId, sls: u8, payload: impl Into<Bytes>) -> Transfer {
    let payload = payload.into();
    Transfer { server, opc: 1, dpc: 2, service_indicator: 3, network_indicator: 2, priority: 0, sls, payload }
}

/// One node and its clock.
pub(crate) struct TestNode {
    pub(crate) node: M3ua,
    pub(crate) now: Instant,
}

impl TestNode {
    #[allow(clippy::disallowed_methods, reason = "virtual time needs a moment to start from")]
    pub(crate) fn new(settings: Settings) -> Self {
        Self { node: M3ua::new(settings).unwrap(), now: Instant::now() }
    }

    /// One link of this role, one server with routing context 100.
    pub(crate) fn of(role: Role) -> Self {
        Self::new(settings(&[role], vec![server(100)]))
    }

    /// An ASP with an association, ASPUP and ASPAC acknowledged.
    pub(crate) fn active_asp() -> Self {
        let mut one = Self::of(Role::Asp);
        one.bring_asp_up(LINK);
        one
    }

    /// An SGP with an active ASP.
    pub(crate) fn active_sgp() -> Self {
        let mut one = Self::of(Role::Sgp);
        one.bring_peer_up(LINK);
        one
    }

    pub(crate) fn bring_asp_up(&mut self, link: LinkId) {
        self.connect(link);
        self.receive(link, &Message::new(Kind::AspUpAck));
        self.receive(link, &of_100(Kind::AspActiveAck, &[]));
    }

    pub(crate) fn bring_peer_up(&mut self, link: LinkId) {
        self.connect(link);
        self.receive(link, &Message::new(Kind::AspUp));
        self.receive(link, &of_100(Kind::AspActive, &[]));
    }

    pub(crate) fn handle(&mut self, input: Input) -> Vec<Output> {
        self.node.handle(input, self.now);
        std::iter::from_fn(|| self.node.poll()).collect()
    }

    pub(crate) fn connect(&mut self, link: LinkId) -> Vec<Output> {
        self.handle(Input::Connected { link, streams: 5 })
    }

    pub(crate) fn lose(&mut self, link: LinkId) -> Vec<Output> {
        self.handle(Input::Lost { link })
    }

    /// Receives a message on its proper stream.
    pub(crate) fn receive(&mut self, link: LinkId, message: &Message) -> Vec<Output> {
        let stream = u16::from(message.kind() == Kind::Data);
        self.handle(Input::Received { link, stream, octets: message.encode() })
    }

    pub(crate) fn receive_octets(&mut self, stream: u16, octets: &[u8]) -> Vec<Output> {
        self.handle(Input::Received { link: LINK, stream, octets: Bytes::copy_from_slice(octets) })
    }

    /// Advances the clock, with a tick whenever one is due.
    pub(crate) fn pass(&mut self, time: Duration) -> Vec<Output> {
        let end = self.now + time;
        let mut outputs = Vec::new();
        while let Some(due) = self.node.deadline().filter(|&due| due <= end) {
            self.now = self.now.max(due);
            outputs.extend(self.handle(Input::Tick));
        }
        self.now = end;
        outputs
    }

    pub(crate) fn state(&self) -> ServerState {
        self.node.server_state(SERVER)
    }

    pub(crate) fn link(&self) -> AspState {
        self.node.link_state(LINK)
    }
}

/// The messages sent, with their links.
pub(crate) fn sent(outputs: &[Output]) -> Vec<(LinkId, Message)> {
    let message = |output: &Output| match output {
        Output::Send { link, octets, .. } => Some((*link, Message::decode(octets).unwrap())),
        _ => None,
    };
    outputs.iter().filter_map(message).collect()
}

/// The kinds of the messages sent on any link.
pub(crate) fn kinds(outputs: &[Output]) -> Vec<Kind> {
    sent(outputs).iter().map(|(_, message)| message.kind()).collect()
}

/// The messages of this kind that were sent on this link.
pub(crate) fn only(outputs: &[Output], link: LinkId, kind: Kind) -> Vec<Message> {
    let matching = sent(outputs).into_iter().filter(|(on, message)| *on == link && message.kind() == kind);
    matching.map(|(_, message)| message).collect()
}

/// The codes of the ERRs sent.
pub(crate) fn errors(outputs: &[Output]) -> Vec<u32> {
    let all = sent(outputs);
    let errors = all.iter().filter(|(_, message)| message.kind() == Kind::Error);
    errors.map(|(_, message)| message.error_code().unwrap()).collect()
}

/// The statuses of the NTFYs sent on this link.
pub(crate) fn notified(outputs: &[Output], link: LinkId) -> Vec<u32> {
    let number = |message: Message| message.number(tag::STATUS).unwrap().unwrap();
    only(outputs, link, Kind::Notify).into_iter().map(number).collect()
}

pub(crate) fn arrived(outputs: &[Output]) -> Vec<ProtocolData> {
    let data = |(_, message): (LinkId, Message)| message.protocol_data().ok();
    sent(outputs).into_iter().filter_map(data).collect()
}

pub(crate) fn transfers(outputs: &[Output]) -> Vec<Transfer> {
    let transfer = |output: &Output| match output {
        Output::Transfer { transfer, .. } => Some(transfer.clone()),
        _ => None,
    };
    outputs.iter().filter_map(transfer).collect()
}

pub(crate) fn discarded(outputs: &[Output]) -> Vec<Transfer> {
    let transfer = |output: &Output| match output {
        Output::Discarded(transfer) => Some(transfer.clone()),
        _ => None,
    };
    outputs.iter().filter_map(transfer).collect()
}
