//! The command line: one file a command.

mod ask;
mod bench;
mod config;
mod lab;
mod phone;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A short message service centre with a programmable messaging platform.
#[derive(Parser)]
#[command(version, about, max_term_width = 110)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service centre, the platform, or both, until SIGTERM.
    Serve(serve::Arguments),
    /// Start everything on this machine, with a demo ESME account, SIP user and application.
    Lab(lab::Arguments),
    /// Send one message by a running centre.
    Send(ask::SendArguments),
    /// Show what happened to one message: its id, or the SID that the API gave it.
    Trace(ask::TraceArguments),
    /// List messages, newest first.
    Find(ask::FindArguments),
    /// Prove that accepted = ended + waiting.
    Audit(ask::AuditArguments),
    /// Show counters and sessions of a running process.
    Status(ask::StatusArguments),
    /// Ask a home location register where a phone is, and deliver nothing.
    Hlr(ask::HlrArguments),
    /// Drive a simulated phone of a running lab.
    Phone(phone::Arguments),
    /// Check, show and explain the configuration.
    Config(config::Arguments),
    /// Measure this build, or any other server, under load.
    Bench(bench::Arguments),
}

/// Runs the command that this process was started with.
pub async fn run() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments).await,
        Command::Lab(arguments) => lab::run(arguments).await,
        Command::Send(arguments) => ask::send(arguments).await,
        Command::Trace(arguments) => ask::trace(arguments).await,
        Command::Find(arguments) => ask::find(arguments).await,
        Command::Audit(arguments) => ask::audit(arguments).await,
        Command::Status(arguments) => ask::status(arguments).await,
        Command::Hlr(arguments) => ask::hlr(arguments).await,
        Command::Phone(arguments) => phone::run(arguments).await,
        Command::Config(arguments) => config::run(&arguments),
        Command::Bench(arguments) => bench::run(arguments).await,
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("fernpost: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a command ends with.
type CommandResult = Result<ExitCode, Box<dyn std::error::Error + Send + Sync>>;

/// The configuration file and what the command line changes of it.
#[derive(clap::Args)]
struct ConfigArguments {
    /// The configuration; `fernpost.toml` if that exists, else all defaults.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The directory of the store, instead of the configured one.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl ConfigArguments {
    fn load(&self) -> Result<crate::config::Config, crate::config::ConfigError> {
        let default = PathBuf::from("fernpost.toml");
        let mut config = match &self.config {
            Some(file) => crate::config::load(file)?,
            None if default.exists() => crate::config::load(&default)?,
            None => crate::config::Config::default(),
        };
        if let Some(data) = &self.data {
            config.store.data_dir.clone_from(data);
        }
        Ok(config)
    }
}
