//! Screening: requests that peers may not send are refused and counted.

use map::operation::{AlertServiceCentreArg, MoForwardSmArg, SmRpOa};
use map::{AddressString, Context, Imsi, MapError, SignalInfo, Version};
use sccp::{Address as SccpAddress, GlobalTitle};
use tcap::{Abort, Code, Component, DialoguePortion, Oid, OperationClass, Proposal, TransactionId};

use super::*;
use crate::tap::{TcapMessage, Way};

fn title(digits: &str) -> SccpAddress {
    SccpAddress::gt(GlobalTitle::e164(digits).unwrap(), 8)
}

fn invoke(invoke_id: i8, operation: i64, parameter: Vec<u8>) -> Component {
    Component::Invoke {
        invoke_id,
        linked: None,
        operation: Code::Local(operation),
        parameter: Some(parameter.into()),
        class: OperationClass::One,
        timeout: Duration::ZERO,
    }
}

fn begin(id: u32, context: &[u8], components: Vec<Component>) -> tcap::Message {
    let application_context = Oid::from_octets(context).unwrap();
    tcap::Message::Begin {
        otid: TransactionId::from_octets(&id.to_be_bytes()).unwrap(),
        dialogue: Some(DialoguePortion::Aarq(Proposal {
            version_1: true,
            application_context,
            user_information: None,
        })),
        components,
    }
}

/// A phone's message that names `centre` as its service centre.
fn submission(centre: &str) -> Vec<u8> {
    let submit = sms::tpdu::Submit {
        destination: sms::address::Address::international("4917000").unwrap(),
        user_data: sms::UserData::new(b"hello".to_vec()),
        ..sms::tpdu::Submit::default()
    };
    let request = Request::MoForwardSm(MoForwardSmArg {
        sm_rp_da: map::operation::SmRpDa::ServiceCentreAddress(AddressString::international(centre)),
        sm_rp_oa: SmRpOa::Msisdn(AddressString::international(PHONE)),
        sm_rp_ui: SignalInfo(submit.encode().unwrap().into()),
        imsi: Some(Imsi::new("001010015550201")),
        ..MoForwardSmArg::default()
    });
    request.write(Version::V3).unwrap()
}

/// Sends a message from the MSC's address, and waits for the gateway's answer.
async fn answer(rig: &Rig, message: &tcap::Message) -> TcapMessage {
    let before = rig.tap.tcap_messages().len();
    rig.tap.inject(title(TITLE), title(MSC), message);
    let answer = || rig.tap.tcap_messages().into_iter().skip(before).find(|said| said.way == Way::Out);
    soon(until(|| answer().is_some())).await;
    answer().unwrap()
}

const MO: [u8; 7] = Context::ShortMsgMoRelay.oid(Version::V3);
const MT: [u8; 7] = Context::ShortMsgMtRelay.oid(Version::V3);

#[tokio::test]
async fn a_message_for_another_service_centre_is_refused_and_counted() {
    let rig =
        Rig::with(|_| {}, |config| config.networks[0].other_global_titles = vec!["15550001001".to_owned()])
            .await;
    let refused = answer(&rig, &begin(1, &MO, vec![invoke(1, 46, submission("46700000000"))])).await;
    assert!(matches!(refused.error(), Some(MapError::UnexpectedDataValue { .. })));
    assert_eq!(rig.counted("screened_service_centre"), 1);
    // Ours, but not the one that the network brought it to.
    let refused = answer(&rig, &begin(2, &MO, vec![invoke(1, 46, submission("15550001001"))])).await;
    assert!(matches!(refused.error(), Some(MapError::UnexpectedDataValue { .. })));
    assert_eq!(rig.counted("screened_address_mismatch"), 1);
    let taken = answer(&rig, &begin(3, &MO, vec![invoke(1, 46, submission(TITLE))])).await;
    assert!(matches!(taken.components(), [Component::ResultLast { .. }]));
    assert_eq!(rig.centre.accepted.lock().len(), 1);
    assert_eq!(rig.gateway.status().refused, 2);
}

#[tokio::test]
async fn an_alert_for_another_service_centre_wakes_nobody() {
    let rig = Rig::start().await;
    let alert = Request::AlertServiceCentre(AlertServiceCentreArg {
        msisdn: AddressString::international(PHONE),
        service_centre_address: AddressString::international("46700000000"),
        ..AlertServiceCentreArg::default()
    });
    let context = Context::ShortMsgAlert.oid(Version::V2);
    let parameter = alert.write(Version::V2).unwrap();
    let refused = answer(&rig, &begin(1, &context, vec![invoke(1, 64, parameter)])).await;
    assert!(matches!(refused.error(), Some(MapError::UnexpectedDataValue { .. })));
    assert!(rig.centre.reachable.lock().is_empty());
}

#[tokio::test]
async fn several_components_unknown_contexts_and_foreign_operations_are_refused_and_counted() {
    let rig = Rig::start().await;
    let two = vec![invoke(1, 46, submission(TITLE)), invoke(2, 46, submission(TITLE))];
    let refused = answer(&rig, &begin(1, &MO, two)).await;
    assert!(matches!(refused.message, tcap::Message::Abort { .. }), "{refused:?}");
    assert_eq!(rig.counted("screened_components"), 1);

    // networkLocUp version 3: a location update is none of ours.
    let refused = answer(&rig, &begin(2, &[4, 0, 0, 1, 0, 1, 3], vec![invoke(1, 2, vec![0x30, 0])])).await;
    assert!(matches!(refused.message, tcap::Message::Abort { abort: Abort::User(_), .. }));
    assert_eq!(rig.counted("screened_context"), 1);

    // sendAuthenticationInfo in a context of short messages.
    let refused = answer(&rig, &begin(3, &MO, vec![invoke(1, 56, vec![0x30, 0])])).await;
    assert!(matches!(refused.components(), [Component::Reject { .. }]));
    assert_eq!(rig.counted("screened_operation"), 1);

    let refused = answer(&rig, &begin(4, &MO, vec![invoke(1, 46, vec![0x04, 1, 0])])).await;
    assert!(matches!(refused.components(), [Component::Reject { .. }]));
    assert_eq!(rig.counted("screened_argument"), 1);

    // Home routing is not for us to answer.
    let forward = Request::MtForwardSm(MtForwardSmArg {
        sm_rp_da: map::operation::SmRpDa::Imsi(Imsi::new("001010015550201")),
        sm_rp_oa: SmRpOa::ServiceCentreAddress(AddressString::international(TITLE)),
        sm_rp_ui: SignalInfo(sms::tpdu::Deliver::default().encode().unwrap().into()),
        ..MtForwardSmArg::default()
    });
    let refused =
        answer(&rig, &begin(5, &MT, vec![invoke(1, 44, forward.write(Version::V3).unwrap())])).await;
    assert_eq!(refused.error(), Some(MapError::FacilityNotSupported));
    assert_eq!(rig.counted("screened_request"), 1);

    assert!(rig.centre.accepted.lock().is_empty());
    assert_eq!(rig.gateway.status().dialogues, 0);
    rig.delivered("and it goes on").await;
}

#[tokio::test]
async fn a_flood_of_peers_dialogues_leaves_room_for_our_own() {
    let rig = Rig::with(|_| {}, |config| (config.originating_max, config.dialogues_max) = (10, 24)).await;
    rig.centre.hold(true);
    for id in 1..=30 {
        rig.tap.inject(title(TITLE), title(MSC), &begin(id, &MO, vec![invoke(1, 46, submission(TITLE))]));
    }
    soon(until(|| {
        rig.gateway.status().dialogues
            + rig.tap.tcap_messages().iter().filter(|said| said.way == Way::Out).count()
            >= 30
    }))
    .await;
    assert!(rig.gateway.status().dialogues <= 20);
    // Ours go on.
    rig.delivered("ours").await;
    rig.centre.hold(false);
    soon(until(|| rig.gateway.status().dialogues == 0)).await;
    let answered =
        rig.tap.tcap_messages().into_iter().filter(|said| said.way == Way::Out && !said.is_begin()).count();
    assert_eq!(answered, 30, "each peer hears something");
    assert_eq!(
        rig.gateway.status().originated + rig.gateway.status().refused + rig.counted("peer_dialogues_full"),
        30
    );
    assert!(rig.gateway.status().originated <= 20);
}
