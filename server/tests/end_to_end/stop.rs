//! SIGTERM under load: exit code 0, nothing lost, nothing doubled.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lab::esme::{Esme, EsmeError};
use smpp::pdu::BindKind;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::harness::site::{Centre, Site, number, to_sink};
use crate::harness::{PATIENCE, block_on};

const STOPS: usize = 5;
const SUBMITTERS: usize = 20;

#[test]
fn r18_a_graceful_stop_loses_and_doubles_nothing() {
    let site = Site::new("", "");
    let serial = Arc::new(AtomicUsize::new(0));
    let (mut acknowledged, mut delivered) = (HashSet::new(), HashMap::new());
    for _ in 0..STOPS {
        block_on(load_and_stop(site.start(), &serial, &mut acknowledged, &mut delivered));
    }
    block_on(drain(site.start(), acknowledged.len(), &mut delivered));

    assert!(acknowledged.len() > STOPS * 50, "too little load to prove anything: {}", acknowledged.len());
    assert!(acknowledged.iter().all(|text| delivered.contains_key(text)), "acknowledged and lost");
    let doubled: Vec<_> = delivered.iter().filter(|(_, times)| **times > 1).map(|(text, _)| text).collect();
    assert!(doubled.is_empty(), "of {} delivered twice: {doubled:?}", delivered.len());
    let audit = site.audit();
    assert_eq!((audit.accepted, audit.ended, audit.waiting), (delivered.len(), delivered.len(), 0));
}

async fn load_and_stop(
    centre: Centre,
    serial: &Arc<AtomicUsize>,
    acknowledged: &mut HashSet<String>,
    delivered: &mut HashMap<String, usize>,
) {
    let taking = tokio::spawn(take_all(centre.sink().await));
    let session = Arc::new(centre.load(BindKind::Transmitter).await);
    let mut submitters = JoinSet::new();
    for _ in 0..SUBMITTERS {
        submitters.spawn(submit(Arc::clone(&session), Arc::clone(serial)));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let process = centre.process;
    let (status, log) = tokio::task::spawn_blocking(move || process.stop()).await.expect("it stops");
    assert_eq!(status.code(), Some(0), "{log}");
    while let Some(texts) = submitters.join_next().await {
        acknowledged.extend(texts.expect("no task panics"));
    }
    count(taking.await.expect("no task panics"), delivered);
}

/// Submits until the session is over; returns what was acknowledged.
async fn submit(session: Arc<Esme>, serial: Arc<AtomicUsize>) -> Vec<String> {
    let mut acknowledged = Vec::new();
    loop {
        let serial = serial.fetch_add(1, Ordering::Relaxed);
        let text = format!("message {serial}");
        match session.submit(&to_sink(&number(serial % 1000), &text)).await {
            Ok(_) => acknowledged.push(text),
            Err(EsmeError::Refused(_)) => {} // it says so: it is not ours any more
            Err(_) => return acknowledged,
        }
    }
}

async fn take_all(mut sink: Esme) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(delivered) = sink.next().await {
        texts.push(String::from_utf8(delivered.short_message).expect("our own text"));
    }
    texts
}

async fn drain(centre: Centre, expected: usize, delivered: &mut HashMap<String, usize>) {
    let mut sink = centre.sink().await;
    while delivered.len() < expected {
        let next =
            timeout(PATIENCE, sink.next()).await.expect("what waits comes").expect("the session lasts");
        count(vec![String::from_utf8(next.short_message).expect("our own text")], delivered);
    }
    // A double would come now.
    while let Ok(Some(next)) = timeout(Duration::from_secs(2), sink.next()).await {
        count(vec![String::from_utf8(next.short_message).expect("our own text")], delivered);
    }
    let (status, log) = tokio::task::spawn_blocking(move || centre.process.stop()).await.expect("it stops");
    assert_eq!(status.code(), Some(0), "{log}");
}

fn count(texts: Vec<String>, delivered: &mut HashMap<String, usize>) {
    for text in texts {
        *delivered.entry(text).or_default() += 1;
    }
}
