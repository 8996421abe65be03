//! The dialogues of all nodes: MAP on TCAP, as the nodes of a network speak it.
//!
//! [`served`] has those that the centre opens, [`asked`] those that a node opens. Version
//! negotiation is written here once more, apart from the centre's, so that a mistake there is found.

mod asked;
mod served;

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use bytes::Bytes;
use map::{Context, MapError, Request, Response, Version};
use sccp::{Address, GlobalTitle, Indication};
use tcap::{Code, Component, DialogueId, Oid, OperationClass, Tcap};

use self::asked::Asked;
use self::served::{Late, Served};
use super::register::Alert;
use super::settings::{NodeKind, Settings};
use super::stack::{Parcel, Stack};
use super::world::World;

/// Things that may be put off; more are done at once.
const LATER_MAX: usize = 100_000;
/// Dialogues at a time.
const DIALOGUES_MAX: usize = 200_000;

/// How long a transaction id rests. Short, so that load does not make the table of them large.
const QUARANTINE: Duration = Duration::from_secs(10);

/// All of them.
pub(super) struct Dialogues {
    tcap: Tcap<Address>,
    served: HashMap<DialogueId, Served>,
    asked: HashMap<DialogueId, Asked>,
    later: BTreeMap<(Instant, u64), Later>,
    serial: u64,
    /// The centre's global title.
    centre: String,
}

/// What one step works with.
pub(super) struct Turn<'a> {
    /// The way out.
    pub(super) stack: &'a mut Stack,
    /// What there is.
    pub(super) world: &'a mut World,
    /// When.
    pub(super) now: Instant,
}

/// What has been put off.
enum Later {
    Answer(Late),
    Alert(Alert, u8),
}

impl Dialogues {
    /// None yet.
    pub(super) fn new(settings: &Settings) -> Self {
        let tcap = tcap::Settings {
            first: u32::try_from(settings.seed & 0xffff_ffff).unwrap_or_default(),
            dialogues_max: DIALOGUES_MAX,
            quarantine: QUARANTINE,
            ..tcap::Settings::default()
        };
        Self {
            tcap: Tcap::new(tcap),
            served: HashMap::new(),
            asked: HashMap::new(),
            later: BTreeMap::new(),
            serial: 0,
            centre: settings.global_title.clone(),
        }
    }

    /// A message has come for a node.
    pub(super) fn received(&mut self, indication: &Indication, turn: &mut Turn<'_>) {
        let Indication { called, calling, data, .. } = indication;
        let input =
            tcap::Input::Received { local: called.clone(), remote: calling.clone(), octets: data.clone() };
        self.tcap.handle(input, turn.now);
        self.drain(Some(indication), turn);
    }

    /// A message of a node has come back.
    pub(super) fn returned(&mut self, octets: Bytes, cause: u8, turn: &mut Turn<'_>) {
        self.tcap.handle(tcap::Input::Undelivered { octets, cause }, turn.now);
        self.drain(None, turn);
    }

    /// What is due by now.
    pub(super) fn tick(&mut self, turn: &mut Turn<'_>) {
        while let Some(due) = self.later.first_entry().filter(|due| due.key().0 <= turn.now) {
            match due.remove() {
                Later::Answer(late) => self.answer_late(late, turn),
                Later::Alert(alert, attempt) => self.alert(alert, attempt, turn),
            }
        }
        if self.tcap.deadline().is_some_and(|due| due <= turn.now) {
            self.tcap.handle(tcap::Input::Tick, turn.now);
        }
        self.drain(None, turn);
    }

    /// When [`tick`](Self::tick) is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let later = self.later.keys().next().map(|(due, _)| *due);
        later.into_iter().chain(self.tcap.deadline()).min()
    }

    /// Does all that TCAP says. `arrival` is the message that made it say so.
    fn drain(&mut self, arrival: Option<&Indication>, turn: &mut Turn<'_>) {
        while let Some(output) = self.tcap.poll() {
            match output {
                tcap::Output::Send { local, remote, octets, sequence, first } => {
                    let parcel = Parcel { sls: sequence & 0x0f, return_on_error: first, data: octets };
                    turn.stack.send(remote, local, parcel, turn.now);
                }
                tcap::Output::Begun { dialogue, local, application_context, components, .. } => {
                    self.begun(dialogue, &local, application_context, components, arrival, turn);
                }
                tcap::Output::Continued { dialogue, components, .. } => {
                    if self.served.contains_key(&dialogue) {
                        self.serve(dialogue, components, arrival, turn);
                    } else {
                        self.answered(dialogue, &components, true, turn);
                    }
                }
                tcap::Output::Ended { dialogue, components, .. } => {
                    if self.served.remove(&dialogue).is_none() {
                        self.answered(dialogue, &components, false, turn);
                    }
                }
                tcap::Output::UserAborted { dialogue, reason, application_context, .. } => {
                    self.served.remove(&dialogue);
                    self.user_aborted(dialogue, reason, application_context, turn);
                }
                tcap::Output::ProviderAborted { dialogue, cause } => {
                    self.served.remove(&dialogue);
                    self.provider_aborted(dialogue, cause, turn);
                }
                tcap::Output::Unanswered { dialogue, .. } => {
                    self.tcap.abort(dialogue, tcap::UserAbort::Plain, turn.now);
                    self.failed(dialogue, "no answer in time", turn);
                }
                tcap::Output::TimedOut { dialogue } => {
                    self.served.remove(&dialogue);
                    self.failed(dialogue, "no answer in time", turn);
                }
                tcap::Output::Undelivered { dialogue, .. } => {
                    self.served.remove(&dialogue);
                    self.tcap.release(dialogue, turn.now);
                    self.failed(dialogue, "the centre cannot be reached", turn);
                }
                tcap::Output::Rejected { .. }
                | tcap::Output::Unidirectional { .. }
                | tcap::Output::Refused { .. } => {}
            }
        }
    }

    /// Puts something off.
    fn postpone(&mut self, until: Instant, later: Later) -> Result<(), Later> {
        if self.later.len() >= LATER_MAX {
            return Err(later);
        }
        self.serial += 1;
        self.later.insert((until, self.serial), later);
        Ok(())
    }
}

/// An address that is routed by global title; `None` if the digits are none.
fn address(global_title: &str, subsystem: u8) -> Option<Address> {
    Some(Address::gt(GlobalTitle::e164(global_title).ok()?, subsystem))
}

/// The object identifier of a context; version 1 has none.
fn context_name(context: Context, version: Version) -> Option<Oid> {
    if version == Version::V1 { None } else { Oid::from_octets(&context.oid(version)) }
}

/// The lower one of what a node speaks and what a context has.
fn version_for(map_version_max: u8, context: Context) -> Version {
    Version::from_number(map_version_max).unwrap_or(Version::V3).min(context.version_max())
}

/// The place of the first node of a kind.
fn first_of(world: &World, kind: NodeKind) -> Option<usize> {
    world.nodes.iter().position(|node| node.kind == kind)
}

/// An Invoke, or `None` if MAP has no octets for it.
fn invoke(invoke_id: i8, request: &Request, version: Version, timeout: Duration) -> Option<Component> {
    let class = if request.is_answered(version) { OperationClass::One } else { OperationClass::Four };
    Some(Component::Invoke {
        invoke_id,
        linked: None,
        operation: Code::Local(request.code(version).ok()?),
        parameter: Some(request.write(version).ok()?.into()),
        class,
        timeout,
    })
}

/// What tells the result of an invocation.
fn outcome(
    invoke_id: i8,
    request: &Request,
    version: Version,
    result: &Result<Response, MapError>,
) -> Component {
    match result {
        Ok(response) => {
            let parameter: Option<Bytes> = response.write(version).ok().flatten().map(Bytes::from);
            let code = request.code(version).ok().filter(|_| parameter.is_some());
            Component::ResultLast { invoke_id, operation: code.map(Code::Local), parameter }
        }
        Err(error) => Component::Error {
            invoke_id,
            code: Code::Local(error.code(version)),
            parameter: error.write(version).ok().flatten().map(Bytes::from),
        },
    }
}
