//! The task that owns the stack: it applies events to it and carries out what the stack puts out.

use std::sync::Arc;
use std::time::Instant;

use m3ua::LinkId;
use sctp::{Event, Message};
use smsc::ports::StartGuard;
use tokio::sync::{mpsc, oneshot};

use crate::codes;
use crate::mo::receiver::MoReceiver;
use crate::signalling::confirmation::{Confirmation, Fault};
use crate::signalling::event::{Answer, EngineEvent, Indication, LinkEvent, Outbound, PAYLOAD_PROTOCOL};
use crate::signalling::pending::PendingInvocations;
use crate::signalling::stack::{self, SentRequest, Stack};
use crate::state::GatewayState;

/// Events that are applied before the outputs of the stack are sent.
const BATCH_MAX: usize = 256;

/// The task that owns the stack.
pub(crate) struct EngineTask {
    stack: Stack,
    links: Vec<mpsc::Sender<Outbound>>,
    receiver: Arc<MoReceiver>,
    state: Arc<GatewayState>,
    pending: PendingInvocations,
    /// Messages for each association, until the batch is handled.
    outbound: Vec<Vec<Message>>,
    indications: Vec<Indication>,
}

impl EngineTask {
    /// Everything the task needs; `links` are the associations by their [`LinkId`].
    pub(crate) fn new(
        stack: Stack,
        links: Vec<mpsc::Sender<Outbound>>,
        receiver: Arc<MoReceiver>,
        state: Arc<GatewayState>,
    ) -> Self {
        let outbound = links.iter().map(|_| Vec::new()).collect();
        Self {
            stack,
            links,
            receiver,
            state,
            pending: PendingInvocations::default(),
            outbound,
            indications: Vec::new(),
        }
    }

    /// Runs until every handle of the engine is dropped or [`EngineEvent::Halt`] arrives.
    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<EngineEvent>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        loop {
            let mut guards = Vec::new();
            tokio::select! {
                biased;
                count = inbox.recv_many(&mut batch, BATCH_MAX) => {
                    if count == 0 {
                        return;
                    }
                    let now = clock();
                    for event in batch.drain(..) {
                        if let EngineEvent::Halt = event {
                            return;
                        }
                        self.apply(event, &mut guards, now);
                    }
                    // Timers run under any load.
                    self.tick(now);
                }
                () = sleep_until(self.deadline()) => self.tick(clock()),
            }
            self.flush();
            // The answers are on their way: the messages may be dispatched.
            drop(guards);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.stack.deadline().into_iter().chain(self.pending.deadline()).min()
    }

    fn tick(&mut self, now: Instant) {
        if self.stack.deadline().is_some_and(|due| due <= now) {
            self.stack.handle(stack::Input::Tick, now);
        }
        while let Some((dialogue, reply)) = self.pending.take_expired(now) {
            self.stack.close(dialogue, now);
            self.state.count("lost_with_association");
            let _ = reply.send(Confirmation::link_lost()); // the receiver may have been cancelled
        }
    }

    fn apply(&mut self, event: EngineEvent, guards: &mut Vec<StartGuard>, now: Instant) {
        match event {
            EngineEvent::Link(link, LinkEvent::Up { streams }) => {
                self.stack.handle(stack::Input::Connected { link, streams }, now);
            }
            EngineEvent::Link(link, LinkEvent::Down) => {
                self.stack.handle(stack::Input::Lost { link }, now);
                self.pending.lost(link, now);
            }
            EngineEvent::Link(link, LinkEvent::Traffic(events)) => {
                events.into_iter().for_each(|event| self.traffic(link, event, now));
            }
            EngineEvent::Open(opening, reply) => {
                let opened = self.stack.open(*opening, now);
                self.expect(opened, reply, now);
            }
            EngineEvent::Next(dialogue, request, reply) => {
                let sent = self.stack.next(dialogue, *request, now);
                self.expect(sent, reply, now);
            }
            EngineEvent::Close(dialogue) => self.stack.close(dialogue, now),
            EngineEvent::Answers(answers, start) => {
                for Answer { dialogue, invoke_id, result } in answers {
                    self.stack.answer(dialogue, invoke_id, result, now);
                }
                guards.push(start);
            }
            EngineEvent::Stop(reply) => {
                self.stack.handle(stack::Input::Stop, now);
                self.flush();
                let _ = reply.send(()); // the caller may have reached its deadline
            }
            EngineEvent::Halt => {}
        }
    }

    fn traffic(&mut self, link: LinkId, event: Event, now: Instant) {
        let input = match event {
            Event::Message(message) => {
                stack::Input::Received { link, stream: message.stream, octets: message.octets }
            }
            Event::Restarted => stack::Input::Restarted { link },
            Event::Congested(congested) => stack::Input::Congested { link, congested },
            Event::Closed => return, // the association task reports that it is down
        };
        self.stack.handle(input, now);
    }

    /// Stores the reply channel until the answer arrives; an unsent request fails at once.
    fn expect(
        &mut self,
        sent: Result<SentRequest, map::Error>,
        reply: oneshot::Sender<Confirmation>,
        now: Instant,
    ) {
        match sent {
            Ok(sent_request) => self.pending.expect(sent_request, reply, now),
            Err(error) => {
                let _ = reply.send(Confirmation::not_sent(error)); // the receiver may have been cancelled
            }
        }
    }

    /// Carries out the outputs of the stack.
    fn flush(&mut self) {
        while let Some(output) = self.stack.poll() {
            self.dispatch(output);
        }
        for (messages, link) in self.outbound.iter_mut().zip(&self.links) {
            if !messages.is_empty() && link.try_send(Outbound::Messages(std::mem::take(messages))).is_err() {
                messages.clear();
                self.state.count("association_full"); // its dialogues run into their timers
            }
        }
        if !self.indications.is_empty() {
            let (receiver, indications) = (Arc::clone(&self.receiver), std::mem::take(&mut self.indications));
            receiver.receive(indications);
        }
        self.state.show_dialogues(self.stack.dialogues());
    }

    fn dispatch(&mut self, output: stack::Output) {
        match output {
            stack::Output::Send { link, stream, octets } => {
                if let Some(messages) = self.outbound.get_mut(usize::from(link.0)) {
                    messages.push(Message { stream, payload_protocol: PAYLOAD_PROTOCOL, octets });
                }
            }
            stack::Output::Close { link } => self.close(link),
            stack::Output::Network { network, serves } => self.receiver.network_changed(network, serves),
            stack::Output::Link { link, state } => self.state.show_link(link, state),
            stack::Output::Counted(what) => self.state.count(what),
            stack::Output::Map(output) => self.handle_map(*output),
        }
    }

    fn handle_map(&mut self, output: map::Output<stack::Node>) {
        match output {
            map::Output::Indication { dialogue, invoke_id, remote, local, request, .. } => {
                self.indications.push(Indication { dialogue, invoke_id, remote, local, request });
            }
            map::Output::Confirm { dialogue, result, open, informed, .. } => {
                if let Some(reply) = self.pending.take(dialogue) {
                    let result = result.map_err(Fault::Peer);
                    let confirmation = Confirmation { dialogue: open.then_some(dialogue), result, informed };
                    let _ = reply.send(confirmation); // the receiver may have been cancelled
                }
            }
            map::Output::Refused { why, .. } => self.state.count(codes::screening(why)),
            map::Output::Closed { .. } | map::Output::Send { .. } => {}
        }
    }

    fn close(&mut self, link: LinkId) {
        let place = usize::from(link.0);
        let (Some(messages), Some(outbound)) = (self.outbound.get_mut(place), self.links.get(place)) else {
            return;
        };
        if !messages.is_empty() {
            let _ = outbound.try_send(Outbound::Messages(std::mem::take(messages))); // a full queue loses them
        }
        let _ = outbound.try_send(Outbound::Close); // with a full queue the peer closes it
    }
}

fn clock() -> Instant {
    tokio::time::Instant::now().into_std()
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
