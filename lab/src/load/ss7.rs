//! SS7 load: phones of the mobile network that send as fast as the centre responds, or at a rate.
//!
//! Deliveries under load are counted by the network: numbers of
//! [`sink_prefix`](crate::mobile_network::Settings::sink_prefix) accept and discard every message,
//! and [`metrics`](MobileNetwork::metrics) has deliveries and duplicates.

use std::io;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::pacing::{Connection, run};
use super::{LoadMetrics, Pace};
use crate::mobile_network::{Acknowledgement, MobileNetwork, Phone, PhoneSettings, SendError};

/// A typical text; a serial number precedes it.
const TEXT: &str = "Your parcel is on its way and arrives tomorrow between 10 and 12. Track it on our site or call us, reference 4711-0815.";
/// Results handled at once.
const RESULTS_MAX: usize = 1024;
/// After the end of a run: how long the last responses may take.
const TAIL: Duration = Duration::from_secs(60);

/// The phones that send, and their destinations.
#[derive(Clone, Debug)]
pub struct Target {
    /// The destination, such as a short code.
    pub destination: String,
    /// Over how many destinations messages are spread: with more than one, eight digits follow.
    pub destinations: u64,
    /// The prefix of the phones' numbers; eight digits follow.
    pub phone_prefix: String,
    /// How many phones send.
    pub phones: u32,
}

/// Sends from all phones until the pace is done; then waits for the last responses. `pace.window` is
/// how many messages all phones together may have unanswered.
///
/// # Errors
/// The histogram cannot be created, or the network has ended.
pub async fn submit(network: &MobileNetwork, target: &Target, pace: Pace) -> io::Result<LoadMetrics> {
    let phones = (0..target.phones.max(1))
        .map(|number| network.add_phone(&PhoneSettings::new(&format!("{}{number:08}", target.phone_prefix))));
    let (done, results) = mpsc::channel(pace.window.max(1));
    let submitter = Submitter {
        phones: phones.collect(),
        destination: target.destination.clone(),
        destinations: target.destinations,
        done,
        results,
        batch: Vec::with_capacity(RESULTS_MAX),
        metrics: LoadMetrics::new()?,
        sent: 0,
        unanswered: 0,
    };
    run(submitter, pace, 1, TAIL).await
}

/// The result of one message, and when it was sent.
type MessageResult = (Instant, Result<Acknowledgement, SendError>);

/// All phones that send.
struct Submitter {
    phones: Vec<Phone>,
    destination: String,
    destinations: u64,
    done: mpsc::Sender<MessageResult>,
    results: mpsc::Receiver<MessageResult>,
    batch: Vec<MessageResult>,
    metrics: LoadMetrics,
    sent: u64,
    unanswered: usize,
}

impl Submitter {
    fn next_destination(&self) -> String {
        match self.sent.checked_rem(self.destinations) {
            Some(number) if self.destinations > 1 => format!("{}{number:08}", self.destination),
            _ => self.destination.clone(),
        }
    }

    fn next_phone(&self) -> Option<Phone> {
        let count = u64::try_from(self.phones.len()).ok()?;
        let index = usize::try_from(self.sent.checked_rem(count)?).ok()?;
        self.phones.get(index).cloned()
    }
}

impl Connection for Submitter {
    type Error = io::Error;

    fn unanswered(&self) -> usize {
        self.unanswered
    }

    fn send(&mut self, count: usize, now: Instant) -> io::Result<()> {
        for _ in 0..count {
            let Some(phone) = self.next_phone() else { break };
            let (done, destination) = (self.done.clone(), self.next_destination());
            let text = format!("{} {TEXT}", self.sent);
            tokio::spawn(async move {
                let result = phone.send(&text, &destination).await;
                let _ = done.send((now, result)).await; // the run may be over
            });
            self.sent += 1;
            self.unanswered += 1;
        }
        Ok(())
    }

    async fn receive(&mut self, wait: Duration, end: Instant) -> io::Result<()> {
        let results = self.results.recv_many(&mut self.batch, RESULTS_MAX);
        if tokio::time::timeout(wait, results).await.is_err() {
            return Ok(());
        }
        let now = Instant::now();
        for (sent_at, result) in self.batch.drain(..) {
            self.unanswered = self.unanswered.saturating_sub(1);
            match result {
                Ok(_) if now <= end => self.metrics.record_accepted(now - sent_at),
                Ok(_) => {}
                Err(SendError::Gone) => return Err(io::ErrorKind::ConnectionAborted.into()),
                Err(_) => self.metrics.refused += 1,
            }
        }
        Ok(())
    }

    fn into_metrics(self) -> LoadMetrics {
        self.metrics
    }
}
