//! Test fixture: a service centre and a node connected in virtual time, and example requests.

#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code may fail by panicking")]

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use map::operation::{
    ForwardSmRes, InformServiceCentreArg, LocationInfoWithLmsi, MoForwardSmArg, MtForwardSmArg, MwStatus,
    ReportSmDeliveryStatusArg, RoutingInfoForSmArg, RoutingInfoForSmRes, SmDeliveryOutcome, SmRpDa, SmRpOa,
};
use map::{
    AddressString, DialogueId, Failure, Imsi, Input, Map, MapError, Open, Output, Request, Response,
    Settings, SignalInfo, Version,
};

/// The address of the centre.
pub(crate) const CENTRE: u8 = 1;
/// The address of the node.
pub(crate) const NODE: u8 = 2;

/// An [`Output::Confirm`] of the centre.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Confirm {
    pub(crate) dialogue: DialogueId,
    pub(crate) tag: u64,
    pub(crate) version: Version,
    pub(crate) result: Result<Response, Failure>,
    pub(crate) open: bool,
    pub(crate) informed: Option<InformServiceCentreArg>,
}

/// An [`Output::Indication`] at the node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Indication {
    pub(crate) dialogue: DialogueId,
    pub(crate) invoke_id: i8,
    pub(crate) version: Version,
    pub(crate) request: Request,
    pub(crate) more: bool,
}

/// A centre and a node. The link between them may refuse versions in place of an older node.
pub(crate) struct Pair {
    pub(crate) now: Instant,
    pub(crate) centre: Map<u8>,
    pub(crate) node: Map<u8>,
    /// The highest version that the node supports. The link refuses higher ones in its place.
    pub(crate) node_version: Version,
    /// The response of a version 1 node, which supports no dialogue portion.
    pub(crate) v1_refusal: fn(&[u8]) -> Bytes,
    /// Messages from the centre, oldest first.
    pub(crate) sent: Vec<Bytes>,
    /// Messages from the node, oldest first.
    pub(crate) returned: Vec<Bytes>,
    pub(crate) confirms: VecDeque<Confirm>,
    pub(crate) indications: VecDeque<Indication>,
    /// All other outputs: of the centre, of the node.
    pub(crate) others: (Vec<Output<u8>>, Vec<Output<u8>>),
    /// Whether messages from the centre are dropped.
    pub(crate) drop_from_centre: bool,
    /// Whether messages from the node are withheld from the centre and left to the test.
    pub(crate) withhold_from_node: bool,
}

impl Pair {
    #[allow(clippy::disallowed_methods, reason = "any instant will do")]
    pub(crate) fn new(settings: Settings) -> Self {
        let other = Settings { tcap: tcap::Settings { first: 0x1000, ..settings.tcap }, ..settings };
        Self {
            now: Instant::now(),
            centre: Map::new(settings),
            node: Map::new(other),
            node_version: Version::V3,
            v1_refusal: p_abort,
            sent: Vec::new(),
            returned: Vec::new(),
            confirms: VecDeque::new(),
            indications: VecDeque::new(),
            others: (Vec::new(), Vec::new()),
            drop_from_centre: false,
            withhold_from_node: false,
        }
    }

    /// Opens a dialogue of the centre with the node.
    pub(crate) fn open(&mut self, request: Request) -> DialogueId {
        self.open_with(request, |_| {})
    }

    pub(crate) fn open_with(&mut self, request: Request, change: impl FnOnce(&mut Open<u8>)) -> DialogueId {
        let mut open = Open {
            local: CENTRE,
            remote: NODE,
            peer: "15550000008".into(),
            request,
            version: None,
            version_max: Version::V3,
            room: 240,
            tag: 7,
        };
        change(&mut open);
        let dialogue = self.centre.open(open, self.now).unwrap();
        self.run();
        dialogue
    }

    /// Carries messages until neither side has an output.
    pub(crate) fn run(&mut self) {
        loop {
            let mut idle = true;
            while let Some(output) = self.centre.poll() {
                idle = false;
                self.centre_output(output);
            }
            while let Some(output) = self.node.poll() {
                idle = false;
                self.node_output(output);
            }
            if idle {
                return;
            }
        }
    }

    /// Advances the clock, with every tick that is due on the way.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        for _ in 0..1_000 {
            let due = self.centre.deadline().into_iter().chain(self.node.deadline()).min();
            match due.filter(|due| *due <= end) {
                Some(due) => self.now = self.now.max(due),
                None => {
                    self.now = end;
                    return;
                }
            }
            self.centre.handle(Input::Tick, self.now);
            self.node.handle(Input::Tick, self.now);
            self.run();
        }
        panic!("ticks stay due");
    }

    /// Answers the node's oldest indication.
    pub(crate) fn answer(&mut self, result: Result<Response, MapError>) {
        let indication = self.indications.pop_front().unwrap();
        self.node.answer(indication.dialogue, indication.invoke_id, result, self.now).unwrap();
        self.run();
    }

    pub(crate) fn confirm(&mut self) -> Confirm {
        self.confirms.pop_front().unwrap()
    }

    /// Passes octets to the centre as if they came from the node.
    pub(crate) fn centre_receives(&mut self, octets: Bytes) {
        self.centre.handle(Input::Received { local: CENTRE, remote: NODE, octets }, self.now);
        self.run();
    }

    /// Passes octets to the node as if they came from the centre.
    pub(crate) fn node_receives(&mut self, octets: Bytes) {
        self.node.handle(Input::Received { local: NODE, remote: CENTRE, octets }, self.now);
        self.run();
    }

    fn centre_output(&mut self, output: Output<u8>) {
        match output {
            Output::Send { local, remote, octets, .. } => {
                assert_eq!((local, remote), (CENTRE, NODE));
                self.sent.push(octets.clone());
                match proposed_version(&octets) {
                    _ if self.drop_from_centre => {}
                    Some(version) if version > self.node_version.number() => {
                        let refusal = if self.node_version == Version::V1 {
                            (self.v1_refusal)(&octets)
                        } else {
                            offer_version(&octets, 2)
                        };
                        self.centre.handle(
                            Input::Received { local: CENTRE, remote: NODE, octets: refusal },
                            self.now,
                        );
                    }
                    _ => self.node.handle(Input::Received { local: remote, remote: local, octets }, self.now),
                }
            }
            Output::Confirm { dialogue, tag, version, result, open, informed, .. } => {
                self.confirms.push_back(Confirm { dialogue, tag, version, result, open, informed });
            }
            other => self.others.0.push(other),
        }
    }

    fn node_output(&mut self, output: Output<u8>) {
        match output {
            Output::Send { local, remote, octets, .. } => {
                self.returned.push(octets.clone());
                if self.withhold_from_node {
                    return;
                }
                self.centre.handle(Input::Received { local: remote, remote: local, octets }, self.now);
            }
            Output::Indication { dialogue, invoke_id, version, request, more, .. } => {
                self.indications.push_back(Indication {
                    dialogue,
                    invoke_id,
                    version,
                    request: *request,
                    more,
                });
            }
            other => self.others.1.push(other),
        }
    }
}

/// The originating transaction id of a BEGIN.
fn otid(begin: &[u8]) -> [u8; 4] {
    let at = begin.windows(2).position(|pair| pair == [0x48, 0x04]).unwrap();
    begin[at + 2..at + 6].try_into().unwrap()
}

/// The version of the application context that a BEGIN proposes.
pub(crate) fn proposed_version(octets: &[u8]) -> Option<u8> {
    let name = [0x06, 0x07, 0x04, 0x00, 0x00, 0x01, 0x00];
    let begin = octets.first() == Some(&0x62);
    let at = octets.windows(name.len()).position(|part| part == name).filter(|_| begin)?;
    octets.get(at + 8).copied()
}

/// ABORT with P-AbortCause incorrectTransactionPortion.
pub(crate) fn p_abort(begin: &[u8]) -> Bytes {
    [&[0x67, 0x09, 0x49, 0x04], &otid(begin)[..], &[0x4a, 0x01, 0x03]].concat().into()
}

/// ABORT without cause and dialogue portion.
pub(crate) fn plain_abort(begin: &[u8]) -> Bytes {
    [&[0x67, 0x06, 0x49, 0x04], &otid(begin)[..]].concat().into()
}

/// ABORT with an AARE: rejected permanently, dialogue service user, null.
pub(crate) fn null_refusal(begin: &[u8]) -> Bytes {
    refusal(begin, 3, 0)
}

/// ABORT with an AARE: application context name not supported, with `version` of it offered.
pub(crate) fn offer_version(begin: &[u8], version: u8) -> Bytes {
    refusal(begin, version, 2)
}

/// The ABORT of frame 179 of the vectors, with this transaction, context, version and diagnostic.
fn refusal(begin: &[u8], version: u8, diagnostic: u8) -> Bytes {
    let name = [0x06, 0x07, 0x04, 0x00, 0x00, 0x01, 0x00];
    let at = begin.windows(name.len()).position(|part| part == name).unwrap();
    let context = begin[at + 7];
    let portion = [
        &[
            0x6b, 0x2a, 0x28, 0x28, 0x06, 0x07, 0x00, 0x11, 0x86, 0x05, 0x01, 0x01, 0x01, 0xa0, 0x1d, 0x61,
            0x1b,
        ][..],
        &[0x80, 0x02, 0x07, 0x80, 0xa1, 0x09, 0x06, 0x07, 0x04, 0x00, 0x00, 0x01, 0x00, context, version],
        &[0xa2, 0x03, 0x02, 0x01, 0x01, 0xa3, 0x05, 0xa1, 0x03, 0x02, 0x01, diagnostic],
    ]
    .concat();
    [&[0x67, 0x32, 0x49, 0x04], &otid(begin)[..], &portion].concat().into()
}

pub(crate) fn centre_number() -> AddressString {
    AddressString::international("15550000001")
}

pub(crate) fn subscriber() -> AddressString {
    AddressString::international("14155551234")
}

pub(crate) fn send_routing_info() -> Request {
    Request::SendRoutingInfoForSm(RoutingInfoForSmArg {
        msisdn: subscriber(),
        sm_rp_pri: true,
        service_centre_address: centre_number(),
        gprs_support_indicator: true,
        ..RoutingInfoForSmArg::default()
    })
}

pub(crate) fn routing_info() -> Response {
    Response::SendRoutingInfoForSm(Box::new(RoutingInfoForSmRes {
        imsi: Imsi::new("001010155551234"),
        location_info_with_lmsi: LocationInfoWithLmsi {
            network_node_number: AddressString::international("15550000008"),
            ..LocationInfoWithLmsi::default()
        },
        ..RoutingInfoForSmRes::default()
    }))
}

pub(crate) fn mt(octets: usize, more_messages_to_send: bool) -> Request {
    Request::MtForwardSm(MtForwardSmArg {
        sm_rp_da: SmRpDa::Imsi(Imsi::new("001010155551234")),
        sm_rp_oa: SmRpOa::ServiceCentreAddress(centre_number()),
        sm_rp_ui: SignalInfo(vec![0x04; octets].into()),
        more_messages_to_send,
        ..MtForwardSmArg::default()
    })
}

pub(crate) fn mo(octets: usize) -> Request {
    Request::MoForwardSm(MoForwardSmArg {
        sm_rp_da: SmRpDa::ServiceCentreAddress(centre_number()),
        sm_rp_oa: SmRpOa::Msisdn(subscriber()),
        sm_rp_ui: SignalInfo(vec![0x01; octets].into()),
        ..MoForwardSmArg::default()
    })
}

pub(crate) fn report() -> Request {
    Request::ReportSmDeliveryStatus(ReportSmDeliveryStatusArg {
        msisdn: subscriber(),
        service_centre_address: centre_number(),
        sm_delivery_outcome: Some(SmDeliveryOutcome::AbsentSubscriber),
        ..ReportSmDeliveryStatusArg::default()
    })
}

pub(crate) fn delivered() -> Response {
    Response::MtForwardSm(ForwardSmRes::default())
}

pub(crate) fn message_waiting() -> InformServiceCentreArg {
    InformServiceCentreArg {
        stored_msisdn: Some(subscriber()),
        mw_status: Some(MwStatus { mnrf_set: true, ..MwStatus::default() }),
        ..InformServiceCentreArg::default()
    }
}
