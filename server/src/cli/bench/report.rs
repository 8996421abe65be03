//! What a bench prints: a table for people, or one JSON object.

use std::sync::atomic::Ordering;
use std::time::Duration;

use lab::load::{LoadMetrics, SinkMetrics};
use serde_json::{Value, json};

use super::disk::{During, Syncs};

/// What was measured on one wire.
pub struct Report {
    /// What was done, as a headline.
    pub title: String,
    /// What the load generator saw.
    pub outcome: LoadMetrics,
    /// Messages that came out.
    pub delivered: u64,
    /// Receipts that came back.
    pub receipts: u64,
    /// Processor time of the centre, where it is our own.
    pub cpu: Option<Duration>,
    /// Memory of the centre.
    pub memory_mib: Option<u64>,
    /// How long the last deliveries took after the load had ended.
    pub drained_ms: u64,
    /// The disk before the run.
    pub syncs: Option<Syncs>,
    /// The disk during the run.
    pub during: Option<During>,
}

impl Report {
    /// A report without a centre of our own.
    pub fn new(title: String, outcome: LoadMetrics, seen: &SinkMetrics) -> Self {
        Self {
            title,
            outcome,
            delivered: seen.messages.load(Ordering::Relaxed),
            receipts: seen.receipts.load(Ordering::Relaxed),
            cpu: None,
            memory_mib: None,
            drained_ms: 0,
            syncs: None,
            during: None,
        }
    }

    /// Prints it.
    pub fn print(&self, as_json: bool) {
        if as_json { println!("{}", self.to_json()) } else { self.print_table() }
    }

    fn cpu_us(&self) -> Option<f64> {
        self.cpu
            .map(|cpu| (cpu.as_secs_f64() * 1e6 / self.outcome.accepted.max(1) as f64 * 10.0).round() / 10.0)
    }

    /// The report as one JSON object.
    pub fn to_json(&self) -> Value {
        let during = |figure: fn(&During) -> f64| self.during.as_ref().map(figure);
        json!({
            "bench": self.title,
            "messages_per_second": self.outcome.per_second().round(),
            "ack_ms_p50": self.outcome.ms_at(0.5),
            "ack_ms_p99": self.outcome.ms_at(0.99),
            "cpu_us_per_message": self.cpu_us(),
            "accepted": self.outcome.accepted,
            "refused": self.outcome.refused,
            "delivered": self.delivered,
            "receipts": self.receipts,
            "drained_ms": self.drained_ms,
            "memory_mib": self.memory_mib,
            "fdatasync_per_second": self.syncs.map(|syncs| syncs.per_second.round()),
            "fdatasync_ms_p50": self.syncs.map(|syncs| syncs.median.as_secs_f64() * 1000.0),
            "syncs_per_second": during(|disk| (disk.store.count() as f64 / disk.took.as_secs_f64()).round()),
            "sync_ms_p50": during(|disk| disk.store.ms_at(0.5)),
            "sync_ms_p99": during(|disk| disk.store.ms_at(0.99)),
            "sync_ms_max": during(|disk| disk.store.ms_max()),
            "sync_wait_ms_p99": during(|disk| disk.store.wait_ms_at(0.99, disk.took)),
            "bare_sync_ms_p50": during(|disk| disk.bare.ms_at(0.5)),
            "bare_sync_ms_max": during(|disk| disk.bare.ms_max()),
        })
    }

    fn print_table(&self) {
        println!("{}", self.title);
        let row = |name: &str, value: String| println!("  {name:<28} {value:>12}");
        row("messages a second", format!("{:.0}", self.outcome.per_second()));
        row("accepted", self.outcome.accepted.to_string());
        row("refused", self.outcome.refused.to_string());
        row("delivered", self.delivered.to_string());
        row("receipts", self.receipts.to_string());
        row("acknowledged, p50 ms", format!("{:.2}", self.outcome.ms_at(0.5)));
        row("acknowledged, p99 ms", format!("{:.2}", self.outcome.ms_at(0.99)));
        row("last delivery after, ms", self.drained_ms.to_string());
        if let Some(cpu) = self.cpu_us() {
            row("centre, CPU us a message", format!("{cpu:.1}"));
        }
        if let Some(memory) = self.memory_mib {
            row("centre, memory MiB", memory.to_string());
        }
        if let Some(syncs) = self.syncs {
            row("disk, fdatasync a second", format!("{:.0}", syncs.per_second));
            row("disk, fdatasync p50 ms", format!("{:.2}", syncs.median.as_secs_f64() * 1000.0));
        }
        if let Some(disk) = &self.during {
            let ack = self.outcome.ms_at(0.99);
            let (sync, wait) = (disk.store.ms_at(0.99), disk.store.wait_ms_at(0.99, disk.took));
            row(
                "syncs of the run, a second",
                format!("{:.0}", disk.store.count() as f64 / disk.took.as_secs_f64()),
            );
            row("syncs of the run, p50 ms", format!("{:.2}", disk.store.ms_at(0.5)));
            row("syncs of the run, p99 ms", format!("{sync:.2}"));
            row("syncs of the run, max ms", format!("{:.2}", disk.store.ms_max()));
            row("wait for a sync, p99 ms", format!("{wait:.2}"));
            row("bare fdatasync, p50 ms", format!("{:.2}", disk.bare.ms_at(0.5)));
            row("bare fdatasync, max ms", format!("{:.2}", disk.bare.ms_max()));
            println!("  ack p99 - sync p99 = {:.2} ms", ack - sync);
            println!(
                "  ack p99 - wait p99 = {:.2} ms, for whoever arrives while the disk stalls",
                ack - wait
            );
        }
    }
}
