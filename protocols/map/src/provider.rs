//! All MAP dialogues of one element, on its transactions (TS 29.002 §7.3, §15).

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt::Debug;
use std::hash::Hash;
use std::time::{Duration, Instant};

use tcap::{Code, Component, Oid, OperationClass, Tcap};

use crate::context::{Context, Version};
use crate::error::Error;
use crate::operation::Request;

mod answering;
mod asking;
mod ending;
mod event;
mod hearing;
mod settings;
mod versions;

use answering::Answering;
use asking::Asking;
pub use event::{DialogueId, Failure, Open, Output, Refuse, Screening};
pub use settings::{Settings, Timers, VersionSettings};
use versions::Versions;

/// All MAP dialogues of one element. `A` is an address: whatever says where a message goes.
#[derive(Debug)]
pub struct Map<A> {
    tcap: Tcap<A>,
    timers: Timers,
    versions: Versions,
    asking: HashMap<DialogueId, Asking<A>>,
    answering: HashMap<DialogueId, Answering<A>>,
    /// Which dialogue a transaction belongs to.
    transactions: HashMap<tcap::DialogueId, DialogueId>,
    /// Dialogues with a result that an informServiceCentre may still follow.
    settling: BTreeSet<(Instant, DialogueId)>,
    last: u64,
    outputs: VecDeque<Output<A>>,
}

impl<A: Clone + Eq + Hash + Debug> Map<A> {
    /// An element without dialogues.
    pub fn new(settings: Settings) -> Self {
        Self {
            tcap: Tcap::new(settings.tcap),
            timers: settings.timers,
            versions: Versions::new(settings.versions),
            asking: HashMap::new(),
            answering: HashMap::new(),
            transactions: HashMap::new(),
            settling: BTreeSet::new(),
            last: 0,
            outputs: VecDeque::new(),
        }
    }

    /// Applies one input.
    pub fn handle(&mut self, input: tcap::Input<A>, now: Instant) {
        let tick = matches!(input, tcap::Input::Tick);
        self.tcap.handle(input, now);
        self.drain(now);
        if tick {
            self.settle(now);
        }
    }

    /// The next thing to do, or `None` when it is time to wait.
    pub fn poll(&mut self) -> Option<Output<A>> {
        self.outputs.pop_front()
    }

    /// When [`tcap::Input::Tick`] is due, if at all.
    pub fn deadline(&self) -> Option<Instant> {
        let settling = self.settling.first().map(|(due, _)| *due);
        self.tcap.deadline().into_iter().chain(settling).min()
    }

    /// How many dialogues are open.
    pub fn len(&self) -> usize {
        self.asking.len().saturating_add(self.answering.len())
    }

    /// Whether no dialogue is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Brings everything that TCAP has to say to the dialogue it is about.
    fn drain(&mut self, now: Instant) {
        while let Some(output) = self.tcap.poll() {
            match output {
                tcap::Output::Send { local, remote, octets, sequence, first } => {
                    self.outputs.push_back(Output::Send { local, remote, octets, sequence, first });
                }
                tcap::Output::Begun { dialogue, local, remote, application_context, components, .. } => {
                    self.begun(dialogue, local, remote, application_context, components, now);
                }
                tcap::Output::Unidirectional { remote, .. } => {
                    self.refused(Screening::Unidirectional, remote);
                }
                tcap::Output::Refused { remote, refusal } => {
                    let why = Screening::Message(refusal);
                    self.outputs.push_back(Output::Refused { why, remote });
                }
                about => self.about(about, now),
            }
        }
    }

    /// What happened to a transaction that is known.
    fn about(&mut self, output: tcap::Output<A>, now: Instant) {
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
        if self.asking.contains_key(&id) {
            self.about_asking(id, output, now);
        } else {
            self.about_answering(id, output, now);
        }
    }

    fn refused(&mut self, why: Screening, remote: A) {
        self.outputs.push_back(Output::Refused { why, remote: Some(remote) });
    }

    fn new_id(&mut self) -> DialogueId {
        self.last = self.last.wrapping_add(1);
        DialogueId(self.last)
    }
}

/// The application context of a dialogue; version 1 travels without one.
fn application_context(context: Context, version: Version) -> Option<Oid> {
    match version {
        Version::V1 => None,
        Version::V2 | Version::V3 => Oid::from_octets(&context.oid(version)),
    }
}

/// How long a request may take.
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
