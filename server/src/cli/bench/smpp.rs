//! `fernpost bench smpp`.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use peers::load::smpp::{Seen, Target, sink, submit};
use peers::load::{Outcome, Pace};

use super::disk::{self, Syncs};
use super::rig::{LOADER, PASSWORD, PREFIX, Rig, SINK, free_port, wait_for};

/// What `bench smpp` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// Connections that submit.
    #[arg(long, default_value_t = 10)]
    connections: usize,
    /// Unanswered submit_sm that each connection may have.
    #[arg(long, default_value_t = 100)]
    window: usize,
    /// How long to submit.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Messages a second over all connections, instead of as many as are answered.
    #[arg(long)]
    rate: Option<f64>,
    /// Ask for a receipt of every message.
    #[arg(long)]
    receipts: bool,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
    /// Load this server instead of one of our own: HOST:PORT.
    #[arg(long)]
    target: Option<SocketAddr>,
    /// The account to bind as, with --target.
    #[arg(long, default_value = LOADER)]
    system_id: String,
    /// Its password, with --target.
    #[arg(long, default_value = PASSWORD)]
    password: String,
    /// What destinations begin with, with --target.
    #[arg(long, default_value = PREFIX)]
    prefix: String,
}

/// Connections of the sink.
const SINKS: usize = 4;
/// How long the last deliveries may take to come out after the load has ended.
const DRAIN: Duration = Duration::from_secs(60);

/// Runs the command.
pub async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let rig = match arguments.target {
        Some(_) => None,
        None => Some(OwnCentre::start().await?),
    };
    let centre = match (&arguments.target, &rig) {
        (Some(target), _) => *target,
        (None, Some(own)) => own.address,
        (None, None) => return Ok(()),
    };
    let syncs = rig.as_ref().map(|own| disk::measure(own.rig.directory())).transpose()?;
    let seen = Arc::new(Seen::default());
    if rig.is_some() {
        for _ in 0..SINKS {
            sink(centre, SINK, PASSWORD, Arc::clone(&seen)).await?;
        }
    }
    let target = Target {
        centre,
        system_id: arguments.system_id.clone(),
        password: arguments.password.clone(),
        destination_prefix: arguments.prefix.clone(),
        receipts: arguments.receipts,
    };
    let pace = Pace {
        lasts: Duration::from_secs(arguments.seconds),
        per_second: arguments.rate,
        window: arguments.window,
    };
    let cpu_before = rig.as_ref().map(|own| own.rig.cpu());
    let outcome = submit(&target, arguments.connections, pace, &seen).await?;
    let drained_ms = if rig.is_some() { drain(&seen, &outcome, arguments.receipts).await } else { 0 };
    let cpu = rig.as_ref().zip(cpu_before).map(|(own, before)| own.rig.cpu().saturating_sub(before));
    let report = Report {
        delivered: seen.messages.load(Ordering::Relaxed),
        receipts: seen.receipts.load(Ordering::Relaxed),
        cpu_us: cpu.map(|cpu| cpu.as_micros() as f64 / outcome.accepted.max(1) as f64),
        memory_mib: rig.as_ref().map(|own| own.rig.memory_mib()),
        drained_ms,
        syncs,
        outcome,
    };
    if arguments.json {
        report.print_json()
    } else {
        report.print_table(&arguments)
    }
    Ok(())
}

struct OwnCentre {
    rig: Rig,
    address: SocketAddr,
}

impl OwnCentre {
    async fn start() -> std::io::Result<Self> {
        let port = free_port()?;
        let config = format!(
            "[log]\nfilter = 'warn'\n[smpp]\nlisteners = [{{ address = '127.0.0.1:{port}' }}]\n\
             [[smpp.accounts]]\nsystem_id = '{LOADER}'\npassword = '{PASSWORD}'\nbinds_max = 1000\nwindow = 1000\n\
             [[smpp.accounts]]\nsystem_id = '{SINK}'\npassword = '{PASSWORD}'\nbinds_max = 1000\n\
             delivery_window = 500\naddresses = ['{}*']\n\
             [sip]\nlisteners = []\n",
            PREFIX.trim_start_matches('+')
        );
        let rig = Rig::start(&config)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        wait_for(address).await?;
        Ok(Self { rig, address })
    }
}

/// Waits until everything that was accepted has come out; returns how long that took.
async fn drain(seen: &Seen, outcome: &Outcome, receipts: bool) -> u64 {
    let began = crate::clock::instant();
    let complete = || {
        seen.messages.load(Ordering::Relaxed) >= outcome.accepted
            && (!receipts || seen.receipts.load(Ordering::Relaxed) >= outcome.accepted)
    };
    while !complete() && began.elapsed() < DRAIN {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

struct Report {
    outcome: Outcome,
    delivered: u64,
    receipts: u64,
    cpu_us: Option<f64>,
    memory_mib: Option<u64>,
    drained_ms: u64,
    syncs: Option<Syncs>,
}

impl Report {
    fn print_json(&self) {
        let report = serde_json::json!({
            "messages_per_second": self.outcome.per_second().round(),
            "ack_ms_p50": self.outcome.ms_at(0.5),
            "ack_ms_p99": self.outcome.ms_at(0.99),
            "cpu_us_per_message": self.cpu_us,
            "accepted": self.outcome.accepted,
            "refused": self.outcome.refused,
            "delivered": self.delivered,
            "receipts": self.receipts,
            "drained_ms": self.drained_ms,
            "memory_mib": self.memory_mib,
            "fdatasync_per_second": self.syncs.map(|syncs| syncs.per_second.round()),
            "fdatasync_ms_p50": self.syncs.map(|syncs| syncs.median.as_secs_f64() * 1000.0),
        });
        println!("{report}");
    }

    fn print_table(&self, arguments: &Arguments) {
        println!("smpp, {} connections x window {}", arguments.connections, arguments.window);
        let row = |name: &str, value: String| println!("  {name:<28} {value:>12}");
        row("messages a second", format!("{:.0}", self.outcome.per_second()));
        row("accepted", self.outcome.accepted.to_string());
        row("refused", self.outcome.refused.to_string());
        row("delivered", self.delivered.to_string());
        row("receipts", self.receipts.to_string());
        row("acknowledged, p50 ms", format!("{:.2}", self.outcome.ms_at(0.5)));
        row("acknowledged, p99 ms", format!("{:.2}", self.outcome.ms_at(0.99)));
        row("last delivery after, ms", self.drained_ms.to_string());
        if let Some(cpu) = self.cpu_us {
            row("centre, CPU us a message", format!("{cpu:.1}"));
        }
        if let Some(memory) = self.memory_mib {
            row("centre, memory MiB", memory.to_string());
        }
        if let Some(syncs) = self.syncs {
            row("disk, fdatasync a second", format!("{:.0}", syncs.per_second));
            row("disk, fdatasync p50 ms", format!("{:.2}", syncs.median.as_secs_f64() * 1000.0));
        }
    }
}
