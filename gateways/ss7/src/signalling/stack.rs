//! M3UA, SCCP and MAP joined: octets of associations below, dialogues of short messages above.
//!
//! Pure, as its parts are: feed [`Stack::handle`] and the requests, take [`Stack::poll`] until it is
//! empty, and wait for the sockets or for [`Stack::deadline`], whichever is first.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;
use compact_str::CompactString;
use m3ua::{Availability, LinkId, M3ua, ServerId, ServerState};
use map::{DialogueId, Map, MapError, Request, Response, Version};
use sccp::{Address, NetworkId, PointCodeState, Sccp, Unitdata};

use crate::config::Ss7Config;
use crate::error::Error;
use crate::signalling::settings::{self, Layout};

/// The service indicator of SCCP in M3UA and MTP (Q.704 §14.2.1).
const SCCP_SERVICE: u8 = 3;
/// Signalling link selections that there are.
const SLS_MASK: u8 = 0x0f;

/// A node of a mobile network: in which routing domain, and its SCCP address there.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Node {
    /// The routing domain.
    pub(crate) network: NetworkId,
    /// Its address.
    pub(crate) address: Address,
}

/// An event of an association, or a timer.
#[derive(Debug)]
pub(crate) enum Input {
    /// An association is up.
    Connected { link: LinkId, streams: u16 },
    /// An association is gone.
    Lost { link: LinkId },
    /// The peer has restarted an association.
    Restarted { link: LinkId },
    /// An association has more to send than it likes, or no longer.
    Congested { link: LinkId, congested: bool },
    /// A message came in.
    Received { link: LinkId, stream: u16, octets: Bytes },
    /// Deactivate every association.
    Stop,
    /// [`Stack::deadline`] has come.
    Tick,
}

/// An action or a change of state.
#[derive(Debug)]
pub(crate) enum Output {
    /// Send a message of M3UA.
    Send { link: LinkId, stream: u16, octets: Bytes },
    /// Close an association once everything has left.
    Close { link: LinkId },
    /// A routing domain can carry traffic, or no longer.
    Network { network: NetworkId, serves: bool },
    /// An association's process has changed its state.
    Link { link: LinkId, state: m3ua::AspState },
    /// An output of MAP: requests of peers, answers to ours.
    Map(Box<map::Output<Node>>),
    /// Something was not as it should be; counted under this name.
    Counted(&'static str),
}

/// A dialogue to open.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) local: Node,
    pub(crate) remote: Node,
    /// What the node is called where its MAP version is remembered.
    pub(crate) peer: CompactString,
    pub(crate) request: Request,
    pub(crate) version_max: Version,
}

/// A request that was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SentRequest {
    pub(crate) dialogue: DialogueId,
    /// The association that took it; `None` while it is held for one.
    pub(crate) link: Option<LinkId>,
}

/// The whole stack of one process.
pub(crate) struct Stack {
    m3ua: M3ua,
    sccp: Sccp,
    map: Map<Node>,
    layout: Layout,
    states: Vec<ServerState>,
    outputs: VecDeque<Output>,
}

impl Stack {
    /// A stack without associations. `random` spreads transaction ids and references.
    ///
    /// # Errors
    /// [`Error::Config`] for what the configuration's own check cannot see.
    pub(crate) fn new(config: &Ss7Config, node: u16, random: u64) -> Result<Self, Error> {
        let layout = Layout::new(config);
        let states = vec![ServerState::Down; layout.servers()];
        Ok(Self {
            m3ua: M3ua::new(settings::m3ua(config))
                .map_err(|error| Error::config("ss7", error.to_string()))?,
            sccp: Sccp::new(settings::sccp(config, random)?)
                .map_err(|error| Error::config("ss7", error.to_string()))?,
            map: Map::new(settings::map(config, node, random)),
            layout,
            states,
            outputs: VecDeque::new(),
        })
    }

    /// Applies what happened.
    pub(crate) fn handle(&mut self, input: Input, now: Instant) {
        let input = match input {
            Input::Connected { link, streams } => m3ua::Input::Connected { link, streams },
            Input::Lost { link } => m3ua::Input::Lost { link },
            Input::Restarted { link } => m3ua::Input::Restarted { link },
            Input::Congested { link, congested } => m3ua::Input::Congested { link, congested },
            Input::Received { link, stream, octets } => m3ua::Input::Received { link, stream, octets },
            Input::Stop => m3ua::Input::Stop,
            Input::Tick => {
                self.sccp.handle(sccp::Input::Tick, now);
                self.map.handle(map::Input::Tick, now);
                m3ua::Input::Tick
            }
        };
        self.m3ua.handle(input, now);
        self.run_layers(now);
    }

    /// Opens a dialogue; its answer comes as [`map::Output::Confirm`].
    ///
    /// # Errors
    /// The error of MAP; nothing was sent then.
    pub(crate) fn open(&mut self, opening: Opening, now: Instant) -> Result<SentRequest, map::Error> {
        let before = self.outputs.len();
        let Opening { local, remote, peer, request, version_max } = opening;
        let room = self.sccp.room(remote.network, &remote.address, &local.address);
        let open = map::Open { local, remote, peer, request, version: None, version_max, room, tag: 0 };
        let opened = self.map.open(open, now);
        self.run_layers(now);
        opened.map(|dialogue| SentRequest { dialogue, link: self.link_since(before) })
    }

    /// Sends another request in an open dialogue.
    ///
    /// # Errors
    /// The error of MAP; nothing was sent then.
    pub(crate) fn next(
        &mut self,
        dialogue: DialogueId,
        request: Request,
        now: Instant,
    ) -> Result<SentRequest, map::Error> {
        let before = self.outputs.len();
        let sent = self.map.next(dialogue, request, now);
        self.run_layers(now);
        sent.map(|()| SentRequest { dialogue, link: self.link_since(before) })
    }

    /// Ends a dialogue of ours that the peer holds open.
    pub(crate) fn close(&mut self, dialogue: DialogueId, now: Instant) {
        self.map.close(dialogue, now);
        self.run_layers(now);
    }

    /// Answers a peer's request.
    pub(crate) fn answer(
        &mut self,
        dialogue: DialogueId,
        invoke_id: i8,
        result: Result<Response, MapError>,
        now: Instant,
    ) {
        if self.map.answer(dialogue, invoke_id, result, now).is_err() {
            self.count("answer_too_late"); // the peer has ended the dialogue: it asks again
        }
        self.run_layers(now);
    }

    /// The next thing to do, or `None` when it is time to wait.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Tick`] is due, if at all.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        [self.m3ua.deadline(), self.sccp.deadline(), self.map.deadline()].into_iter().flatten().min()
    }

    /// Dialogues that are open.
    pub(crate) fn dialogues(&self) -> usize {
        self.map.len()
    }

    /// The association that took what was sent since there were so many outputs.
    fn link_since(&self, before: usize) -> Option<LinkId> {
        self.outputs.iter().skip(before).find_map(|output| match output {
            Output::Send { link, .. } => Some(*link),
            _ => None,
        })
    }

    /// Passes outputs of each layer to the next, until no layer has any.
    fn run_layers(&mut self, now: Instant) {
        loop {
            if let Some(output) = self.m3ua.poll() {
                self.handle_m3ua(output, now);
            } else if let Some(output) = self.sccp.poll() {
                self.handle_sccp(output, now);
            } else if let Some(output) = self.map.poll() {
                self.handle_map(output, now);
            } else {
                return;
            }
        }
    }

    fn handle_m3ua(&mut self, output: m3ua::Output, now: Instant) {
        match output {
            m3ua::Output::Send { link, stream, octets } => {
                self.outputs.push_back(Output::Send { link, stream, octets });
            }
            m3ua::Output::Close { link } => self.outputs.push_back(Output::Close { link }),
            m3ua::Output::Link { link, state } => self.outputs.push_back(Output::Link { link, state }),
            m3ua::Output::Transfer { transfer, .. } if transfer.service_indicator == SCCP_SERVICE => {
                let Some(network) = self.layout.network_of(transfer.server) else { return };
                let m3ua::Transfer { opc, dpc, sls, payload, .. } = transfer;
                self.sccp.handle(sccp::Input::Transfer { network, opc, dpc, sls, payload }, now);
            }
            m3ua::Output::Transfer { .. } => self.count("m3ua_service_unknown"),
            m3ua::Output::Discarded(transfer) => self.not_sent(&transfer, now),
            m3ua::Output::Refused { .. } => self.count("m3ua_error"),
            m3ua::Output::Server { server, state } => self.server_changed(server, state, now),
            m3ua::Output::PointCode { server, point_code, mask, state } => {
                self.reachable_changed(server, point_code, mask, state, now);
            }
            m3ua::Output::UserUnavailable { server, point_code, user, .. } => {
                if let (Some(network), SCCP_SERVICE) = (self.layout.network_of(server), user) {
                    self.sccp.handle(sccp::Input::UserUnavailable { network, point_code }, now);
                }
            }
        }
    }

    /// No association took it: its dialogue fails at once, as if the network had returned it.
    fn not_sent(&mut self, transfer: &m3ua::Transfer, now: Instant) {
        self.count("m3ua_discarded");
        let Ok(message) = sccp::message::Message::decode(&transfer.payload) else { return };
        if let sccp::message::Purpose::Data { .. } = message.purpose {
            let (octets, cause) = (message.data, sccp::ReturnCause::MTP_FAILURE.0);
            self.map.handle(map::Input::Undelivered { octets, cause }, now);
        }
    }

    /// An application server that serves makes its network's points reachable, until the gateway
    /// reports one unavailable; without any, none is.
    fn server_changed(&mut self, server: ServerId, state: ServerState, now: Instant) {
        let Some(network) = self.layout.network_of(server) else { return };
        let served = self.serves(network);
        if let Some(known) = self.states.get_mut(usize::from(server.0)) {
            *known = state;
        }
        let serves = self.serves(network);
        if served == serves {
            return;
        }
        let state = if serves { PointCodeState::Available } else { PointCodeState::Unavailable };
        for point_code in self.layout.points_of(network) {
            self.sccp.handle(sccp::Input::PointCode { network, point_code, state }, now);
        }
        self.outputs.push_back(Output::Network { network, serves });
    }

    /// Traffic is held while a server is pending, so that it counts as serving.
    fn serves(&self, network: NetworkId) -> bool {
        self.serving(network).is_some()
    }

    /// The application server that takes a network's traffic.
    fn serving(&self, network: NetworkId) -> Option<ServerId> {
        let has = |wanted: ServerState| {
            self.layout
                .servers_of(network)
                .find(|server| self.states.get(usize::from(server.0)) == Some(&wanted))
        };
        has(ServerState::Active).or_else(|| has(ServerState::Pending))
    }

    fn reachable_changed(
        &mut self,
        server: ServerId,
        point_code: u32,
        mask: u8,
        state: Availability,
        now: Instant,
    ) {
        let Some(network) = self.layout.network_of(server) else { return };
        let state = match state {
            Availability::Available => PointCodeState::Available,
            Availability::Restricted => PointCodeState::Restricted,
            Availability::Unavailable => PointCodeState::Unavailable,
            Availability::Congested(level) => PointCodeState::Congested(level),
        };
        let cluster = |code: u32| code.checked_shr(u32::from(mask)).unwrap_or(0);
        let concerned = self.layout.points_of(network).filter(|code| cluster(*code) == cluster(point_code));
        for point_code in concerned {
            self.sccp.handle(sccp::Input::PointCode { network, point_code, state }, now);
        }
    }

    fn handle_sccp(&mut self, output: sccp::Output, now: Instant) {
        match output {
            sccp::Output::Transfer { network, opc, dpc, sls, payload } => {
                let Some(server) = self.serving(network) else { return self.count("sccp_no_server") };
                let transfer = m3ua::Transfer {
                    server,
                    opc,
                    dpc,
                    service_indicator: SCCP_SERVICE,
                    network_indicator: self.layout.network_indicator(network),
                    priority: 0,
                    sls,
                    payload,
                };
                self.m3ua.handle(m3ua::Input::Transfer(transfer), now);
            }
            sccp::Output::Unitdata(indication) => {
                let sccp::Indication { network, called, calling, data, .. } = indication;
                let local = Node { network, address: called };
                let remote = Node { network, address: calling };
                self.map.handle(map::Input::Received { local, remote, octets: data }, now);
            }
            sccp::Output::Notice { cause, data, .. } => {
                self.map.handle(map::Input::Undelivered { octets: data, cause: cause.0 }, now);
            }
            sccp::Output::Refused { .. } => self.count("sccp_refused"),
            sccp::Output::Discarded { .. } => self.count("sccp_discarded"),
            sccp::Output::Subsystem { .. } => self.count("sccp_subsystem_changed"),
        }
    }

    fn handle_map(&mut self, output: map::Output<Node>, now: Instant) {
        match output {
            map::Output::Send { local, remote, octets, sequence, first } => {
                let unitdata = Unitdata {
                    network: remote.network,
                    called: remote.address,
                    calling: local.address,
                    sls: sequence & SLS_MASK,
                    in_sequence: true,
                    return_on_error: first,
                    data: octets,
                };
                self.sccp.handle(sccp::Input::Unitdata(unitdata), now);
            }
            other => self.outputs.push_back(Output::Map(Box::new(other))),
        }
    }

    fn count(&mut self, what: &'static str) {
        self.outputs.push_back(Output::Counted(what));
    }
}

#[cfg(test)]
mod tests;
