//! Old nodes: each operation in each version, and how versions are found out.

use serde_json::{Value, json};

use super::network::Network;
use super::{NODE, OTHER_NODE, SENDER};

/// The versions of an operation that were asked for, in their order.
fn versions(network: &Network, code: impl Fn(&Value) -> bool, number: &str) -> Vec<u64> {
    let asked = network.others(number).into_iter().filter(|event| code(&event["code"]));
    asked.map(|event| event["version"].as_u64().expect("a version")).collect()
}

#[test]
fn field_56_every_operation_in_every_version() {
    let Some(network) = Network::start("field_56_every_operation_in_every_version") else { return };
    // The HLR of each range and its node are as old as the range, and report flags that a
    // delivery clears: so that the centre reports its success.
    let old = [
        (3, Value::Null, vec![3], vec![3]),
        (2, json!({ "max": 2, "by": "context" }), vec![3, 2], vec![2]),
        (1, json!({ "max": 1, "by": "p-abort" }), vec![3, 1], vec![3, 1]),
    ];
    for (version, supports, fallen, reported) in old {
        let number = format!("155502000{version}0001");
        let node = format!("1555000900{version}");
        network.rule(json!({
            "number": number,
            "supports": if supports.is_null() { json!({}) } else {
                json!({ "hlr": supports, "node": supports, "report": supports })
            },
            "hlr": [{ "result": { "node": node, "waits": true }, "inform": { "status": [1] } }],
        }));
        let id = network.send(SENDER, &number, &format!("in version {version}"));
        network.delivered(&id);
        let report = network.peer.expect("report", |event| {
            event["code"] == 47 && event["number"] == *number && event["version"] == version
        });
        assert_eq!(report["argument"]["sm-DeliveryOutcome"], "successfulTransfer");
        assert_eq!(versions(&network, |code| *code == 45, &number), fallen);
        let relayed = |code: &Value| *code == 44 || *code == 46;
        assert_eq!(versions(&network, relayed, &number), fallen);
        let mut reports = versions(&network, |code| *code == 47, &number);
        reports.push(version);
        assert_eq!(reports, reported);
        let forwarded = network.invoke(if version == 3 { "mt-forwardSM" } else { "forwardSM" }, &number);
        assert_eq!(forwarded["tpdu"]["text"], format!("in version {version}"));
    }
    network.end();
}

#[test]
fn field_56_a_node_of_version_1_may_refuse_in_any_way() {
    let Some(network) = Network::start("field_56_a_node_of_version_1_may_refuse_in_any_way") else { return };
    for (place, how) in ["no reason", "plain", "p-abort"].into_iter().enumerate() {
        let number = format!("1555020001{place}");
        network.rule(json!({
            "number": number,
            "supports": { "node": { "max": 1, "by": how } },
            "hlr": [{ "result": { "node": format!("1555000901{place}") } }],
        }));
        let id = network.send(SENDER, &number, how);
        network.delivered(&id);
        assert_eq!(network.invoke("mt-forwardSM", &number)["version"], 3, "{how}");
        let forwarded = network.invoke("forwardSM", &number);
        assert_eq!(forwarded["version"], 1, "{how}");
        assert_eq!(forwarded["context"], Value::Null, "version 1 has no dialogue portion");
        assert_eq!(forwarded["tpdu"]["text"], how);
    }
    network.end();
}

#[test]
fn field_56_a_version_is_remembered() {
    let Some(network) = Network::start("field_56_a_version_is_remembered") else { return };
    let number = "15550200001";
    network.rule(json!({ "number": number, "supports": { "node": { "max": 2 } } }));
    for (text, asked) in [("first", &[44, 46][..]), ("second", &[46])] {
        let id = network.send(SENDER, number, text);
        network.delivered(&id);
        for code in asked {
            network.peer.expect("forwarding", |event| event["code"] == *code && event["number"] == number);
        }
        assert_eq!(versions(&network, |code| *code == 44 || *code == 46, number), [0; 0], "{text}");
    }
    // Another node is not concerned.
    network.rule(json!({ "number": "15550200002", "hlr": [{ "result": { "node": OTHER_NODE } }] }));
    let id = network.send(SENDER, "15550200002", "third");
    network.delivered(&id);
    assert_eq!(network.invoke("mt-forwardSM", "15550200002")["version"], 3);
    network.end();
}

#[test]
fn a_refusal_with_a_reason_is_no_question_of_versions() {
    let Some(network) = Network::start("a_refusal_with_a_reason_is_no_question_of_versions") else { return };
    for (place, reason) in ["none", "specific", "limited", "unavailable"].into_iter().enumerate() {
        let number = format!("1555020000{place}");
        network.rule(json!({
            "number": number,
            "hlr": [{ "result": { "node": NODE } }],
            "node": [{ "abort": { "user": reason } }],
        }));
        let id = network.send(SENDER, &number, "refused");
        network.waiting(&id, 10);
        assert_eq!(versions(&network, |code| *code == 44 || *code == 46, &number), [3], "{reason}");
    }
    network.end();
}
