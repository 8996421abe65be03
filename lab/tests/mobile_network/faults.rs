//! Configured faults: the form of each on the wire, and the right response after it.

use std::time::Duration;

use lab::mobile_network::{Fault, Operation, Rule};
use tcap::{AbortReason, Component, InvokeProblem, PAbortCause, Problem};

use super::centre::{DialogueRecord, DialogueRequest, End};
use super::*;

fn once(fault: Fault) -> Rule {
    Rule { operation: Some(Operation::MtForwardSm), fault, times: Some(1) }
}

/// The response to mt-forwardSM with this fault; the message after it is delivered.
async fn with(fault: Fault) -> (DialogueRecord, MobileNetwork) {
    let (network, centre) = start().await;
    network.phone(PHONE).unwrap().rule(once(fault));
    let dialogue = |timeout| DialogueRequest {
        called: title(MSC, 8),
        version: Version::V3,
        requests: vec![forward(text_tpdu("x"))],
        empty_begin: false,
        timeout: Duration::from_millis(timeout),
    };
    let record = centre.run_dialogue(dialogue(1000)).await;
    assert!(centre.run_dialogue(dialogue(5000)).await.result(Version::V3).is_ok());
    assert_eq!(network.metrics().faults, 1);
    (record, network)
}

#[tokio::test]
async fn a_response_is_delayed() {
    let (network, centre) = start().await;
    network.phone(PHONE).unwrap().rule(once(Fault::Delay(300)));
    let began = tokio::time::Instant::now();
    assert!(deliver(&centre, MSC, text_tpdu("x")).await.is_ok());
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_request_is_lost() {
    let (record, network) = with(Fault::Drop).await;
    assert_eq!((record.end, record.messages), (End::TimedOut, 1));
    assert_eq!(network.metrics().mt_delivered, 1);
}

#[tokio::test]
async fn only_the_response_is_lost() {
    let (record, network) = with(Fault::DropAnswer).await;
    assert_eq!(record.end, End::TimedOut);
    assert_eq!(network.metrics().mt_delivered, 2);
    let inbox = network.phone(PHONE).unwrap().inbox();
    assert!(inbox[0].message().unwrap().doubled);
}

#[tokio::test]
async fn dialogues_are_aborted() {
    let (record, _) = with(Fault::UserAbort).await;
    assert_eq!(record.end, End::Aborted { reason: AbortReason::Abrt, offered: None });
    let (record, _) = with(Fault::ProviderAbort(4)).await;
    assert_eq!(record.end, End::ProviderAborted(PAbortCause::ResourceLimitation));
}

#[tokio::test]
async fn the_operation_is_rejected() {
    let (record, _) = with(Fault::Reject(3)).await;
    let problem = Problem::Invoke(InvokeProblem::ResourceLimitation);
    assert_eq!(record.components, [Component::Reject { invoke_id: Some(1), problem }]);
}

#[tokio::test]
async fn the_network_returns_the_message() {
    let (record, _) = with(Fault::ReturnUnitdata(1)).await;
    assert_eq!(record.end, End::Returned(1));
}

#[tokio::test]
async fn a_dialogue_ends_without_a_component() {
    let (record, _) = with(Fault::EndWithoutComponent).await;
    assert_eq!((record.end, record.components), (End::Ended, Vec::new()));
}

#[tokio::test]
async fn errors_are_sent_by_their_codes() {
    for code in [5, 6, 9, 12, 21, 31, 32, 34, 35, 36] {
        let (record, network) = with(Fault::Error(code)).await;
        assert_eq!(record.result(Version::V3).unwrap_err().code(Version::V3), i64::from(code));
        assert_eq!(network.metrics().mt_delivered, 1);
    }
    let (record, _) = with(Fault::Absent(5)).await;
    assert_eq!(record.result(Version::V3), Err(MapError::absent(Some(5))));
    let (record, _) = with(Fault::DeliveryFailure(2)).await;
    let Err(MapError::SmDeliveryFailure(failure)) = record.result(Version::V3) else { panic!("{record:?}") };
    assert_eq!(failure.sm_enumerated_delivery_failure_cause.value(), 2);
}

#[tokio::test]
async fn an_extra_component_does_not_hide_the_result() {
    let (record, _) = with(Fault::WrongComponent).await;
    assert!(record.result(Version::V3).is_ok());
    assert!(matches!(record.components[0], Component::Reject { .. }), "{record:?}");
}

#[tokio::test]
async fn a_result_is_split_in_two_components() {
    let (network, centre) = start().await;
    let fault = Fault::SplitResult;
    network.change_node(HLR, |node| node.rules.add(Rule { operation: None, fault, times: Some(1) }));
    let record = request_routing_info(&centre, PHONE, Version::V3).await;
    let [
        Component::ResultNotLast { parameter: Some(part), .. },
        Component::ResultLast { parameter: None, .. },
    ] = &record.components[..]
    else {
        panic!("{record:?}")
    };
    assert!(Response::read(&routing_info_request(PHONE), Some(part)).is_ok());
}

#[tokio::test]
async fn the_hlr_has_faults_of_its_own() {
    let (network, centre) = start().await;
    for (code, times) in [(11, 1), (13, 2)] {
        let rule = Rule {
            operation: Some(Operation::SendRoutingInfoForSm),
            fault: Fault::Error(code),
            times: Some(times),
        };
        network.change_node(HLR, |node| node.rules.add(rule));
    }
    let mut codes = Vec::new();
    while let Err(error) = routing(&centre, PHONE).await {
        codes.push(error.code(Version::V3));
    }
    assert_eq!(codes, [11, 13, 13]);
}

#[tokio::test]
async fn invalid_messages_have_no_effect() {
    let (network, centre) = start().await;
    // A BEGIN that is truncated, or has one wrong octet.
    let invoke = [0xa1, 0x08, 0x02, 0x01, 0x01, 0x02, 0x01, 0x2d, 0x30, 0x00];
    let mut begin = vec![0x62, 0x12, 0x48, 0x04, 1, 2, 3, 4, 0x6c, 0x0a];
    begin.extend(invoke);
    for length in 0..begin.len() {
        centre.send_raw(title(PHONE, 6), begin[..length].to_vec());
        for octet in [0x00, 0x7f, 0x80, 0xff] {
            let mut changed = begin.clone();
            changed[length] = octet;
            centre.send_raw(title(PHONE, 6), changed.clone());
            centre.send_raw(title(MSC, 8), changed);
        }
    }
    // An END and a CONTINUE of unknown dialogues.
    centre.send_raw(title(MSC, 8), vec![0x64, 0x06, 0x49, 0x04, 9, 9, 9, 9]);
    centre.send_raw(title(MSC, 8), vec![0x65, 0x0c, 0x48, 0x04, 1, 1, 1, 1, 0x49, 0x04, 9, 9, 9, 9]);
    assert!(routing(&centre, PHONE).await.is_ok());
    assert!(deliver(&centre, MSC, text_tpdu("x")).await.is_ok());
    assert_eq!(network.metrics().mt_delivered, 1);
}
