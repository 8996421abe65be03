//! Phones that were away or full: the HLR gets a report, and alerts us when they are back.

use serde_json::{Value, json};

use super::network::{Network, context};
use super::{CENTRE, SENDER};

fn alert(number: &str, operation: u8) -> Value {
    json!({ "operation": operation, "argument": { "msisdn": number, "serviceCentreAddress": CENTRE } })
}

/// Three messages wait for a phone that refuses with `error`; their ids.
fn three_wait(network: &Network, number: &str, error: Value, shown: u8) -> Vec<String> {
    network.rule(json!({ "number": number, "node": [error] }));
    let first = network.send(SENDER, number, "message 0");
    network.waiting(&first, shown);
    let others = (1..3).map(|serial| network.send(SENDER, number, &format!("message {serial}")));
    let ids: Vec<String> = std::iter::once(first).chain(others).collect();
    network.rule(json!({ "number": number, "node": [{ "result": {} }] }));
    ids
}

/// All three arrive, in order; whatever was tried before is forgotten.
fn three_arrive(network: &Network, number: &str, ids: &[String]) {
    ids.iter().for_each(|id| drop(network.delivered(id)));
    let taken: Vec<Value> = network
        .others(number)
        .into_iter()
        .filter(|event| event["code"] == 44)
        .map(|event| event["tpdu"]["text"].clone())
        .collect();
    assert_eq!(taken[taken.len() - 3..], ["message 0", "message 1", "message 2"]);
}

#[test]
fn field_54_an_alert_brings_all_that_waits_at_once_and_in_order() {
    let test = "field_54_an_alert_brings_all_that_waits_at_once_and_in_order";
    let Some(network) = Network::start(test) else { return };
    let number = "15550200001";
    let ids = three_wait(&network, number, json!({ "error": 6, "diagnostic": 1 }), 8);
    let report = network.invoke("reportSM-DeliveryStatus", number);
    assert_eq!(report["argument"]["sm-DeliveryOutcome"], "absentSubscriber");
    assert_eq!(report["argument"]["absentSubscriberDiagnosticSM"], 1);
    assert_eq!(report["argument"]["serviceCentreAddress"], "915155001000f0");
    assert_eq!(report["called"]["ssn"], 6);
    let answer = network.ask(context(23, 2), alert(number, 64));
    assert_eq!((&answer["kind"], &answer["components"][0]["kind"]), (&json!("end"), &json!("returnResult")));
    three_arrive(&network, number, &ids);
    network.end();
}

#[test]
fn field_54_an_alert_of_version_1_is_obeyed_and_not_answered() {
    let test = "field_54_an_alert_of_version_1_is_obeyed_and_not_answered";
    let Some(network) = Network::start(test) else { return };
    let number = "15550200001";
    let ids = three_wait(&network, number, json!({ "error": 32, "cause": 0, "failure_cause": 0xd3 }), 11);
    let report = network.invoke("reportSM-DeliveryStatus", number);
    assert_eq!(report["argument"]["sm-DeliveryOutcome"], "memoryCapacityExceeded");
    let tag = network.tell(json!({ "context": null, "components": [alert(number, 49)] }));
    three_arrive(&network, number, &ids);
    let answers = network.peer.rest(|event| event["event"] == "answer" && event["tag"] == *tag);
    assert_eq!(answers, [Value::Null; 0], "nobody expects an answer");
    network.end();
}

#[test]
fn an_alert_for_another_service_centre_is_refused() {
    let Some(network) = Network::start("an_alert_for_another_service_centre_is_refused") else { return };
    let number = "15550200001";
    network.rule(json!({ "number": number, "node": [{ "error": 6 }] }));
    let id = network.send(SENDER, number, "it waits");
    network.waiting(&id, 8);
    let stranger = json!({ "operation": 64,
        "argument": { "msisdn": number, "serviceCentreAddress": "15550001001" } });
    let answer = network.ask(context(23, 2), stranger);
    assert_eq!(answer["components"][0]["error"], 36, "{answer}");
    assert_eq!(network.counted("screened_service_centre"), 1);
    network.waiting(&id, 8);
    // An alert for a number that nothing waits for is none of the HLR's faults.
    let answer = network.ask(context(23, 2), alert("15550209999", 64));
    assert_eq!(answer["components"][0]["kind"], "returnResult");
    network.end();
}

#[test]
fn what_the_hlr_tells_beside_its_answer_is_heard() {
    let Some(network) = Network::start("what_the_hlr_tells_beside_its_answer_is_heard") else { return };
    // Flags that a delivery clears: MNRF, MCEF, MNRG. The number is reported as the HLR has it.
    for bit in 1..=3 {
        let number = format!("1555020000{bit}");
        network.rule(json!({
            "number": number,
            "hlr": [{ "result": { "node": "15550009001" },
                      "inform": { "status": [bit], "stored": "15550209999" } }],
        }));
        let id = network.send(SENDER, &number, "it clears a flag");
        network.delivered(&id);
        let report = network.invoke("reportSM-DeliveryStatus", "15550209999");
        assert_eq!(report["argument"]["sm-DeliveryOutcome"], "successfulTransfer", "bit {bit}");
    }
    // Nothing to clear: nothing to report. Bit 0 means only that we are not on the list.
    for (number, status) in [("15550200005", json!([])), ("15550200006", json!([0]))] {
        network.rule(json!({
            "number": number,
            "hlr": [{ "result": { "node": "15550009001" }, "inform": { "status": status } }],
        }));
        let id = network.send(SENDER, number, "no flag");
        network.delivered(&id);
        assert!(network.others(number).iter().all(|event| event["code"] != 47), "{status}");
    }
    // It may stand beside an error as well, and beside the answer to a report.
    let number = "15550200007";
    network.rule(json!({
        "number": number,
        "hlr": [{ "error": 6, "diagnostic": 0, "inform": { "status": [0, 1] } }],
    }));
    let id = network.send(SENDER, number, "away");
    network.waiting(&id, 8);
    let number = "15550200008";
    network.rule(json!({
        "number": number,
        "node": [{ "error": 6 }],
        "report": [{ "result": {}, "inform": { "status": [1] } }],
    }));
    let id = network.send(SENDER, number, "away from its node");
    network.waiting(&id, 8);
    network.invoke("reportSM-DeliveryStatus", number);
    assert_eq!(network.counted("report_failed"), 0);
    network.end();
}

#[test]
fn a_report_that_fails_harms_nothing() {
    let Some(network) = Network::start("a_report_that_fails_harms_nothing") else { return };
    for (place, failure) in
        [json!({ "error": 33 }), json!({ "error": 1 }), json!({ "abort": { "provider": 1 } })]
            .into_iter()
            .enumerate()
    {
        let number = format!("1555020000{place}");
        network.rule(json!({ "number": number, "node": [{ "error": 6 }], "report": [failure] }));
        let id = network.send(SENDER, &number, "away");
        network.waiting(&id, 8);
        network.invoke("reportSM-DeliveryStatus", &number);
    }
    assert_eq!(network.counted("report_failed"), 3);
    network.end();
}
