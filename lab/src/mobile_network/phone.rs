//! A phone in the hand: send, read, switch off, fill up, move.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::inbox::{Message, Received, Report};
use super::rule::Rule;
use super::submission::{Order, Submission};
use super::subscriber::{MessageWaiting, Subscriber};
use super::world::{Command, Request, SendError, Sent, Shared};

/// A handle of one phone. Its clones are of the same phone.
#[derive(Clone, Debug)]
pub struct Phone {
    number: String,
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
}

/// What is the matter with a phone.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize)]
pub struct PhoneState {
    /// MSISDN with `+`.
    pub number: String,
    /// IMSI.
    pub imsi: String,
    /// The MSC that serves it.
    pub msc: String,
    /// The SGSN that serves it too.
    pub sgsn: Option<String>,
    /// The MSC reaches it.
    pub reached_by_msc: bool,
    /// The SGSN reaches it.
    pub reached_by_sgsn: bool,
    /// The HLR has lost its location.
    pub is_purged: bool,
    /// It has no room for a message.
    pub is_full: bool,
    /// It is busy with another message.
    pub is_busy: bool,
    /// MNRF in the HLR.
    pub not_reachable: bool,
    /// MNRG in the HLR.
    pub not_reachable_for_gprs: bool,
    /// MCEF in the HLR.
    pub memory_capacity_exceeded: bool,
    /// Service centres that the HLR will alert.
    pub service_centres: Vec<String>,
    /// Things in the inbox.
    pub inbox: usize,
    /// Messages that lack segments.
    pub partial: usize,
    /// Segments that came once more.
    pub segments_doubled: u64,
    /// Faults on order.
    pub rules: Vec<Rule>,
}

impl Phone {
    pub(super) fn new(number: String, shared: Arc<Shared>, commands: mpsc::Sender<Command>) -> Self {
        Self { number, shared, commands }
    }

    /// MSISDN, digits alone.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Sends a text and waits until the centre has accepted every segment.
    ///
    /// # Errors
    /// Why it was not sent.
    pub async fn send(&self, text: &str, to: &str) -> Result<Sent, SendError> {
        self.submit(Submission::text(text, to)).await
    }

    /// Sends a message and waits until the centre has accepted every segment.
    ///
    /// # Errors
    /// Why it was not sent.
    pub async fn submit(&self, submission: Submission) -> Result<Sent, SendError> {
        self.request(Request::Submission(Box::new(submission))).await
    }

    /// Sends an SMS-COMMAND and waits until the centre has accepted it.
    ///
    /// # Errors
    /// Why it was not sent.
    pub async fn command(&self, order: Order) -> Result<Sent, SendError> {
        self.request(Request::Order(order)).await
    }

    /// What it has received, newest first.
    pub fn inbox(&self) -> Vec<Received> {
        self.look(|phone| phone.inbox.entries().cloned().collect()).unwrap_or_default()
    }

    /// Waits until something in the inbox fits, newest first, and returns it.
    pub async fn wait_for(&self, fits: impl Fn(&Received) -> bool) -> Received {
        loop {
            let arrived = self.shared.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            let found = self.look(|phone| phone.inbox.entries().find(|one| fits(one)).cloned());
            if let Some(Some(found)) = found {
                return found;
            }
            arrived.await;
        }
    }

    /// Waits for a message whose text fits.
    pub async fn wait_for_text(&self, fits: impl Fn(&str) -> bool) -> Message {
        loop {
            let found = self.wait_for(|one| one.message().is_some_and(|message| fits(&message.text))).await;
            if let Received::Message(message) = found {
                return message;
            }
        }
    }

    /// Waits for the status report of the message with this TP-MR.
    pub async fn wait_for_report(&self, tp_mr: u8) -> Report {
        loop {
            let found = self.wait_for(|one| one.report().is_some_and(|report| report.tp_mr == tp_mr)).await;
            if let Received::StatusReport(report) = found {
                return report;
            }
        }
    }

    /// Forgets what it has received.
    pub fn clear_inbox(&self) {
        self.change(|phone, _| phone.inbox.clear());
    }

    /// Switches it on; service centres that wait are alerted.
    pub fn on(&self) {
        self.change(Subscriber::on);
    }

    /// Switches it off, for MSC and SGSN.
    pub fn off(&self) {
        self.change(|phone, _| phone.off());
    }

    /// Says which of its nodes reach it.
    pub fn reached_by(&self, msc: bool, sgsn: bool) {
        self.change(|phone, _| (phone.reached_by_msc, phone.reached_by_sgsn) = (msc, sgsn));
    }

    /// Has the HLR forget where it is, so that it is absent for whoever asks, until it is on again.
    pub fn purge(&self) {
        self.change(|phone, _| phone.is_purged = true);
    }

    /// Fills its memory, or makes room; then service centres that wait are alerted.
    pub fn full(&self, is_full: bool) {
        self.change(|phone, due| if is_full { phone.is_full = true } else { phone.empty(due) });
    }

    /// Makes it busy with another message, or free.
    pub fn busy(&self, is_busy: bool) {
        self.change(|phone, _| phone.is_busy = is_busy);
    }

    /// Moves it to other nodes, by their global titles.
    pub fn roam(&self, msc: &str, sgsn: Option<&str>) {
        self.change(|phone, _| phone.roam(msc, sgsn));
    }

    /// Orders a fault for operations that concern it.
    pub fn rule(&self, rule: Rule) {
        self.change(|phone, _| phone.rules.add(rule));
    }

    /// Takes all faults back.
    pub fn clear_rules(&self) {
        self.change(|phone, _| phone.rules.clear());
    }

    /// How it is.
    pub fn state(&self) -> Option<PhoneState> {
        self.look(PhoneState::of)
    }

    async fn request(&self, outgoing: Request) -> Result<Sent, SendError> {
        let (answer, answered) = oneshot::channel();
        let command = Command::Send { number: self.number.clone(), outgoing, answer };
        self.commands.send(command).await.map_err(|_| SendError::Gone)?;
        answered.await.map_err(|_| SendError::Gone)?
    }

    fn look<T>(&self, read: impl FnOnce(&Subscriber) -> T) -> Option<T> {
        self.shared.world().register.phone(&self.number).map(read)
    }

    fn change(&self, act: impl FnOnce(&mut Subscriber, &mut Vec<String>)) {
        let _phones_are_never_removed = self.shared.world().register.wake(&self.number, act);
        self.shared.changed.notify_one();
    }
}

impl PhoneState {
    /// That of `phone`.
    pub(super) fn of(phone: &Subscriber) -> Self {
        let waiting: MessageWaiting = phone.waiting.clone();
        Self {
            number: format!("+{}", phone.number),
            imsi: phone.imsi.clone(),
            msc: phone.msc.clone(),
            sgsn: phone.sgsn.clone(),
            reached_by_msc: phone.reached_by_msc,
            reached_by_sgsn: phone.reached_by_sgsn,
            is_purged: phone.is_purged,
            is_full: phone.is_full,
            is_busy: phone.is_busy,
            not_reachable: waiting.not_reachable,
            not_reachable_for_gprs: waiting.not_reachable_for_gprs,
            memory_capacity_exceeded: waiting.memory_capacity_exceeded,
            service_centres: waiting.service_centres,
            inbox: phone.inbox.entries().count(),
            partial: phone.inbox.partial(),
            segments_doubled: phone.inbox.segments_doubled(),
            rules: phone.rules.as_slice().to_vec(),
        }
    }
}
