//! Conformance of all messages of the network, decoded by tshark. Without tshark the test reports
//! SKIPPED, and fails where CI=true.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lab::mobile_network::{Fault, Rule};
use map::operation::{ReportSmDeliveryStatusArg, SmDeliveryOutcome};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

use super::centre::DialogueRequest;
use super::*;

/// M3UA messages in the order of their arrival, both ways.
type Frames = Arc<Mutex<Vec<Vec<u8>>>>;

/// A relay in front of `network` that records all messages.
async fn start_relay(network: SocketAddr) -> (SocketAddr, Frames) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let frames = Frames::default();
    let recorded = Arc::clone(&frames);
    tokio::spawn(async move {
        let (centre, _) = listener.accept().await.unwrap();
        let network = TcpStream::connect(network).await.unwrap();
        let (from_centre, to_centre) = centre.into_split();
        let (from_network, to_network) = network.into_split();
        tokio::spawn(pass(from_centre, to_network, Arc::clone(&recorded)));
        pass(from_network, to_centre, recorded).await;
    });
    (address, frames)
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, frames: Frames) {
    let mut buffer = Vec::new();
    while from.read_buf(&mut buffer).await.is_ok_and(|octets| octets > 0) {
        while let Ok(Some(length)) = m3ua::framed(&buffer) {
            if buffer.len() < length {
                break;
            }
            let frame: Vec<u8> = buffer.drain(..length).collect();
            frames.lock().unwrap().push(frame.clone());
            if to.write_all(&frame).await.is_err() {
                return;
            }
        }
    }
}

/// Runs each operation in each version, and each fault.
async fn everything(network: &MobileNetwork, centre: &mut Centre) {
    let phone = network.phone(PHONE).unwrap();
    for version in ALL {
        network.change_node(MSC, |node| node.map_version_max = version.number());
        request_routing_info(centre, PHONE, version).await;
        request_routing_info(centre, "15550999", version).await;
        for state in [false, true] {
            phone.full(state);
            centre.request(title(MSC, 8), version, forward(text_tpdu("Hello"))).await;
        }
        let report = Request::ReportSmDeliveryStatus(ReportSmDeliveryStatusArg {
            msisdn: AddressString::international(PHONE),
            service_centre_address: AddressString::international(centre::TITLE),
            sm_delivery_outcome: Some(SmDeliveryOutcome::MemoryCapacityExceeded),
            ..ReportSmDeliveryStatusArg::default()
        });
        centre.request(title(PHONE, 6), version, report).await;
        request_routing_info(centre, PHONE, version).await;
        centre.policy.lock().unwrap().version_max = version.number();
        phone.full(false);
        centre.received().await;
        phone.send("BALANCE", "7777").await.unwrap();
        centre.received().await;
        phone.send(&"long ".repeat(60), "+1555000000000").await.unwrap();
    }
    phone.roam(MSC, Some(SGSN));
    request_routing_info(centre, PHONE, Version::V3).await;
    let faults = [
        Fault::UserAbort,
        Fault::ProviderAbort(3),
        Fault::Reject(1),
        Fault::ReturnUnitdata(4),
        Fault::EndWithoutComponent,
        Fault::WrongComponent,
        Fault::SplitResult,
    ];
    let codes = [5, 6, 9, 11, 12, 13, 21, 27, 31, 32, 34, 35, 36];
    for fault in faults.into_iter().chain(codes.map(Fault::Error)) {
        phone.rule(Rule { operation: None, fault, times: Some(1) });
        centre
            .run_dialogue(DialogueRequest {
                called: title(MSC, 8),
                version: Version::V3,
                requests: vec![forward(text_tpdu("Hello"))],
                empty_begin: fault != Fault::ProviderAbort(3),
                timeout: Duration::from_secs(5),
            })
            .await;
    }
}

fn is_ci() -> bool {
    #[expect(clippy::disallowed_methods, reason = "CI is marked in the environment")]
    let ci = std::env::var("CI");
    ci.is_ok_and(|value| value == "true")
}

/// The frames of the capture that match `filter`, one line each.
fn tshark(capture: &std::path::Path, filter: &str) -> Vec<String> {
    let output = Command::new("tshark").arg("-r").arg(capture).args(["-Y", filter]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn tshark_finds_no_malformed_message_of_the_network() {
    if Command::new("tshark").arg("--version").output().is_err() {
        assert!(!is_ci(), "no tshark, which CI must have");
        // To stderr directly: the harness captures the output of tests that pass.
        let test = "tshark_finds_no_malformed_message_of_the_network";
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: no tshark");
        return;
    }
    let network = MobileNetwork::start(&settings()).unwrap();
    let (address, frames) = start_relay(network.local_address()).await;
    let mut centre = Centre::connect(address).await;
    tokio::time::timeout(Duration::from_secs(60), everything(&network, &mut centre)).await.unwrap();

    let frames = frames.lock().unwrap().clone();
    let mut dump = String::new();
    for frame in &frames {
        dump.push_str("000000");
        frame.iter().for_each(|octet| write!(dump, " {octet:02x}").unwrap());
        dump.push('\n');
    }
    let directory = std::env::temp_dir().join(format!("fernpost-network-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (text, capture) = (directory.join("frames.txt"), directory.join("frames.pcap"));
    std::fs::write(&text, dump).unwrap();
    let made = Command::new("text2pcap").args(["-q", "-S", "2905,2905,3"]).args([&text, &capture]).status();
    assert!(made.unwrap().success());

    assert_eq!(tshark(&capture, "m3ua").len(), frames.len());
    assert_eq!(tshark(&capture, "_ws.malformed"), [""; 0]);
    for (filter, least) in [
        ("gsm_old.localValue == 45", 17),
        ("gsm_old.localValue == 47", 5),
        ("gsm_old.localValue == 64", 2),
        ("gsm_old.localValue == 49", 1),
        ("gsm_old.localValue == 63", 2),
        ("gsm_sms.tp-mti == 0", 25),
        ("sccp.message_type == 0x0a", 1),
        ("tcap.p_abortCause == 3", 1),
    ] {
        let found = tshark(&capture, filter).len();
        assert!(found >= least, "{filter}: {found} of {least}");
    }
    std::fs::remove_dir_all(&directory).unwrap();
}
