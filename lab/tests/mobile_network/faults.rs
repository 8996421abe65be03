//! Faults on order: each looks on the wire as it should, and the next answer is right again.

use std::time::Duration;

use lab::mobile_network::{Fault, Operation, Rule};
use tcap::{AbortReason, Component, InvokeProblem, PAbortCause, Problem};

use super::centre::{Ask, End, Said};
use super::*;

fn once(fault: Fault) -> Rule {
    Rule { operation: Some(Operation::MtForwardSm), fault, times: Some(1) }
}

/// What a node says to mt-forwardSM with this fault; the one after it is delivered.
async fn with(fault: Fault) -> (Said, MobileNetwork) {
    let (network, centre) = start().await;
    network.phone(PHONE).unwrap().rule(once(fault));
    let ask = |patience| Ask {
        called: title(MSC, 8),
        version: Version::V3,
        requests: vec![forward(text_tpdu("x"))],
        empty_begin: false,
        patience: Duration::from_millis(patience),
    };
    let said = centre.ask(ask(1000)).await;
    assert!(centre.ask(ask(5000)).await.result(Version::V3).is_ok());
    assert_eq!(network.counters().faults, 1);
    (said, network)
}

#[tokio::test]
async fn an_answer_comes_late() {
    let (network, centre) = start().await;
    network.phone(PHONE).unwrap().rule(once(Fault::Delay(300)));
    let began = tokio::time::Instant::now();
    assert!(deliver(&centre, MSC, text_tpdu("x")).await.is_ok());
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn no_answer_comes() {
    let (said, network) = with(Fault::Drop).await;
    assert_eq!((said.end, said.messages), (End::TimedOut, 1));
    assert_eq!(network.counters().mt_delivered, 1);
}

#[tokio::test]
async fn the_answer_alone_is_lost() {
    let (said, network) = with(Fault::DropAnswer).await;
    assert_eq!(said.end, End::TimedOut);
    assert_eq!(network.counters().mt_delivered, 2);
    let inbox = network.phone(PHONE).unwrap().inbox();
    assert!(inbox[0].message().unwrap().doubled);
}

#[tokio::test]
async fn dialogues_are_aborted() {
    let (said, _) = with(Fault::UserAbort).await;
    assert_eq!(said.end, End::Aborted { reason: AbortReason::Abrt, offered: None });
    let (said, _) = with(Fault::ProviderAbort(4)).await;
    assert_eq!(said.end, End::ProviderAborted(PAbortCause::ResourceLimitation));
}

#[tokio::test]
async fn the_operation_is_rejected() {
    let (said, _) = with(Fault::Reject(3)).await;
    let problem = Problem::Invoke(InvokeProblem::ResourceLimitation);
    assert_eq!(said.components, [Component::Reject { invoke_id: Some(1), problem }]);
}

#[tokio::test]
async fn the_network_returns_the_message() {
    let (said, _) = with(Fault::ReturnUnitdata(1)).await;
    assert_eq!(said.end, End::Returned(1));
}

#[tokio::test]
async fn a_dialogue_ends_without_a_word() {
    let (said, _) = with(Fault::EndWithoutComponent).await;
    assert_eq!((said.end, said.components), (End::Ended, Vec::new()));
}

#[tokio::test]
async fn errors_come_by_their_codes() {
    for code in [5, 6, 9, 12, 21, 31, 32, 34, 35, 36] {
        let (said, network) = with(Fault::Error(code)).await;
        assert_eq!(said.result(Version::V3).unwrap_err().code(Version::V3), i64::from(code));
        assert_eq!(network.counters().mt_delivered, 1);
    }
    let (said, _) = with(Fault::Absent(5)).await;
    assert_eq!(said.result(Version::V3), Err(MapError::absent(Some(5))));
    let (said, _) = with(Fault::DeliveryFailure(2)).await;
    let Err(MapError::SmDeliveryFailure(failure)) = said.result(Version::V3) else { panic!("{said:?}") };
    assert_eq!(failure.sm_enumerated_delivery_failure_cause.value(), 2);
}

#[tokio::test]
async fn a_component_too_many_does_not_hide_the_answer() {
    let (said, _) = with(Fault::WrongComponent).await;
    assert!(said.result(Version::V3).is_ok());
    assert!(matches!(said.components[0], Component::Reject { .. }), "{said:?}");
}

#[tokio::test]
async fn a_result_comes_in_two_parts() {
    let (network, centre) = start().await;
    let fault = Fault::SplitResult;
    network.change_node(HLR, |node| node.rules.add(Rule { operation: None, fault, times: Some(1) }));
    let said = ask_routing(&centre, PHONE, Version::V3).await;
    let [
        Component::ResultNotLast { parameter: Some(part), .. },
        Component::ResultLast { parameter: None, .. },
    ] = &said.components[..]
    else {
        panic!("{said:?}")
    };
    assert!(Response::read(&routing_question(PHONE), Some(part)).is_ok());
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
async fn what_is_no_message_hurts_nobody() {
    let (network, centre) = start().await;
    // A BEGIN that is right but for its end, its lengths, and any one octet.
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
    // An END and a CONTINUE of dialogues that nobody has.
    centre.send_raw(title(MSC, 8), vec![0x64, 0x06, 0x49, 0x04, 9, 9, 9, 9]);
    centre.send_raw(title(MSC, 8), vec![0x65, 0x0c, 0x48, 0x04, 1, 1, 1, 1, 0x49, 0x04, 9, 9, 9, 9]);
    assert!(routing(&centre, PHONE).await.is_ok());
    assert!(deliver(&centre, MSC, text_tpdu("x")).await.is_ok());
    assert_eq!(network.counters().mt_delivered, 1);
}
