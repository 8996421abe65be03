//! The queues of MT messages, one for each phone: a queue shares one routing information request and
//! one dialogue (moreMessagesToSend), in order.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use sccp::NetworkId;
use smsc::delivery::{Delivery, DeliveryAck};
use smsc::failure::{Failure, PeerCode};
use smsc::names::Name;
use tokio::sync::oneshot;

use crate::convert::Terminating;
use crate::mt::context::MtContext;
use crate::mt::transfer::MtTransfer;
use crate::network_context::NetworkContext;

/// A phone: its network and its number.
type Phone = (NetworkId, Name);
type Outcome = Result<DeliveryAck, Failure>;

/// sm-DeliveryFailure: the phone itself answered, about this message.
const SM_DELIVERY_FAILURE: u8 = 32;
/// Messages of one phone that wait for their turn in its dialogue.
const QUEUE_MAX: usize = 256;

/// A message for a phone, and the reply channel of its outcome.
struct QueuedMessage {
    terminating: Terminating,
    reply: oneshot::Sender<Outcome>,
}

/// The queue of each phone that has messages. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MtQueues {
    context: Arc<MtContext>,
    phones: Arc<Mutex<HashMap<Phone, VecDeque<QueuedMessage>>>>,
}

impl MtQueues {
    pub(crate) fn new(context: MtContext) -> Self {
        Self { context: Arc::new(context), phones: Arc::default() }
    }

    /// The shared parts of all MT deliveries.
    pub(crate) fn context(&self) -> &Arc<MtContext> {
        &self.context
    }

    /// Brings a message to its phone and waits for the outcome. MAP's timers bound the wait.
    ///
    /// # Errors
    /// The failure of the delivery.
    pub(crate) async fn deliver(self, network: Arc<NetworkContext>, delivery: Delivery) -> Outcome {
        let terminating = Terminating::new(&delivery.message, network.zone_quarters())?;
        let phone = (network.id, delivery.message.destination.digits.clone());
        let (reply, outcome) = oneshot::channel();
        if self.join(&phone, QueuedMessage { terminating, reply })? {
            tokio::spawn(self.drain(network, phone));
        }
        outcome.await.unwrap_or(Err(Failure::NoPeer))
    }

    /// Puts a message into the phone's queue. Returns whether the queue is new and needs a task.
    fn join(&self, phone: &Phone, pending: QueuedMessage) -> Result<bool, Failure> {
        let mut phones = self.phones.lock();
        match phones.get_mut(phone) {
            Some(queue) if queue.len() >= QUEUE_MAX => Err(Failure::Throttled { retry_after: None }),
            Some(queue) => {
                queue.push_back(pending);
                Ok(false)
            }
            None => {
                phones.insert(phone.clone(), VecDeque::from([pending]));
                Ok(true)
            }
        }
    }

    /// Delivers the messages of one queue until it is empty.
    async fn drain(self, network: Arc<NetworkContext>, phone: Phone) {
        let mut transfer = MtTransfer::new(Arc::clone(&self.context), network, phone.1.clone());
        while let Some(QueuedMessage { terminating, reply }) = self.next(&phone) {
            // A cancelled delivery is retried by the centre: sending it here too would duplicate it.
            if reply.is_closed() {
                continue;
            }
            let outcome = transfer.deliver(&terminating, || self.more(&phone)).await;
            let for_all = outcome.as_ref().err().filter(|failure| concerns_phone(failure)).cloned();
            let _ = reply.send(outcome); // the receiver may have been cancelled
            if let Some(failure) = for_all {
                self.fail_all(&phone, &failure);
            }
            transfer.report_status().await;
        }
        transfer.end().await;
    }

    /// The next message for a phone; an empty queue is removed.
    fn next(&self, phone: &Phone) -> Option<QueuedMessage> {
        let mut phones = self.phones.lock();
        let next = phones.get_mut(phone)?.pop_front();
        if next.is_none() {
            phones.remove(phone);
        }
        next
    }

    fn more(&self, phone: &Phone) -> bool {
        self.phones.lock().get(phone).is_some_and(|queue| !queue.is_empty())
    }

    /// A phone that is away for one message is away for those behind it: they keep their order.
    fn fail_all(&self, phone: &Phone, failure: &Failure) {
        let queued = self.phones.lock().get_mut(phone).map(std::mem::take).unwrap_or_default();
        for pending in queued {
            let _ = pending.reply.send(Err(failure.clone())); // the receiver may have been cancelled
        }
    }
}

/// Whether a failure concerns the phone or the path to it, and not one message.
fn concerns_phone(failure: &Failure) -> bool {
    match failure {
        Failure::Unsupported => false,
        Failure::Refused(_) => matches!(failure.number(), 2..=5 | 22),
        Failure::PeerFault(PeerCode::MapError(error)) => *error != SM_DELIVERY_FAILURE,
        _ => true,
    }
}
