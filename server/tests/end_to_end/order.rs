//! Messages to one destination arrive in the order of their submission.

use tokio::time::timeout;

use crate::harness::raw::{Raw, submit};
use crate::harness::site::{LOAD, PASSWORD, Site, number};
use crate::harness::{PATIENCE, block_on};

const MESSAGES: u32 = 200;

#[test]
fn two_hundred_messages_to_one_destination_arrive_in_order() {
    arrive_in_order("");
}

#[test]
fn two_hundred_messages_arrive_in_order_one_at_a_time() {
    arrive_in_order("open_per_destination = 1");
}

fn arrive_in_order(sink: &str) {
    let site = Site::new(&format!("window = {MESSAGES}"), sink);
    let centre = site.start();
    block_on(async {
        let mut sink = centre.sink().await;
        let mut load = Raw::bind(centre.smpp, LOAD, PASSWORD).await;
        // All in one write: nothing but the centre keeps them apart.
        let text = |serial: u32| format!("message {serial}");
        let burst: Vec<u8> = (0..MESSAGES)
            .flat_map(|serial| submit(&number(1), text(serial).as_bytes(), serial + 2))
            .collect();
        load.say(&burst).await;
        let refused = load.answers(MESSAGES as usize).await.iter().filter(|status| status.0 != 0).count();
        assert_eq!(refused, 0);
        for serial in 0..MESSAGES {
            let delivered =
                timeout(PATIENCE, sink.next()).await.expect("in time").expect("the session lasts");
            assert_eq!(String::from_utf8_lossy(&delivered.short_message), text(serial));
        }
    });
}
