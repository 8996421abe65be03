//! SIGKILL at any moment loses nothing that was acknowledged.
//!
//! Four sessions with a window of ten submit texts that are all different, while a sink takes
//! them. Again and again the process is killed after 5 to 400 ms of that, over one store.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lab::esme::Esme;
use smpp::pdu::BindKind;
use tokio::task::JoinSet;

use crate::harness::block_on;
use crate::harness::site::{Centre, Site, number, to_sink};

const KILLS: usize = 100;
const SESSIONS: usize = 4;
const WINDOW: usize = 10;
/// Deliveries that the sink may have open.
const DELIVERY_WINDOW: usize = 10;
/// What a submitter waits between an answer and its next message. A restart reads again what the
/// runs before it wrote: at full speed the test would wait for that.
const PAUSE: Duration = Duration::from_millis(40);
/// How long nothing may come before the store counts as drained.
const QUIET: Duration = Duration::from_secs(3);

/// What the two ESMEs have seen of all runs.
#[derive(Default)]
struct Submissions {
    next: AtomicUsize,
    acknowledged: Mutex<HashSet<String>>,
    delivered: Mutex<HashMap<String, usize>>,
}

impl Submissions {
    /// How many different texts were delivered, and how many deliveries repeated one.
    fn delivered(&self) -> (usize, usize) {
        let delivered = self.delivered.lock().unwrap();
        (delivered.len(), delivered.values().sum::<usize>() - delivered.len())
    }

    fn missing(&self) -> usize {
        let delivered = self.delivered.lock().unwrap();
        self.acknowledged.lock().unwrap().iter().filter(|text| !delivered.contains_key(*text)).count()
    }
}

#[test]
fn r1_kill_loses_nothing_that_was_acknowledged() {
    let site = Site::new("window = 10", &format!("delivery_window = {DELIVERY_WINDOW}"));
    let submissions = Arc::new(Submissions::default());
    for round in 0..KILLS {
        block_on(load_and_kill(site.start(), &submissions, moment(round)));
    }
    block_on(drain(site.start(), &submissions));

    let (delivered, repeated) = submissions.delivered();
    let (sent, acknowledged) =
        (submissions.next.load(Ordering::Relaxed), submissions.acknowledged.lock().unwrap().len());
    println!("{sent} sent, {acknowledged} acknowledged, {delivered} delivered, {repeated} again");
    assert!(acknowledged > KILLS * 10, "too little load to prove anything: {acknowledged}");
    assert_eq!(submissions.missing(), 0, "acknowledged and lost");
    assert!(delivered <= sent);
    // Only what the sink had taken and the store did not know yet comes again.
    assert!(repeated <= KILLS * DELIVERY_WINDOW, "{repeated} repeated");
    // As many messages as texts: whatever came again was the same message, not a second one.
    let audit = site.audit();
    assert_eq!((audit.accepted, audit.waiting), (delivered, 0), "{audit:?}");
}

/// When a round ends: 5 to 400 ms after its begin, and rather early than late.
fn moment(round: usize) -> Duration {
    let share = ((round * 37) % KILLS) as f64 / KILLS as f64;
    Duration::from_secs_f64(0.005 + 0.395 * share.powi(3))
}

async fn load_and_kill(centre: Centre, submissions: &Arc<Submissions>, after: Duration) {
    let mut tasks = JoinSet::new();
    tasks.spawn(take(centre.sink().await, Arc::clone(submissions)));
    for _ in 0..SESSIONS {
        let session = Arc::new(centre.load(BindKind::Transmitter).await);
        for _ in 0..WINDOW {
            tasks.spawn(submit(Arc::clone(&session), Arc::clone(submissions)));
        }
    }
    tokio::time::sleep(after).await;
    centre.process.kill();
    while let Some(ended) = tasks.join_next().await {
        ended.expect("no task panics");
    }
}

/// Submits until the connection is gone.
async fn submit(session: Arc<Esme>, submissions: Arc<Submissions>) {
    loop {
        let serial = submissions.next.fetch_add(1, Ordering::Relaxed);
        let text = format!("message {serial}");
        if session.submit(&to_sink(&number(serial % 1000), &text)).await.is_err() {
            return;
        }
        submissions.acknowledged.lock().unwrap().insert(text);
        tokio::time::sleep(PAUSE).await;
    }
}

async fn take(mut sink: Esme, submissions: Arc<Submissions>) {
    while let Some(delivered) = sink.next().await {
        let text = String::from_utf8(delivered.short_message).expect("our own text");
        *submissions.delivered.lock().unwrap().entry(text).or_default() += 1;
    }
}

/// Takes what still waits, and stops gracefully.
async fn drain(centre: Centre, submissions: &Arc<Submissions>) {
    let taking = tokio::spawn(take(centre.sink().await, Arc::clone(submissions)));
    let mut before = usize::MAX;
    loop {
        let (delivered, repeated) = submissions.delivered();
        if delivered + repeated == before {
            break;
        }
        before = delivered + repeated;
        tokio::time::sleep(QUIET).await;
    }
    let (status, log) = centre.process.stop();
    assert!(status.success(), "{status}: {log}");
    taking.await.expect("no task panics");
}
