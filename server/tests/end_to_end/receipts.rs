//! Receipts wait for an ESME that is away, and survive a restart.

use lab::esme::Outgoing;
use smpp::MessageState;
use smpp::pdu::BindKind;
use tokio::time::timeout;

use crate::harness::site::{Site, number, to_sink};
use crate::harness::{PATIENCE, block_on};

#[test]
fn field_42_receipts_wait_for_an_esme_that_is_away() {
    let site = Site::new("", "");
    let centre = site.start();
    let id = block_on(async {
        let mut sink = centre.sink().await;
        let destination = number(1);
        let load = centre.load(BindKind::Transmitter).await;
        let outgoing = Outgoing { registered_delivery: 1, ..to_sink(&destination, "with a receipt") };
        let id = load.submit(&outgoing).await.expect("it is accepted");
        timeout(PATIENCE, sink.next()).await.expect("in time").expect("it is delivered");
        id
    });
    // The submitter can take nothing on a transmitter; now it is gone, and then the centre is.
    let (status, log) = centre.process.stop();
    assert!(status.success(), "{log}");

    let centre = site.start();
    let report = block_on(async {
        let mut back = centre.load(BindKind::Receiver).await;
        let delivered = timeout(PATIENCE, back.next()).await.expect("in time").expect("the session lasts");
        assert_eq!(delivered.destination, "4915100000000", "a receipt goes to the message's source");
        delivered.receipt.expect("a receipt")
    });
    assert_eq!(report.message_id, id);
    assert_eq!(report.state, Some(MessageState::DELIVERED));
    let (status, log) = centre.process.stop();
    assert!(status.success(), "{log}");
    let audit = site.audit();
    assert_eq!((audit.waiting, audit.accepted), (0, audit.ended));
}
