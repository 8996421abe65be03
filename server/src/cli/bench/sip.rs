//! `fernpost bench sip`.

use std::sync::Arc;

use lab::load::SinkMetrics;
use lab::load::sip::{Target, submit};

use super::report::Report;
use super::rig::{PREFIX, Rig, drain};
use super::{Pressure, disk};

/// What `bench sip` takes.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pressure: Pressure,
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> super::Result<()> {
    let pressure = &arguments.pressure;
    let rig = Rig::start().await?;
    let syncs = disk::measure(rig.directory())?;
    let seen = Arc::new(SinkMetrics::default());
    rig.sink(&seen).await?;
    let target = Target { centre: rig.sip, destination_prefix: PREFIX.to_owned() };
    let (before, watch) = (rig.cpu(), disk::Watch::begin(&rig).await?);
    let outcome = submit(&target, pressure.connections, pressure.pace()).await?;
    let during = watch.end(&rig).await?;
    let drained_ms = drain(&seen, outcome.accepted).await;
    let title = format!("sip over udp, {} sockets x window {}", pressure.connections, pressure.window);
    let mut report = Report::new(title, outcome, &seen);
    report.cpu = Some(rig.cpu().saturating_sub(before));
    report.memory_mib = Some(rig.memory_mib());
    report.drained_ms = drained_ms;
    report.syncs = Some(syncs);
    report.during = Some(during);
    report.print(pressure.json);
    Ok(())
}
