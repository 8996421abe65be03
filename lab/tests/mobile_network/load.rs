//! The mobile network under load: SS7 load runs and the sink.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lab::load::Pace;
use lab::load::ss7::{Target, submit};

use super::*;

fn target() -> Target {
    Target { destination: "7777".to_owned(), destinations: 1, phone_prefix: "+1556".to_owned(), phones: 100 }
}

#[tokio::test]
async fn all_requests_of_a_run_at_a_rate_are_accepted() {
    let (network, _centre) = start().await;
    let pace = Pace { duration: Duration::from_millis(500), per_second: Some(400.0), window: 50 };
    let run = submit(&network, &target(), pace).await.unwrap();
    assert!((100..=200).contains(&run.accepted), "{}", run.accepted);
    assert_eq!(run.refused, 0);
    assert_eq!(network.phones().len(), 103);
}

/// Delivers messages of different text to numbers of the sink; returns their count.
async fn deliveries(centre: Centre, tasks: u64, duration: Duration) -> u64 {
    let centre = Arc::new(centre);
    let delivered = Arc::new(AtomicU64::new(0));
    let end = tokio::time::Instant::now() + duration;
    let deliver_all = |task: u64| {
        let (centre, delivered) = (Arc::clone(&centre), Arc::clone(&delivered));
        async move {
            for serial in 0_u64.. {
                if tokio::time::Instant::now() > end {
                    return;
                }
                let number = format!("4917{:08}", task * 100_000 + serial);
                let routing = routing(&centre, &number).await.unwrap();
                let tpdu = text_tpdu(&format!("{task} {serial} {}", "x".repeat(120)));
                let request = forward_to(SmRpDa::Imsi(routing.imsi), tpdu, false);
                let record = centre.request(title(MSC, 8), Version::V3, request).await;
                record.result(Version::V3).unwrap();
                delivered.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let running: Vec<_> = (0..tasks).map(|task| tokio::spawn(deliver_all(task))).collect();
    for task in running {
        task.await.unwrap();
    }
    delivered.load(Ordering::Relaxed)
}

#[tokio::test]
async fn every_delivery_to_the_sink_is_counted_once() {
    let (network, centre) = start_with(Settings { sink_prefix: Some("4917".to_owned()), ..settings() }).await;
    let delivered = deliveries(centre, 20, Duration::from_millis(300)).await;
    let metrics = network.metrics();
    assert_eq!((metrics.sink_deliveries, metrics.sink_duplicates), (delivered, 0));
    assert!(delivered > 20, "{delivered}");
}

/// `cargo test --release -p fernpost-lab --test mobile_network -- --ignored --nocapture one_core`
#[tokio::test(flavor = "current_thread")]
#[ignore = "a measurement"]
async fn the_network_and_a_centre_on_one_core() {
    let (network, centre) = start_with(Settings { sink_prefix: Some("4917".to_owned()), ..settings() }).await;
    let pace = Pace { duration: Duration::from_secs(3), per_second: None, window: 200 };
    let run = submit(&network, &target(), pace).await.unwrap();
    println!("{:.0} mo-forwardSM/s, p99 {} ms", run.per_second(), run.ms_at(0.99));
    assert!(run.per_second() > 5_000.0);
    let delivered = deliveries(centre, 200, Duration::from_secs(3)).await;
    println!("{} deliveries/s, two dialogues each", delivered / 3);
    assert!(delivered > 3 * 2_500);
    assert_eq!(network.metrics().sink_duplicates, 0);
}
