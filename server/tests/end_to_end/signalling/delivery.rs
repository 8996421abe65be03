//! mt-forwardSM: what phones get, in one dialogue or in two halves, from one node or the other.

use lab::esme::Outgoing;
use serde_json::{Value, json};

use super::network::Network;
use super::{NODE, OTHER_NODE, SENDER, capture};

/// Digits as long as they get: what it takes to be too long for one unitdata.
const LONG_NODE: &str = "155500090000001";

#[test]
fn field_31_alphanumeric_senders_have_the_length_of_their_semi_octets() {
    let test = "field_31_alphanumeric_senders_have_the_length_of_their_semi_octets";
    let Some(network) = Network::start(test) else { return };
    let published = [
        ("ACME", "07D0C161B308"),
        ("MyBank1", "0DD0CDBC30EC5EC700"),
        ("VerifyBank", "12D0D6B23C6DCE0BC3EE35"),
    ];
    for (place, (sender, octets)) in published.into_iter().enumerate() {
        let number = format!("1555020000{place}");
        let id = network.send(sender, &number, "from letters");
        network.delivered(&id);
        assert_eq!(
            network.invoke("mt-forwardSM", &number)["tpdu"]["originator"]["octets"],
            octets,
            "{sender}"
        );
    }
    let id = network.send("ElevenChars", "15550200009", "from eleven letters");
    network.delivered(&id);
    let originator = network.invoke("mt-forwardSM", "15550200009")["tpdu"]["originator"].clone();
    assert_eq!(
        (&originator["value"], &originator["octets"].as_str().unwrap()[..4]),
        (&json!("ElevenChars"), "14D0")
    );
    network.end();
}

#[test]
fn field_32_seven_letters_end_without_a_ghost() {
    let test = "field_32_seven_letters_end_without_a_ghost";
    let Some(network) = Network::start(test) else { return };
    let id = network.send("MyBank1", "15550200001", "no @ behind the 1");
    network.delivered(&id);
    assert_eq!(network.invoke("mt-forwardSM", "15550200001")["tpdu"]["originator"]["value"], "MyBank1");
    network.end();
}

#[test]
fn field_33_digits_of_any_count_are_packed_with_their_filler() {
    let test = "field_33_digits_of_any_count_are_packed_with_their_filler";
    let Some(network) = Network::start(test) else { return };
    // International with an odd count; a short code, which is of no numbering plan; keys that are no digits.
    let senders =
        [("+4917612345678", "0D91947116325476F8"), ("12345", "05B02143F5"), ("*100#", "05B01A00FB")];
    for (place, (sender, octets)) in senders.into_iter().enumerate() {
        let number = format!("1555020000{place}");
        let id = network.send(sender, &number, "from digits");
        network.delivered(&id);
        let forwarded = network.invoke("mt-forwardSM", &number);
        assert_eq!(forwarded["tpdu"]["originator"]["octets"], octets, "{sender}");
    }
    network.end();
}

#[test]
fn field_55_what_is_too_long_for_one_unitdata_goes_in_two_halves() {
    let test = "field_55_what_is_too_long_for_one_unitdata_goes_in_two_halves";
    let Some(network) = Network::start(test) else { return };
    let (esme, sender) = (network.esme(), "+4917612345678");
    let letters = "x".repeat(160);
    for version in [3, 2] {
        for (place, (text, data_coding)) in
            [(letters.as_bytes(), 0), (&[0xa5; 140][..], 4)].into_iter().enumerate()
        {
            let number = format!("155502000{version}{place}");
            let node = format!("{}{version}{place}", &LONG_NODE[..13]);
            network.rule(json!({
                "number": number,
                "supports": { "node": { "max": version } },
                "hlr": [{ "result": { "node": node } }],
            }));
            let destination = format!("+{number}");
            let outgoing = Outgoing {
                source: sender,
                destination: &destination,
                data_coding,
                short_message: text,
                registered_delivery: 0,
            };
            let id = network.runtime.block_on(esme.submit(&outgoing)).expect("it is accepted");
            network.delivered(&id);
            let operation = if version == 3 { "mt-forwardSM" } else { "forwardSM" };
            let forwarded = network.invoke(operation, &number);
            assert_eq!((&forwarded["split"], &forwarded["version"]), (&json!(true), &json!(version)));
            assert_eq!(forwarded["tpdu"]["length"], text.len(), "{number}");
            assert_eq!(forwarded["sccp"], "SCCPUnitData", "the network need not know XUDT");
        }
    }
    // With the longest sender, and to a node with a usual number.
    network.rule(json!({ "number": "15550200003", "hlr": [{ "result": { "node": LONG_NODE } }] }));
    let id = network.send("ElevenChars", "15550200003", &letters);
    network.delivered(&id);
    let forwarded = network.invoke("mt-forwardSM", "15550200003");
    assert_eq!((&forwarded["split"], &forwarded["tpdu"]["text"]), (&json!(true), &json!(letters)));
    network.rule(json!({ "number": "15550200004", "hlr": [{ "result": { "node": LONG_NODE } }] }));
    let id = network.send(SENDER, "15550200004", "short");
    network.delivered(&id);
    assert_eq!(network.invoke("mt-forwardSM", "15550200004")["split"], false, "what fits goes at once");
    network.end();
}

#[test]
fn what_waits_for_one_phone_shares_one_dialogue() {
    let Some(network) = Network::start("what_waits_for_one_phone_shares_one_dialogue") else { return };
    let number = "15550200001";
    // The HLR takes its time, so that all have come when it answers.
    network.rule(json!({ "number": number, "hlr": [{ "result": { "node": NODE }, "after_seconds": 0.5 }] }));
    let ids: Vec<String> =
        (0..4).map(|serial| network.send(SENDER, number, &format!("message {serial}"))).collect();
    ids.iter().for_each(|id| drop(network.delivered(id)));
    for serial in 0..4 {
        let forwarded = network.invoke("mt-forwardSM", number);
        assert_eq!(forwarded["tpdu"]["text"], format!("message {serial}"));
        assert_eq!(forwarded["place_in_dialogue"], serial + 1, "one dialogue");
        let more = serial < 3;
        assert_eq!(forwarded["argument"].get("moreMessagesToSend").is_some(), more);
        assert_eq!(forwarded["tpdu"]["more"], more, "TP-MMS says the same");
    }
    network.invoke("sendRoutingInfoForSM", number);
    assert_eq!(network.others(number), [Value::Null; 0], "one look-up was enough");
    network.end();
}

#[test]
fn the_segments_of_one_message_share_one_dialogue() {
    let Some(network) = Network::start("the_segments_of_one_message_share_one_dialogue") else { return };
    let (number, long) = ("15550200001", "abcdefghij".repeat(40));
    let id = network.send(SENDER, number, &long);
    network.delivered(&id);
    let mut joined = String::new();
    let mut reference = None;
    for place in 1..=3 {
        let forwarded = network.invoke("mt-forwardSM", number);
        assert_eq!(forwarded["place_in_dialogue"], place);
        assert_eq!(forwarded["tpdu"]["more"], place < 3);
        let header = forwarded["tpdu"]["header"].as_str().expect("a header").to_owned();
        assert_eq!((&header[..4], &header[6..]), ("0003", &*format!("03{place:02}")), "{header}");
        assert_eq!(*reference.get_or_insert(header[4..6].to_owned()), header[4..6]);
        joined += forwarded["tpdu"]["text"].as_str().expect("text");
    }
    assert_eq!(joined, long);
    network.end();
}

#[test]
fn field_56_the_second_node_is_tried_when_the_phone_is_away_from_the_first() {
    let test = "field_56_the_second_node_is_tried_when_the_phone_is_away_from_the_first";
    let Some(network) = Network::start(test) else { return };
    let number = "15550200001";
    network.rule(json!({
        "number": number,
        "hlr": [{ "result": { "node": NODE, "additional": ["sgsn", OTHER_NODE] } }],
        "node": [{ "error": 6, "diagnostic": 1 }, { "result": {} }],
    }));
    let id = network.send(SENDER, number, "to the second");
    network.delivered(&id);
    let first = network.invoke("mt-forwardSM", number);
    let second = network.invoke("mt-forwardSM", number);
    assert_eq!((&first["called"]["digits"], &first["called"]["ssn"]), (&json!(NODE), &json!(8)));
    assert_eq!((&second["called"]["digits"], &second["called"]["ssn"]), (&json!(OTHER_NODE), &json!(149)));
    assert_eq!(first["tpdu"], second["tpdu"]);
    network.invoke("sendRoutingInfoForSM", number);
    assert_eq!(network.others(number), [Value::Null; 0], "nothing to report");
    network.end();
}

#[test]
fn a_phone_that_has_moved_is_looked_for_once_more() {
    let Some(network) = Network::start("a_phone_that_has_moved_is_looked_for_once_more") else { return };
    let moved = "15550200001";
    network.rule(json!({
        "number": moved,
        "hlr": [{ "result": { "node": NODE } }, { "result": { "node": OTHER_NODE } }],
        "node": [{ "error": 5 }, { "result": {} }],
    }));
    let id = network.send(SENDER, moved, "where are you");
    network.delivered(&id);
    for node in [NODE, OTHER_NODE] {
        network.invoke("sendRoutingInfoForSM", moved);
        assert_eq!(network.invoke("mt-forwardSM", moved)["called"]["digits"], node);
    }
    // A node that does not know the LMSI may know the IMSI; the HLR need not be asked for that.
    let renumbered = "15550200002";
    network.rule(json!({
        "number": renumbered,
        "hlr": [{ "result": { "node": NODE, "lmsi": "0a0b0c0d" } }],
        "node": [{ "error": 5 }, { "result": {} }],
    }));
    let id = network.send(SENDER, renumbered, "who are you");
    network.delivered(&id);
    for kind in ["lmsi", "imsi"] {
        assert!(network.invoke("mt-forwardSM", renumbered)["argument"]["sm-RP-DA"].get(kind).is_some());
    }
    network.invoke("sendRoutingInfoForSM", renumbered);
    assert_eq!(network.others(renumbered), [Value::Null; 0]);
    // A subscriber without a node is not looked for for ever.
    let lost = "15550200003";
    network.rule(json!({ "number": lost, "node": [{ "error": 5 }] }));
    let id = network.send(SENDER, lost, "nowhere");
    let message = network.ended(&id);
    assert_eq!(
        (&message["message"]["state"], &message["message"]["error"]),
        (&json!("undeliverable"), &json!(2))
    );
    let asked = network.others(lost).iter().filter(|event| event["code"] == 45).count();
    assert_eq!(asked, 2);
    network.end();
}

#[test]
fn tshark_reads_what_phones_get_and_sees_damage() {
    let test = "tshark_reads_what_phones_get_and_sees_damage";
    let Some(network) = Network::start(test) else { return };
    if !crate::harness::foreign::has(test, "tshark") {
        return;
    }
    let id = network.send("MyBank1", "15550200001", "Grüße: 1 €, [x] ~ {y}");
    network.delivered(&id);
    let id = network.send(SENDER, "15550200002", "Ω не по-латински 😀");
    network.delivered(&id);
    let file = network.capture.clone();
    network.end();

    let texts = capture::read(&file, "gsm_sms.sms_text", &["gsm_sms.sms_text"]);
    assert_eq!(texts, ["Grüße: 1 €, [x] ~ {y}", "Ω не по-латински 😀"]);
    let senders = capture::read(&file, "gsm_sms.tp-oa", &["gsm_sms.tp-oa"]);
    assert_eq!(senders, ["MyBank1", SENDER.trim_start_matches('+')]);
    let operations =
        capture::read(&file, "gsm_old.localValue && m3ua.protocol_data_dpc == 2", &["gsm_old.localValue"]);
    assert_eq!(operations, ["45", "44", "45", "44"]);

    // The judge can see: each octet of damage in a layer is noticed.
    let whole = std::fs::read(&file).expect("it is there");
    let text = whole.windows(6).position(|octets| octets == hex("0DD0CDBC30EC")).expect("the sender");
    let damaged = file.with_extension("damaged.pcap");
    // The TPDU ends in the middle of its sender; the argument of MAP is longer than its component.
    for (place, octet) in [(text, 0xfe_u8), (text - 2, 0x7f)] {
        let mut octets = whole.clone();
        octets[place] = octet;
        std::fs::write(&damaged, octets).expect("it can be written");
        assert_ne!(capture::objections(&damaged), [""; 0], "damage at {place} is not seen");
    }
}

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}
