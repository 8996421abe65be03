//! Measures the store on this disk.
//!
//! ```text
//! throughput run SUBMITTERS SECONDS     durable messages a second: accepted, then finished
//! throughput paced SUBMITTERS SECONDS RATE   the same at a fixed rate
//! throughput waiting COUNT              memory and restart time with so many waiting
//! ```

use smsc::ports::StoreAdmin;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use smsc::address::Address;
use smsc::endpoint::Endpoint;
use smsc::ids::{Ids, MessageId};
use smsc::message::{Content, Kind, Message, Mode};
use smsc::ports::{Store, StoreError};
use smsc::receipt::{Outcome, ReceiptRequest, State};
use smsc::stored::{Attempt, DueKey, Event, QueueEntry};
use smsc::timestamp::Timestamp;
use store_embedded::{EmbeddedConfig, EmbeddedStore};
use tokio::time::Instant;

const START: Timestamp = Timestamp::from_millis(1_795_435_200_000);

type Outcomes = Result<(), Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcomes {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let directory = tempfile::tempdir_in(".")?;
    match arguments.as_slice() {
        ["run", submitters, seconds] => {
            run(directory.path(), submitters.parse()?, seconds.parse()?, None).await
        }
        ["paced", submitters, seconds, rate] => {
            run(directory.path(), submitters.parse()?, seconds.parse()?, Some(rate.parse()?)).await
        }
        ["waiting", count] => waiting(directory.path(), count.parse()?).await,
        _ => {
            Err("usage: throughput run SUBMITTERS SECONDS | paced SUBMITTERS SECONDS RATE | waiting COUNT"
                .into())
        }
    }
}

/// A clock and a source of ids.
struct Source {
    ids: Ids,
    begun: Instant,
}

impl Source {
    fn new() -> Self {
        Self { ids: Ids::new(1, None), begun: Instant::now() }
    }

    fn now(&self) -> Timestamp {
        START + self.begun.elapsed()
    }

    /// A message of 160 septets from one of ten accounts to a number that seldom repeats.
    fn message(&self, submitter: u64) -> (Arc<Message>, QueueEntry) {
        let now = self.now();
        let id = self.ids.next(now);
        let account = format!("account-{}", submitter % 10);
        let number = format!("4915{:09}", id.get().wrapping_mul(0x9e37_79b9_7f4a_7c15) % 1_000_000_000);
        let message = Message {
            id,
            origin: Endpoint::Esme(account.as_str().into()),
            account: account.as_str().into(),
            source: Address::alphanumeric("ACME"),
            destination: Address::international(&number),
            presented: None,
            route: "default".into(),
            content: Content { data_coding: 0, header: Bytes::new(), body: Bytes::from_static(&[0x41; 200]) },
            mode: Mode::StoreAndForward,
            receipt: ReceiptRequest::ALWAYS,
            priority: 0,
            protocol_id: 0,
            reply_path: false,
            service_type: "".into(),
            optional: Bytes::new(),
            accepted_at: now,
            deliver_after: now,
            expires_at: now + Duration::from_secs(86_400),
            client_key: None,
            headers: Vec::new(),
            kind: Kind::Ordinary,
        };
        let waiting = QueueEntry {
            key: DueKey { due: now, id },
            expires_at: message.expires_at,
            destination: id.get(),
            route_queue: 1,
            priority: 0,
            attempts: 0,
            handed_over: false,
        };
        (Arc::new(message), waiting)
    }
}

async fn run(directory: &Path, submitters: u64, seconds: u64, rate: Option<u64>) -> Outcomes {
    let store = open(directory)?;
    let source = Arc::new(Source::new());
    let latencies = Arc::new(Latencies::default());
    let cpu = cpu_micros()?;
    let mut tasks = tokio::task::JoinSet::new();
    for submitter in 0..submitters {
        let (store, source, latencies) = (store.clone(), Arc::clone(&source), Arc::clone(&latencies));
        tasks.spawn(async move {
            submit(&store, &source, &latencies, submitter, seconds, rate.map(|rate| (submitters, rate))).await
        });
    }
    while let Some(result) = tasks.join_next().await {
        result??;
    }
    let elapsed = source.begun.elapsed();
    let begun = Instant::now();
    let left = store.due(None, Timestamp::NEVER, 1).await?.len();
    println!("{left} left in the due index, looked for {} ms", begun.elapsed().as_millis());
    store.close();
    let cpu = cpu_micros()? - cpu;
    let messages = latencies.count();
    println!(
        "{submitters} submitters: {:.0} messages/s, {:.1} us of CPU a message",
        messages as f64 / elapsed.as_secs_f64(),
        cpu as f64 / messages as f64
    );
    println!("acknowledged after: {latencies:?}");
    let stats = store.metrics();
    println!(
        "{} events a sync, longest write {} ms",
        stats.events / stats.syncs,
        stats.max_sync_micros / 1_000
    );
    println!("{} MiB resident", resident_mebibytes()?);
    println!("{:?}", store.audit().await?);
    Ok(())
}

async fn submit(
    store: &EmbeddedStore,
    source: &Source,
    latencies: &Latencies,
    submitter: u64,
    seconds: u64,
    pace: Option<(u64, u64)>,
) -> Result<(), StoreError> {
    let end = source.begun + Duration::from_secs(seconds);
    let mut sent = 0;
    loop {
        let mut begun = Instant::now();
        if let Some((submitters, rate)) = pace {
            begun = source.begun + Duration::from_micros((sent * submitters + submitter) * 1_000_000 / rate);
            sent += 1;
            tokio::time::sleep_until(begun).await;
        }
        if begun >= end {
            return Ok(());
        }
        let (message, waiting) = source.message(submitter);
        let id = message.id;
        match store.commit(vec![Event::Accepted(message, waiting)]).await {
            Ok(()) => {}
            Err(StoreError::Congested) => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            }
            Err(error) => return Err(error),
        }
        latencies.add(begun.elapsed());
        // The outcome is not awaited.
        drop(store.commit(vec![finished(id, waiting.key.due, source.now())]));
    }
}

fn finished(id: MessageId, was_due: Timestamp, at: Timestamp) -> Event {
    let attempt = Attempt {
        number: 1,
        at,
        took_ms: 12,
        endpoint: "smpp:carrier-a".into(),
        via: "carrier-a/1".into(),
        remote_id: Some("7F3A11".into()),
        error: 0,
        reason: String::new(),
    };
    let outcome = Outcome { state: State::Delivered, at, error: 0 };
    Event::Finished { id, was_due, attempt: Some(attempt), outcome }
}

async fn waiting(directory: &Path, count: u64) -> Outcomes {
    let before = resident_mebibytes()?;
    let store = open(directory)?;
    let source = Source::new();
    for batch in 0..count / 1_000 {
        let events = (0..1_000).map(|n| {
            let (message, waiting) = source.message(batch + n);
            Event::Accepted(message, waiting)
        });
        store.commit(events.collect()).await?;
    }
    println!("{count} waiting: {} MiB resident, {before} before", resident_mebibytes()?);
    drop(store);
    let begun = Instant::now();
    let store = open(directory)?;
    println!("opened in {} ms", begun.elapsed().as_millis());
    let begun = Instant::now();
    let first = store.due(None, Timestamp::NEVER, 1_000).await?;
    println!(
        "first {} due in {} ms, {} MiB resident",
        first.len(),
        begun.elapsed().as_millis(),
        resident_mebibytes()?
    );
    let begun = Instant::now();
    let all = store.due(None, Timestamp::NEVER, usize::MAX).await?;
    println!("all {} due in {} ms", all.len(), begun.elapsed().as_millis());
    let begun = Instant::now();
    for waiting in all.iter().take(100_000) {
        store.get(waiting.key.id).await?;
    }
    println!(
        "100,000 messages read in {} ms, {} MiB resident",
        begun.elapsed().as_millis(),
        resident_mebibytes()?
    );
    let begun = Instant::now();
    println!("{:?} in {} ms", store.audit().await?, begun.elapsed().as_millis());
    Ok(())
}

fn open(directory: &Path) -> Result<EmbeddedStore, Box<dyn Error>> {
    let config = EmbeddedConfig { data_dir: directory.to_owned(), ..EmbeddedConfig::default() };
    Ok(EmbeddedStore::open(&config, START, Box::new(|reason| eprintln!("{reason}")))?)
}

/// Acknowledgement times in powers of two microseconds.
#[derive(Default)]
struct Latencies([AtomicU64; 32]);

impl Latencies {
    fn add(&self, latency: Duration) {
        let bucket = latency.as_micros().max(1).ilog2() as usize;
        if let Some(count) = self.0.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn count(&self) -> u64 {
        self.0.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }
}

impl std::fmt::Debug for Latencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for permille in [500, 990, 999, 1_000] {
            let mut left = (self.count() * permille).div_ceil(1_000);
            let bucket = self.0.iter().position(|count| {
                left = left.saturating_sub(count.load(Ordering::Relaxed));
                left == 0
            });
            let below_ms = (2_u64 << bucket.unwrap_or(0)) as f64 / 1_000.0;
            write!(f, "{}% < {below_ms:.2} ms  ", permille as f64 / 10.0)?;
        }
        Ok(())
    }
}

/// User and system time of this process; the kernel counts in hundredths of a second.
fn cpu_micros() -> Result<u64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Result<Vec<u64>, _> = after_name.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(ticks?.iter().sum::<u64>() * 10_000)
}

fn resident_mebibytes() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? / 1_024)
}
