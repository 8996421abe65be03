//! mo-forwardSM: what phones send, what they request about it, and the responses.

use serde_json::{Value, json};

use super::network::{Network, context, originated};
use super::{CENTRE, NODE};

/// The short code of the lab's ESME.
const ESME: &str = "6666";
const PHONE: &str = "15550200001";
const OTHER_PHONE: &str = "15550200002";

#[test]
fn a_phone_submits_in_every_version() {
    let Some(network) = Network::start("a_phone_submits_in_every_version") else { return };
    let mut esme = network.esme();
    // Version 1 has no context; nodes of version 2 know one relay, and some use that of the other way.
    let contexts = [context(21, 3), context(21, 2), context(25, 2), Value::Null];
    for (place, context) in contexts.into_iter().enumerate() {
        let text = format!("from context {place}");
        let answer = network
            .ask(context.clone(), originated(PHONE, json!({ "submit": { "to": ESME, "text": text } })));
        assert_eq!(answer["kind"], "end");
        assert_eq!(answer["components"][0]["kind"], "returnResult", "{answer}");
        // The dialogue is accepted in the context that was asked for, and only if there is one.
        assert_eq!(answer["dialogue"]["dialogueResponse"]["application-context-name"], context);
        let delivered = network.runtime.block_on(esme.next()).expect("the session lasts");
        assert_eq!(String::from_utf8_lossy(&delivered.short_message), text);
        assert!(delivered.source.ends_with(PHONE), "{}", delivered.source);
    }
    network.end();
}

#[test]
fn a_submission_in_segments_of_sccp_is_joined() {
    let Some(network) = Network::start("a_submission_in_segments_of_sccp_is_joined") else { return };
    let mut esme = network.esme();
    let text = "x".repeat(160);
    for segments in [2, 3, 16] {
        let answer = network.ask_from(json!({
            "context": context(21, 3),
            "segments": segments,
            "components": [originated(PHONE, json!({ "submit": { "to": ESME, "text": text } }))],
        }));
        assert_eq!(answer["components"][0]["kind"], "returnResult", "{segments} segments: {answer}");
        let delivered = network.runtime.block_on(esme.next()).expect("the session lasts");
        assert_eq!(delivered.short_message, text.as_bytes());
    }
    network.end();
}

#[test]
fn field_23_every_form_of_a_submission_arrives_as_it_was() {
    let Some(network) = Network::start("field_23_every_form_of_a_submission_arrives_as_it_was") else {
        return;
    };
    let mut esme = network.esme();
    let forms = [
        (json!({ "text": "a default text" }), 0, "612064656661756c742074657874"),
        (json!({ "octets": "d83dde0000e9", "coding": 8 }), 8, "d83dde0000e9"),
        (json!({ "octets": "00ff80", "coding": 4 }), 4, "00ff80"),
        // A port header (0x05), of no application that tshark knows; it travels with the body.
        (json!({ "octets": "0102", "coding": 4, "header": "05041f901f91" }), 4, "0605041f901f910102"),
        // A header before septets: fill bits between them.
        (json!({ "text": "hello", "header": "0003070101" }), 0, "68656c6c6f"),
    ];
    for (mut submit, data_coding, octets) in forms {
        submit["to"] = json!(ESME);
        let answer = network.originate(PHONE, json!({ "submit": submit }));
        assert_eq!(answer["kind"], "returnResult", "{submit}: {answer}");
        let delivered = network.runtime.block_on(esme.next()).expect("the session lasts");
        let shown: String = delivered.short_message.iter().map(|octet| format!("{octet:02x}")).collect();
        assert!(shown.ends_with(octets), "{submit}: {shown}");
        assert_eq!(delivered.data_coding, data_coding, "{submit}");
    }
    network.end();
}

#[test]
fn field_19_and_20_a_validity_of_every_format_is_kept() {
    let Some(network) = Network::start("field_19_and_20_a_validity_of_every_format_is_kept") else { return };
    // The phone's messages wait, so that they can be looked at.
    network.rule(json!({ "number": OTHER_PHONE, "node": [{ "error": 6 }] }));
    let formats = [
        (json!({ "relative": 11 }), 3600),
        (json!({ "relative": 167 }), 86_400),
        (json!({ "absolute": 7200, "zone_hours": -5 }), 7200),
        (json!({ "absolute": 7200, "zone_hours": 5.75 }), 7200),
        (json!({ "enhanced": "010b0000000000" }), 3600), // relative, in an octet
        (json!({ "enhanced": "02780000000000" }), 120),  // seconds
        (json!({ "enhanced": "03103000000000" }), 3780), // 01:03:00 in semi-octets
    ];
    for (place, (validity, seconds)) in formats.into_iter().enumerate() {
        let phone = format!("155502001{place:02}");
        let submit = json!({ "to": format!("+{OTHER_PHONE}"), "text": "valid", "validity": validity });
        let answer = network.originate(&phone, json!({ "submit": submit }));
        assert_eq!(answer["kind"], "returnResult", "{validity}: {answer}");
        let message = network.newest(&phone);
        let stored =
            message["trace"].as_array().unwrap().iter().find(|line| line["station"] == "stored").unwrap();
        let said = stored["text"].as_str().unwrap();
        let tried: i64 =
            said.split("tried for ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap();
        assert!((tried - seconds).abs() <= 2, "{validity}: {said}");
    }
    network.end();
}

#[test]
fn a_refused_phone_hears_why() {
    let Some(network) = Network::start("a_refused_phone_hears_why") else { return };
    let nowhere = json!({ "submit": { "to": "+999000", "text": "to nobody" } });
    let answer = network.originate(PHONE, nowhere.clone());
    assert_eq!((&answer["error"], &answer["cause"]), (&json!(32), &json!("invalidSME-Address")), "{answer}");
    assert_eq!(
        answer["report"],
        json!({ "type": 1, "failure_cause": 0xc3 }),
        "SMS-SUBMIT-REPORT says it too"
    );
    let older = network.ask(context(21, 2), originated(PHONE, nowhere.clone()));
    assert_eq!(older["components"][0]["report"]["failure_cause"], 0xc3, "{older}");
    // In version 1 the cause stands alone.
    let oldest = network.ask(Value::Null, originated(PHONE, nowhere));
    let answer = &oldest["components"][0];
    assert_eq!((&answer["error"], &answer["cause"]), (&json!(32), &json!("invalidSME-Address")), "{oldest}");
    assert_eq!(answer["report"], Value::Null);

    let valid = json!({ "to": ESME, "text": "never valid", "validity": { "enhanced": "07000000000000" } });
    let answer = network.originate(PHONE, json!({ "submit": valid }));
    assert_eq!(
        (&answer["error"], &answer["cause"]),
        (&json!(32), &json!("equipmentProtocolError")),
        "{answer}"
    );
    assert_eq!(answer["report"]["failure_cause"], 0xc6, "TP-VPF not supported");

    for garbage in ["01", "1100", "11000b916407281553f80000aa", "ffffffffffffffff", "410004812143000001ff"] {
        let answer = network.originate(PHONE, json!({ "tpdu": garbage }));
        assert!(
            answer["error"] == 36 || answer["error"] == 32 || answer["problem"] == json!(["invoke", 2]),
            "{garbage}: {answer}"
        );
    }

    // Another service centre's message; and an unknown one.
    let mut strange = originated(PHONE, json!({ "submit": { "to": ESME, "text": "astray" } }));
    strange["argument"]["sm-RP-DA"] = json!(["serviceCentreAddressDA", "15550001001"]);
    let answer = network.ask(context(21, 3), strange.clone());
    assert_eq!(answer["components"][0]["error"], 36, "{answer}");
    assert_eq!(network.counted("screened_service_centre"), 1);
    strange["argument"]["sm-RP-DA"] = json!(["serviceCentreAddressDA", CENTRE]);
    strange["argument"]["sm-RP-OA"] = json!(["serviceCentreAddressOA", NODE]);
    let answer = network.ask(context(21, 3), strange);
    assert_eq!(answer["components"][0]["error"], 35, "{answer}");
    network.damaged();
}

#[test]
fn a_repeated_submission_is_told_so() {
    let Some(network) = Network::start("a_repeated_submission_is_told_so") else { return };
    let submit = json!({ "to": ESME, "text": "once", "reference": 9, "reject_duplicates": true });
    assert_eq!(network.originate(PHONE, json!({ "submit": submit }))["kind"], "returnResult");
    let again = network.originate(PHONE, json!({ "submit": submit }));
    assert_eq!((&again["error"], &again["report"]["failure_cause"]), (&json!(32), &json!(0xc5)), "{again}");
    network.end();
}

#[test]
fn field_22_a_status_report_has_the_reference_the_recipient_and_the_status() {
    let test = "field_22_a_status_report_has_the_reference_the_recipient_and_the_status";
    let Some(network) = Network::start(test) else { return };
    let fates = [
        (json!({ "node": [{ "result": {} }] }), 0x00), // received
        (json!({ "hlr": [{ "error": 1 }] }), 0x43),    // not obtainable
        (json!({ "hlr": [{ "error": 13 }] }), 0x42),   // connection rejected
        (json!({ "node": [{ "error": 21 }] }), 0x41),  // incompatible destination
        (json!({ "node": [{ "error": 36 }] }), 0x40),  // remote procedure error
    ];
    for (place, (mut rule, status)) in fates.into_iter().enumerate() {
        let (number, reference) = (format!("1555020010{place}"), 200 + place);
        rule["number"] = json!(number);
        network.rule(rule);
        let submit =
            json!({ "to": format!("+{number}"), "text": "report", "reference": reference, "report": true });
        assert_eq!(network.originate(PHONE, json!({ "submit": submit }))["kind"], "returnResult");
        let report =
            network.peer.expect("status report", |event| event["tpdu"]["kind"] == "SMS-STATUS-REPORT");
        assert_eq!(report["number"], PHONE);
        let tpdu = &report["tpdu"];
        assert_eq!((&tpdu["reference"], &tpdu["status"]), (&json!(reference), &json!(status)), "{tpdu}");
        assert_eq!(tpdu["recipient"]["value"], number);
        assert_eq!(tpdu["recipient"]["type"], 1);
        assert_eq!(tpdu["answers_command"], 0);
    }
    // No report without its request.
    let submit = json!({ "to": "+15550200200", "text": "no report", "reference": 1 });
    assert_eq!(network.originate(PHONE, json!({ "submit": submit }))["kind"], "returnResult");
    network.delivered(network.newest(PHONE)["message"]["id"].as_str().unwrap());
    assert!(network.others(PHONE).iter().all(|event| event["tpdu"]["reference"] != 1));
    network.end();
}

#[test]
fn a_phone_asks_for_its_message_and_takes_it_back() {
    let Some(network) = Network::start("a_phone_asks_for_its_message_and_takes_it_back") else { return };
    network.rule(json!({ "number": OTHER_PHONE, "node": [{ "error": 6 }] }));
    let submit = json!({ "to": format!("+{OTHER_PHONE}"), "text": "waits", "reference": 33 });
    assert_eq!(network.originate(PHONE, json!({ "submit": submit }))["kind"], "returnResult");
    let id = network.newest(PHONE)["message"]["id"].as_str().unwrap().to_owned();
    network.waiting(&id, 8);

    let command = |kind: u8, number: u8, reference: u8| json!({ "command": { "type": kind, "number": number, "reference": reference, "to": format!("+{OTHER_PHONE}") } });
    let (enquiry, delete) = (0, 2);
    assert_eq!(network.originate(PHONE, command(enquiry, 33, 34))["kind"], "returnResult");
    let told = network.peer.expect("status report", |event| event["tpdu"]["kind"] == "SMS-STATUS-REPORT");
    assert_eq!((&told["number"], &told["tpdu"]["answers_command"]), (&json!(PHONE), &json!(1)));
    assert_eq!(
        (&told["tpdu"]["reference"], &told["tpdu"]["recipient"]["value"]),
        (&json!(34), &json!(OTHER_PHONE))
    );
    let status = told["tpdu"]["status"].as_u64().unwrap();
    assert!((0x20..0x40).contains(&status), "still trying: {status:#x}");

    // Another phone cannot take it back, nor can this one by another number.
    for (phone, number) in [(OTHER_PHONE, 33), (PHONE, 32)] {
        let answer = network.originate(phone, command(delete, number, 35));
        assert_eq!(
            (&answer["error"], &answer["report"]["failure_cause"]),
            (&json!(32), &json!(0xa0)),
            "{answer}"
        );
    }
    let answer = network.originate(PHONE, command(77, 33, 35));
    assert_eq!(answer["report"]["failure_cause"], 0xa1, "TP-Command unsupported");
    assert_eq!(network.originate(PHONE, command(delete, 33, 36))["kind"], "returnResult");
    assert_eq!(network.ended(&id)["message"]["state"], "deleted");
    network.end();
}

#[test]
fn a_phone_hears_yes_only_after_the_commit() {
    let Some(network) = Network::start("a_phone_hears_yes_only_after_the_commit") else { return };
    network.rule(json!({ "number": OTHER_PHONE, "node": [{ "error": 6 }] }));
    const MESSAGES: u64 = 20;
    let tags: Vec<String> = (0..MESSAGES)
        .map(|serial| {
            let submit = json!({ "to": format!("+{OTHER_PHONE}"), "text": format!("message {serial}"), "reference": serial });
            network.tell(json!({ "context": context(21, 3), "components": [originated(PHONE, json!({ "submit": submit }))] }))
        })
        .collect();
    for tag in &tags {
        assert_eq!(network.answer(tag)["components"][0]["kind"], "returnResult");
    }
    let audit = network.kill();
    assert_eq!((&audit["holds"], &audit["waiting"]), (&json!(true), &json!(MESSAGES)), "{audit}");
}
