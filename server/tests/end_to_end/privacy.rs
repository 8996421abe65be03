//! The log at `info` holds no whole number and no body.

use lab::esme::{Esme, EsmeError, Outgoing};
use smpp::pdu::BindKind;
use tokio::time::timeout;

use crate::harness::raw::{Raw, submit};
use crate::harness::site::{LOAD, PASSWORD, Site, number, to_sink};
use crate::harness::{PATIENCE, block_on};

const TEXT: &str = "the quick brown secret";

#[test]
fn the_log_holds_no_whole_number_and_no_body() {
    let site = Site::new("", "");
    let centre = site.start();
    let destination = number(87_654_321);
    block_on(async {
        let mut sink = centre.sink().await;
        let load = centre.load(BindKind::Transmitter).await;
        let good = Outgoing { registered_delivery: 1, ..to_sink(&destination, TEXT) };
        load.submit(&good).await.expect("it is accepted");
        timeout(PATIENCE, sink.next()).await.expect("in time").expect("it is delivered");
        // Also where something goes wrong: no route, a broken PDU, a wrong password.
        let nowhere = Outgoing { destination: "+33612345678", ..to_sink("", TEXT) };
        assert!(matches!(load.submit(&nowhere).await, Err(EsmeError::Refused(_))));
        let mut bad = Raw::bind(centre.smpp, LOAD, PASSWORD).await;
        let mut broken = submit(&destination, TEXT.as_bytes(), 2);
        broken[3] -= 3;
        bad.say(&broken).await;
        let _gone_or_answered = bad.answer().await;
        assert!(Esme::bind(centre.smpp, BindKind::Receiver, LOAD, "wr0ng").await.is_err());
    });
    let (status, log) = centre.process.stop();
    assert!(status.success());
    assert!(log.contains(LOAD), "something was logged: {log}");
    let secrets =
        [destination.trim_start_matches('+'), "4915100000000", "33612345678", TEXT, PASSWORD, "wr0ng"];
    for secret in secrets {
        assert!(!log.contains(secret), "{secret:?} is in the log:\n{log}");
    }
}
