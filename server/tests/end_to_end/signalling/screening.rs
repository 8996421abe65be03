//! What is none of the centre's business, or wrong: refused by the standard, counted, and survived.

use serde_json::{Value, json};

use super::network::{Network, context, originated};
use super::{CENTRE, NODE};

const PHONE: &str = "15550200001";
const ESME: &str = "6666";

/// The centre is well: it takes a message.
fn assert_serves(network: &Network) {
    let answer = network.originate(PHONE, json!({ "submit": { "to": ESME, "text": "still there?" } }));
    assert_eq!(answer["kind"], "returnResult", "{answer}");
}

fn message() -> Value {
    originated(PHONE, json!({ "submit": { "to": ESME, "text": "one of two" } }))
}

#[test]
fn two_components_in_one_message_are_refused() {
    let Some(network) = Network::start("two_components_in_one_message_are_refused") else { return };
    let mut second = message();
    second["id"] = json!(2);
    let both = json!({ "context": context(21, 3), "components": [message(), second] });
    let answer = network.ask_from(both);
    assert_eq!(answer["kind"], "abort", "{answer}");
    assert_eq!(network.counted("screened_components"), 1);
    // The same number twice is another fault, and no better.
    let answer = network.ask_from(json!({ "context": context(21, 3), "components": [message(), message()] }));
    assert!(answer["kind"] == "abort" || answer["components"][0]["kind"] == "reject", "{answer}");
    assert_serves(&network);
    network.end();
}

#[test]
fn an_unknown_operation_is_rejected() {
    let Some(network) = Network::start("an_unknown_operation_is_rejected") else { return };
    for (context, operation) in [(context(21, 3), 2), (context(21, 3), 120), (Value::Null, 56)] {
        let asked = json!({ "operation": operation, "octets": "3003040101" });
        let answer = network.ask(context, asked);
        assert_eq!(
            answer["components"][0]["problem"],
            json!(["invoke", 1]),
            "unrecognizedOperation: {answer}"
        );
    }
    assert_eq!(network.counted("screened_operation"), 3);
    assert_serves(&network);
    network.damaged();
}

#[test]
fn an_argument_of_another_type_is_rejected() {
    let Some(network) = Network::start("an_argument_of_another_type_is_rejected") else { return };
    for octets in ["0403010203", "3000", "30030101ff", "3005a40330010f"] {
        let answer = network.ask(context(21, 3), json!({ "operation": 46, "octets": octets }));
        assert_eq!(answer["components"][0]["problem"], json!(["invoke", 2]), "mistypedParameter: {answer}");
    }
    assert_eq!(network.counted("screened_argument"), 4);
    assert_serves(&network);
    network.damaged();
}

#[test]
fn a_context_that_is_not_ours_is_refused_and_another_offered() {
    let test = "a_context_that_is_not_ours_is_refused_and_another_offered";
    let Some(network) = Network::start(test) else { return };
    // networkLocUp is an HLR's; of our own contexts we offer the version that we have.
    let refused =
        [(context(1, 3), Value::Null), (context(21, 4), context(21, 3)), (context(23, 3), context(23, 2))];
    for (context, offered) in refused {
        let answer = network.ask(context.clone(), message_without_version());
        assert_eq!(answer["kind"], "abort", "{answer}");
        let response = &answer["dialogue"]["dialogueResponse"];
        assert_eq!(response["result"], 1, "reject-permanent: {answer}");
        assert_eq!(response["result-source-diagnostic"], json!({ "dialogue-service-user": 2 }), "{answer}");
        let offered = if offered.is_null() { context } else { offered };
        assert_eq!(response["application-context-name"], offered);
    }
    assert_eq!(network.counted("screened_context"), 3);
    assert_serves(&network);
    network.end();
}

fn message_without_version() -> Value {
    json!({ "operation": 46, "octets": "3003040101" })
}

#[test]
fn requests_for_other_nodes_are_refused() {
    let Some(network) = Network::start("requests_for_other_nodes_are_refused") else { return };
    let routing = json!({ "operation": 45, "argument": {
        "msisdn": PHONE, "sm-RP-PRI": true, "serviceCentreAddress": CENTRE } });
    let answer = network.ask(context(20, 3), routing);
    assert_eq!(answer["components"][0]["error"], 21, "facilityNotSupported: {answer}");
    let terminating = json!({ "operation": 44, "argument": {
        "sm-RP-DA": ["imsi", "001015550200001"], "sm-RP-OA": ["serviceCentreAddressOA", NODE],
        "tpdu": "040b914151559599f900004211219185000005e8329bfd06" } });
    let answer = network.ask(context(25, 3), terminating);
    assert_eq!(answer["components"][0]["error"], 21, "facilityNotSupported: {answer}");
    assert_eq!(network.counted("screened_request"), 2);
    assert_serves(&network);
    network.end();
}

#[test]
fn messages_of_no_dialogue_are_answered_as_such() {
    let Some(network) = Network::start("messages_of_no_dialogue_are_answered_as_such") else { return };
    let raw = |octets: &str| {
        network.peer.order(&json!({ "raw": { "called": CENTRE, "calling": NODE, "octets": octets } }));
    };
    let aborted = |dialogue: &str, cause: u8| {
        let event = network.peer.expect("abort", |event| event["event"] == "unknown_dialogue");
        assert_eq!((&event["kind"], &event["dialogue"]), (&json!("abort"), &json!(dialogue)), "{event}");
        assert_eq!(event["reason"], json!({ "p-abortCause": cause }), "{event}");
    };
    // CONTINUE for an unknown dialogue: unrecognizedTransactionID.
    raw("650c48040a0b0c0d490400000001");
    aborted("0a0b0c0d", 1);
    // END for one: no peer is left to answer.
    raw("6406490400000002");
    // A BEGIN with components that are no BER: badlyFormattedTransactionPortion or a Reject.
    raw("620c48040a0b0c0e6c04a10202ff");
    network.peer.expect("answer", |event| event["event"] == "unknown_dialogue");
    // A message of no type that TCAP has; and no message at all.
    raw("7f0448020a0b");
    raw("00");
    raw("62");
    raw("ffffffffffffffffffffffff");
    assert_serves(&network);
    network.damaged();
}

#[test]
fn a_dialogue_without_a_request_is_held_and_one_cut_short_is_survived() {
    let test = "a_dialogue_without_a_request_is_held_and_one_cut_short_is_survived";
    let Some(network) = Network::start(test) else { return };
    // The other half of the split: the phone's node may begin without its message.
    let opened = network.ask_from(json!({ "context": context(21, 3) }));
    assert_eq!(opened["kind"], "continue", "{opened}");
    assert_eq!(opened["dialogue"]["dialogueResponse"]["result"], 0);
    // Every truncation of a good request.
    for cut in 1..120 {
        network.tell(json!({ "context": context(21, 3), "components": [message()], "cut": cut }));
    }
    assert_serves(&network);
    network.damaged();
}

#[test]
fn the_service_centre_of_the_message_is_that_of_its_address() {
    let test = "the_service_centre_of_the_message_is_that_of_its_address";
    let Some(network) = Network::serve(test, "other_global_titles = ['15550001002']") else { return };
    network.rule(json!({ "number": "15550200002", "node": [{ "result": {} }] }));
    let mut asked =
        originated(PHONE, json!({ "submit": { "to": "+15550200002", "text": "to the other title" } }));
    asked["argument"]["sm-RP-DA"] = json!(["serviceCentreAddressDA", "15550001002"]);
    let begin = |called: &str| json!({ "context": context(21, 3), "called": called, "components": [asked] });
    let answer = network.ask_from(begin("15550001002"));
    assert_eq!(answer["components"][0]["kind"], "returnResult", "{answer}");
    // Ours as well, but not the one that the network was asked to bring it to.
    let answer = network.ask_from(begin(CENTRE));
    assert_eq!(answer["components"][0]["error"], 36, "{answer}");
    assert_eq!(network.counted("screened_address_mismatch"), 1);
    network.end();
}
