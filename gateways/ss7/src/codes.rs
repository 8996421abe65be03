//! MAP errors in both directions: the failure of an MT message for each, and the error that refuses an
//! MO message.

use bytes::Bytes;
use map::{
    AbsentSubscriberSm, MapError, Screening, SignalInfo, SmDeliveryFailure, SmDeliveryFailureCause,
    SystemFailure,
};
use sms::status::FailureCause;
use sms::timestamp::Timestamp;
use sms::tpdu::{DeliverReport, SubmitReport};
use smsc::failure::{Failure, PeerCode};
use smsc::rejection::Rejection;

use crate::config::{Action, ActionRule, Phase};

/// What errors mean: the operator's exceptions before the usual.
#[derive(Debug, Default)]
pub(crate) struct Actions(Vec<ActionRule>);

impl Actions {
    pub(crate) fn new(rules: &[ActionRule]) -> Self {
        Self(rules.to_vec())
    }

    /// What is done about `error` in `phase`.
    pub(crate) fn of(&self, error: &MapError, phase: Phase) -> Action {
        let rule = self.0.iter().find(|rule| fits(rule, error, phase));
        rule.map_or_else(|| usual(error, phase), |rule| rule.action)
    }
}

fn fits(rule: &ActionRule, error: &MapError, phase: Phase) -> bool {
    let (cause, failure_cause) = match error {
        MapError::SmDeliveryFailure(failure) => {
            (Some(failure.sm_enumerated_delivery_failure_cause.value()), failure_cause(failure))
        }
        _ => (None, None),
    };
    u8::try_from(code(error)) == Ok(rule.error)
        && rule.phase.is_none_or(|wanted| wanted == phase)
        && rule.cause.is_none_or(|wanted| cause == Some(wanted))
        && rule.failure_cause.is_none_or(|wanted| failure_cause == Some(wanted))
}

/// The usual (TS 23.040 §3.3, TS 29.002 §17.6.6): what a later attempt may mend is temporary.
fn usual(error: &MapError, phase: Phase) -> Action {
    match error {
        MapError::AbsentSubscriberSm(_) | MapError::AbsentSubscriber { .. } => Action::Absent,
        MapError::SubscriberBusyForMtSms { .. } => Action::Busy,
        MapError::UnidentifiedSubscriber if phase == Phase::Forwarding => Action::AskAgain,
        MapError::SmDeliveryFailure(failure) => match failure.sm_enumerated_delivery_failure_cause {
            SmDeliveryFailureCause::MemoryCapacityExceeded => Action::MemoryFull,
            SmDeliveryFailureCause::EquipmentProtocolError | SmDeliveryFailureCause::ScCongestion => {
                Action::Temporary
            }
            _ => Action::Permanent,
        },
        MapError::UnknownSubscriber(_)
        | MapError::UnidentifiedSubscriber
        | MapError::IllegalSubscriber
        | MapError::TeleserviceNotProvisioned
        | MapError::IllegalEquipment
        | MapError::CallBarred(_)
        | MapError::FacilityNotSupported
        | MapError::DataMissing
        | MapError::UnexpectedDataValue { .. } => Action::Permanent,
        // Overload, restarts, and what no standard names: giving up would lose messages.
        _ => Action::Temporary,
    }
}

/// The failure of a message after `error` leads to `action`.
pub(crate) fn failure(error: &MapError, action: Action) -> Failure {
    let code = PeerCode::MapError(u8::try_from(code(error)).unwrap_or(u8::MAX));
    match (action, error) {
        (Action::Absent, _) => Failure::AbsentSubscriber { diagnostic: diagnostic(error) },
        (Action::MemoryFull, _) => Failure::MemoryCapacityExceeded,
        (Action::Busy, _) => Failure::SubscriberBusy,
        (Action::Temporary, _) => Failure::PeerFault(code),
        (Action::Permanent | Action::AskAgain, MapError::UnknownSubscriber(_)) => Failure::UnknownSubscriber,
        (Action::Permanent | Action::AskAgain, _) => Failure::Refused(code),
    }
}

/// The failure of a message after its dialogue ended without an answer. Each is temporary: the peer
/// was overloaded, restarted, or used another version.
pub(crate) fn dialogue_failure(failure: &map::Failure) -> Failure {
    match failure {
        map::Failure::User(error) => self::failure(error, usual(error, Phase::Forwarding)),
        map::Failure::ProviderAbort(tcap::PAbortCause::ResourceLimitation) => {
            Failure::Throttled { retry_after: None }
        }
        map::Failure::ProviderAbort(_) => Failure::PeerFault(PeerCode::MapDialogue("aborted by the network")),
        map::Failure::UserAbort(_) => Failure::PeerFault(PeerCode::MapDialogue("aborted by the node")),
        map::Failure::Rejected(_) => Failure::PeerFault(PeerCode::MapDialogue("rejected")),
        map::Failure::Undelivered(cause) => Failure::PeerFault(PeerCode::SccpReturn(*cause)),
        map::Failure::Timeout => Failure::Timeout,
        map::Failure::VersionUnsupported => {
            Failure::PeerFault(PeerCode::MapDialogue("without a common version"))
        }
        map::Failure::ClosedEarly => Failure::PeerFault(PeerCode::MapDialogue("closed without an answer")),
    }
}

/// The failure of a message after its request could not be sent.
pub(crate) fn not_sent(error: map::Error) -> Failure {
    match error {
        map::Error::TooMany => Failure::Throttled { retry_after: None },
        map::Error::Unwritable(_) => Failure::Unsupported,
        _ => Failure::PeerFault(PeerCode::MapDialogue("not open")),
    }
}

/// The error for a phone after the centre refused its message (TS 23.040 §9.2.2.2a, TS 24.011 §8.2.5.4).
pub(crate) fn refusal(rejection: &Rejection, now: Timestamp) -> MapError {
    use SmDeliveryFailureCause as Cause;
    match rejection {
        Rejection::NoRoute | Rejection::Destination(_) => {
            delivery_failure(Cause::InvalidSmeAddress, FailureCause::INVALID_SME_ADDRESS, now)
        }
        Rejection::Source(_) | Rejection::Forbidden(_) => {
            delivery_failure(Cause::SubscriberNotScSubscriber, FailureCause::NO_SC_SUBSCRIPTION, now)
        }
        Rejection::Throttled | Rejection::Congested => {
            delivery_failure(Cause::ScCongestion, FailureCause::SC_BUSY, now)
        }
        Rejection::DataCoding => {
            delivery_failure(Cause::EquipmentProtocolError, FailureCause::UNSPECIFIED_DCS, now)
        }
        Rejection::Validity(_) | Rejection::Schedule(_) => {
            delivery_failure(Cause::EquipmentProtocolError, FailureCause::VP_NOT_SUPPORTED, now)
        }
        Rejection::KeyReused => delivery_failure(Cause::EquipmentProtocolError, FailureCause::DUPLICATE, now),
        Rejection::Header(_) | Rejection::TooLong(_) => unexpected_data(),
        _ => MapError::SystemFailure(SystemFailure::default()),
    }
}

/// sm-DeliveryFailure with an SMS-SUBMIT-REPORT that carries the cause.
pub(crate) fn delivery_failure(
    cause: SmDeliveryFailureCause,
    failure_cause: FailureCause,
    now: Timestamp,
) -> MapError {
    let report =
        SubmitReport { failure_cause: Some(failure_cause), timestamp: now, ..SubmitReport::default() };
    MapError::SmDeliveryFailure(SmDeliveryFailure {
        sm_enumerated_delivery_failure_cause: cause,
        diagnostic_info: report.encode().ok().map(|octets| SignalInfo(Bytes::from(octets))),
    })
}

/// unexpectedDataValue.
pub(crate) const fn unexpected_data() -> MapError {
    MapError::UnexpectedDataValue { unexpected_subscriber: false }
}

/// The counter of a request that MAP screening refused.
pub(crate) const fn screening(why: Screening) -> &'static str {
    match why {
        Screening::Operation(_) | Screening::GlobalOperation => "screened_operation",
        Screening::SeveralComponents | Screening::NoComponent => "screened_components",
        Screening::Context | Screening::Version(_) => "screened_context",
        Screening::Message(tcap::Refusal::TableFull) => "peer_dialogues_full",
        Screening::Mistyped(_) => "screened_argument",
        _ => "screened_other",
    }
}

/// The absent subscriber diagnostic, which only version 3 has.
pub(crate) fn diagnostic(error: &MapError) -> Option<u8> {
    match error {
        MapError::AbsentSubscriberSm(AbsentSubscriberSm { absent_subscriber_diagnostic_sm, .. }) => {
            *absent_subscriber_diagnostic_sm
        }
        _ => None,
    }
}

/// A time stamp of our own, for reports that phones hardly ever show.
pub(crate) fn report_timestamp(now: smsc::timestamp::Timestamp) -> Timestamp {
    let seconds = i64::try_from(now.seconds()).unwrap_or(i64::MAX);
    Timestamp::from_unix(seconds, 0).unwrap_or_default()
}

/// systemFailure.
pub(crate) fn system_failure() -> MapError {
    MapError::SystemFailure(SystemFailure::default())
}

/// Code 6 and 27 are one error in two versions.
fn code(error: &MapError) -> i64 {
    error.code(map::Version::V3)
}

/// TP-FCS of the report that a phone sent with its refusal.
fn failure_cause(failure: &SmDeliveryFailure) -> Option<u8> {
    let octets = &failure.diagnostic_info.as_ref()?.0;
    DeliverReport::decode_in_error(octets).ok()?.failure_cause.map(|cause| cause.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use smsc::failure::{RetryClass, Verdict};

    fn verdict(error: &MapError, phase: Phase) -> Verdict {
        failure(error, Actions::default().of(error, phase)).verdict()
    }

    fn full() -> MapError {
        delivery_failure(
            SmDeliveryFailureCause::MemoryCapacityExceeded,
            FailureCause::MEMORY_CAPACITY_EXCEEDED,
            Timestamp::default(),
        )
    }

    #[test]
    fn field_54_each_cause_has_its_own_plan() {
        let forwarding = |error: &MapError| verdict(error, Phase::Forwarding);
        let absent = Verdict::RetryLater(RetryClass::Absent);
        assert_eq!(forwarding(&MapError::absent(Some(1))), absent);
        assert_eq!(forwarding(&full()), absent);
        let busy = MapError::SubscriberBusyForMtSms { gprs_connection_suspended: false };
        assert_eq!(forwarding(&busy), Verdict::RetryLater(RetryClass::Busy));
        let ordinary = Verdict::RetryLater(RetryClass::Ordinary);
        assert_eq!(forwarding(&MapError::SystemFailure(SystemFailure::default())), ordinary);
        assert_eq!(forwarding(&MapError::Other { code: 99, parameter: None }), ordinary);
        for error in [MapError::IllegalSubscriber, MapError::IllegalEquipment, MapError::FacilityNotSupported]
        {
            assert_eq!(forwarding(&error), Verdict::GiveUp, "{error:?}");
        }
        assert_eq!(verdict(&MapError::UnknownSubscriber(None), Phase::Routing), Verdict::GiveUp);
    }

    #[test]
    fn a_phone_that_has_moved_is_looked_for_again() {
        let actions = Actions::default();
        let error = MapError::UnidentifiedSubscriber;
        assert_eq!(actions.of(&error, Phase::Forwarding), Action::AskAgain);
        assert_eq!(actions.of(&error, Phase::Routing), Action::Permanent);
    }

    #[test]
    fn an_operator_may_see_it_otherwise() {
        let rule = ActionRule {
            error: 32,
            phase: Some(Phase::Forwarding),
            cause: None,
            failure_cause: Some(FailureCause::SIM_STORAGE_FULL.0),
            action: Action::Permanent,
        };
        let actions = Actions::new(&[rule]);
        assert_eq!(actions.of(&full(), Phase::Forwarding), Action::MemoryFull, "another failure cause");
        let any = Actions::new(&[ActionRule { failure_cause: None, cause: Some(0), ..rule }]);
        assert_eq!(any.of(&full(), Phase::Forwarding), Action::Permanent);
    }

    #[test]
    fn a_dialogue_that_ends_without_an_answer_never_ends_a_message() {
        let endings = [
            map::Failure::ProviderAbort(tcap::PAbortCause::UnrecognizedTransactionId),
            map::Failure::UserAbort(tcap::AbortReason::Plain),
            map::Failure::Undelivered(5),
            map::Failure::Timeout,
            map::Failure::VersionUnsupported,
            map::Failure::ClosedEarly,
        ];
        for ending in endings {
            let verdict = dialogue_failure(&ending).verdict();
            assert_eq!(verdict, Verdict::RetryLater(RetryClass::Ordinary), "{ending:?}");
        }
        let overloaded = map::Failure::ProviderAbort(tcap::PAbortCause::ResourceLimitation);
        assert_eq!(dialogue_failure(&overloaded).verdict(), Verdict::RetryLater(RetryClass::Congestion));
    }

    #[test]
    fn a_refused_phone_is_told_why() {
        let now = Timestamp::from_unix(1_731_441_480, 0).unwrap();
        let MapError::SmDeliveryFailure(told) = refusal(&Rejection::NoRoute, now) else { panic!() };
        assert_eq!(told.sm_enumerated_delivery_failure_cause, SmDeliveryFailureCause::InvalidSmeAddress);
        let report = SubmitReport::decode_in_error(&told.diagnostic_info.unwrap().0).unwrap();
        assert_eq!(report.failure_cause, Some(FailureCause::INVALID_SME_ADDRESS));
        assert_eq!(report.timestamp, now);
        // R4: a full disk is a failure of the system, and no fault of the phone.
        assert_eq!(refusal(&Rejection::StoreClosed, now).code(map::Version::V3), 34);
    }
}
