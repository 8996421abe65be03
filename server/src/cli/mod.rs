//! The command line: one file a command.

mod bench;
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
    /// Measure this build, or any other server, under load.
    Bench(bench::Arguments),
}

/// Runs the command that this process was started with.
pub async fn run() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments).await,
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
