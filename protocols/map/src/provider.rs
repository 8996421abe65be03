//! MAP protocol machine: the dialogues of one node, above its TCAP transactions (TS 29.002 §7.3, §15).

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt::Debug;
use std::hash::Hash;
use std::time::{Duration, Instant};

use tcap::{Code, Component, Oid, OperationClass, Tcap};

use crate::context::{Context, Version};
use crate::error::Error;
use crate::operation::Request;

mod dialogue;
mod event;
mod incoming;
mod initiator;
mod responder;
mod settings;
mod termination;
mod versions;

use dialogue::{Initiator, Responder};
pub use event::{DialogueId, Failure, Open, Output, Refuse, Screening};
pub use settings::{Settings, Timers, VersionSettings};
use versions::Versions;

/// The MAP dialogues of one node. `A` is the address type of the layer that carries the messages.
#[derive(Debug)]
pub struct Map<A> {
    tcap: Tcap<A>,
    timers: Timers,
    versions: Versions,
    initiators: HashMap<DialogueId, Initiator<A>>,
    responders: HashMap<DialogueId, Responder<A>>,
    /// The dialogue of each transaction.
    transactions: HashMap<tcap::DialogueId, DialogueId>,
    /// When to stop waiting for an informServiceCentre after a result.
    inform_deadlines: BTreeSet<(Instant, DialogueId)>,
    last_id: u64,
    outputs: VecDeque<Output<A>>,
}

impl<A: Clone + Eq + Hash + Debug> Map<A> {
    /// A node without dialogues.
    pub fn new(settings: Settings) -> Self {
        Self {
            tcap: Tcap::new(settings.tcap),
            timers: settings.timers,
            versions: Versions::new(settings.versions),
            initiators: HashMap::new(),
            responders: HashMap::new(),
            transactions: HashMap::new(),
            inform_deadlines: BTreeSet::new(),
            last_id: 0,
            outputs: VecDeque::new(),
        }
    }

    /// Applies one input.
    pub fn handle(&mut self, input: tcap::Input<A>, now: Instant) {
        let tick = matches!(input, tcap::Input::Tick);
        self.tcap.handle(input, now);
        self.drain(now);
        if tick {
            self.expire_inform_waits(now);
        }
    }

    /// The next output, or `None` if there is none.
    pub fn poll(&mut self) -> Option<Output<A>> {
        self.outputs.pop_front()
    }

    /// When [`tcap::Input::Tick`] is due, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        let inform_deadlines = self.inform_deadlines.first().map(|(due, _)| *due);
        self.tcap.deadline().into_iter().chain(inform_deadlines).min()
    }

    /// The number of open dialogues.
    pub fn len(&self) -> usize {
        self.initiators.len().saturating_add(self.responders.len())
    }

    /// Whether no dialogue is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Dispatches every output of TCAP to its dialogue.
    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.tcap.poll() {
            match output {
                tcap::Output::Send { local, remote, octets, sequence, first } => {
                    self.outputs.push_back(Output::Send { local, remote, octets, sequence, first });
                }
                tcap::Output::Begun { dialogue, local, remote, application_context, components, .. } => {
                    self.begin_indication(dialogue, local, remote, application_context, components, now);
                }
                tcap::Output::Unidirectional { remote, .. } => {
                    self.refused(Screening::Unidirectional, remote);
                }
                tcap::Output::Refused { remote, refusal } => {
                    let why = Screening::Message(refusal);
                    self.outputs.push_back(Output::Refused { why, remote });
                }
                output => self.dialogue_event(output, now),
            }
        }
    }

    /// Dispatches an indication about an open transaction.
    fn dialogue_event(&mut self, output: tcap::Output<A>, now: Instant) {
        use tcap::Output as T;
        let transaction = match &output {
            T::Continued { dialogue, .. }
            | T::Ended { dialogue, .. }
            | T::UserAborted { dialogue, .. }
            | T::ProviderAborted { dialogue, .. }
            | T::Unanswered { dialogue, .. }
            | T::Rejected { dialogue, .. }
            | T::TimedOut { dialogue }
            | T::Undelivered { dialogue, .. } => *dialogue,
            _ => return,
        };
        let Some(&id) = self.transactions.get(&transaction) else { return };
        if self.initiators.contains_key(&id) {
            self.initiator_event(id, output, now);
        } else {
            self.responder_event(id, output, now);
        }
    }

    fn refused(&mut self, why: Screening, remote: A) {
        self.outputs.push_back(Output::Refused { why, remote: Some(remote) });
    }

    fn new_id(&mut self) -> DialogueId {
        self.last_id = self.last_id.wrapping_add(1);
        DialogueId(self.last_id)
    }
}

/// The application context to propose; version 1 has none.
fn application_context(context: Context, version: Version) -> Option<Oid> {
    match version {
        Version::V1 => None,
        Version::V2 | Version::V3 => Oid::from_octets(&context.oid(version)),
    }
}

/// The invocation timer of a request.
fn timeout(request: &Request, timers: &Timers) -> Duration {
    match request {
        Request::MtForwardSm(_) | Request::MoForwardSm(_) => timers.long,
        Request::SendRoutingInfoForSm(_) | Request::ReadyForSm(_) => timers.medium,
        Request::ReportSmDeliveryStatus(_)
        | Request::AlertServiceCentre(_)
        | Request::InformServiceCentre(_) => timers.short,
    }
}

fn invoke(request: &Request, version: Version, invoke_id: i8, timers: &Timers) -> Result<Component, Error> {
    let class = if request.is_answered(version) { OperationClass::One } else { OperationClass::Four };
    Ok(Component::Invoke {
        invoke_id,
        linked: None,
        operation: Code::Local(request.code(version)?),
        parameter: Some(request.write(version)?.into()),
        class,
        timeout: timeout(request, timers),
    })
}
