//! The handle of the engine: it opens, continues and closes dialogues of the stack.
//!
//! Every call is an event in the inbox of the engine task; nothing of the stack is locked.

use map::{DialogueId, Request};
use smsc::failure::Failure;
use smsc::ports::StartGuard;
use tokio::sync::{mpsc, oneshot};

use crate::signalling::confirmation::{Confirmation, Fault};
use crate::signalling::event::{Answer, EngineEvent};
use crate::signalling::stack::Opening;

/// Bound of the inbox. Associations that find it full wait, and so do their peers.
const INBOX_MAX: usize = 4096;

/// Sends events to the engine task. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Engine {
    inbox: mpsc::Sender<EngineEvent>,
}

impl Engine {
    /// A handle, and the inbox that `EngineTask` takes.
    pub(crate) fn new() -> (Self, mpsc::Receiver<EngineEvent>) {
        let (inbox, events) = mpsc::channel(INBOX_MAX);
        (Self { inbox }, events)
    }

    /// The inbox, for association tasks.
    pub(crate) fn inbox(&self) -> mpsc::Sender<EngineEvent> {
        self.inbox.clone()
    }

    /// Opens a dialogue and waits for the answer to its request. MAP's timers bound the wait. A request
    /// that is lost with its association is sent once more.
    pub(crate) async fn open(&self, opening: Opening) -> Confirmation {
        let once_more = opening.clone();
        let confirmation = self.ask(|reply| EngineEvent::Open(Box::new(opening), reply)).await;
        match confirmation.result {
            Err(Fault::LinkLost) => self.ask(|reply| EngineEvent::Open(Box::new(once_more), reply)).await,
            _ => confirmation,
        }
    }

    /// Sends another request in a dialogue, and waits for its answer.
    pub(crate) async fn next(&self, dialogue: DialogueId, request: Request) -> Confirmation {
        self.ask(|reply| EngineEvent::Next(dialogue, Box::new(request), reply)).await
    }

    /// Ends a dialogue of ours that the peer holds open.
    pub(crate) async fn close(&self, dialogue: DialogueId) {
        let _ = self.inbox.send(EngineEvent::Close(dialogue)).await; // a stopped engine has closed it
    }

    /// Answers peers; `start` is dropped once the answers are on their way.
    pub(crate) async fn answer(&self, answers: Vec<Answer>, start: StartGuard) {
        let _ = self.inbox.send(EngineEvent::Answers(answers, start)).await; // a stopped engine answers nothing
    }

    /// Deactivates every association (ASP inactive, ASP down).
    pub(crate) async fn stop(&self) {
        let (reply, done) = oneshot::channel();
        if self.inbox.send(EngineEvent::Stop(reply)).await.is_ok() {
            let _ = done.await; // a stopped engine drops the reply
        }
    }

    /// Stops the engine; pending requests fail with [`Failure::NoPeer`].
    pub(crate) async fn halt(&self) {
        let _ = self.inbox.send(EngineEvent::Halt).await; // the engine may have stopped before
    }

    async fn ask(
        &self,
        happening: impl FnOnce(oneshot::Sender<Confirmation>) -> EngineEvent,
    ) -> Confirmation {
        let (reply, answer) = oneshot::channel();
        if self.inbox.send(happening(reply)).await.is_err() {
            return Confirmation::failed(Failure::NoPeer);
        }
        answer.await.unwrap_or_else(|_| Confirmation::failed(Failure::NoPeer))
    }
}
