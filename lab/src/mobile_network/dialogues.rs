//! The MAP dialogues of all nodes, on one TCAP layer.
//!
//! [`responder`] has those that the centre opens, [`initiator`] those that a node opens. Version
//! negotiation is implemented apart from the centre's, so that a mistake in either is found.

mod components;
mod context;
mod delayed;
mod initiator;
mod responder;

use std::time::{Duration, Instant};

use bytes::Bytes;
use sccp::{Address, Indication};
use tcap::Tcap;

use self::context::DialogueContext;
use self::delayed::{DelayedAction, DelayedActions};
use self::initiator::Initiator;
use self::responder::Responder;
use super::network_state::{NetworkState, Request, ResultSender};
use super::register::Alert;
use super::settings::Settings;
use super::stack::{Stack, UnitdataRequest};

/// Dialogues at a time.
const DIALOGUES_MAX: usize = 200_000;

/// How long a transaction id is not reused. Short, so that load does not make their table large.
const QUARANTINE: Duration = Duration::from_secs(10);

/// All dialogues.
pub(super) struct Dialogues {
    tcap: Tcap<Address>,
    initiator: Initiator,
    responder: Responder,
    delayed: DelayedActions,
}

/// What one pass of the engine works with.
pub(super) struct EngineContext<'a> {
    /// Sends SCCP messages.
    pub(super) stack: &'a mut Stack,
    /// Subscribers, nodes and metrics.
    pub(super) state: &'a mut NetworkState,
    /// The time of the pass.
    pub(super) now: Instant,
}

impl Dialogues {
    /// No dialogues.
    pub(super) fn new(settings: &Settings) -> Self {
        let tcap = tcap::Settings {
            first: u32::try_from(settings.seed & 0xffff_ffff).unwrap_or_default(),
            dialogues_max: DIALOGUES_MAX,
            quarantine: QUARANTINE,
            ..tcap::Settings::default()
        };
        Self {
            tcap: Tcap::new(tcap),
            initiator: Initiator::new(&settings.global_title),
            responder: Responder::default(),
            delayed: DelayedActions::default(),
        }
    }

    /// Handles a message for a node.
    pub(super) fn handle_unitdata(&mut self, indication: &Indication, engine: &mut EngineContext<'_>) {
        let Indication { called, calling, data, .. } = indication;
        let input =
            tcap::Input::Received { local: called.clone(), remote: calling.clone(), octets: data.clone() };
        self.tcap.handle(input, engine.now);
        self.drain(Some(indication), engine);
    }

    /// Handles a message of a node that SCCP has returned.
    pub(super) fn handle_notice(&mut self, octets: Bytes, cause: u8, engine: &mut EngineContext<'_>) {
        self.tcap.handle(tcap::Input::Undelivered { octets, cause }, engine.now);
        self.drain(None, engine);
    }

    /// Sends a message or a command of a phone.
    pub(super) fn send(
        &mut self,
        number: &str,
        request: &Request,
        result: ResultSender,
        engine: &mut EngineContext<'_>,
    ) {
        let (initiator, _, ctx) = &mut self.parts(engine);
        initiator.send(number, request, result, ctx);
        self.drain(None, engine);
    }

    /// Sends alertServiceCentre of the HLR to a centre.
    pub(super) fn alert(&mut self, alert: Alert, attempt: u8, engine: &mut EngineContext<'_>) {
        let (initiator, _, ctx) = &mut self.parts(engine);
        initiator.alert(alert, attempt, ctx);
        self.drain(None, engine);
    }

    /// Executes what is due.
    pub(super) fn tick(&mut self, engine: &mut EngineContext<'_>) {
        while let Some(action) = self.delayed.pop_due(engine.now) {
            let (initiator, responder, ctx) = &mut self.parts(engine);
            match action {
                DelayedAction::Response(response) => responder.send_response(response, ctx),
                DelayedAction::Alert(alert, attempt) => initiator.alert(alert, attempt, ctx),
            }
            self.drain(None, engine);
        }
        if self.tcap.deadline().is_some_and(|due| due <= engine.now) {
            self.tcap.handle(tcap::Input::Tick, engine.now);
        }
        self.drain(None, engine);
    }

    /// When [`tick`](Self::tick) is due.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.delayed.deadline().into_iter().chain(self.tcap.deadline()).min()
    }

    fn parts<'a>(
        &'a mut self,
        engine: &'a mut EngineContext<'_>,
    ) -> (&'a mut Initiator, &'a mut Responder, DialogueContext<'a>) {
        let ctx = DialogueContext {
            tcap: &mut self.tcap,
            delayed: &mut self.delayed,
            stack: engine.stack,
            state: engine.state,
            now: engine.now,
        };
        (&mut self.initiator, &mut self.responder, ctx)
    }

    /// Executes all outputs of TCAP. `arrival` is the message that caused them.
    fn drain(&mut self, arrival: Option<&Indication>, engine: &mut EngineContext<'_>) {
        while let Some(output) = self.tcap.poll() {
            let (initiator, responder, ctx) = &mut self.parts(engine);
            match output {
                tcap::Output::Send { local, remote, octets, sequence, first } => {
                    let request =
                        UnitdataRequest { sls: sequence & 0x0f, return_on_error: first, data: octets };
                    ctx.stack.send(remote, local, request, ctx.now);
                }
                tcap::Output::Begun { dialogue, local, application_context, components, .. } => {
                    responder.open(dialogue, &local, application_context, components, arrival, ctx);
                }
                tcap::Output::Continued { dialogue, components, .. } => {
                    if responder.has(dialogue) {
                        responder.handle_requests(dialogue, components, arrival, ctx);
                    } else {
                        initiator.handle_response(dialogue, &components, true, ctx);
                    }
                }
                tcap::Output::Ended { dialogue, components, .. } => {
                    if !responder.close(dialogue) {
                        initiator.handle_response(dialogue, &components, false, ctx);
                    }
                }
                tcap::Output::UserAborted { dialogue, reason, application_context, .. } => {
                    responder.close(dialogue);
                    initiator.user_aborted(dialogue, reason, application_context, ctx);
                }
                tcap::Output::ProviderAborted { dialogue, cause } => {
                    responder.close(dialogue);
                    initiator.provider_aborted(dialogue, cause, ctx);
                }
                tcap::Output::Unanswered { dialogue, .. } => {
                    ctx.tcap.abort(dialogue, tcap::UserAbort::Plain, ctx.now);
                    initiator.fail(dialogue, "no answer in time", ctx);
                }
                tcap::Output::TimedOut { dialogue } => {
                    responder.close(dialogue);
                    initiator.fail(dialogue, "no answer in time", ctx);
                }
                tcap::Output::Undelivered { dialogue, .. } => {
                    responder.close(dialogue);
                    ctx.tcap.release(dialogue, ctx.now);
                    initiator.fail(dialogue, "the centre cannot be reached", ctx);
                }
                tcap::Output::Rejected { .. }
                | tcap::Output::Unidirectional { .. }
                | tcap::Output::Refused { .. } => {}
            }
        }
    }
}
