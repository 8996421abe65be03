//! `fernpost serve`: runs until SIGTERM or SIGINT, then stops gracefully.

use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};

use super::{CommandResult, ConfigArguments};
use crate::wiring;

/// What `serve` takes.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigArguments,
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> CommandResult {
    let config = arguments.config.load()?;
    start_log(&config.log.filter);
    let system = wiring::start(config).await?;
    for line in system.where_it_listens() {
        println!("{line}");
    }
    wait_for_stop().await?;
    system.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Logs go to standard error; the output of a command goes to standard output.
pub fn start_log(filter: &str) {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let _set_once = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

/// Returns when the process is asked to stop.
pub async fn wait_for_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
