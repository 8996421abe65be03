//! Differential tests of version 3 against the crate `gsm_map`, and decoding of damaged, truncated and
//! random octets.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

mod conversion;
mod dice;
mod errors;

use codec::operations::{alert_sc, inform_sc, mo_forward_sm, mt_forward_sm, ready_for_sm, report_sm, sri_sm};
use codec::types as theirs;
use map::operation::{
    AdditionalNumber, AlertReason, AlertServiceCentreArg, ForwardSmRes, InformServiceCentreArg,
    IpSmGwGuidance, LocationInfoWithLmsi, MoForwardSmArg, MtForwardSmArg, MwStatus, ReadyForSmArg,
    ReportSmDeliveryStatusArg, ReportSmDeliveryStatusRes, RoutingInfoForSmArg, RoutingInfoForSmRes,
    SmDeliveryNotIntended, SmRpDa, SmRpOa, SmsGmscAlertEvent,
};
use map::{AddressString, Context, Lmsi, MapError, Octets, Request, Response, Version};
use proptest::prelude::*;

use conversion::{additional, correlation, diameter, flag, imsi, number, outcome, rp_da, rp_oa, text, time};
use dice::Dice;

/// Both codecs encode to the same octets, and `map` decodes them to the same value.
fn agree_on_request(ours: &Request, octets: &[u8]) {
    let version = ours.context().version_max();
    assert_eq!(ours.write(version).unwrap(), octets);
    let code = ours.code(version).unwrap();
    assert_eq!(&Request::read(code, Some(ours.context()), version, Some(octets)).unwrap(), ours);
}

fn agree_on_response(ours: &Response, request: &Request, octets: &[u8]) {
    assert_eq!(ours.write(Version::V3).unwrap().as_deref(), Some(octets));
    assert_eq!(&Response::read(request, Some(octets)).unwrap(), ours);
}

fn agree_on_error(ours: &MapError, octets: &[u8]) {
    assert_eq!(ours.write(Version::V3).unwrap().as_deref(), Some(octets));
    assert_eq!(&MapError::read(ours.code(Version::V3), Some(octets)), ours);
}

fn routing_info(dice: &mut Dice) -> RoutingInfoForSmArg {
    RoutingInfoForSmArg {
        msisdn: dice.address(),
        sm_rp_pri: dice.flag(),
        service_centre_address: dice.address(),
        teleservice: None,
        gprs_support_indicator: dice.flag(),
        sm_rp_mti: dice.some(|dice| dice.octet(11)),
        sm_rp_smea: dice.some(|dice| Octets(dice.octets(1, 12).into())),
        sm_delivery_not_intended: dice.some(|dice| SmDeliveryNotIntended::from(dice.octet(2))),
        ip_sm_gw_guidance_indicator: dice.flag(),
        imsi: dice.some(Dice::imsi),
        t4_trigger_indicator: dice.flag(),
        single_attempt_delivery: dice.flag(),
        correlation_id: dice.some(Dice::correlation),
        smsf_support_indicator: dice.flag(),
    }
}

fn send_routing_info(dice: &mut Dice) {
    let ours = routing_info(dice);
    let not_intended = |ours| match ours {
        SmDeliveryNotIntended::OnlyImsiRequested => sri_sm::SmDeliveryNotIntended::OnlyImsiRequested,
        _ => sri_sm::SmDeliveryNotIntended::OnlyMccMncRequested,
    };
    let their = sri_sm::RoutingInfoForSmArg {
        msisdn: number(&ours.msisdn),
        sm_rp_pri: ours.sm_rp_pri,
        service_centre_address: number(&ours.service_centre_address),
        extension_container: None,
        gprs_support_indicator: flag(ours.gprs_support_indicator),
        sm_rp_mti: ours.sm_rp_mti.map(Into::into),
        sm_rp_smea: ours.sm_rp_smea.as_ref().map(|smea| smea.0.to_vec().into()),
        sm_delivery_not_intended: ours.sm_delivery_not_intended.map(not_intended),
        ip_sm_gw_guidance_indicator: flag(ours.ip_sm_gw_guidance_indicator),
        imsi: ours.imsi.as_ref().map(imsi),
        t4_trigger_indicator: flag(ours.t4_trigger_indicator),
        single_attempt_delivery: flag(ours.single_attempt_delivery),
        correlation_id: ours.correlation_id.as_ref().map(correlation),
        smsf_support_indicator: flag(ours.smsf_support_indicator),
    };
    let request = Request::SendRoutingInfoForSm(ours);
    agree_on_request(&request, &codec::encode(&their).unwrap());

    let (ours, their) = (location(dice), dice.imsi());
    let guidance = dice.some(|dice| IpSmGwGuidance {
        minimum_delivery_time_value: u16::from(dice.any()) + 30,
        recommended_delivery_time_value: u16::from(dice.any()) + 300,
    });
    let response = RoutingInfoForSmRes {
        imsi: their.clone(),
        location_info_with_lmsi: ours.clone(),
        mwd_set: None,
        ip_sm_gw_guidance: guidance,
    };
    let their = sri_sm::RoutingInfoForSmRes {
        imsi: imsi(&their),
        location_info_with_lmsi: their_location(&ours),
        extension_container: None,
        ip_sm_gw_guidance: guidance.map(|guidance| sri_sm::IpSmGwGuidance {
            minimum_delivery_time_value: guidance.minimum_delivery_time_value.into(),
            recommended_delivery_time_value: guidance.recommended_delivery_time_value.into(),
            extension_container: None,
        }),
    };
    let response = Response::SendRoutingInfoForSm(Box::new(response));
    agree_on_response(&response, &request, &codec::encode(&their).unwrap());
}

fn location(dice: &mut Dice) -> LocationInfoWithLmsi {
    let node = |dice: &mut Dice| {
        let number = dice.address();
        if dice.flag() { AdditionalNumber::Msc(number) } else { AdditionalNumber::Sgsn(number) }
    };
    LocationInfoWithLmsi {
        network_node_number: dice.address(),
        roaming_number: false,
        lmsi: dice.some(|dice| Lmsi(dice.octets(4, 4).try_into().unwrap())),
        gprs_node_indicator: dice.flag(),
        additional_number: dice.some(node),
        network_node_diameter_address: dice.some(Dice::diameter),
        additional_network_node_diameter_address: dice.some(Dice::diameter),
        third_number: dice.some(node),
        third_network_node_diameter_address: dice.some(Dice::diameter),
        ims_node_indicator: dice.flag(),
        smsf_3gpp_number: dice.some(Dice::address),
        smsf_3gpp_diameter_address: dice.some(Dice::diameter),
        smsf_non_3gpp_number: dice.some(Dice::address),
        smsf_non_3gpp_diameter_address: dice.some(Dice::diameter),
        smsf_3gpp_address_indicator: dice.flag(),
        smsf_non_3gpp_address_indicator: dice.flag(),
    }
}

fn their_location(ours: &LocationInfoWithLmsi) -> theirs::LocationInfoWithLmsi {
    theirs::LocationInfoWithLmsi {
        network_node_number: number(&ours.network_node_number),
        lmsi: ours.lmsi.map(|lmsi| lmsi.0.to_vec().into()),
        extension_container: None,
        gprs_node_indicator: flag(ours.gprs_node_indicator),
        additional_number: ours.additional_number.as_ref().map(additional),
        network_node_diameter_address: ours.network_node_diameter_address.as_ref().map(diameter),
        additional_network_node_diameter_address: ours
            .additional_network_node_diameter_address
            .as_ref()
            .map(diameter),
        third_number: ours.third_number.as_ref().map(additional),
        third_network_node_diameter_address: ours.third_network_node_diameter_address.as_ref().map(diameter),
        ims_node_indicator: flag(ours.ims_node_indicator),
        smsf_3gpp_number: ours.smsf_3gpp_number.as_ref().map(number),
        smsf_3gpp_diameter_address: ours.smsf_3gpp_diameter_address.as_ref().map(diameter),
        smsf_non_3gpp_number: ours.smsf_non_3gpp_number.as_ref().map(number),
        smsf_non_3gpp_diameter_address: ours.smsf_non_3gpp_diameter_address.as_ref().map(diameter),
        smsf_3gpp_address_indicator: flag(ours.smsf_3gpp_address_indicator),
        smsf_non_3gpp_address_indicator: flag(ours.smsf_non_3gpp_address_indicator),
    }
}

fn mt_forward_sm(dice: &mut Dice) {
    let ours = MtForwardSmArg {
        sm_rp_da: match dice.below(3) {
            0 => SmRpDa::Imsi(dice.imsi()),
            1 => SmRpDa::Lmsi(Lmsi(dice.octets(4, 4).try_into().unwrap())),
            _ => SmRpDa::None,
        },
        sm_rp_oa: if dice.flag() { SmRpOa::ServiceCentreAddress(dice.address()) } else { SmRpOa::None },
        sm_rp_ui: dice.text(),
        more_messages_to_send: dice.flag(),
        sm_delivery_timer: dice.some(|dice| u16::from(dice.any()) + 30),
        sm_delivery_start_time: dice.some(Dice::time),
        sms_over_ip_only_indicator: dice.flag(),
        correlation_id: dice.some(Dice::correlation),
        maximum_retransmission_time: dice.some(Dice::time),
        sms_gmsc_address: dice.some(Dice::address),
        sms_gmsc_diameter_address: dice.some(Dice::diameter),
    };
    let their = mt_forward_sm::MtForwardSmArg {
        sm_rp_da: rp_da(&ours.sm_rp_da),
        sm_rp_oa: rp_oa(&ours.sm_rp_oa),
        sm_rp_ui: text(&ours.sm_rp_ui),
        more_messages_to_send: flag(ours.more_messages_to_send),
        extension_container: None,
        sm_delivery_timer: ours.sm_delivery_timer.map(Into::into),
        sm_delivery_start_time: ours.sm_delivery_start_time.map(time),
        sms_over_ip_only_indicator: flag(ours.sms_over_ip_only_indicator),
        correlation_id: ours.correlation_id.as_ref().map(correlation),
        maximum_retransmission_time: ours.maximum_retransmission_time.map(time),
        sms_gmsc_address: ours.sms_gmsc_address.as_ref().map(number),
        sms_gmsc_diameter_address: ours.sms_gmsc_diameter_address.as_ref().map(diameter),
    };
    let request = Request::MtForwardSm(ours);
    agree_on_request(&request, &codec::encode(&their).unwrap());
    let ui = dice.text();
    let their = mt_forward_sm::MtForwardSmRes { sm_rp_ui: Some(text(&ui)), extension_container: None };
    let response = Response::MtForwardSm(ForwardSmRes { sm_rp_ui: Some(ui) });
    agree_on_response(&response, &request, &codec::encode(&their).unwrap());
}

fn mo_forward_sm(dice: &mut Dice) {
    let ours = MoForwardSmArg {
        sm_rp_da: SmRpDa::ServiceCentreAddress(dice.address()),
        sm_rp_oa: if dice.flag() { SmRpOa::Msisdn(dice.address()) } else { SmRpOa::None },
        sm_rp_ui: dice.text(),
        more_messages_to_send: false,
        imsi: dice.some(Dice::imsi),
        correlation_id: dice.some(Dice::correlation),
        sm_delivery_outcome: dice.some(Dice::outcome),
    };
    let their = mo_forward_sm::MoForwardSmArg {
        sm_rp_da: rp_da(&ours.sm_rp_da),
        sm_rp_oa: rp_oa(&ours.sm_rp_oa),
        sm_rp_ui: text(&ours.sm_rp_ui),
        extension_container: None,
        imsi: ours.imsi.as_ref().map(imsi),
        correlation_id: ours.correlation_id.as_ref().map(correlation),
        sm_delivery_outcome: ours.sm_delivery_outcome.map(outcome),
    };
    agree_on_request(&Request::MoForwardSm(ours), &codec::encode(&their).unwrap());
}

fn report(dice: &mut Dice) {
    let ours = ReportSmDeliveryStatusArg {
        msisdn: dice.address(),
        service_centre_address: dice.address(),
        sm_delivery_outcome: Some(dice.outcome()),
        absent_subscriber_diagnostic_sm: dice.some(Dice::any),
        gprs_support_indicator: dice.flag(),
        delivery_outcome_indicator: dice.flag(),
        additional_sm_delivery_outcome: dice.some(Dice::outcome),
        additional_absent_subscriber_diagnostic_sm: dice.some(Dice::any),
        ip_sm_gw_indicator: dice.flag(),
        ip_sm_gw_sm_delivery_outcome: dice.some(Dice::outcome),
        ip_sm_gw_absent_subscriber_diagnostic_sm: dice.some(Dice::any),
        imsi: dice.some(Dice::imsi),
        single_attempt_delivery: dice.flag(),
        correlation_id: dice.some(Dice::correlation),
        smsf_3gpp_delivery_outcome_indicator: dice.flag(),
        smsf_3gpp_delivery_outcome: dice.some(Dice::outcome),
        smsf_3gpp_absent_subscriber_diag_sm: dice.some(Dice::any),
        smsf_non_3gpp_delivery_outcome_indicator: dice.flag(),
        smsf_non_3gpp_delivery_outcome: dice.some(Dice::outcome),
        smsf_non_3gpp_absent_subscriber_diag_sm: dice.some(Dice::any),
    };
    let their = report_sm::ReportSmDeliveryStatusArg {
        msisdn: number(&ours.msisdn),
        service_centre_address: number(&ours.service_centre_address),
        sm_delivery_outcome: ours.sm_delivery_outcome.map(outcome).unwrap(),
        absent_subscriber_diagnostic_sm: ours.absent_subscriber_diagnostic_sm.map(Into::into),
        extension_container: None,
        gprs_support_indicator: flag(ours.gprs_support_indicator),
        delivery_outcome_indicator: flag(ours.delivery_outcome_indicator),
        additional_sm_delivery_outcome: ours.additional_sm_delivery_outcome.map(outcome),
        additional_absent_subscriber_diagnostic_sm: ours
            .additional_absent_subscriber_diagnostic_sm
            .map(Into::into),
        ip_sm_gw_indicator: flag(ours.ip_sm_gw_indicator),
        ip_sm_gw_sm_delivery_outcome: ours.ip_sm_gw_sm_delivery_outcome.map(outcome),
        ip_sm_gw_absent_subscriber_diagnostic_sm: ours
            .ip_sm_gw_absent_subscriber_diagnostic_sm
            .map(Into::into),
        imsi: ours.imsi.as_ref().map(imsi),
        single_attempt_delivery: flag(ours.single_attempt_delivery),
        correlation_id: ours.correlation_id.as_ref().map(correlation),
        smsf_3gpp_delivery_outcome_indicator: flag(ours.smsf_3gpp_delivery_outcome_indicator),
        smsf_3gpp_delivery_outcome: ours.smsf_3gpp_delivery_outcome.map(outcome),
        smsf_3gpp_absent_subscriber_diag_sm: ours.smsf_3gpp_absent_subscriber_diag_sm.map(Into::into),
        smsf_non_3gpp_delivery_outcome_indicator: flag(ours.smsf_non_3gpp_delivery_outcome_indicator),
        smsf_non_3gpp_delivery_outcome: ours.smsf_non_3gpp_delivery_outcome.map(outcome),
        smsf_non_3gpp_absent_subscriber_diag_sm: ours.smsf_non_3gpp_absent_subscriber_diag_sm.map(Into::into),
    };
    let request = Request::ReportSmDeliveryStatus(ours);
    agree_on_request(&request, &codec::encode(&their).unwrap());
    let stored = dice.address();
    let their = report_sm::ReportSmDeliveryStatusRes {
        stored_msisdn: Some(number(&stored)),
        extension_container: None,
    };
    let response =
        Response::ReportSmDeliveryStatus(ReportSmDeliveryStatusRes { stored_msisdn: Some(stored) });
    agree_on_response(&response, &request, &codec::encode(&their).unwrap());
}

fn inform(dice: &mut Dice) {
    let mw_status = dice.some(|dice| MwStatus {
        sc_address_not_included: dice.flag(),
        mnrf_set: dice.flag(),
        mcef_set: dice.flag(),
        mnrg_set: dice.flag(),
        mnr5g_set: dice.flag(),
        mnr5gn3g_set: dice.flag(),
    });
    let ours = InformServiceCentreArg {
        stored_msisdn: dice.some(Dice::address),
        mw_status,
        absent_subscriber_diagnostic_sm: dice.some(Dice::any),
        additional_absent_subscriber_diagnostic_sm: dice.some(Dice::any),
        smsf_3gpp_absent_subscriber_diagnostic_sm: dice.some(Dice::any),
        smsf_non_3gpp_absent_subscriber_diagnostic_sm: dice.some(Dice::any),
    };
    let bits = |ours: MwStatus| {
        theirs::MwStatusFlags {
            sc_address_not_included: ours.sc_address_not_included,
            mnrf_set: ours.mnrf_set,
            mcef_set: ours.mcef_set,
            mnrg_set: ours.mnrg_set,
            mnr5g_set: ours.mnr5g_set,
            mnr5gn3g_set: ours.mnr5gn3g_set,
        }
        .to_bits()
    };
    let their = inform_sc::InformServiceCentreArg {
        stored_msisdn: ours.stored_msisdn.as_ref().map(number),
        mw_status: ours.mw_status.map(bits),
        extension_container: None,
        absent_subscriber_diagnostic_sm: ours.absent_subscriber_diagnostic_sm.map(Into::into),
        additional_absent_subscriber_diagnostic_sm: ours
            .additional_absent_subscriber_diagnostic_sm
            .map(Into::into),
        smsf_3gpp_absent_subscriber_diagnostic_sm: ours
            .smsf_3gpp_absent_subscriber_diagnostic_sm
            .map(Into::into),
        smsf_non_3gpp_absent_subscriber_diagnostic_sm: ours
            .smsf_non_3gpp_absent_subscriber_diagnostic_sm
            .map(Into::into),
    };
    agree_on_request(&Request::InformServiceCentre(ours), &codec::encode(&their).unwrap());
}

fn alert(dice: &mut Dice) {
    let ours = AlertServiceCentreArg {
        msisdn: dice.address(),
        service_centre_address: dice.address(),
        imsi: dice.some(Dice::imsi),
        correlation_id: dice.some(Dice::correlation),
        maximum_ue_availability_time: dice.some(Dice::time),
        sms_gmsc_alert_event: dice.some(|dice| SmsGmscAlertEvent::from(dice.octet(2))),
        sms_gmsc_diameter_address: dice.some(Dice::diameter),
        new_sgsn_number: dice.some(Dice::address),
        new_sgsn_diameter_address: dice.some(Dice::diameter),
        new_mme_number: dice.some(Dice::address),
        new_mme_diameter_address: dice.some(Dice::diameter),
        new_msc_number: dice.some(Dice::address),
    };
    let event = |ours| match ours {
        SmsGmscAlertEvent::MsAvailableForMtSms => alert_sc::SmsGmscAlertEvent::MsAvailableForMtSms,
        _ => alert_sc::SmsGmscAlertEvent::MsUnderNewServingNode,
    };
    let their = alert_sc::AlertServiceCentreArg {
        msisdn: number(&ours.msisdn),
        service_centre_address: number(&ours.service_centre_address),
        imsi: ours.imsi.as_ref().map(imsi),
        correlation_id: ours.correlation_id.as_ref().map(correlation),
        maximum_ue_availability_time: ours.maximum_ue_availability_time.map(time),
        sms_gmsc_alert_event: ours.sms_gmsc_alert_event.map(event),
        sms_gmsc_diameter_address: ours.sms_gmsc_diameter_address.as_ref().map(diameter),
        new_sgsn_number: ours.new_sgsn_number.as_ref().map(number),
        new_sgsn_diameter_address: ours.new_sgsn_diameter_address.as_ref().map(diameter),
        new_mme_number: ours.new_mme_number.as_ref().map(number),
        new_mme_diameter_address: ours.new_mme_diameter_address.as_ref().map(diameter),
        new_msc_number: ours.new_msc_number.as_ref().map(number),
    };
    agree_on_request(&Request::AlertServiceCentre(ours), &codec::encode(&their).unwrap());
}

fn ready(dice: &mut Dice) {
    let ours = ReadyForSmArg {
        imsi: dice.imsi(),
        alert_reason: AlertReason::from(dice.octet(2)),
        alert_reason_indicator: dice.flag(),
        additional_alert_reason_indicator: dice.flag(),
        maximum_ue_availability_time: dice.some(Dice::time),
    };
    let their = ready_for_sm::ReadyForSmArg {
        imsi: imsi(&ours.imsi),
        alert_reason: match ours.alert_reason {
            AlertReason::MsPresent => ready_for_sm::AlertReason::MsPresent,
            _ => ready_for_sm::AlertReason::MemoryAvailable,
        },
        alert_reason_indicator: flag(ours.alert_reason_indicator),
        extension_container: None,
        additional_alert_reason_indicator: flag(ours.additional_alert_reason_indicator),
        maximum_ue_availability_time: ours.maximum_ue_availability_time.map(time),
    };
    agree_on_request(&Request::ReadyForSm(ours), &codec::encode(&their).unwrap());
}

/// Decodes the octets as every operation and error.
fn read_as_everything(octets: &[u8]) {
    for version in [Version::V1, Version::V2, Version::V3] {
        for context in [20, 21, 23, 24, 25].map(Context::from_number).into_iter().chain([None]) {
            for code in 44..=66 {
                if let Ok(request) = Request::read(code, context, version, Some(octets)) {
                    let _ = (request.write(version), Response::read(&request, Some(octets)));
                }
            }
        }
    }
    for code in 0..=72 {
        let _ = MapError::read(code, Some(octets)).write(Version::V3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_field_of_version_3_agrees_with_gsm_map(seed in 1_u64..) {
        let mut dice = Dice(seed);
        send_routing_info(&mut dice);
        mt_forward_sm(&mut dice);
        mo_forward_sm(&mut dice);
        report(&mut dice);
        inform(&mut dice);
        alert(&mut dice);
        ready(&mut dice);
        errors::parameters(&mut dice);
    }

    #[test]
    fn damaged_octets_cause_no_panic(
        seed in 1_u64..,
        places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut dice = Dice(seed);
        let request = Request::SendRoutingInfoForSm(routing_info(&mut dice));
        let found = Response::SendRoutingInfoForSm(Box::new(RoutingInfoForSmRes {
            imsi: dice.imsi(),
            location_info_with_lmsi: location(&mut dice),
            ..RoutingInfoForSmRes::default()
        }));
        for mut octets in [request.write(Version::V3).unwrap(), found.write(Version::V3).unwrap().unwrap()] {
            for (place, octet) in &places {
                let place = place.index(octets.len());
                octets[place] = *octet;
            }
            read_as_everything(&octets);
            read_as_everything(&octets[..cut.index(octets.len())]);
        }
    }

    #[test]
    fn random_octets_cause_no_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_as_everything(&octets);
    }
}

#[test]
fn every_truncation_of_an_argument_is_refused() {
    let mut dice = Dice(0x5eed);
    let request = Request::SendRoutingInfoForSm(routing_info(&mut dice));
    let octets = request.write(Version::V3).unwrap();
    for length in 0..octets.len() {
        let read = Request::read(45, Some(Context::ShortMsgGateway), Version::V3, Some(&octets[..length]));
        assert!(read.is_err(), "{length} of {} octets", octets.len());
    }
}

#[test]
fn unknown_fields_are_skipped() {
    // Frame 6 of the vectors with an extension container, a private extension and a field [40].
    let octets = [
        &[0x30, 0x25, 0x80, 0x07, 0x91, 0x41, 0x51, 0x55, 0x15, 0x32, 0xf4, 0x81, 0x01, 0xff, 0x82, 0x07][..],
        &[0x91, 0x51, 0x55, 0x00, 0x00, 0x00, 0xf1, 0xa6, 0x05, 0xa1, 0x03, 0x80, 0x01, 0x00, 0x87, 0x00],
        &[0x9f, 0x28, 0x02, 0x05, 0x05, 0x8d, 0x00],
    ]
    .concat();
    let Ok(Request::SendRoutingInfoForSm(arg)) =
        Request::read(45, Some(Context::ShortMsgGateway), Version::V3, Some(&octets))
    else {
        panic!()
    };
    assert!(arg.gprs_support_indicator && arg.single_attempt_delivery);
    assert_eq!(arg.msisdn, AddressString::international("14155551234"));
}
