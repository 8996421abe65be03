//! Published PDUs of other implementations, read and written again octet for octet.
//!
//! `vectors/cloudhopper-smpp.json` is from github.com/twitter-archive/cloudhopper-smpp
//! (Apache-2.0), several of its PDUs taken from carriers; `vectors/smpp-pdu-python.json`
//! is from github.com/mozes/smpp.pdu (Apache-2.0). Each file names its commit.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

use bytes::BytesMut;
use serde_json::Value;
use smpp::pdu::{Address, EsmClass, MessageType, MessagingMode, ReceiptRequest, RegisteredDelivery, Sm};
use smpp::receipt::ReceivedReceipt;
use smpp::{CommandId, Error, Framing, Header, MessageState, Pdu, Status, Tag, Tlvs};

fn unhex(text: &str) -> Vec<u8> {
    assert_eq!(text.len() % 2, 0);
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn load(json: &str) -> Vec<Value> {
    let root: Value = serde_json::from_str(json).unwrap();
    let files = root["files"].as_array().unwrap();
    files.iter().flat_map(|file| file["vectors"].as_array().unwrap().clone()).collect()
}

fn cloudhopper() -> Vec<Value> {
    load(include_str!("vectors/cloudhopper-smpp.json"))
}

fn python() -> Vec<Value> {
    load(include_str!("vectors/smpp-pdu-python.json"))
}

/// Reads exactly one PDU out of the octets.
fn with_pdu<T>(octets: &[u8], use_it: impl FnOnce(&Header, Result<Pdu<'_>, Error>) -> T) -> T {
    let batch = Framing::default().take(&mut BytesMut::from(octets));
    let mut frames = batch.frames();
    let frame = frames.next().expect("a whole PDU");
    assert!(frames.next().is_none() && batch.fault().is_none());
    use_it(&frame.header, frame.decode())
}

/// Vectors of cloudhopper that are not one good PDU, each with its expected result.
const NOT_A_PDU: [(&str, &str); 8] = [
    ("decodeLessThan4Bytes", "waits"),
    ("decodeOnly4Bytes", "waits"),
    ("decodeLessThan16Bytes", "waits"),
    ("decodeSignedIntLength", "bad length"),
    // The first PDU is of an unknown command with one octet, and a good one follows it.
    ("decodeBadPduButSkipAllDataInBuffer", "two"),
    ("decodeTwoEnquireLinkRespButWithReadRequiredInBetween", "then waits"),
    ("decodeSubmitSmRespWithNoNullByteForMessageId", "ESME_RINVMSGID"),
    ("decodeDeliverSMWithCorrectTotalByteLengthButInvalidShortMessageLength", "ESME_RINVMSGLEN"),
];

#[test]
fn cloudhopper_pdus_decode_to_the_values_named_and_encode_to_the_same_octets() {
    let mut count = 0;
    for vector in cloudhopper() {
        let name = vector["name"].as_str().unwrap();
        let Some(hex) = vector["hex"].as_str() else { continue };
        if NOT_A_PDU.iter().any(|(other, _)| *other == name) {
            continue;
        }
        let octets = unhex(hex);
        with_pdu(&octets, |header, pdu| {
            let pdu = pdu.unwrap_or_else(|error| panic!("{name}: {error}"));
            expect(name, header, &pdu, &vector["expect"]);
            let mut again = BytesMut::new();
            pdu.encode(header.sequence_number, header.command_status, &mut again).unwrap();
            assert_eq!(again, octets, "{name}");
        });
        count += 1;
    }
    assert_eq!(count, 76);
}

/// Compares the fields that a vector names. A field that this function does not
/// know is a failure, so that no expectation is passed over in silence.
fn expect(name: &str, header: &Header, pdu: &Pdu<'_>, expected: &Value) {
    for (key, value) in expected.as_object().unwrap() {
        if let Some(found) = header_field(header, key).or_else(|| body_field(pdu, key)) {
            // Java's null string is an empty one on the wire.
            let null = value.is_null() && found.is_empty();
            assert!(null || found == normal(value), "{name}: {key} is {found}");
        } else {
            // Arguments of constructors; the comparison of the whole PDU covers their octets.
            let covered =
                ["sourceAddress", "destAddress", "addressRange", "optionalParameter", "shortMessage"];
            assert!(covered.contains(&key.as_str()) || value.is_null(), "{name}: {key} is not compared");
        }
    }
}

fn header_field(header: &Header, key: &str) -> Option<String> {
    Some(match key {
        "commandLength" => header.command_length.to_string(),
        "commandId" => header.command_id.0.to_string(),
        "commandStatus" => header.command_status.0.to_string(),
        "sequenceNumber" => header.sequence_number.to_string(),
        "request" => (!header.command_id.is_response()).to_string(),
        "response" => header.command_id.is_response().to_string(),
        _ => return None,
    })
}

fn body_field(pdu: &Pdu<'_>, key: &str) -> Option<String> {
    if let Some(found) = tlv_field(pdu, key) {
        return Some(found);
    }
    match pdu {
        Pdu::Bind(bind) => match key {
            "systemId" => Some(text(bind.system_id)),
            "password" => Some(text(bind.password)),
            "systemType" => Some(text(bind.system_type)),
            "interfaceVersion" => Some(bind.interface_version.to_string()),
            "addressRange.ton" => Some(bind.addr_ton.0.to_string()),
            "addressRange.npi" => Some(bind.addr_npi.0.to_string()),
            "addressRange.address" => Some(text(bind.address_range)),
            _ => None,
        },
        Pdu::BindResp(resp) => (key == "systemId").then(|| text(resp.system_id.unwrap())),
        Pdu::SubmitSmResp(resp) | Pdu::DeliverSmResp(resp) | Pdu::DataSmResp(resp) => {
            (key == "messageId").then(|| resp.message_id.map_or("null".into(), text))
        }
        Pdu::SubmitSm(sm) | Pdu::DeliverSm(sm) => sm_field(sm, key),
        Pdu::DataSm(sm) => match key {
            "serviceType" => Some(text(sm.service_type)),
            "esmClass" => Some(sm.esm_class.0.to_string()),
            "registeredDelivery" => Some(sm.registered_delivery.0.to_string()),
            "dataCoding" => Some(sm.data_coding.0.to_string()),
            // Fields that data_sm does not have.
            "protocolId" | "priority" | "replaceIfPresent" | "defaultMsgId" | "shortMessageLength" => {
                Some("0".into())
            }
            _ => address_field(&sm.source, &sm.destination, key),
        },
        Pdu::QuerySm(query) => match key {
            "messageId" => Some(text(query.message_id)),
            _ => address_field(&query.source, &Address::default(), key),
        },
        Pdu::QuerySmResp(resp) => match key {
            "messageId" => Some(text(resp.message_id.unwrap())),
            "finalDate" => Some(text(resp.final_date)),
            "messageState" => Some(resp.message_state.0.to_string()),
            "errorCode" => Some(resp.error_code.to_string()),
            _ => None,
        },
        Pdu::CancelSm(cancel) => match key {
            "messageId" => Some(text(cancel.message_id)),
            "serviceType" => Some(text(cancel.service_type)),
            _ => address_field(&cancel.source, &cancel.destination, key),
        },
        Pdu::ReplaceSm(replace) => match key {
            "scheduleDeliveryTime" => Some(text(replace.schedule_delivery_time)),
            "validityPeriod" => Some(text(replace.validity_period)),
            "registeredDelivery" => Some(replace.registered_delivery.0.to_string()),
            "defaultMsgId" => Some(replace.sm_default_msg_id.to_string()),
            _ => address_field(&replace.source, &Address::default(), key),
        },
        Pdu::AlertNotification(alert) => match key {
            "sourceAddress.address" => Some(text(alert.source.addr)),
            "esmeAddress.address" => Some(text(alert.esme.addr)),
            _ => None,
        },
        _ => None,
    }
}

fn sm_field(sm: &Sm<'_>, key: &str) -> Option<String> {
    Some(match key {
        "serviceType" => text(sm.service_type),
        "esmClass" => sm.esm_class.0.to_string(),
        "protocolId" => sm.protocol_id.to_string(),
        "priority" => sm.priority_flag.to_string(),
        "scheduleDeliveryTime" => text(sm.schedule_delivery_time),
        "validityPeriod" => text(sm.validity_period),
        "registeredDelivery" => sm.registered_delivery.0.to_string(),
        "replaceIfPresent" => sm.replace_if_present_flag.to_string(),
        "dataCoding" => sm.data_coding.0.to_string(),
        "defaultMsgId" => sm.sm_default_msg_id.to_string(),
        "shortMessageLength" => sm.short_message.len().to_string(),
        _ => return address_field(&sm.source, &sm.destination, key),
    })
}

fn address_field(source: &Address<'_>, destination: &Address<'_>, key: &str) -> Option<String> {
    Some(match key {
        "sourceAddress.ton" => source.ton.0.to_string(),
        "sourceAddress.npi" => source.npi.0.to_string(),
        "sourceAddress.address" => text(source.addr),
        "destAddress.ton" => destination.ton.0.to_string(),
        "destAddress.npi" => destination.npi.0.to_string(),
        "destAddress.address" => text(destination.addr),
        _ => return None,
    })
}

fn tlv_field(pdu: &Pdu<'_>, key: &str) -> Option<String> {
    let tlvs = match pdu {
        Pdu::BindResp(resp) => resp.tlvs,
        Pdu::SubmitSm(sm) | Pdu::DeliverSm(sm) => sm.tlvs,
        _ => Tlvs::NONE,
    };
    let tags = [
        ("SC_INTERFACE_VERSION", Tag::SC_INTERFACE_VERSION),
        ("SOURCE_NETWORK_TYPE", Tag::SOURCE_NETWORK_TYPE),
        ("DEST_NETWORK_TYPE", Tag::DEST_NETWORK_TYPE),
        ("RECEIPTED_MSG_ID", Tag::RECEIPTED_MESSAGE_ID),
        ("MSG_STATE", Tag::MESSAGE_STATE),
        ("MESSAGE_PAYLOAD", Tag::MESSAGE_PAYLOAD),
    ];
    let tlv = || tlvs.get(tags.iter().find(|(name, _)| key.contains(name))?.1);
    Some(match key {
        "optionalParameters" => return tlvs.is_empty().then(|| "null".into()),
        "optionalParameters.size" | "optionalParameterCount" => tlvs.iter().count().to_string(),
        "optionalParameters[0].tag" => tlvs.iter().next()?.tag.0.to_string(),
        "optionalParameters[0].length" => tlvs.iter().next()?.value.len().to_string(),
        "optionalParameters[0].value" => text(tlvs.iter().next()?.value),
        _ if key.starts_with("hasOptionalParameter(") => tlv().is_some().to_string(),
        _ if key.ends_with(".tag") => tlv()?.tag.0.to_string(),
        _ if key.ends_with(".length") => tlv()?.value.len().to_string(),
        _ if key.ends_with(".valueAsByte") => tlv()?.u8().unwrap().to_string(),
        _ if key.ends_with(".valueAsString") => text(tlv()?.c_octets()),
        _ if key.starts_with("optionalParameter(") && key.ends_with(".value") => text(tlv()?.value),
        _ => return None,
    })
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

/// An expectation in the form of `header_field` and `body_field`.
fn normal(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        // Java has no unsigned integers.
        Value::Number(number) if number.as_i64().is_some_and(|n| n < 0) => {
            u32::try_from(number.as_i64().unwrap() + (1 << 32)).unwrap().to_string()
        }
        Value::String(name) => match name.as_str() {
            "SmppConstants.STATUS_INVMSGLEN" => Status::ESME_RINVMSGLEN.0.to_string(),
            "SmppConstants.STATE_DELIVERED" => MessageState::DELIVERED.0.to_string(),
            "SmppConstants.TAG_SC_INTERFACE_VERSION" => Tag::SC_INTERFACE_VERSION.0.to_string(),
            _ => match name.strip_prefix("SmppConstants.CMD_ID_") {
                Some(command) => CommandId::ALL
                    .iter()
                    .find(|id| id.name() == Some(command))
                    .unwrap_or_else(|| panic!("{command}"))
                    .0
                    .to_string(),
                None => name.clone(),
            },
        },
        Value::Object(object) => text(&unhex(object["hex"].as_str().unwrap())),
        other => other.to_string(),
    }
}

#[test]
fn cloudhopper_incomplete_pdus_wait_and_impossible_lengths_are_faults() {
    for vector in cloudhopper() {
        let name = vector["name"].as_str().unwrap();
        let Some((_, verdict)) = NOT_A_PDU.iter().find(|(other, _)| *other == name) else { continue };
        let octets = unhex(vector["hex"].as_str().unwrap());
        let mut buffer = BytesMut::from(&octets[..]);
        let batch = Framing::default().take(&mut buffer);
        let frames = batch.frames().count();
        match *verdict {
            "waits" => assert_eq!((frames, &buffer[..], batch.fault()), (0, &octets[..], None), "{name}"),
            "bad length" => assert_eq!(batch.fault().unwrap().command_length, 0xf000_0011, "{name}"),
            "two" => {
                assert_eq!(frames, 2, "{name}");
                assert!(matches!(batch.frames().nth(1).unwrap().decode(), Ok(Pdu::EnquireLink(_))));
            }
            // The last octet of the second PDU is a vector of its own.
            "then waits" if octets.len() == 1 => assert_eq!(octets, [0xf1]),
            "then waits" => {
                assert_eq!((frames, buffer.len()), (1, 15), "{name}");
                buffer.extend_from_slice(&[0xf1]);
                let header = Framing::default().take(&mut buffer).frames().next().unwrap().header;
                assert_eq!(header.sequence_number, 171_192_049);
            }
            status => {
                let error = batch.frames().next().unwrap().decode().unwrap_err();
                assert_eq!(error.status().name(), Some(status), "{name}");
            }
        }
    }
}

#[test]
fn cloudhopper_receipts_read_as_named() {
    let mut count = 0;
    for vector in cloudhopper() {
        // "message0" is a variable of its source, and the second parseShortMessage has lost its text.
        let Some(text) = vector["text"].as_str().filter(|text| *text != "message0") else { continue };
        if vector["expect"]["messageId"] == "4" {
            continue;
        }
        let name = vector["name"].as_str().unwrap();
        let receipt = ReceivedReceipt::parse(text.as_bytes());
        let string = |field: Option<&[u8]>| field.map(self::text);
        for (key, value) in vector["expect"].as_object().unwrap() {
            if key == "toShortMessage" {
                continue; // see field_39_receipt_text
            }
            // -1 marks a field that is missing or not a number.
            let expected = (!value.is_null() && *value != -1).then(|| normal(value));
            let found = match key.as_str() {
                "messageId" | "messageIdAsLong" => string(receipt.id),
                "submitCount" => receipt.submitted().map(|n| n.to_string()),
                "deliveredCount" => receipt.delivered().map(|n| n.to_string()),
                "state" => receipt.state().map(|state| state.0.to_string()),
                "errorCode" => receipt.error_code().map(|n| n.to_string()),
                "rawErrorCode" => string(receipt.err),
                "doneDate" => string(receipt.done_date),
                "text" => string(receipt.text),
                _ => panic!("{name}: {key} is not compared"),
            };
            assert_eq!(found, expected, "{name}: {key}");
        }
        count += 1;
    }
    assert_eq!(count, 8);
}

#[test]
fn cloudhopper_receipts_in_deliver_sm_have_the_id_of_the_tlv() {
    let mut ids = Vec::new();
    for vector in cloudhopper().iter().filter(|vector| vector.get("direction").is_none()) {
        let Some(hex) = vector["hex"].as_str().filter(|hex| hex.len() > 200) else { continue };
        with_pdu(&unhex(hex), |_, pdu| {
            let Ok(Pdu::DeliverSm(sm)) = pdu else { panic!("a deliver_sm") };
            let receipt = ReceivedReceipt::from_deliver_sm(&sm);
            ids.extend(receipt.map(|receipt| (text(receipt.id.unwrap()), receipt.state().unwrap())));
        });
    }
    let expected = [
        ("38601fa", MessageState::DELIVERED), // the text has 0059113978, its decimal form
        ("94251430923", MessageState::ACCEPTED),
        ("126e85a6edeac1a02020099312479564", MessageState::DELIVERED),
    ];
    assert_eq!(ids, expected.map(|(id, state)| (id.to_owned(), state)));
}

/// A submit_sm that is good but for what `change` does to it.
fn check_sm(change: impl FnOnce(&mut Sm<'_>)) -> Result<(), Status> {
    let destination = Address { addr: b"4917000000", ..Address::default() };
    let mut sm = Sm { destination, ..Sm::default() };
    change(&mut sm);
    sm.check().map_err(|error| error.status())
}

/// The result of a single field of smpp.pdu: its octets again, or a status.
fn python_field(codec: &str, octets: &[u8]) -> Option<Result<Vec<u8>, Status>> {
    let status = |error: Error| error.status();
    Some(match codec {
        "EsmClassEncoder" => check_sm(|sm| sm.esm_class = EsmClass(octets[0])).map(|()| octets.to_vec()),
        "PriorityFlagEncoder" => check_sm(|sm| sm.priority_flag = octets[0]).map(|()| octets.to_vec()),
        "ReplaceIfPresentFlagEncoder" => {
            check_sm(|sm| sm.replace_if_present_flag = octets[0]).map(|()| octets.to_vec())
        }
        "RegisteredDeliveryEncoder" => {
            check_sm(|sm| sm.registered_delivery = RegisteredDelivery(octets[0])).map(|()| octets.to_vec())
        }
        "OptionEncoder" => Tlvs::parse(octets)
            .and_then(|tlvs| tlvs.check().map(|()| tlvs.as_octets().to_vec()))
            .map_err(status),
        "CallbackNumEncoder" => tlv_value(Tag::CALLBACK_NUM, octets),
        "SubaddressEncoder" => tlv_value(Tag::SOURCE_SUBADDRESS, octets),
        "AddrSubunitEncoder" => tlv_value(Tag::DEST_ADDR_SUBUNIT, octets),
        "NetworkTypeEncoder" => tlv_value(Tag::DEST_NETWORK_TYPE, octets),
        "BearerTypeEncoder" => tlv_value(Tag::DEST_BEARER_TYPE, octets),
        "PayloadTypeEncoder" => tlv_value(Tag::PAYLOAD_TYPE, octets),
        "PrivacyIndicatorEncoder" => tlv_value(Tag::PRIVACY_INDICATOR, octets),
        "LanguageIndicatorEncoder" => tlv_value(Tag::LANGUAGE_INDICATOR, octets),
        "DisplayTimeEncoder" => tlv_value(Tag::DISPLAY_TIME, octets),
        "MsAvailabilityStatusEncoder" => tlv_value(Tag::MS_AVAILABILITY_STATUS, octets),
        _ => return None,
    })
}

fn tlv_value(tag: Tag, value: &[u8]) -> Result<Vec<u8>, Status> {
    smpp::Tlv { tag, value }.check().map(|()| value.to_vec()).map_err(|error| error.status())
}

#[test]
fn python_fields_pass_or_get_the_status_named() {
    let mut count = 0;
    for vector in python() {
        let codec = match &vector["expect"]["codec"] {
            Value::String(codec) => codec.split('(').next().unwrap().trim_end_matches(".decode").to_owned(),
            Value::Object(codec) => codec.keys().next().unwrap().clone(),
            other => panic!("{other}"),
        };
        let hex = vector["hex"].as_str().unwrap();
        let Some(found) = python_field(&codec, &unhex(hex)) else { continue };
        let name = vector["name"].as_str().unwrap();
        match (codec.as_str(), hex) {
            // SMPP 5.0 names registered_delivery 3 ("on success"), and ESMEs of 3.4 use it.
            ("RegisteredDeliveryEncoder", "03") => assert!(found.is_ok()),
            // The source passes a length that contradicts the octets.
            ("SubaddressEncoder", "a0373432") => assert!(found.is_ok()),
            _ if vector["check"].as_str().unwrap().contains("error") => {
                let expected = vector["expect"]["value"].as_str().unwrap();
                let status = found.expect_err(name);
                // 5.0 renamed ESME_RINVOPTPARAMVAL; a wrong length and a wrong value have statuses of their own.
                let expected: &[Status] = match expected.trim_start_matches("CommandStatus.") {
                    "ESME_RINVOPTPARAMVAL" => &[Status::ESME_RINVOPTPARAMVAL, Status::ESME_RINVPARLEN],
                    "ESME_RINVESMCLASS" => &[Status::ESME_RINVESMCLASS],
                    "ESME_RINVPRTFLG" => &[Status::ESME_RINVPRTFLG],
                    other => panic!("{other}"),
                };
                assert!(expected.contains(&status), "{name}: {status}");
            }
            _ => assert_eq!(found.unwrap(), unhex(hex), "{name}"),
        }
        count += 1;
    }
    assert_eq!(count, 26);
}

#[test]
fn python_esm_class_has_the_meaning_named() {
    let esm_class = EsmClass(0xa1);
    assert_eq!(esm_class.messaging_mode(), MessagingMode::Datagram);
    assert_eq!(esm_class.message_type(), Some(MessageType::IntermediateNotification));
    assert!(esm_class.has_reply_path() && !esm_class.has_udhi());
    assert_eq!(RegisteredDelivery(0).receipt(), ReceiptRequest::None);
}

#[test]
fn python_malformed_pdus_get_their_status() {
    let whole: Vec<Value> = python()
        .into_iter()
        .filter(|vector| {
            vector["name"].as_str().unwrap().contains("command_length")
                || vector["name"].as_str().unwrap().contains("bad_message")
        })
        .collect();
    assert_eq!(whole.len(), 6);
    for vector in whole {
        let octets = unhex(vector["hex"].as_str().unwrap());
        let expected = vector["expect"]["value"].as_str().unwrap().trim_start_matches("CommandStatus.");
        let mut buffer = BytesMut::from(&octets[..]);
        let batch = Framing::default().take(&mut buffer);
        let name = vector["name"].as_str().unwrap();
        match name {
            "test_decode_command_length_too_short" | "test_decodeHeader_command_length_too_short" => {
                assert_eq!(expected, "ESME_RINVCMDLEN");
                assert_eq!(batch.fault().unwrap().command_length, 15);
            }
            "test_decode_command_length_too_long" => {
                let error = batch.frames().next().unwrap().decode().unwrap_err();
                assert_eq!(error.status().name(), Some(expected));
            }
            // Its source decodes one PDU; on a stream the rest is not received yet.
            "test_decode_bad_message_length_msg_too_short" => {
                assert!(batch.is_empty() && batch.fault().is_none() && buffer.len() == octets.len());
            }
            // Its source names a length; the standard has a status for the optional part.
            "test_decode_bad_message_length_msg_too_long"
            | "test_decode_bad_message_ends_in_middle_of_option" => {
                let error = batch.frames().next().unwrap().decode().unwrap_err();
                assert_eq!(error.status(), Status::ESME_RINVOPTPARSTREAM, "{name}");
            }
            other => panic!("{other}"),
        }
    }
}
