//! `fernpost bench`: the load generator. By itself it starts a centre of its own in a
//! second process, with a store on this disk, so that what it prints is what an operator gets.

mod disk;
mod http;
mod report;
mod rig;
mod sip;
mod smpp;
mod ss7;
mod sync_times;
mod waiting;

use std::process::ExitCode;
use std::time::Duration;

use lab::load::Pace;

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
    /// SIP MESSAGE → durable store → deliver_sm.
    Sip(sip::Arguments),
    /// REST create → durable → deliver_sm.
    Http(http::Arguments),
    /// A phone's mo-forwardSM → durable store → deliver_sm, and submit_sm → durable store → a phone.
    Ss7(ss7::Arguments),
    /// A backlog for an ESME that is away: memory, and the time to start with it.
    Waiting(waiting::Arguments),
}

/// How hard to press, on any wire.
#[derive(clap::Args, Clone, Debug)]
struct Pressure {
    /// Connections that send.
    #[arg(long, default_value_t = 10)]
    connections: usize,
    /// Requests that each connection may leave unanswered.
    #[arg(long, default_value_t = 100)]
    window: usize,
    /// How long to send.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Requests a second over all connections (open loop), instead of as many as are answered.
    #[arg(long)]
    rate: Option<f64>,
    /// Print one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

impl Pressure {
    fn pace(&self) -> Pace {
        Pace { duration: Duration::from_secs(self.seconds), per_second: self.rate, window: self.window }
    }
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Runs the command.
pub async fn run(arguments: Arguments) -> CommandResult {
    match arguments.wire {
        Wire::Smpp(arguments) => smpp::run(arguments).await?,
        Wire::Sip(arguments) => sip::run(arguments).await?,
        Wire::Http(arguments) => http::run(arguments).await?,
        Wire::Ss7(arguments) => ss7::run(arguments).await?,
        Wire::Waiting(arguments) => waiting::run(arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}
