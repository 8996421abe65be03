//! `fernpost bench`: the load generator. By itself it starts a centre of its own in a
//! second process, with a store on this disk, so that what it prints is what an operator gets.

mod disk;
mod rig;
mod smpp;

use std::process::ExitCode;

use super::CommandResult;

/// What `bench` takes.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    wire: Wire,
}

#[derive(clap::Subcommand)]
enum Wire {
    /// submit_sm → durable store → deliver_sm.
    Smpp(smpp::Arguments),
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> CommandResult {
    match arguments.wire {
        Wire::Smpp(arguments) => smpp::run(arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}
