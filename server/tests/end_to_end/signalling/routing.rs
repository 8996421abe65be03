//! sendRoutingInfoForSM, and what else the HLR returns.

use serde_json::json;

use super::network::Network;
use super::{CENTRE, NODE, OTHER_NODE, SENDER};

#[test]
fn field_57_addresses_are_those_of_the_standard() {
    let Some(network) = Network::start("field_57_addresses_are_those_of_the_standard") else { return };
    let number = "15550200001";
    network.rule(json!({ "number": number, "hlr": [{ "result": { "node": NODE, "lmsi": "01020304" } }] }));
    let id = network.send(SENDER, number, "to an LMSI");
    let asked = network.invoke("sendRoutingInfoForSM", number);
    // The HLR by the phone's number, the centre by its own: E.164, international, by title.
    let title = |digits: &str, ssn: u8| {
        json!({ "digits": digits, "ssn": ssn, "routing": 0, "title_indicator": 4,
                "translation_type": 0, "plan": 1, "nature": 4 })
    };
    assert_eq!(asked["called"], title(number, 6));
    assert_eq!(asked["calling"], title(CENTRE, 8));
    assert_eq!(asked["argument"]["msisdn"], "915155200000f1");
    assert_eq!(asked["argument"]["serviceCentreAddress"], "915155001000f0");
    assert_eq!(asked["argument"]["gprsSupportIndicator"], 0, "or no packet node is told");
    assert_eq!(asked["returns"], true, "what cannot be delivered comes back");

    let forwarded = network.invoke("mt-forwardSM", number);
    assert_eq!(forwarded["called"], title(NODE, 8));
    assert_eq!(forwarded["argument"]["sm-RP-DA"], json!({ "lmsi": "01020304" }));
    assert_eq!(forwarded["argument"]["sm-RP-OA"], json!({ "serviceCentreAddressOA": "915155001000f0" }));
    network.delivered(&id);

    // A packet node has a subsystem of its own, and gets the IMSI.
    let other = "15550200002";
    network.rule(json!({ "number": other, "hlr": [{ "result": { "node": OTHER_NODE, "packets": true } }] }));
    let id = network.send(SENDER, other, "to an IMSI");
    let forwarded = network.invoke("mt-forwardSM", other);
    assert_eq!(forwarded["called"], title(OTHER_NODE, 149));
    assert_eq!(forwarded["argument"]["sm-RP-DA"], json!({ "imsi": "00015155200000f2" }));
    network.delivered(&id);
    network.end();
}

#[test]
fn the_operator_asks_the_hlr_and_sends_nothing() {
    let Some(network) = Network::start("the_operator_asks_the_hlr_and_sends_nothing") else { return };
    let number = "15550200001";
    network.rule(json!({
        "number": number,
        "hlr": [{ "result": { "node": NODE, "additional": ["sgsn", OTHER_NODE] }, "inform": { "status": [2] } }],
    }));
    let found = network.look_up(number).expect("the HLR answers");
    assert_eq!((&found["imsi"], &found["msisdn"]), (&json!("001015550200001"), &json!(number)));
    assert_eq!(found["messages_wait"], true);
    let nodes = json!([
        { "number": NODE, "subsystem": 8, "lmsi": false },
        { "number": OTHER_NODE, "subsystem": 149, "lmsi": false },
    ]);
    assert_eq!(found["nodes"], nodes);
    // As old as the HLR may be; and what it does not know, it reports.
    let old = "1555020010001";
    network.rule(json!({ "number": old, "supports": { "hlr": { "max": 1, "by": "plain" } } }));
    assert_eq!(network.look_up(old).expect("the HLR answers")["nodes"][0]["number"], NODE);
    network.rule(json!({ "number": "15550200003", "hlr": [{ "error": 1 }] }));
    let complaint = network.look_up("15550200003").expect_err("nobody has this number");
    assert!(complaint.contains("unknown"), "{complaint}");
    assert!(network.others(number).iter().all(|event| event["code"] == 45), "nothing is sent");
    network.end();
}
