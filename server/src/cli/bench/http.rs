//! `fernpost bench http`.

use std::sync::Arc;

use base64::Engine;
use lab::load::SinkMetrics;
use lab::load::http::{Target, post};

use super::report::Report;
use super::rig::{ACCOUNT, NUMBER, PREFIX, Rig, TOKEN, drain};
use super::{Pressure, disk};

/// What `bench http` takes. HTTP/1.1 has one request open for each connection: the window is
/// made of connections.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pressure: Pressure,
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> super::Result<()> {
    let pressure = &arguments.pressure;
    let connections = pressure.connections * pressure.window.min(10);
    let rig = Rig::start().await?;
    let syncs = disk::measure(rig.directory())?;
    let seen = Arc::new(SinkMetrics::default());
    rig.sink(&seen).await?;
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{ACCOUNT}:{TOKEN}"));
    let target = Target {
        server: rig.http,
        path: format!("/2010-04-01/Accounts/{ACCOUNT}/Messages.json"),
        authorization: format!("Basic {credentials}"),
        content_type: "application/x-www-form-urlencoded",
        body: format!(
            "From=%2B{}&To=%2B{}12345678&Body=Your+parcel+is+on+its+way+and+arrives+tomorrow",
            NUMBER.trim_start_matches('+'),
            PREFIX.trim_start_matches('+')
        ),
    };
    let (before, watch) = (rig.cpu(), disk::Watch::begin(&rig).await?);
    let outcome = post(&target, connections, pressure.pace()).await?;
    let during = watch.end(&rig).await?;
    let drained_ms = drain(&seen, outcome.accepted).await;
    let mut report = Report::new(format!("http, {connections} connections"), outcome, &seen);
    report.cpu = Some(rig.cpu().saturating_sub(before));
    report.memory_mib = Some(rig.memory_mib());
    report.drained_ms = drained_ms;
    report.syncs = Some(syncs);
    report.during = Some(during);
    report.print(pressure.json);
    Ok(())
}
