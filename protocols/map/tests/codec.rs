//! Codec tests on captured frames: decoded values and byte-identical encoding (TS 29.002 §17).

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail by panicking"
)]

use map::operation::{
    self, AdditionalNumber, AlertServiceCentreArg, ForwardSmRes, InformServiceCentreArg,
    LocationInfoWithLmsi, MoForwardSmArg, MtForwardSmArg, MwStatus, ReportSmDeliveryStatusArg,
    ReportSmDeliveryStatusRes, RoutingInfoForSmArg, RoutingInfoForSmRes, SmDeliveryOutcome, SmRpDa, SmRpOa,
};
use map::{
    AddressString, CallBarred, CallBarringCause, Context, Error, Imsi, Lmsi, MapError, NetworkResource,
    Request, Response, SignalInfo, SmDeliveryFailure, SmDeliveryFailureCause, SystemFailure, Version,
};
use serde_json::Value;
use tcap::ber::{Reader, Tag};

/// The MAP part of a component.
#[derive(Debug, Eq, PartialEq)]
enum Component {
    Invoke(i64, Option<Vec<u8>>),
    Result(Option<(i64, Option<Vec<u8>>)>),
    Error(i64, Option<Vec<u8>>),
    Reject,
}

struct Frame {
    number: u64,
    context: Option<Context>,
    version: Version,
    components: Vec<Component>,
    summary: String,
}

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn component(octets: &[u8]) -> Component {
    let whole = Reader::new(octets).next().unwrap().unwrap();
    let mut inside = whole.sequence().unwrap();
    let _invoke_id = inside.next().unwrap().unwrap();
    let pair = |inside: &mut Reader<'_>| {
        let code = inside.required(Tag::INTEGER).unwrap().integer().unwrap();
        (code, inside.next().unwrap().map(|parameter| parameter.octets().to_vec()))
    };
    match whole.tag.number {
        1 => {
            let (code, parameter) = pair(&mut inside);
            Component::Invoke(code, parameter)
        }
        2 => Component::Result(
            inside.optional(Tag::SEQUENCE).unwrap().map(|both| pair(&mut both.sequence().unwrap())),
        ),
        3 => {
            let (code, parameter) = pair(&mut inside);
            Component::Error(code, parameter)
        }
        _ => Component::Reject,
    }
}

fn frames() -> Vec<Frame> {
    let all: Value = serde_json::from_str(include_str!("vectors/components.json")).unwrap();
    let frame = |frame: &Value| Frame {
        number: frame["frame"].as_u64().unwrap(),
        context: frame["context"].as_u64().map(|n| Context::from_number(n.try_into().unwrap()).unwrap()),
        version: Version::from_number(frame["version"].as_u64().unwrap().try_into().unwrap()).unwrap(),
        components: frame["components"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hex| component(&octets(hex.as_str().unwrap())))
            .collect(),
        summary: frame["summary"].as_str().unwrap().to_owned(),
    };
    all["frames"].as_array().unwrap().iter().map(frame).collect()
}

fn frame(number: u64) -> Frame {
    frames().into_iter().find(|frame| frame.number == number).unwrap()
}

fn request(number: u64) -> Request {
    let frame = frame(number);
    frame
        .components
        .iter()
        .find_map(|component| match component {
            Component::Invoke(code, parameter) => {
                Some(Request::read(*code, frame.context, frame.version, parameter.as_deref()).unwrap())
            }
            _ => None,
        })
        .unwrap()
}

fn response(number: u64, request: &Request) -> Response {
    let frame = frame(number);
    frame
        .components
        .iter()
        .find_map(|component| match component {
            Component::Result(both) => {
                let parameter = both.as_ref().and_then(|(_, parameter)| parameter.as_deref());
                Some(Response::read(request, parameter).unwrap())
            }
            _ => None,
        })
        .unwrap()
}

fn error(number: u64) -> MapError {
    match &frame(number).components[..] {
        [Component::Error(code, parameter)] => MapError::read(*code, parameter.as_deref()),
        other => panic!("{other:?}"),
    }
}

fn name(request: &Request) -> &'static str {
    match request {
        Request::SendRoutingInfoForSm(_) => "sendRoutingInfoForSM",
        Request::MtForwardSm(_) => "mt-forwardSM",
        Request::MoForwardSm(_) => "mo-forwardSM",
        Request::ReportSmDeliveryStatus(_) => "reportSM-DeliveryStatus",
        Request::InformServiceCentre(_) => "informServiceCentre",
        Request::AlertServiceCentre(_) => "alertServiceCentre",
        Request::ReadyForSm(_) => "readyForSM",
    }
}

#[test]
fn every_captured_argument_is_read_and_written_to_the_same_octets() {
    let mut read = 0;
    for frame in frames() {
        for component in &frame.components {
            let Component::Invoke(code, parameter) = component else { continue };
            let context = frame.context;
            let request = Request::read(*code, context, frame.version, parameter.as_deref());
            if frame.number == 208 {
                // The receiver must refuse it: the operation does not belong to the context.
                assert_eq!(request, Err(Error::UnknownOperation(operation::REPORT_SM_DELIVERY_STATUS)));
                continue;
            }
            let request = request.unwrap();
            assert_eq!(request.code(frame.version), Ok(*code), "frame {}", frame.number);
            assert_eq!(request.write(frame.version).ok(), *parameter, "frame {}", frame.number);
            // A returned message has no name; before version 3 both directions have the same.
            let named = ["UDTS", "invoke forwardSM", name(&request)];
            let matches_summary = named.iter().any(|name| frame.summary.contains(name));
            assert!(matches_summary, "frame {}: {}", frame.number, frame.summary);
            read += 1;
        }
    }
    assert_eq!(read, 113);
}

#[test]
fn every_captured_result_is_read_and_written_to_the_same_octets() {
    let mut read = 0;
    let mut last = None;
    for frame in frames() {
        for component in &frame.components {
            match component {
                Component::Invoke(operation::INFORM_SERVICE_CENTRE, _) => {}
                Component::Invoke(code, parameter) => {
                    last = Request::read(*code, frame.context, frame.version, parameter.as_deref())
                        .ok()
                        .or(last);
                }
                Component::Result(both) => {
                    let parameter = both.as_ref().and_then(|(_, parameter)| parameter.clone());
                    let response = Response::read(last.as_ref().unwrap(), parameter.as_deref()).unwrap();
                    assert_eq!(response.write(frame.version), Ok(parameter), "frame {}", frame.number);
                    read += 1;
                }
                Component::Error(..) | Component::Reject => {}
            }
        }
    }
    assert_eq!(read, 18);
}

#[test]
fn every_captured_error_is_read_and_written_to_the_same_octets() {
    let mut read = 0;
    for frame in frames() {
        for component in &frame.components {
            let Component::Error(code, parameter) = component else { continue };
            let error = MapError::read(*code, parameter.as_deref());
            assert!(!matches!(error, MapError::Other { .. }), "frame {}: {code}", frame.number);
            assert_eq!(error.code(frame.version), *code, "frame {}", frame.number);
            assert_eq!(error.write(frame.version), Ok(parameter.clone()), "frame {}", frame.number);
            read += 1;
        }
    }
    assert_eq!(read, 57);
}

fn centre() -> AddressString {
    AddressString::international("15550000001")
}

fn subscriber() -> AddressString {
    AddressString::international("14155551234")
}

fn signal(hex: &str) -> SignalInfo {
    SignalInfo(octets(hex).into())
}

#[test]
fn captured_arguments_decode_to_their_values() {
    let argument = Request::SendRoutingInfoForSm(RoutingInfoForSmArg {
        msisdn: subscriber(),
        sm_rp_pri: true,
        service_centre_address: centre(),
        ..RoutingInfoForSmArg::default()
    });
    for number in [6, 56, 106] {
        assert_eq!(request(number), argument);
    }
    let forward = Request::MtForwardSm(MtForwardSmArg {
        sm_rp_da: SmRpDa::Imsi(Imsi::new("001010155551234")),
        sm_rp_oa: SmRpOa::ServiceCentreAddress(centre()),
        sm_rp_ui: signal("040b914151559599f900004211219185000005e8329bfd06"),
        ..MtForwardSmArg::default()
    });
    for number in [8, 58, 108] {
        assert_eq!(request(number), forward);
    }
    assert!(request(194).more_messages_to_send() && !request(196).more_messages_to_send());
    let submit = Request::MoForwardSm(MoForwardSmArg {
        sm_rp_da: SmRpDa::ServiceCentreAddress(centre()),
        sm_rp_oa: SmRpOa::Msisdn(subscriber()),
        sm_rp_ui: signal("21010b914151550500f0000008e834888e2ecbcb"),
        ..MoForwardSmArg::default()
    });
    for number in [210, 211, 212] {
        assert_eq!(request(number), submit);
    }
    let report = ReportSmDeliveryStatusArg {
        msisdn: subscriber(),
        service_centre_address: centre(),
        sm_delivery_outcome: Some(SmDeliveryOutcome::AbsentSubscriber),
        ..ReportSmDeliveryStatusArg::default()
    };
    assert_eq!(request(10), Request::ReportSmDeliveryStatus(report.clone()));
    assert_eq!(request(60), Request::ReportSmDeliveryStatus(report.clone()));
    let absent = ReportSmDeliveryStatusArg { absent_subscriber_diagnostic_sm: Some(1), ..report.clone() };
    assert_eq!(request(110), Request::ReportSmDeliveryStatus(absent));
    let arrived = ReportSmDeliveryStatusArg {
        sm_delivery_outcome: Some(SmDeliveryOutcome::SuccessfulTransfer),
        ..report
    };
    assert_eq!(request(188), Request::ReportSmDeliveryStatus(arrived));
    let alert = AlertServiceCentreArg {
        msisdn: subscriber(),
        service_centre_address: centre(),
        ..AlertServiceCentreArg::default()
    };
    assert_eq!(request(216), Request::AlertServiceCentre(alert.clone()));
    assert_eq!(request(217), Request::AlertServiceCentre(alert));
    let mw_status = MwStatus { mnrf_set: true, mcef_set: true, ..MwStatus::default() };
    let inform = InformServiceCentreArg {
        stored_msisdn: Some(subscriber()),
        mw_status: Some(mw_status),
        ..InformServiceCentreArg::default()
    };
    assert_eq!(request(183), Request::InformServiceCentre(inform.clone()));
    assert_eq!(request(185), Request::InformServiceCentre(inform));
    assert!(
        mw_status.has_flag() && !MwStatus { sc_address_not_included: true, ..MwStatus::default() }.has_flag()
    );
}

#[test]
fn captured_results_decode_to_their_values() {
    let argument = request(6);
    let node = |digits| LocationInfoWithLmsi {
        network_node_number: AddressString::international(digits),
        ..LocationInfoWithLmsi::default()
    };
    let Response::SendRoutingInfoForSm(found) = response(7, &argument) else { panic!() };
    assert_eq!(found.imsi.digits(), "001014155551234");
    assert_eq!(found.location_info_with_lmsi, node("15550000008"));
    let expected = RoutingInfoForSmRes {
        imsi: found.imsi.clone(),
        location_info_with_lmsi: LocationInfoWithLmsi {
            lmsi: Some(Lmsi([1, 2, 3, 4])),
            ..node("15550000008")
        },
        ..RoutingInfoForSmRes::default()
    };
    assert_eq!(response(183, &argument), Response::SendRoutingInfoForSm(Box::new(expected.clone())));
    let sgsn = AddressString::international("15550000149");
    let both = LocationInfoWithLmsi {
        additional_number: Some(AdditionalNumber::Sgsn(sgsn)),
        ..expected.location_info_with_lmsi.clone()
    };
    let expected = RoutingInfoForSmRes { location_info_with_lmsi: both, ..expected };
    assert_eq!(response(185, &argument), Response::SendRoutingInfoForSm(Box::new(expected)));
    let forwarded = ForwardSmRes { sm_rp_ui: Some(signal("000000")) };
    assert_eq!(response(187, &request(186)), Response::MtForwardSm(forwarded));
    assert_eq!(response(109, &request(108)), Response::MtForwardSm(ForwardSmRes::default()));
    let stored = ReportSmDeliveryStatusRes { stored_msisdn: Some(subscriber()) };
    assert_eq!(response(189, &request(188)), Response::ReportSmDeliveryStatus(stored));
}

#[test]
fn captured_errors_decode_to_their_values() {
    for (numbers, expected) in [
        ([13, 63, 113], MapError::UnknownSubscriber(None)),
        ([17, 67, 117], MapError::FacilityNotSupported),
        ([21, 71, 121], MapError::CallBarred(CallBarred::default())),
        ([23, 73, 123], MapError::TeleserviceNotProvisioned),
        ([25, 75, 125], MapError::DataMissing),
        ([27, 77, 127], MapError::UnexpectedDataValue { unexpected_subscriber: false }),
        ([29, 79, 129], MapError::UnidentifiedSubscriber),
        ([35, 85, 135], MapError::SubscriberBusyForMtSms { gprs_connection_suspended: false }),
        ([37, 87, 137], MapError::IllegalSubscriber),
        ([39, 89, 139], MapError::IllegalEquipment),
        ([49, 99, 149], MapError::ResourceLimitation),
    ] {
        for number in numbers {
            assert_eq!(error(number), expected, "frame {number}");
        }
    }
    for number in [15, 31, 33, 65, 81, 83] {
        let absent = MapError::AbsentSubscriber { mwd_set: None, absent_subscriber_reason: None };
        assert_eq!(error(number), absent, "frame {number}");
    }
    for (number, diagnostic) in [(115, Some(1)), (131, Some(1)), (133, None)] {
        assert_eq!(error(number), MapError::absent(diagnostic), "frame {number}");
    }
    let failed = |network_resource| {
        MapError::SystemFailure(SystemFailure {
            network_resource: Some(network_resource),
            ..Default::default()
        })
    };
    for (numbers, resource) in
        [([19, 69, 119], NetworkResource::Plmn), ([47, 97, 147], NetworkResource::Pvlr)]
    {
        for number in numbers {
            assert_eq!(error(number), failed(resource), "frame {number}");
        }
    }
    let undelivered = |cause, tpdu: Option<&str>| {
        MapError::SmDeliveryFailure(SmDeliveryFailure {
            sm_enumerated_delivery_failure_cause: cause,
            diagnostic_info: tpdu.map(signal),
        })
    };
    for number in [43, 93, 143] {
        assert_eq!(error(number), undelivered(SmDeliveryFailureCause::MemoryCapacityExceeded, None));
    }
    for (number, tpdu) in [(45, None), (95, None), (145, Some("00d100"))] {
        assert_eq!(error(number), undelivered(SmDeliveryFailureCause::EquipmentProtocolError, tpdu));
    }
}

#[test]
fn parameters_of_older_versions_are_bare() {
    let barred = |cause| MapError::CallBarred(CallBarred { call_barring_cause: cause, ..Default::default() });
    let operator = barred(Some(CallBarringCause::OperatorBarring));
    assert_eq!(MapError::read(13, Some(&[0x0a, 1, 1])), operator);
    assert_eq!(MapError::read(13, Some(&[0x30, 3, 0x0a, 1, 1])), operator);
    assert_eq!(operator.write(Version::V2), Ok(Some(vec![0x0a, 1, 1])));
    assert_eq!(operator.write(Version::V3), Ok(Some(vec![0x30, 3, 0x0a, 1, 1])));

    let listed = MapError::AbsentSubscriber { mwd_set: Some(true), absent_subscriber_reason: None };
    assert_eq!(MapError::read(27, Some(&[0x01, 1, 0xff])), listed);
    assert_eq!(listed.write(Version::V1), Ok(Some(vec![0x01, 1, 0xff])));
    assert_eq!(listed.write(Version::V2), Ok(None));

    // Version 2 answers a report with a number, version 3 with a SEQUENCE.
    let report = request(60);
    let stored =
        Response::ReportSmDeliveryStatus(ReportSmDeliveryStatusRes { stored_msisdn: Some(subscriber()) });
    let bare = octets("0407914151551532f4");
    assert_eq!(Response::read(&report, Some(&bare)), Ok(stored.clone()));
    assert_eq!(stored.write(Version::V2), Ok(Some(bare)));
    assert_eq!(stored.write(Version::V1), Ok(None));

    // Version 1 allows a roaming number, and has mwd-Set in the result.
    let found = octets("301d040800014151551532f4a00c800791415155000000f882010001ff");
    let read = |octets: &[u8]| Response::read(&request(6), Some(octets));
    assert!(read(&found).is_err(), "an excess length");
    let found = octets("3018040800014151551532f4a0098007915155000000f88201ff");
    let Ok(Response::SendRoutingInfoForSm(res)) = read(&found) else { panic!() };
    assert!(res.location_info_with_lmsi.roaming_number && res.mwd_set == Some(true));
    assert_eq!(Response::SendRoutingInfoForSm(res).write(Version::V1), Ok(Some(found)));
}

#[test]
fn unknown_errors_are_kept_and_malformed_parameters_are_dropped() {
    let parameter = vec![0x30, 3, 0x80, 1, 7];
    let other = MapError::read(59, Some(&parameter));
    assert_eq!((other.code(Version::V3), other.write(Version::V3)), (59, Ok(Some(parameter))));
    for broken in [&[][..], &[0x30], &[0x30, 5, 1], &[0x04, 1, 1], &[0x30, 2, 0x0a, 0]] {
        assert_eq!(MapError::read(1, Some(broken)), MapError::UnknownSubscriber(None));
        assert_eq!(MapError::read(6, Some(broken)), MapError::absent(None));
        assert_eq!(MapError::read(34, Some(broken)), MapError::SystemFailure(SystemFailure::default()));
        assert!(matches!(MapError::read(32, Some(broken)), MapError::SmDeliveryFailure(_)));
    }
}

#[test]
fn every_form_of_length_is_read() {
    // Frame 188 with a length of two octets, an indefinite length, and a string in segments.
    let plain = request(188);
    for written in [
        "308200150407914151551532f40407915155000000f10a0102",
        "30800407914151551532f40407915155000000f10a01020000",
    ] {
        let read = Request::read(47, Some(Context::ShortMsgGateway), Version::V3, Some(&octets(written)));
        assert_eq!(read.as_ref(), Ok(&plain), "{written}");
    }
    let segments = "3019240b04039141510404551532f40407915155000000f10a0102";
    let read = Request::read(47, Some(Context::ShortMsgGateway), Version::V3, Some(&octets(segments)));
    assert_eq!(read, Ok(plain));
}
