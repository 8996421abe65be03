//! Integration tests of the mobile network: M3UA on loopback against a scripted centre.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests may panic as tests do"
)]

mod associations;
mod centre;
mod faults;
mod http;
mod load;
mod message_waiting;
mod mo_submission;
mod mt_delivery;
mod tshark;
mod versions;

use std::time::Duration;

use lab::mobile_network::{MobileNetwork, Settings};
use map::operation::{MtForwardSmArg, RoutingInfoForSmArg, RoutingInfoForSmRes, SmRpDa, SmRpOa};
use map::{AddressString, Imsi, MapError, Request, Response, SignalInfo, Version};
use sms::address::Address;
use sms::timestamp::Timestamp;
use sms::tpdu::Deliver;

use centre::{Centre, DialogueRecord, title};

const PHONE: &str = "15550201";
const IMSI: &str = "001010015550201";
const MSC: &str = "15550000002";
const OTHER_MSC: &str = "15550000003";
const SGSN: &str = "15550000004";
const HLR: &str = "15550000001";
const ALL: [Version; 3] = [Version::V1, Version::V2, Version::V3];

fn settings() -> Settings {
    Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        other_global_titles: vec!["1555000100?".to_owned()],
        ..Settings::default()
    }
}

async fn start() -> (MobileNetwork, Centre) {
    start_with(settings()).await
}

async fn start_with(settings: Settings) -> (MobileNetwork, Centre) {
    let network = MobileNetwork::start(&settings).unwrap();
    let centre = Centre::connect(network.local_address()).await;
    (network, centre)
}

fn routing_info_request(number: &str) -> Request {
    Request::SendRoutingInfoForSm(RoutingInfoForSmArg {
        msisdn: AddressString::international(number),
        service_centre_address: AddressString::international(centre::TITLE),
        gprs_support_indicator: true,
        ..RoutingInfoForSmArg::default()
    })
}

async fn request_routing_info(centre: &Centre, number: &str, version: Version) -> DialogueRecord {
    centre.request(title(number, 6), version, routing_info_request(number)).await
}

async fn routing(centre: &Centre, number: &str) -> Result<RoutingInfoForSmRes, MapError> {
    match request_routing_info(centre, number, Version::V3).await.result(Version::V3)? {
        Response::SendRoutingInfoForSm(routing) => Ok(*routing),
        other => panic!("{other:?}"),
    }
}

fn text_tpdu(text: &str) -> Vec<u8> {
    let deliver = Deliver {
        originator: Address::alphanumeric("Fernpost").unwrap(),
        timestamp: Timestamp::from_unix(1_764_000_000, 0).unwrap(),
        user_data: sms::UserData::new(sms::alphabet::encode(text, sms::alphabet::Shifts::NONE).unwrap()),
        ..Deliver::default()
    };
    deliver.encode().unwrap()
}

fn forward_to(da: SmRpDa, tpdu: Vec<u8>, more: bool) -> Request {
    Request::MtForwardSm(MtForwardSmArg {
        sm_rp_da: da,
        sm_rp_oa: SmRpOa::ServiceCentreAddress(AddressString::international(centre::TITLE)),
        sm_rp_ui: SignalInfo(tpdu.into()),
        more_messages_to_send: more,
        ..MtForwardSmArg::default()
    })
}

fn forward(tpdu: Vec<u8>) -> Request {
    forward_to(SmRpDa::Imsi(Imsi::new(IMSI)), tpdu, false)
}

async fn deliver(centre: &Centre, node: &str, tpdu: Vec<u8>) -> Result<Response, MapError> {
    let subsystem = if node == SGSN { 149 } else { 8 };
    centre.request(title(node, subsystem), Version::V3, forward(tpdu)).await.result(Version::V3)
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), future).await.expect("it takes too long")
}
