//! The commands that SMPP 3.3 alone has, octet for octet.
//!
//! The layouts are those on which two implementations agree that share no code: smppapi
//! (`QueryLastMsgs`, `QueryMsgDetailsResp`, `ParamRetrieve` and their like), and a gateway grown out
//! of Logica's library. No capture of such traffic was published.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that panics has failed"
)]

use bytes::BytesMut;
use smpp::pdu::{Destination, ParamRetrieve, QueryLastMsgsResp};
use smpp::{CommandId, Error, Header, MessageState, Pdu, Status};

/// The body as its fields, joined.
fn body(fields: &[&[u8]]) -> Vec<u8> {
    fields.concat()
}

fn read(command_id: CommandId, body: &[u8]) -> Result<Pdu<'_>, Error> {
    Pdu::decode(&Header::bare(command_id, Status::ESME_ROK, 1), body)
}

/// Decodes, and encodes to the same octets.
fn both_ways(command_id: CommandId, body: &[u8]) -> Pdu<'_> {
    let pdu = read(command_id, body).unwrap();
    let mut again = BytesMut::new();
    pdu.encode(1, Status::ESME_ROK, &mut again).unwrap();
    assert_eq!(&again[16..], body);
    assert_eq!(pdu.command_id(), command_id);
    pdu
}

#[test]
fn the_numbers_are_those_of_the_standard() {
    let numbers = [
        (CommandId::PARAM_RETRIEVE, 0x22),
        (CommandId::QUERY_LAST_MSGS, 0x23),
        (CommandId::QUERY_MSG_DETAILS, 0x24),
        (CommandId::PARAM_RETRIEVE_RESP, 0x8000_0022),
        (CommandId::QUERY_LAST_MSGS_RESP, 0x8000_0023),
        (CommandId::QUERY_MSG_DETAILS_RESP, 0x8000_0024),
    ];
    assert!(numbers.iter().all(|(id, number)| id.0 == *number));
    assert_eq!((Status::ESME_RPARAMRETFAIL.0, Status::ESME_RINVPARAM.0), (0x31, 0x32));
}

#[test]
fn query_last_msgs() {
    let octets = body(&[&[1], &[1], b"491700000001\0", &[5]]);
    let Pdu::QueryLastMsgs(query) = both_ways(CommandId::QUERY_LAST_MSGS, &octets) else { panic!() };
    assert_eq!((query.source.ton.0, query.source.npi.0), (1, 1));
    assert_eq!((query.source.addr, query.num_of_msgs), (&b"491700000001"[..], 5));
}

#[test]
fn query_last_msgs_resp() {
    let octets = body(&[&[2], b"1a2b3c4d\0", b"1a2b3c4c\0"]);
    let Pdu::QueryLastMsgsResp(resp) = both_ways(CommandId::QUERY_LAST_MSGS_RESP, &octets) else { panic!() };
    assert_eq!(resp.message_ids.unwrap(), [b"1a2b3c4d", b"1a2b3c4c"]);
    let none = both_ways(CommandId::QUERY_LAST_MSGS_RESP, &[0]);
    let empty = QueryLastMsgsResp { message_ids: Some(vec![]), ..QueryLastMsgsResp::default() };
    assert_eq!(none, Pdu::QueryLastMsgsResp(empty), "an empty list is not a missing body");
    assert_eq!(
        both_ways(CommandId::QUERY_LAST_MSGS_RESP, &[]),
        Pdu::QueryLastMsgsResp(QueryLastMsgsResp::default())
    );
    let too_many = read(CommandId::QUERY_LAST_MSGS_RESP, b"\x03a\0b\0");
    assert_eq!(too_many, Err(Error::Missing { field: "message_id" }), "a count over the ids present");
}

#[test]
fn query_msg_details() {
    let octets = body(&[b"1a2b3c4d\0", &[2], &[1], b"12345\0", &[160]]);
    let Pdu::QueryMsgDetails(query) = both_ways(CommandId::QUERY_MSG_DETAILS, &octets) else { panic!() };
    assert_eq!(
        (query.message_id, query.source.addr, query.sm_length),
        (&b"1a2b3c4d"[..], &b"12345"[..], 160)
    );
}

#[test]
fn query_msg_details_resp() {
    let octets = body(&[
        b"VMA\0",
        &[2],
        &[1],
        b"12345\0",
        &[1], // one destination
        &[1], // an address
        &[1],
        &[1],
        b"491700000001\0",
        &[0x41],
        &[1],
        b"\0",
        b"300102000000000+\0",
        &[1],
        &[0],
        &[5],
        b"hello",
        b"1a2b3c4d\0",
        b"300101000007000+\0",
        &[2],
        &[0],
    ]);
    let Pdu::QueryMsgDetailsResp(resp) = both_ways(CommandId::QUERY_MSG_DETAILS_RESP, &octets) else {
        panic!()
    };
    let details = resp.details.unwrap();
    assert_eq!((details.service_type, details.source.addr), (&b"VMA"[..], &b"12345"[..]));
    let [Destination::Address(destination)] = details.destinations[..] else { panic!() };
    assert_eq!(destination.addr, b"491700000001");
    assert_eq!((details.protocol_id, details.priority_flag), (0x41, 1));
    assert_eq!(
        (details.schedule_delivery_time, details.validity_period),
        (&b""[..], &b"300102000000000+"[..])
    );
    assert_eq!((details.registered_delivery.0, details.data_coding.0), (1, 0));
    assert_eq!((details.short_message, details.message_id), (&b"hello"[..], &b"1a2b3c4d"[..]));
    assert_eq!(
        (details.final_date, details.message_state),
        (&b"300101000007000+"[..], MessageState::DELIVERED)
    );
    assert_eq!(details.error_code, 0);
    let debug = format!("{details:?}");
    assert!(!debug.contains("hello") && !debug.contains("4917"), "{debug}");
}

#[test]
fn param_retrieve() {
    let Pdu::ParamRetrieve(retrieve) = both_ways(CommandId::PARAM_RETRIEVE, b"max_binds\0") else { panic!() };
    assert_eq!(retrieve.param_name, b"max_binds");
    let Pdu::ParamRetrieveResp(resp) = both_ways(CommandId::PARAM_RETRIEVE_RESP, b"8\0") else { panic!() };
    assert_eq!(resp.param_value, Some(&b"8"[..]));
}

#[test]
fn a_name_over_31_characters_is_an_invalid_parameter() {
    let long = [&[b'x'; 32][..], b"\0"].concat();
    assert_eq!(read(CommandId::PARAM_RETRIEVE, &long).unwrap_err().status(), Status::ESME_RINVPARAM);
    assert!(read(CommandId::PARAM_RETRIEVE, &long[1..]).is_ok());
    let mut out = BytesMut::new();
    let pdu = Pdu::ParamRetrieve(ParamRetrieve { param_name: &long[..32], ..ParamRetrieve::default() });
    assert_eq!(pdu.encode(1, Status::ESME_ROK, &mut out).unwrap_err().status(), Status::ESME_RINVPARAM);
}

#[test]
fn more_ids_than_the_count_holds_are_not_written() {
    let ids = vec![&b"1"[..]; 256];
    let resp =
        |ids| Pdu::QueryLastMsgsResp(QueryLastMsgsResp { message_ids: Some(ids), ..Default::default() });
    let mut out = BytesMut::new();
    let error = resp(ids.clone()).encode(1, Status::ESME_ROK, &mut out).unwrap_err();
    assert_eq!((error.status(), out.len()), (Status::ESME_RINVNUMMSGS, 0));
    resp(ids[1..].to_vec()).encode(1, Status::ESME_ROK, &mut out).unwrap();
    assert_eq!(out.len(), 16 + 1 + 255 * 2);
}
