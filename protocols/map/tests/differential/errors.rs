//! Differential tests of the error parameters (TS 29.002 §17.7.7).

use codec::operations::errors;
use map::{AbsentSubscriberSm, CallBarred, MapError, SmDeliveryFailure, SystemFailure};

use super::agree_on_error;
use super::conversion::{flag, imsi, text, time};
use super::dice::Dice;

/// Every error that has a parameter, with random contents.
pub(crate) fn parameters(dice: &mut Dice) {
    absent_subscriber_sm(dice);
    call_barred(dice);
    system_failure(dice);
    sm_delivery_failure(dice);
    unknown_subscriber(dice);
    absent_subscriber(dice);
    flags();
}

fn absent_subscriber_sm(dice: &mut Dice) {
    let ours = AbsentSubscriberSm {
        absent_subscriber_diagnostic_sm: Some(dice.any()),
        additional_absent_subscriber_diagnostic_sm: dice.some(Dice::any),
        imsi: dice.some(Dice::imsi),
        requested_retransmission_time: dice.some(Dice::time),
        user_identifier_alert: dice.some(Dice::imsi),
    };
    let their = errors::AbsentSubscriberSmParam {
        absent_subscriber_diagnostic_sm: ours.absent_subscriber_diagnostic_sm.map(Into::into),
        extension_container: None,
        additional_absent_subscriber_diagnostic_sm: ours
            .additional_absent_subscriber_diagnostic_sm
            .map(Into::into),
        imsi: ours.imsi.as_ref().map(imsi),
        requested_retransmission_time: ours.requested_retransmission_time.map(time),
        user_identifier_alert: ours.user_identifier_alert.as_ref().map(imsi),
    };
    agree_on_error(&MapError::AbsentSubscriberSm(ours), &codec::encode(&their).unwrap());
}

fn call_barred(dice: &mut Dice) {
    let (value, first, second) = (dice.octet(2), dice.flag(), dice.flag());
    let ours = CallBarred {
        call_barring_cause: Some(value.into()),
        unauthorised_message_originator: first,
        anonymous_call_rejection: second,
    };
    let their = errors::ExtensibleCallBarredParam {
        call_barring_cause: Some(i64::from(value).into()),
        extension_container: None,
        unauthorised_message_originator: flag(first),
        anonymous_call_rejection: flag(second),
    };
    agree_on_error(&MapError::CallBarred(ours), &codec::encode(&their).unwrap());
}

fn system_failure(dice: &mut Dice) {
    let (value, first, second) =
        (dice.octet(8), dice.some(|dice| dice.octet(4)), dice.some(|dice| dice.octet(2)));
    let ours = SystemFailure {
        network_resource: Some(value.into()),
        additional_network_resource: first,
        failure_cause_param: second,
    };
    let their = errors::ExtensibleSystemFailureParam {
        network_resource: Some(i64::from(value).into()),
        extension_container: None,
        additional_network_resource: first.map(Into::into),
        failure_cause_param: second.map(Into::into),
    };
    agree_on_error(&MapError::SystemFailure(ours), &codec::encode(&their).unwrap());
}

fn sm_delivery_failure(dice: &mut Dice) {
    let (value, tpdu) = (dice.octet(2), dice.some(Dice::text));
    let their = errors::SmDeliveryFailureCause {
        sm_enumerated_delivery_failure_cause: match value {
            0 => errors::SmEnumeratedDeliveryFailureCause::MemoryCapacityExceeded,
            _ => errors::SmEnumeratedDeliveryFailureCause::EquipmentProtocolError,
        },
        diagnostic_info: tpdu.as_ref().map(text),
        extension_container: None,
    };
    let ours =
        SmDeliveryFailure { sm_enumerated_delivery_failure_cause: value.into(), diagnostic_info: tpdu };
    agree_on_error(&MapError::SmDeliveryFailure(ours), &codec::encode(&their).unwrap());
}

fn unknown_subscriber(dice: &mut Dice) {
    let value = dice.octet(3);
    let their = errors::UnknownSubscriberParam {
        extension_container: None,
        unknown_subscriber_diagnostic: Some(i64::from(value).into()),
    };
    agree_on_error(&MapError::UnknownSubscriber(Some(value.into())), &codec::encode(&their).unwrap());
}

fn absent_subscriber(dice: &mut Dice) {
    let value = dice.octet(6);
    let their = errors::AbsentSubscriberParam {
        extension_container: None,
        absent_subscriber_reason: Some(value.into()),
    };
    let ours = MapError::AbsentSubscriber { mwd_set: None, absent_subscriber_reason: Some(value.into()) };
    agree_on_error(&ours, &codec::encode(&their).unwrap());
}

fn flags() {
    let their =
        errors::SubBusyForMtSmsParam { extension_container: None, gprs_connection_suspended: Some(()) };
    let ours = MapError::SubscriberBusyForMtSms { gprs_connection_suspended: true };
    agree_on_error(&ours, &codec::encode(&their).unwrap());

    let their = errors::UnexpectedDataParam { extension_container: None, unexpected_subscriber: Some(()) };
    let ours = MapError::UnexpectedDataValue { unexpected_subscriber: true };
    agree_on_error(&ours, &codec::encode(&their).unwrap());
}
