//! `fernpost bench waiting`: what a backlog costs.

use std::sync::Arc;
use std::time::Duration;

use lab::load::Pace;
use lab::load::SinkMetrics;
use lab::load::smpp::{Target, submit};
use serde_json::json;

use super::rig::{LOADER, PASSWORD, PREFIX, Rig};

/// What `bench waiting` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// Messages that wait.
    #[arg(long, default_value_t = 1_000_000)]
    messages: u64,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Runs the command: fills the store for an ESME that is away, kills the process, and starts it again.
pub async fn run(arguments: Arguments) -> super::Result<()> {
    let mut rig = Rig::start().await?;
    let seen = Arc::new(SinkMetrics::default());
    let target = Target {
        centre: rig.smpp,
        system_id: LOADER.to_owned(),
        password: PASSWORD.to_owned(),
        destination_prefix: PREFIX.to_owned(),
        receipts: false,
        stamped: false,
    };
    let mut accepted = 0;
    while accepted < arguments.messages {
        let pace = Pace { duration: Duration::from_secs(2), per_second: None, window: 100 };
        accepted += submit(&target, 10, pace, &seen).await?.accepted;
    }
    let memory_full = rig.memory_mib();
    let start = rig.restart().await?;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let memory_started = rig.memory_mib();
    if arguments.json {
        println!(
            "{}",
            json!({
                "waiting": accepted,
                "memory_mib": memory_full,
                "start_ms": u64::try_from(start.as_millis()).unwrap_or(u64::MAX),
                "memory_mib_after_start": memory_started,
            })
        );
    } else {
        println!("{accepted} messages wait");
        println!("  memory, MiB                  {memory_full:>12}");
        println!("  start after a kill, ms       {:>12}", start.as_millis());
        println!("  memory 5 s after it, MiB     {memory_started:>12}");
    }
    Ok(())
}
