//! Sample PDUs for the tests: one of every kind, every field filled.

use bytes::BytesMut;
use smpp::pdu::*;
use smpp::{CommandId, MessageState, Pdu, Status, Tag, TlvBuffer, Tlvs};

/// Optional parameters that suit no PDU in particular, one of them unknown.
pub(crate) fn tlvs() -> TlvBuffer {
    let mut tlvs = TlvBuffer::new();
    tlvs.push_u16(Tag::SAR_MSG_REF_NUM, 0x1234).push_u8(Tag::MESSAGE_STATE, 2);
    tlvs.push_u32(Tag::QOS_TIME_TO_LIVE, 3600);
    tlvs.push(Tag(0x1401), b"vendor\0").unwrap();
    tlvs.push_c_octets(Tag::RECEIPTED_MESSAGE_ID, b"4af").unwrap();
    tlvs
}

/// One PDU of every kind.
pub(crate) fn pdus<'a>(tlvs: Tlvs<'a>) -> Vec<Pdu<'a>> {
    let mut pdus = vec![
        Pdu::AlertNotification(AlertNotification { source: SOURCE, esme: DESTINATION, tlvs }),
        Pdu::Unknown(Unknown { command_id: CommandId(0x0001_0203), body: b"\x01\x02\x03" }),
    ];
    pdus.extend(session(tlvs));
    pdus.extend(messages(tlvs));
    pdus.extend(ancillary(tlvs));
    pdus.extend(only_3_3(tlvs));
    pdus.extend(multi(sm(tlvs), SOURCE, DESTINATION, tlvs));
    pdus.extend(broadcast(SOURCE, resp(tlvs), tlvs));
    pdus
}

const SOURCE: Address<'static> = Address { ton: Ton::ALPHANUMERIC, npi: Npi::UNKNOWN, addr: b"ACME" };
const DESTINATION: Address<'static> =
    Address { ton: Ton::INTERNATIONAL, npi: Npi::ISDN, addr: b"491700000001" };

fn sm<'a>(tlvs: Tlvs<'a>) -> Sm<'a> {
    Sm {
        service_type: b"CMT",
        source: SOURCE,
        destination: DESTINATION,
        esm_class: EsmClass(0x43),
        protocol_id: 0x41,
        priority_flag: 2,
        schedule_delivery_time: b"300101000000000+",
        validity_period: b"000002000000000R",
        registered_delivery: RegisteredDelivery(0x11),
        replace_if_present_flag: 1,
        data_coding: DataCoding::BINARY,
        sm_default_msg_id: 7,
        short_message: b"\x05\0\x03\x01\x02\x01hello\0world",
        tlvs,
    }
}

fn resp<'a>(tlvs: Tlvs<'a>) -> SmResp<'a> {
    SmResp { message_id: Some(b"42"), tlvs }
}

fn session<'a>(tlvs: Tlvs<'a>) -> Vec<Pdu<'a>> {
    let mut pdus = vec![
        Pdu::Outbind(Outbind { system_id: b"centre", password: b"secret", tlvs }),
        Pdu::Unbind(tlvs),
        Pdu::UnbindResp(tlvs),
        Pdu::EnquireLink(tlvs),
        Pdu::EnquireLinkResp(tlvs),
        Pdu::GenericNack(tlvs),
    ];
    for kind in [BindKind::Transmitter, BindKind::Receiver, BindKind::Transceiver] {
        pdus.push(Pdu::Bind(Bind {
            kind,
            system_id: b"esme",
            password: b"secret12",
            system_type: b"VMA",
            interface_version: 0x34,
            addr_ton: Ton::NATIONAL,
            addr_npi: Npi::ISDN,
            address_range: b"^49",
            tlvs,
        }));
        pdus.push(Pdu::BindResp(BindResp { kind, system_id: Some(b"centre"), tlvs }));
    }
    pdus
}

fn messages<'a>(tlvs: Tlvs<'a>) -> [Pdu<'a>; 6] {
    let data_sm = DataSm {
        service_type: b"CMT",
        source: SOURCE,
        destination: DESTINATION,
        esm_class: EsmClass(0x02),
        registered_delivery: RegisteredDelivery(1),
        data_coding: DataCoding::UCS2,
        tlvs,
    };
    [
        Pdu::SubmitSm(sm(tlvs)),
        Pdu::SubmitSmResp(resp(tlvs)),
        Pdu::DeliverSm(sm(tlvs)),
        Pdu::DeliverSmResp(resp(tlvs)),
        Pdu::DataSm(data_sm),
        Pdu::DataSmResp(resp(tlvs)),
    ]
}

fn ancillary<'a>(tlvs: Tlvs<'a>) -> [Pdu<'a>; 6] {
    let (source, destination) = (SOURCE, DESTINATION);
    [
        Pdu::QuerySm(QuerySm { message_id: b"42", source, tlvs }),
        Pdu::QuerySmResp(QuerySmResp {
            message_id: Some(b"42"),
            final_date: b"300101000000000+",
            message_state: MessageState::DELIVERED,
            error_code: 3,
            tlvs,
        }),
        Pdu::CancelSm(CancelSm { service_type: b"CMT", message_id: b"42", source, destination, tlvs }),
        Pdu::CancelSmResp(tlvs),
        Pdu::ReplaceSm(ReplaceSm {
            message_id: b"42",
            source,
            schedule_delivery_time: b"300101000000000+",
            validity_period: b"000002000000000R",
            registered_delivery: RegisteredDelivery(1),
            sm_default_msg_id: 0,
            short_message: b"new text",
            tlvs,
        }),
        Pdu::ReplaceSmResp(tlvs),
    ]
}

/// The commands that SMPP 3.3 alone has.
fn only_3_3<'a>(tlvs: Tlvs<'a>) -> [Pdu<'a>; 6] {
    let source = SOURCE;
    let details = MsgDetails {
        service_type: b"CMT",
        source,
        destinations: vec![Destination::Address(DESTINATION), Destination::DistributionList(b"friends")],
        protocol_id: 0x41,
        priority_flag: 2,
        schedule_delivery_time: b"300101000000000+",
        validity_period: b"300102000000000+",
        registered_delivery: RegisteredDelivery(1),
        data_coding: DataCoding::UCS2,
        short_message: b"\0h\0i",
        message_id: b"2a",
        final_date: b"300101000007000+",
        message_state: MessageState::DELIVERED,
        error_code: 9,
    };
    [
        Pdu::ParamRetrieve(ParamRetrieve { param_name: b"interface_version", tlvs }),
        Pdu::ParamRetrieveResp(ParamRetrieveResp { param_value: Some(b"51"), tlvs }),
        Pdu::QueryLastMsgs(QueryLastMsgs { source, num_of_msgs: 3, tlvs }),
        Pdu::QueryLastMsgsResp(QueryLastMsgsResp { message_ids: Some(vec![b"2c", b"2b", b"2a"]), tlvs }),
        Pdu::QueryMsgDetails(QueryMsgDetails { message_id: b"2a", source, sm_length: 160, tlvs }),
        Pdu::QueryMsgDetailsResp(QueryMsgDetailsResp { details: Some(details), tlvs }),
    ]
}

fn multi<'a>(sm: Sm<'a>, source: Address<'a>, destination: Address<'a>, tlvs: Tlvs<'a>) -> [Pdu<'a>; 2] {
    let multi = SubmitMulti {
        service_type: sm.service_type,
        source,
        destinations: vec![Destination::Address(destination), Destination::DistributionList(b"friends")],
        esm_class: sm.esm_class,
        protocol_id: sm.protocol_id,
        priority_flag: sm.priority_flag,
        schedule_delivery_time: sm.schedule_delivery_time,
        validity_period: sm.validity_period,
        registered_delivery: sm.registered_delivery,
        replace_if_present_flag: sm.replace_if_present_flag,
        data_coding: sm.data_coding,
        sm_default_msg_id: sm.sm_default_msg_id,
        short_message: sm.short_message,
        tlvs,
    };
    let unsuccess = UnsuccessSme { address: destination, error_status_code: Status::ESME_RINVDSTADR };
    let resp = SubmitMultiResp { message_id: Some(b"42"), unsuccess_smes: vec![unsuccess, unsuccess], tlvs };
    [Pdu::SubmitMulti(multi), Pdu::SubmitMultiResp(resp)]
}

fn broadcast<'a>(source: Address<'a>, resp: SmResp<'a>, tlvs: Tlvs<'a>) -> [Pdu<'a>; 6] {
    let broadcast = BroadcastSm {
        service_type: b"CBS",
        source,
        message_id: b"b1",
        priority_flag: 4,
        schedule_delivery_time: b"",
        validity_period: b"000002000000000R",
        replace_if_present_flag: 0,
        data_coding: DataCoding::DEFAULT,
        sm_default_msg_id: 0,
        tlvs,
    };
    [
        Pdu::BroadcastSm(broadcast),
        Pdu::BroadcastSmResp(resp),
        Pdu::QueryBroadcastSm(QueryBroadcastSm { message_id: b"42", source, tlvs }),
        Pdu::QueryBroadcastSmResp(resp),
        Pdu::CancelBroadcastSm(CancelBroadcastSm { service_type: b"CBS", message_id: b"42", source, tlvs }),
        Pdu::CancelBroadcastSmResp(tlvs),
    ]
}

/// The octets of a PDU with sequence number 7.
pub(crate) fn encode(pdu: &Pdu<'_>) -> BytesMut {
    let mut out = BytesMut::new();
    pdu.encode(7, Status::ESME_ROK, &mut out).unwrap();
    out
}
