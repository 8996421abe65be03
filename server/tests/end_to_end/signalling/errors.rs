//! What becomes of a message that the HLR or the node refuses: for good, for now, or not at all.

use lab::esme::Outgoing;
use serde_json::{Value, json};

use super::SENDER;
use super::network::Network;

/// How a message fares after an error.
enum Fate {
    /// It ends with this error number.
    Ends(u8),
    /// It waits for another attempt, and shows this error number.
    Waits(u8),
}
use Fate::{Ends, Waits};

/// The supports of nodes of each version.
fn supports(role: &str, version: u8) -> Value {
    match version {
        3 => json!({}),
        2 => json!({ role: { "max": 2, "by": "context" } }),
        _ => json!({ role: { "max": 1, "by": "plain" } }),
    }
}

fn check(network: &Network, number: &str, fate: &Fate, what: &str) {
    let id = network.send(SENDER, number, what);
    match fate {
        Ends(error) => {
            let message = network.ended(&id);
            let (state, number) = (&message["message"]["state"], &message["message"]["error"]);
            assert_eq!((state, number), (&json!("undeliverable"), &json!(error)), "{what}");
        }
        Waits(error) => drop(network.waiting(&id, *error)),
    }
}

#[test]
fn every_error_of_the_hlr_in_every_version() {
    let Some(network) = Network::start("every_error_of_the_hlr_in_every_version") else { return };
    for version in [3, 2, 1] {
        let absent = if version == 3 { 6 } else { 27 };
        let errors = [
            (1, Ends(1)),
            (absent, Waits(8)),
            (11, Ends(4)),
            (13, Ends(5)),
            (21, Ends(7)),
            (34, Waits(12)),
            (35, Ends(13)),
            (36, Ends(14)),
            (99, Waits(10)), // no error of MAP
        ];
        for (error, fate) in errors {
            let number = format!("155502000{version}00{error:02}");
            network.rule(json!({
                "number": number,
                "supports": supports("hlr", version),
                "hlr": [{ "error": error, "diagnostic": 1 }],
            }));
            check(&network, &number, &fate, &format!("error {error} in version {version}"));
            let relayed = network.others(&number);
            assert!(relayed.iter().all(|event| event["code"] == 45), "nobody else is asked: {relayed:?}");
        }
    }
    network.end();
}

#[test]
fn every_error_of_the_node_in_every_version() {
    let Some(network) = Network::start("every_error_of_the_node_in_every_version") else { return };
    for version in [3, 2, 1] {
        let absent = if version == 3 { 6 } else { 27 };
        let errors = [
            (5, Ends(2)),
            (absent, Waits(8)),
            (9, Ends(3)),
            (12, Ends(22)),
            (21, Ends(7)),
            (31, Waits(23)),
            (34, Waits(12)),
            (35, Ends(13)),
            (36, Ends(14)),
            (99, Waits(10)),
        ];
        for (error, fate) in errors {
            let number = format!("155502000{version}00{error:02}");
            network.rule(json!({
                "number": number,
                "supports": supports("node", version),
                "hlr": [{ "result": { "node": format!("1555000900{version}") } }],
                "node": [{ "error": error, "diagnostic": 5 }],
            }));
            check(&network, &number, &fate, &format!("error {error} in version {version}"));
            // An absent subscriber is reported as such; no other is.
            let reports = network.others(&number).into_iter().filter(|event| event["code"] == 47);
            let outcomes: Vec<Value> =
                reports.map(|event| event["argument"]["sm-DeliveryOutcome"].clone()).collect();
            let expected = if error == absent { vec![json!("absentSubscriber")] } else { vec![] };
            assert_eq!(outcomes, expected, "error {error} in version {version}");
        }
    }
    network.end();
}

#[test]
fn field_54_every_cause_of_a_phone_that_refuses() {
    let Some(network) = Network::start("field_54_every_cause_of_a_phone_that_refuses") else { return };
    let causes = [
        (0, Waits(11)), // memoryCapacityExceeded
        (1, Waits(10)), // equipmentProtocolError
        (2, Ends(10)),  // equipmentNotSM-Equipped
        (3, Ends(10)),  // unknownServiceCentre
        (4, Waits(10)), // sc-Congestion
        (5, Ends(10)),  // invalidSME-Address
        (6, Ends(10)),  // subscriberNotSC-Subscriber
    ];
    for version in [3, 2, 1] {
        for (cause, fate) in &causes {
            let number = format!("155502000{version}000{cause}");
            network.rule(json!({
                "number": number,
                "supports": supports("node", version),
                "hlr": [{ "result": { "node": format!("1555000900{version}") } }],
                "node": [{ "error": 32, "cause": cause, "failure_cause": 0xd3 }],
            }));
            check(&network, &number, fate, &format!("cause {cause} in version {version}"));
            let reports = network.others(&number).into_iter().filter(|event| event["code"] == 47);
            let outcomes: Vec<Value> =
                reports.map(|event| event["argument"]["sm-DeliveryOutcome"].clone()).collect();
            let expected = if *cause == 0 { vec![json!("memoryCapacityExceeded")] } else { vec![] };
            assert_eq!(outcomes, expected, "cause {cause} in version {version}");
        }
    }
    network.end();
}

#[test]
fn a_dialogue_that_ends_without_an_answer_ends_no_message() {
    let test = "a_dialogue_that_ends_without_an_answer_ends_no_message";
    let Some(network) = Network::start(test) else { return };
    let endings = [
        json!({ "abort": { "provider": 0 } }),
        json!({ "abort": { "provider": 1 } }),
        json!({ "abort": { "provider": 2 } }),
        json!({ "abort": { "user": "specific" } }),
        json!({ "abort": { "user": "none" } }),
        json!({ "end": true }),
        json!({ "reject": ["general", 0] }),
        json!({ "reject": ["invoke", 0] }),
        json!({ "reject": ["invoke", 1] }),
        json!({ "reject": ["invoke", 2] }),
        json!({ "reject": ["invoke", 3] }),
        json!({ "undelivered": 1 }),
        json!({ "undelivered": 5 }),
    ];
    for (place, ending) in endings.iter().enumerate() {
        for (phase, role) in ["hlr", "node"].into_iter().enumerate() {
            let number = format!("1555020{phase}0{place:02}00");
            network.rule(json!({ "number": number, role: [ending] }));
            check(&network, &number, &Waits(10), &format!("{ending} of the {role}"));
        }
    }
    network.end();
}

#[test]
fn a_node_without_resources_is_asked_again_soon() {
    let Some(network) = Network::start("a_node_without_resources_is_asked_again_soon") else { return };
    let number = "15550200001";
    network.rule(json!({
        "number": number,
        "node": [{ "abort": { "provider": 4 } }, { "result": {} }],
    }));
    let id = network.send(SENDER, number, "when there is room");
    network.delivered(&id);
    network.invoke("mt-forwardSM", number);
    network.invoke("mt-forwardSM", number);
    network.end();
}

#[test]
fn nobody_waits_for_ever() {
    let Some(network) = Network::serve("nobody_waits_for_ever", "") else { return };
    for (number, role) in [("15550200001", "hlr"), ("15550200002", "node")] {
        network.rule(json!({ "number": number, role: [{ "silent": true }] }));
        let id = network.send(SENDER, number, "no answer");
        network.waiting(&id, 10);
    }
    // The association is asked for a sign of life meanwhile, and gives one.
    network.peer.expect("BEAT", |event| event["event"] == "beat");
    // Half a dialogue: the node has accepted it, and takes no message.
    network.rule(json!({
        "number": "15550200003",
        "hlr": [{ "result": { "node": "155500090000001" } }],
        "node": [{ "silent": true }],
    }));
    let id = network.send("ElevenChars", "15550200003", &"x".repeat(160));
    network.waiting(&id, 10);
    assert_eq!(network.invoke("mt-forwardSM", "15550200003")["split"], true);
    // Here the peer has ended its side of the dialogue: it is aborted, or the peer keeps it.
    network.peer.expect("abort", |event| event["event"] == "aborted");
    network.end();
}

#[test]
fn receipts_tell_esmes_which_error_it_was() {
    let Some(network) = Network::start("receipts_tell_esmes_which_error_it_was") else { return };
    let mut esme = network.esme();
    let errors = [
        (json!({ "hlr": [{ "error": 1 }] }), "UNDELIV", "001"),
        (json!({ "hlr": [{ "error": 11 }] }), "UNDELIV", "004"),
        (json!({ "node": [{ "error": 9 }] }), "UNDELIV", "003"),
        (json!({ "node": [{ "result": {} }] }), "DELIVRD", "000"),
    ];
    for (place, (mut rule, state, error)) in errors.into_iter().enumerate() {
        let number = format!("1555020000{place}");
        rule["number"] = json!(number);
        network.rule(rule);
        let destination = format!("+{number}");
        let outgoing = Outgoing {
            source: "6666",
            destination: &destination,
            data_coding: 0,
            short_message: b"with a receipt",
            registered_delivery: 1,
        };
        let receipt = network.runtime.block_on(async {
            let id = esme.submit(&outgoing).await.expect("it is accepted");
            let receipt = esme.next().await.expect("the session lasts");
            assert_eq!(receipt.receipt.as_ref().map(|report| &report.message_id), Some(&id));
            receipt
        });
        let text = String::from_utf8_lossy(&receipt.short_message).into_owned();
        assert!(text.contains(&format!("stat:{state} err:{error}")), "{text}");
    }
    network.end();
}
