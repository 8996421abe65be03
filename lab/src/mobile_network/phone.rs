//! The handle of a simulated phone: send, read the inbox, switch on and off, fill, roam.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::inbox::{InboxEntry, Message, Report};
use super::network_state::{Acknowledgement, Command, Request, SendError, SharedState};
use super::rule::Rule;
use super::submission::{SmsCommand, Submission};
use super::subscriber::{MessageWaiting, Subscriber};

/// A handle of one phone. Its clones are of the same phone.
#[derive(Clone, Debug)]
pub struct Phone {
    number: String,
    shared: Arc<SharedState>,
    commands: mpsc::Sender<Command>,
}

/// The state of a phone.
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
    /// Its memory is full.
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
    /// Entries in the inbox.
    pub inbox: usize,
    /// Messages that lack segments.
    pub partial: usize,
    /// Duplicate segments.
    pub segments_doubled: u64,
    /// Configured faults.
    pub rules: Vec<Rule>,
}

impl Phone {
    pub(super) fn new(number: String, shared: Arc<SharedState>, commands: mpsc::Sender<Command>) -> Self {
        Self { number, shared, commands }
    }

    /// MSISDN, digits alone.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Sends a text and waits until the centre has accepted every segment.
    ///
    /// # Errors
    /// The reason why it was not sent.
    pub async fn send(&self, text: &str, to: &str) -> Result<Acknowledgement, SendError> {
        self.submit(Submission::text(text, to)).await
    }

    /// Sends a message and waits until the centre has accepted every segment.
    ///
    /// # Errors
    /// The reason why it was not sent.
    pub async fn submit(&self, submission: Submission) -> Result<Acknowledgement, SendError> {
        self.request(Request::Submission(Box::new(submission))).await
    }

    /// Sends an SMS-COMMAND and waits until the centre has accepted it.
    ///
    /// # Errors
    /// The reason why it was not sent.
    pub async fn command(&self, command: SmsCommand) -> Result<Acknowledgement, SendError> {
        self.request(Request::Command(command)).await
    }

    /// The inbox, newest first.
    pub fn inbox(&self) -> Vec<InboxEntry> {
        self.read(|phone| phone.inbox.entries().cloned().collect()).unwrap_or_default()
    }

    /// Waits for an inbox entry that matches, newest first, and returns it.
    pub async fn wait_for(&self, matches: impl Fn(&InboxEntry) -> bool) -> InboxEntry {
        loop {
            let arrived = self.shared.arrived.notified();
            tokio::pin!(arrived);
            arrived.as_mut().enable();
            let found = self.read(|phone| phone.inbox.entries().find(|one| matches(one)).cloned());
            if let Some(Some(found)) = found {
                return found;
            }
            arrived.await;
        }
    }

    /// Waits for a message with a text that matches.
    pub async fn wait_for_text(&self, matches: impl Fn(&str) -> bool) -> Message {
        loop {
            let found =
                self.wait_for(|one| one.message().is_some_and(|message| matches(&message.text))).await;
            if let InboxEntry::Message(message) = found {
                return message;
            }
        }
    }

    /// Waits for the status report of the message with this TP-MR.
    pub async fn wait_for_report(&self, tp_mr: u8) -> Report {
        loop {
            let found = self.wait_for(|one| one.report().is_some_and(|report| report.tp_mr == tp_mr)).await;
            if let InboxEntry::StatusReport(report) = found {
                return report;
            }
        }
    }

    /// Removes all inbox entries.
    pub fn clear_inbox(&self) {
        self.update(|phone, _| phone.inbox.clear());
    }

    /// Switches it on; the HLR alerts service centres that wait.
    pub fn on(&self) {
        self.update(Subscriber::on);
    }

    /// Switches it off, for MSC and SGSN.
    pub fn off(&self) {
        self.update(|phone, _| phone.off());
    }

    /// Sets which of its nodes reach it.
    pub fn reached_by(&self, msc: bool, sgsn: bool) {
        self.update(|phone, _| (phone.reached_by_msc, phone.reached_by_sgsn) = (msc, sgsn));
    }

    /// Purges its location from the HLR, so that it is absent until it is on again.
    pub fn purge(&self) {
        self.update(|phone, _| phone.is_purged = true);
    }

    /// Fills or empties its memory; emptied, the HLR alerts service centres that wait.
    pub fn full(&self, is_full: bool) {
        self.update(|phone, due| if is_full { phone.is_full = true } else { phone.empty(due) });
    }

    /// Sets whether it is busy with another message.
    pub fn busy(&self, is_busy: bool) {
        self.update(|phone, _| phone.is_busy = is_busy);
    }

    /// Moves it to other nodes, by their global titles.
    pub fn roam(&self, msc: &str, sgsn: Option<&str>) {
        self.update(|phone, _| phone.roam(msc, sgsn));
    }

    /// Adds a fault for operations that concern it.
    pub fn rule(&self, rule: Rule) {
        self.update(|phone, _| phone.rules.add(rule));
    }

    /// Removes all faults.
    pub fn clear_rules(&self) {
        self.update(|phone, _| phone.rules.clear());
    }

    /// How it is.
    pub fn state(&self) -> Option<PhoneState> {
        self.read(PhoneState::of)
    }

    async fn request(&self, request: Request) -> Result<Acknowledgement, SendError> {
        let (sender, result) = oneshot::channel();
        let command = Command::Send { number: self.number.clone(), request, result: sender };
        self.commands.send(command).await.map_err(|_| SendError::Gone)?;
        result.await.map_err(|_| SendError::Gone)?
    }

    fn read<T>(&self, query: impl FnOnce(&Subscriber) -> T) -> Option<T> {
        self.shared.state().register.phone(&self.number).map(query)
    }

    fn update(&self, act: impl FnOnce(&mut Subscriber, &mut Vec<String>)) {
        let _ = self.shared.state().register.update(&self.number, act); // phones are never removed
        self.shared.changed.notify_one();
    }
}

impl PhoneState {
    /// The state of `phone`.
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
