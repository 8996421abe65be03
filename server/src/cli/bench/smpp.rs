//! `fernpost bench smpp`.

use std::net::SocketAddr;
use std::sync::Arc;

use lab::load::SinkMetrics;
use lab::load::smpp::{Target, submit};

use super::report::Report;
use super::rig::{LOADER, PASSWORD, PREFIX, Rig, drain};
use super::{Pressure, disk};

/// What `bench smpp` takes.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pressure: Pressure,
    /// Ask for a receipt of every message.
    #[arg(long)]
    receipts: bool,
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

/// Runs the command.
pub async fn run(arguments: Arguments) -> super::Result<()> {
    let pressure = &arguments.pressure;
    let title = format!("smpp, {} connections x window {}", pressure.connections, pressure.window);
    let seen = Arc::new(SinkMetrics::default());
    let target = |centre| Target {
        centre,
        system_id: arguments.system_id.clone(),
        password: arguments.password.clone(),
        destination_prefix: arguments.prefix.clone(),
        receipts: arguments.receipts,
        stamped: false,
    };
    if let Some(centre) = arguments.target {
        let outcome = submit(&target(centre), pressure.connections, pressure.pace(), &seen).await?;
        Report::new(title, outcome, &seen).print(pressure.json);
        return Ok(());
    }
    let rig = Rig::start().await?;
    let syncs = disk::measure(rig.directory())?;
    rig.sink(&seen).await?;
    let (before, watch) = (rig.cpu(), disk::Watch::begin(&rig).await?);
    let outcome = submit(&target(rig.smpp), pressure.connections, pressure.pace(), &seen).await?;
    let during = watch.end(&rig).await?;
    let drained_ms = drain(&seen, outcome.accepted).await;
    let mut report = Report::new(title, outcome, &seen);
    report.cpu = Some(rig.cpu().saturating_sub(before));
    report.memory_mib = Some(rig.memory_mib());
    report.drained_ms = drained_ms;
    report.syncs = Some(syncs);
    report.during = Some(during);
    report.print(pressure.json);
    Ok(())
}
