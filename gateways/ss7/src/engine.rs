//! The one task that owns the stack. Associations and everybody who wants a dialogue speak to it
//! through its inbox; nothing of the stack is locked.

use std::sync::Arc;
use std::time::Instant;

use m3ua::LinkId;
use map::{DialogueId, MapError, Request, Response};
use sctp::{Event, Message};
use smsc::failure::Failure;
use smsc::ports::StartGuard;
use tokio::sync::{mpsc, oneshot};

use crate::association::{Outbound, PAYLOAD_PROTOCOL};
use crate::codes;
use crate::confirmation::{Confirmation, Fault};
use crate::listen::{Indication, Listen};
use crate::stack::{self, Asked, Opening, Stack};
use crate::state::State;
use crate::waiting::Waiting;

/// Happenings that may wait for the engine. Associations that find it full wait, and so do their peers.
const INBOX_MAX: usize = 4096;
/// Happenings that are handled before their outcome is sent.
const BATCH_MAX: usize = 256;

/// What the engine hears.
pub(crate) enum Happening {
    /// Something about an association.
    Link(LinkId, LinkEvent),
    /// Somebody wants a dialogue.
    Open(Box<Opening>, oneshot::Sender<Confirmation>),
    /// Somebody goes on with a dialogue.
    Next(DialogueId, Box<Request>, oneshot::Sender<Confirmation>),
    /// Somebody has nothing more to say in a dialogue.
    Close(DialogueId),
    /// Answers to peers, and what may start once they are sent.
    Answers(Vec<Answer>, StartGuard),
    /// Take leave of every peer, then say so.
    Stop(oneshot::Sender<()>),
    /// Nobody is there any more: end.
    Halt,
}

/// What happened on an association.
pub(crate) enum LinkEvent {
    /// It is up.
    Up {
        /// Streams that may be sent on.
        streams: u16,
    },
    /// Messages and other events, in order.
    Traffic(Vec<Event>),
    /// It is gone.
    Down,
}

/// The answer to a peer's request.
pub(crate) struct Answer {
    pub(crate) dialogue: DialogueId,
    pub(crate) invoke_id: i8,
    pub(crate) result: Result<Response, MapError>,
}

/// Speaks to the engine. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Engine {
    inbox: mpsc::Sender<Happening>,
}

impl Engine {
    /// A handle, and the inbox that [`Work`] takes.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Happening>) {
        let (inbox, happenings) = mpsc::channel(INBOX_MAX);
        (Self { inbox }, happenings)
    }

    /// What associations speak into.
    pub(crate) fn inbox(&self) -> mpsc::Sender<Happening> {
        self.inbox.clone()
    }

    /// Opens a dialogue and waits for the answer to its request. MAP's timers bound the wait. What is
    /// lost with an association is asked once more.
    pub(crate) async fn open(&self, opening: Opening) -> Confirmation {
        let once_more = opening.clone();
        let confirmation = self.ask(|reply| Happening::Open(Box::new(opening), reply)).await;
        match confirmation.result {
            Err(Fault::LinkLost) => self.ask(|reply| Happening::Open(Box::new(once_more), reply)).await,
            _ => confirmation,
        }
    }

    /// Sends another request in a dialogue, and waits for its answer.
    pub(crate) async fn next(&self, dialogue: DialogueId, request: Request) -> Confirmation {
        self.ask(|reply| Happening::Next(dialogue, Box::new(request), reply)).await
    }

    /// Ends a dialogue of ours that the peer holds open.
    pub(crate) async fn close(&self, dialogue: DialogueId) {
        let _gone_is_closed = self.inbox.send(Happening::Close(dialogue)).await;
    }

    /// Answers peers; `start` is dropped once the answers are on their way.
    pub(crate) async fn answer(&self, answers: Vec<Answer>, start: StartGuard) {
        let _gone_is_unanswered = self.inbox.send(Happening::Answers(answers, start)).await;
    }

    /// Takes leave of every peer.
    pub(crate) async fn stop(&self) {
        let (reply, done) = oneshot::channel();
        if self.inbox.send(Happening::Stop(reply)).await.is_ok() {
            let _gone_is_stopped = done.await;
        }
    }

    /// Ends the engine; whoever still waits for an answer hears that nobody is there.
    pub(crate) async fn halt(&self) {
        let _gone_is_halted = self.inbox.send(Happening::Halt).await;
    }

    async fn ask(&self, happening: impl FnOnce(oneshot::Sender<Confirmation>) -> Happening) -> Confirmation {
        let (reply, answer) = oneshot::channel();
        if self.inbox.send(happening(reply)).await.is_err() {
            return Confirmation::failed(Failure::NoPeer);
        }
        answer.await.unwrap_or_else(|_| Confirmation::failed(Failure::NoPeer))
    }
}

/// What the engine's task owns.
pub(crate) struct Work {
    stack: Stack,
    links: Vec<mpsc::Sender<Outbound>>,
    listen: Arc<Listen>,
    state: Arc<State>,
    waiting: Waiting,
    /// Messages for each association, until the batch is handled.
    outbound: Vec<Vec<Message>>,
    indications: Vec<Indication>,
}

impl Work {
    /// Everything the task needs; `links` are the associations by their [`LinkId`].
    pub(crate) fn new(
        stack: Stack,
        links: Vec<mpsc::Sender<Outbound>>,
        listen: Arc<Listen>,
        state: Arc<State>,
    ) -> Self {
        let outbound = links.iter().map(|_| Vec::new()).collect();
        Self { stack, links, listen, state, waiting: Waiting::default(), outbound, indications: Vec::new() }
    }

    /// Runs until everybody who could speak to the engine has gone.
    pub(crate) async fn run(mut self, mut inbox: mpsc::Receiver<Happening>) {
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
                    for happening in batch.drain(..) {
                        if let Happening::Halt = happening {
                            return;
                        }
                        self.take_in(happening, &mut guards, now);
                    }
                    // However much comes in, timers run.
                    self.tick(now);
                }
                () = sleep_until(self.deadline()) => self.tick(clock()),
            }
            self.give_out();
            // The answers are on their way: what they answered may move.
            drop(guards);
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.stack.deadline().into_iter().chain(self.waiting.deadline()).min()
    }

    fn tick(&mut self, now: Instant) {
        if self.stack.deadline().is_some_and(|due| due <= now) {
            self.stack.handle(stack::Input::Tick, now);
        }
        while let Some((dialogue, reply)) = self.waiting.given_up(now) {
            self.stack.close(dialogue, now);
            self.state.count("lost_with_association");
            let _gone = reply.send(Confirmation::link_lost());
        }
    }

    fn take_in(&mut self, happening: Happening, guards: &mut Vec<StartGuard>, now: Instant) {
        match happening {
            Happening::Link(link, LinkEvent::Up { streams }) => {
                self.stack.handle(stack::Input::Connected { link, streams }, now);
            }
            Happening::Link(link, LinkEvent::Down) => {
                self.stack.handle(stack::Input::Lost { link }, now);
                self.waiting.lost(link, now);
            }
            Happening::Link(link, LinkEvent::Traffic(events)) => {
                events.into_iter().for_each(|event| self.traffic(link, event, now));
            }
            Happening::Open(opening, reply) => {
                let opened = self.stack.open(*opening, now);
                self.expect(opened, reply, now);
            }
            Happening::Next(dialogue, request, reply) => {
                let sent = self.stack.next(dialogue, *request, now);
                self.expect(sent, reply, now);
            }
            Happening::Close(dialogue) => self.stack.close(dialogue, now),
            Happening::Answers(answers, start) => {
                for Answer { dialogue, invoke_id, result } in answers {
                    self.stack.answer(dialogue, invoke_id, result, now);
                }
                guards.push(start);
            }
            Happening::Stop(reply) => {
                self.stack.handle(stack::Input::Stop, now);
                self.give_out();
                let _nobody_waits = reply.send(());
            }
            Happening::Halt => {}
        }
    }

    fn traffic(&mut self, link: LinkId, event: Event, now: Instant) {
        let input = match event {
            Event::Message(message) => {
                stack::Input::Received { link, stream: message.stream, octets: message.octets }
            }
            Event::Restarted => stack::Input::Restarted { link },
            Event::Congested(congested) => stack::Input::Congested { link, congested },
            Event::Closed => return, // the association's own task says that it is down
        };
        self.stack.handle(input, now);
    }

    /// Whoever asked waits for the answer, or hears that nothing was sent.
    fn expect(
        &mut self,
        sent: Result<Asked, map::Error>,
        reply: oneshot::Sender<Confirmation>,
        now: Instant,
    ) {
        match sent {
            Ok(asked) => self.waiting.expect(asked, reply, now),
            Err(error) => {
                let _gone = reply.send(Confirmation::not_sent(error));
            }
        }
    }

    /// Sends and tells what the stack has to say.
    fn give_out(&mut self) {
        while let Some(output) = self.stack.poll() {
            self.give(output);
        }
        for (messages, link) in self.outbound.iter_mut().zip(&self.links) {
            if !messages.is_empty() && link.try_send(Outbound::Messages(std::mem::take(messages))).is_err() {
                messages.clear();
                self.state.count("association_full"); // its dialogues run into their timers
            }
        }
        if !self.indications.is_empty() {
            let (listen, indications) = (Arc::clone(&self.listen), std::mem::take(&mut self.indications));
            listen.take(indications);
        }
        self.state.show_dialogues(self.stack.dialogues());
    }

    fn give(&mut self, output: stack::Output) {
        match output {
            stack::Output::Send { link, stream, octets } => {
                if let Some(messages) = self.outbound.get_mut(usize::from(link.0)) {
                    messages.push(Message { stream, payload_protocol: PAYLOAD_PROTOCOL, octets });
                }
            }
            stack::Output::Close { link } => self.close(link),
            stack::Output::Network { network, serves } => self.listen.network_changed(network, serves),
            stack::Output::Link { link, state } => self.state.show_link(link, state),
            stack::Output::Counted(what) => self.state.count(what),
            stack::Output::Map(output) => self.map_says(*output),
        }
    }

    fn map_says(&mut self, output: map::Output<stack::Node>) {
        match output {
            map::Output::Indication { dialogue, invoke_id, remote, local, request, .. } => {
                self.indications.push(Indication { dialogue, invoke_id, remote, local, request });
            }
            map::Output::Confirm { dialogue, result, open, informed, .. } => {
                if let Some(reply) = self.waiting.answered(dialogue) {
                    let result = result.map_err(Fault::Peer);
                    let confirmation = Confirmation { dialogue: open.then_some(dialogue), result, informed };
                    let _gone = reply.send(confirmation);
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
            let _full_is_lost = outbound.try_send(Outbound::Messages(std::mem::take(messages)));
        }
        let _full_is_closed_by_the_peer = outbound.try_send(Outbound::Close);
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
