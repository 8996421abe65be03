//! `fernpost bench ss7`: a simulated mobile network on the same cores, over M3UA and TCP, by two
//! associations.

use std::sync::Arc;
use std::time::Duration;

use lab::load::smpp::{Target, submit};
use lab::load::{self, LoadMetrics, SinkMetrics};
use lab::mobile_network::{MobileNetwork, Settings};

use super::report::Report;
use super::rig::{LOADER, PASSWORD, PREFIX, Rig, drain};
use super::{Pressure, disk};
use crate::clock;

/// What `bench ss7` takes.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pressure: Pressure,
    /// One direction alone.
    #[arg(long, value_enum)]
    direction: Option<Direction>,
    /// Phones that send.
    #[arg(long, default_value_t = 10_000)]
    phones: u32,
}

#[derive(Clone, Copy, Eq, PartialEq, clap::ValueEnum)]
enum Direction {
    /// From phones to an ESME.
    FromPhones,
    /// From an ESME to phones: one look-up and one mt-forwardSM each.
    ToPhones,
}

/// What the numbers of receiving phones begin with.
const SINK_PHONES: &str = "+4916";
/// What the numbers of sending phones begin with.
const SENDING_PHONES: &str = "4915";
/// Destinations that sending phones spread over.
const DESTINATIONS: u64 = 1_000_000;
/// Messages a second to phones, where --rate does not say it: one run for throughput, one for the time
/// that a message takes.
const RATES: [f64; 2] = [6000.0, 1000.0];
/// Associations with the network.
const ASSOCIATIONS: usize = 2;
/// Messages a second to phones while an association is lost.
const FAILOVER_RATE: f64 = 1000.0;
/// How long the last messages may take to reach their phones.
const DRAIN: Duration = Duration::from_secs(60);

/// Runs the command.
pub async fn run(arguments: Arguments) -> super::Result<()> {
    let settings = Settings {
        listen: ([127, 0, 0, 1], 0).into(),
        sink_prefix: Some(SINK_PHONES.trim_start_matches('+').to_owned()),
        sink_is_timed: true,
        ..Settings::default()
    };
    let network = MobileNetwork::start(&settings)?;
    let rig = Rig::start_with(&config(&network)).await?;
    network.wait_until_active().await;
    let mut reports = serde_json::Map::new();
    let mut show = |name: String, report: &Report| {
        if arguments.pressure.json {
            reports.insert(name, report.to_json());
        } else {
            report.print(false);
        }
    };
    if arguments.direction != Some(Direction::ToPhones) {
        show("from_phones".to_owned(), &from_phones(&arguments, &rig, &network).await?);
    }
    if arguments.direction != Some(Direction::FromPhones) {
        let rates = arguments.pressure.rate.map_or(RATES.to_vec(), |rate| vec![rate]);
        for rate in rates {
            let report = to_phones(&arguments.pressure, rate, &rig, &network).await?;
            show(format!("to_phones_at_{rate:.0}"), &report);
        }
        let failover = fail_over(&arguments.pressure, &rig, &network).await?;
        if arguments.pressure.json {
            reports.insert("failover".to_owned(), failover.to_json());
        } else {
            failover.print();
        }
    }
    if arguments.pressure.json {
        println!("{}", serde_json::Value::Object(reports));
    }
    Ok(())
}

async fn from_phones(arguments: &Arguments, rig: &Rig, network: &MobileNetwork) -> super::Result<Report> {
    let pressure = &arguments.pressure;
    let syncs = disk::measure(rig.directory())?;
    let seen = Arc::new(SinkMetrics::default());
    rig.sink(&seen).await?;
    let target = load::ss7::Target {
        destination: PREFIX.to_owned(),
        destinations: DESTINATIONS,
        phone_prefix: SENDING_PHONES.to_owned(),
        phones: arguments.phones,
    };
    let mut pace = pressure.pace();
    pace.window *= pressure.connections;
    let (before, watch) = (rig.cpu(), disk::Watch::begin(rig).await?);
    let outcome = load::ss7::submit(network, &target, pace).await?;
    let during = watch.end(rig).await?;
    let drained_ms = drain(&seen, outcome.accepted).await;
    let title = format!("ss7, from {} phones, {} messages open", arguments.phones, pace.window);
    let mut report = Report::new(title, outcome, &seen);
    report.cpu = Some(rig.cpu().saturating_sub(before));
    report.memory_mib = Some(rig.memory_mib());
    report.drained_ms = drained_ms;
    report.syncs = Some(syncs);
    report.during = Some(during);
    Ok(report)
}

/// What counts here is what phones took, until the last one did: what an ESME may submit is more. The
/// times are those from submit_sm to the phone.
async fn to_phones(
    pressure: &Pressure,
    rate: f64,
    rig: &Rig,
    network: &MobileNetwork,
) -> super::Result<Report> {
    let syncs = disk::measure(rig.directory())?;
    let target = to_phones_target(rig);
    let pace = load::Pace { per_second: Some(rate), ..pressure.pace() };
    let (cpu, taken, began) = (rig.cpu(), network.metrics().sink_deliveries, clock::instant());
    let watch = disk::Watch::begin(rig).await?;
    let submitted = submit(&target, pressure.connections, pace, &Arc::default()).await?;
    let during = watch.end(rig).await?;
    let (offered, ended) = (began.elapsed(), clock::instant());
    while network.metrics().sink_deliveries < taken + submitted.accepted && ended.elapsed() < DRAIN {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let counters = network.metrics();
    let mut outcome = LoadMetrics::new()?;
    outcome.accepted = counters.sink_deliveries - taken;
    outcome.refused = submitted.refused;
    outcome.elapsed = offered + ended.elapsed();
    if let Some(ages_us) = network.take_sink_ages_us() {
        outcome.latency_us = ages_us;
    }
    let title = format!("ss7, to phones, {rate:.0} a second offered, times from submit_sm to the phone");
    let mut report = Report::new(title, outcome, &SinkMetrics::default());
    report.delivered = counters.sink_deliveries - taken - counters.sink_duplicates;
    report.cpu = Some(rig.cpu().saturating_sub(cpu));
    report.memory_mib = Some(rig.memory_mib());
    report.drained_ms = u64::try_from(ended.elapsed().as_millis()).unwrap_or(u64::MAX);
    report.syncs = Some(syncs);
    report.during = Some(during);
    Ok(report)
}

/// What a lost association costs.
struct Failover {
    /// The slowest message that was sent after the loss, from submit_sm to the phone.
    slowest_new_ms: f64,
    /// Messages that were sent after the loss.
    new: u64,
    /// Messages with a dialogue that was cut, so that they were tried again.
    cut: u64,
    /// Messages that never came.
    lost: u64,
}

/// Pulls one of two cables in the midst of a steady load.
async fn fail_over(pressure: &Pressure, rig: &Rig, network: &MobileNetwork) -> super::Result<Failover> {
    network.wait_until(|network| active(network) == ASSOCIATIONS).await;
    let target = to_phones_target(rig);
    let pace = load::Pace { per_second: Some(FAILOVER_RATE), ..pressure.pace() };
    let taken = network.metrics().sink_deliveries;
    let loss = async {
        tokio::time::sleep(pace.duration / 2).await;
        network.take_sink_ages_us();
        network.kill(0).await;
    };
    let seen = Arc::default();
    let (submitted, ()) = tokio::join!(submit(&target, pressure.connections, pace, &seen), loss);
    let submitted = submitted?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let missing = |network: &MobileNetwork| {
        let counters = network.metrics();
        submitted.accepted.saturating_sub(counters.sink_deliveries - taken)
    };
    let cut = missing(network);
    let ages_us = network.take_sink_ages_us();
    let ended = clock::instant();
    while missing(network) > 0 && ended.elapsed() < DRAIN {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(Failover {
        slowest_new_ms: ages_us.as_ref().map_or(0.0, |ages_us| ages_us.max() as f64 / 1000.0),
        new: ages_us.map_or(0, |ages_us| ages_us.len()),
        cut,
        lost: missing(network),
    })
}

fn active(network: &MobileNetwork) -> usize {
    network.associations().iter().filter(|association| association.state == "active").count()
}

impl Failover {
    fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "new_messages": self.new,
            "slowest_new_ms": self.slowest_new_ms,
            "cut": self.cut,
            "lost": self.lost,
        })
    }

    fn print(&self) {
        println!("ss7, one of two associations lost at {FAILOVER_RATE:.0} a second to phones");
        println!("  {:<28} {:>12}", "sent after the loss", self.new);
        println!("  {:<28} {:>12.2}", "the slowest of them, ms", self.slowest_new_ms);
        println!("  {:<28} {:>12}", "cut, and tried again", self.cut);
        println!("  {:<28} {:>12}", "lost", self.lost);
    }
}

fn to_phones_target(rig: &Rig) -> Target {
    Target {
        centre: rig.smpp,
        system_id: LOADER.to_owned(),
        password: PASSWORD.to_owned(),
        destination_prefix: SINK_PHONES.to_owned(),
        receipts: false,
        stamped: true,
    }
}

fn config(network: &MobileNetwork) -> String {
    let gateway = network.local_address();
    let associations: String = (0..ASSOCIATIONS)
        .map(|number| {
            format!(
                "[[ss7.associations]]\nname = 'gateway-{number}'\ntransport = 'tcp'\nremote = ['{gateway}']\n\
                 application_servers = ['bench']\n"
            )
        })
        .collect();
    // What a lost association has cut is tried again within the time of a bench.
    format!(
        "[ss7]\nrouting_seconds = 2\nforwarding_seconds = 2\ndialogue_seconds = 4\n\
         [[ss7.networks]]\nname = 'bench'\npoint_code = 1\nglobal_title = '15550001000'\ngateways = [2]\n\
         [[ss7.application_servers]]\nname = 'bench'\nnetwork = 'bench'\nrouting_context = 100\n{associations}\
         [[routes]]\nname = 'phones'\nto = {{ prefix = ['{}'] }}\ntargets = ['ss7:bench']\n",
        SINK_PHONES.trim_start_matches('+'),
    )
}
