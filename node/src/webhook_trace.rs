//! Calls to applications, noted in the trace of the message that they are about.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use platform::ports::{Answer, BoxFuture, Call, CallError, Webhooks};
use smsc::ids::MessageId;
use smsc::names::Name;
use smsc::ports::Store;
use smsc::stored::{Event, Note};
use smsc::timestamp::Clock;

/// Incoming messages with a remembered id of the centre; the calls of an older one are not noted.
const REMEMBERED_MAX: usize = 100_000;

/// Makes calls to applications and notes each in the trace of its message.
#[derive(Clone)]
pub struct WebhookTrace {
    caller: Arc<dyn Webhooks>,
    store: Arc<dyn Store>,
    clock: Clock,
    incoming: Arc<Mutex<Remembered>>,
}

#[derive(Default)]
struct Remembered {
    ids: HashMap<String, MessageId>,
    order: VecDeque<String>,
}

impl WebhookTrace {
    /// Calls by `caller`, notes in `store`.
    pub fn new(caller: Arc<dyn Webhooks>, store: Arc<dyn Store>, clock: Clock) -> Self {
        Self { caller, store, clock, incoming: Arc::default() }
    }

    /// Remembers which message of the centre the platform knows as `sid`.
    pub fn remember(&self, sid: String, id: MessageId) {
        let mut incoming = self.incoming.lock();
        if incoming.ids.insert(sid.clone(), id).is_none() {
            incoming.order.push_back(sid);
        }
        if incoming.order.len() > REMEMBERED_MAX
            && let Some(oldest) = incoming.order.pop_front()
        {
            incoming.ids.remove(&oldest);
        }
    }

    /// Which message of the centre the platform knows as `sid`, if it came in lately.
    pub fn incoming(&self, sid: &str) -> Option<MessageId> {
        self.incoming.lock().ids.get(sid).copied()
    }

    async fn note(&self, account: Name, sid: String, text: String) {
        let store = &self.store;
        let id = match self.incoming(&sid) {
            Some(id) => Some(id),
            None => store.by_client_key(account, sid.as_str().into()).await.ok().flatten(),
        };
        let Some(id) = id else { return };
        let note = Note { at: (self.clock)(), station: "callback".into(), text };
        if let Err(error) = store.commit(vec![Event::Noted { id, note }]).await {
            tracing::warn!(%error, "a callback could not be noted in its message's trace");
        }
    }
}

impl Webhooks for WebhookTrace {
    fn call(&self, call: Call) -> BoxFuture<'static, Result<Answer, CallError>> {
        let (sid, account) = (call.message.to_string(), call.account.to_string());
        let status = call.status.clone();
        let method = call.method.as_str();
        let (callbacks, answer) = (self.clone(), self.caller.call(call));
        Box::pin(async move {
            let answer = answer.await;
            let result = match &answer {
                Ok(answer) => format!("HTTP {}", answer.status),
                Err(error) => error.to_string(),
            };
            let text = format!("{method} to the application, {status}: {result}");
            tokio::spawn(async move { callbacks.note(account.as_str().into(), sid, text).await });
            answer
        })
    }
}
