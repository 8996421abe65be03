//! `fernpost lab`.

use std::path::PathBuf;
use std::process::ExitCode;

use super::CommandResult;
use super::serve::{start_log, wait_for_stop};
use crate::lab::network::Choice;
use crate::lab::{Capabilities, Lab, run_flows};

/// What `lab` takes.
#[derive(clap::Args)]
pub struct Arguments {
    /// End after one message through each flow; the exit code tells whether all arrived.
    #[arg(long)]
    once: bool,
    /// Print addresses and credentials as one JSON object on the first line, and keep running.
    #[arg(long)]
    json: bool,
    /// Where the lab keeps its store and credentials.
    #[arg(long, value_name = "DIR", default_value = "fernpost-lab")]
    data: PathBuf,
    /// Added to every port, so that several labs run side by side.
    #[arg(long, value_name = "N", default_value_t = 0)]
    port_offset: u16,
    /// The application behind the number, instead of the built-in one.
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// Reach the simulated mobile network by SCTP in UDP, instead of TCP.
    #[arg(long, conflicts_with = "no_network")]
    sctp_udp: bool,
    /// Leave the simulated mobile network out: the centre waits for another signalling gateway.
    #[arg(long)]
    no_network: bool,
}

/// Runs the command.
pub async fn run(arguments: Arguments) -> CommandResult {
    start_log("warn");
    let network = match (arguments.sctp_udp, arguments.no_network) {
        (_, true) => Choice::Absent,
        (true, false) => Choice::SctpOverUdp,
        (false, false) => Choice::Tcp,
    };
    let capabilities = Capabilities {
        data: arguments.data,
        port_offset: arguments.port_offset,
        webhook: arguments.webhook,
        network,
    };
    let lab = Lab::start(&capabilities).await?;
    if arguments.json {
        println!("{}", lab.describe());
    } else {
        print_doors(&lab, &capabilities);
    }
    let failed = if arguments.json && !arguments.once { 0 } else { run_flows(&lab).await? };
    if !arguments.once {
        if !arguments.json {
            println!("\nRunning. Ctrl-C stops it.");
        }
        wait_for_stop().await?;
    }
    lab.system.stop().await;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_doors(lab: &Lab, capabilities: &Capabilities) {
    let all = lab.describe();
    let text = |pointer: &str| match all.pointer(pointer) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    println!("Fernpost lab: everything on this machine alone.\n");
    println!("  API       {}/2010-04-01", text("/http/base_url"));
    println!(
        "            account {}  token {}  number {}",
        text("/api/account_sid"),
        text("/api/auth_token"),
        text("/api/number")
    );
    println!("  SMPP      {}:{}", text("/smpp/host"), text("/smpp/port"));
    println!(
        "            system_id {}  password {}  address {}",
        text("/smpp/system_id"),
        text("/smpp/password"),
        text("/smpp/address")
    );
    println!("  SIP       {}:{} ({})", text("/sip/host"), text("/sip/port"), text("/sip/transport"));
    println!(
        "            user {}  password {}  number {}",
        text("/sip/user"),
        text("/sip/password"),
        text("/sip/number")
    );
    println!(
        "  SS7       M3UA {} {}:{}, routing context {}, service centre {}",
        if lab.phones.is_some() { "with" } else { "waits for a gateway at" },
        text("/m3ua/host"),
        text("/m3ua/port"),
        text("/m3ua/routing_context"),
        text("/m3ua/global_title")
    );
    for number in
        ["/phones/0/number", "/phones/1/number"].map(text).iter().filter(|number| !number.is_empty())
    {
        println!(
            "            phone {number}  drive it: fernpost phone {number} send TO TEXT | inbox | off | on | full"
        );
    }
    println!("  webhook   what the application behind the number got: {}", text("/webhook/received_url"));
    println!("  store     {}", text("/data_dir"));
    println!(
        "  ask it    fernpost find --data {} ; fernpost trace ID --data {}\n",
        text("/data_dir"),
        text("/data_dir")
    );
    if let Some(webhook) = &capabilities.webhook {
        println!("  {} is behind {}\n", webhook, text("/api/number"));
    }
    println!("One message through each flow:");
}
