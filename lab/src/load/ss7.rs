//! SS7 load: phones of the mobile network that send as fast as the centre answers, or at a rate.
//!
//! What the centre sends to phones under load is counted by the network itself: numbers of
//! [`sink_prefix`](crate::mobile_network::Settings::sink_prefix) take everything and keep nothing,
//! and [`counters`](MobileNetwork::counters) has how much came, and how much of it twice.

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Outcome, Pace};
use crate::mobile_network::{MobileNetwork, Phone, PhoneSettings, SendError, Sent};

/// A usual text; a serial number goes before it.
const TEXT: &str = "Your parcel is on its way and arrives tomorrow between 10 and 12. Track it on our site or call us, reference 4711-0815.";
/// Results taken at once.
const RESULTS_MAX: usize = 1024;
/// After the end of a run: how long the last answers may take.
const TAIL: Duration = Duration::from_secs(60);

/// Who sends, and to whom.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where the phones send to, such as a short code.
    pub destination: String,
    /// Over how many destinations the messages spread: with more than one, eight digits follow.
    pub destinations: u64,
    /// The phones' numbers begin so; eight digits follow.
    pub phone_prefix: String,
    /// How many phones send.
    pub phones: u32,
}

/// Has phones send until the pace is done; then waits for the last answers. `pace.window` is how
/// many messages all phones together may leave unanswered.
///
/// # Errors
/// The histogram cannot be made, or the network has ended.
pub async fn submit(network: &MobileNetwork, target: &Target, pace: Pace) -> io::Result<Outcome> {
    let phones = (0..target.phones.max(1))
        .map(|number| network.add_phone(&PhoneSettings::new(&format!("{}{number:08}", target.phone_prefix))));
    let (done, results) = mpsc::channel(pace.window.max(1));
    let submitter = Submitter {
        phones: phones.collect(),
        destination: target.destination.clone(),
        destinations: target.destinations,
        pace,
        done,
        outcome: Outcome::new()?,
        sent: 0,
        open: 0,
    };
    submitter.run(results).await
}

/// The result of one message, and when it was sent.
type Done = (Instant, Result<Sent, SendError>);

struct Submitter {
    phones: Vec<Phone>,
    destination: String,
    destinations: u64,
    pace: Pace,
    done: mpsc::Sender<Done>,
    outcome: Outcome,
    sent: u64,
    open: usize,
}

impl Submitter {
    async fn run(mut self, mut results: mpsc::Receiver<Done>) -> io::Result<Outcome> {
        let began = Instant::now();
        let end = began + self.pace.lasts;
        let mut batch = Vec::with_capacity(RESULTS_MAX);
        loop {
            let moment = Instant::now();
            if moment < end {
                self.fill(moment - began, moment);
            } else if self.open == 0 || moment > end + TAIL {
                self.outcome.took = self.pace.lasts;
                return Ok(self.outcome);
            }
            // With a rate to keep, look at the clock every millisecond; else answers set the pace.
            let wait = if self.pace.per_second.is_some() { 1 } else { 100 };
            let taken = results.recv_many(&mut batch, RESULTS_MAX);
            if tokio::time::timeout(Duration::from_millis(wait), taken).await.is_ok() {
                let moment = Instant::now();
                for (sent_at, result) in batch.drain(..) {
                    self.take(sent_at, &result, moment, end)?;
                }
            }
        }
    }

    /// Sends until the window is full or the pace is kept.
    fn fill(&mut self, elapsed: Duration, moment: Instant) {
        let owed = self.pace.owed(elapsed, 1);
        while self.open < self.pace.window && self.sent < owed {
            let Some(phone) = self.next_phone() else { return };
            let (done, destination) = (self.done.clone(), self.next_destination());
            let text = format!("{} {TEXT}", self.sent);
            tokio::spawn(async move {
                let result = phone.send(&text, &destination).await;
                let _the_run_may_be_over = done.send((moment, result)).await;
            });
            self.sent += 1;
            self.open += 1;
        }
    }

    fn next_destination(&self) -> String {
        match self.sent.checked_rem(self.destinations) {
            Some(number) if self.destinations > 1 => format!("{}{number:08}", self.destination),
            _ => self.destination.clone(),
        }
    }

    fn next_phone(&self) -> Option<Phone> {
        let count = u64::try_from(self.phones.len()).ok()?;
        let place = usize::try_from(self.sent.checked_rem(count)?).ok()?;
        self.phones.get(place).cloned()
    }

    fn take(
        &mut self,
        sent_at: Instant,
        result: &Result<Sent, SendError>,
        moment: Instant,
        end: Instant,
    ) -> io::Result<()> {
        self.open = self.open.saturating_sub(1);
        match result {
            Ok(_) if moment <= end => {
                self.outcome.accepted += 1;
                let micros = u64::try_from((moment - sent_at).as_micros()).unwrap_or(u64::MAX);
                self.outcome.note_latency(micros);
            }
            Ok(_) => {}
            Err(SendError::Gone) => return Err(io::ErrorKind::ConnectionAborted.into()),
            Err(_) => self.outcome.refused += 1,
        }
        Ok(())
    }
}
