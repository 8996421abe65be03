//! SMPP's command_status in both directions: one table each, and nothing else.

use smpp::Status;
use smsc::failure::{Failure, PeerCode, Verdict};
use smsc::rejection::Rejection;

/// What a submitting ESME hears (SMPP 3.4 §5.1.3).
pub fn submit_status(rejection: &Rejection) -> Status {
    match rejection {
        Rejection::Source(_) => Status::ESME_RINVSRCADR,
        Rejection::Destination(_) | Rejection::NoRoute => Status::ESME_RINVDSTADR,
        Rejection::Header(_) | Rejection::TooLong(_) => Status::ESME_RINVMSGLEN,
        Rejection::DataCoding => Status::ESME_RINVDCS,
        Rejection::Validity(_) => Status::ESME_RINVEXPIRY,
        Rejection::Schedule(_) => Status::ESME_RINVSCHED,
        Rejection::Throttled | Rejection::Congested => Status::ESME_RTHROTTLED,
        Rejection::StoreClosed => Status::ESME_RMSGQFUL,
        Rejection::Forbidden(_) => Status::ESME_RPROHIBITED,
        Rejection::KeyReused => Status::ESME_RSUBMITFAIL,
        Rejection::DeliveryFailed(_) => Status::ESME_RDELIVERYFAILURE,
        _ => Status::ESME_RSYSERR,
    }
}

/// What another centre hears about a message that it delivers to us: try again, or do not.
pub fn deliver_status(rejection: &Rejection) -> Status {
    match rejection {
        Rejection::Throttled => Status::ESME_RTHROTTLED,
        rejection if rejection.is_temporary() => Status::ESME_RX_T_APPN,
        Rejection::Forbidden(_) => Status::ESME_RX_R_APPN,
        _ => Status::ESME_RX_P_APPN,
    }
}

/// The TLV delivery_failure_reason of a transactional message (SMPP 3.4 §5.3.2.33).
pub fn delivery_failure_reason(failure: &Failure) -> u8 {
    match failure {
        Failure::AbsentSubscriber { .. } | Failure::NoPeer => 0,
        Failure::UnknownSubscriber | Failure::NoRoute => 1,
        failure if failure.verdict() == Verdict::GiveUp => 2,
        _ => 3,
    }
}

/// What a peer's answer to a delivery means, or `None` if it took the message.
pub fn failure(status: Status) -> Option<Failure> {
    let code = PeerCode::CommandStatus(status.0);
    Some(match status {
        Status::ESME_ROK => return None,
        Status::ESME_RTHROTTLED => Failure::Throttled { retry_after: None },
        Status::ESME_RMSGQFUL => Failure::MemoryCapacityExceeded,
        Status::ESME_RX_T_APPN
        | Status::ESME_RSYSERR
        | Status::ESME_RINVBNDSTS
        | Status::ESME_RSUBMITFAIL
        | Status::ESME_RUNKNOWNERR
        | Status::ESME_RSERTYPUNAVAIL
        | Status::ESME_RINVCMDLEN => Failure::PeerFault(code),
        // The one attempt of the other centre; its own retry is over.
        Status::ESME_RDELIVERYFAILURE => Failure::PeerFault(code),
        Status::ESME_RINVDSTADR | Status::ESME_RINVDSTTON | Status::ESME_RINVDSTNPI => {
            Failure::UnknownSubscriber
        }
        Status::ESME_RPROHIBITED | Status::ESME_RSERTYPUNAUTH | Status::ESME_RSERTYPDENIED => Failure::Barred,
        Status::ESME_RINVDCS
        | Status::ESME_RINVMSGLEN
        | Status::ESME_RINVESMCLASS
        | Status::ESME_RINVCMDID => Failure::Unsupported,
        _ => Failure::Refused(code),
    })
}

/// Whether the peer asks the whole link to slow down, not one message to wait.
pub fn slows_link(status: Status) -> bool {
    matches!(status, Status::ESME_RTHROTTLED | Status::ESME_RMSGQFUL)
}

#[cfg(test)]
mod tests {
    use smsc::failure::RetryClass;

    use super::*;

    #[test]
    fn field_43_throttled_is_not_final() {
        let throttled = failure(Status::ESME_RTHROTTLED).unwrap();
        assert_eq!(throttled.verdict(), Verdict::RetryLater(RetryClass::Congestion));
        assert!(slows_link(Status::ESME_RTHROTTLED));
    }

    #[test]
    fn field_53_answers_to_deliver_sm() {
        let verdict = |status| failure(status).unwrap().verdict();
        assert_eq!(verdict(Status::ESME_RX_T_APPN), Verdict::RetryLater(RetryClass::Ordinary));
        assert_eq!(verdict(Status::ESME_RX_P_APPN), Verdict::GiveUp);
        assert_eq!(verdict(Status::ESME_RX_R_APPN), Verdict::GiveUp);
        assert_eq!(failure(Status::ESME_ROK), None);
        assert_eq!(verdict(Status(0x0000_0400)), Verdict::GiveUp, "a vendor's code is a refusal");
    }

    #[test]
    fn temporary_refusals_sound_temporary_and_permanent_ones_permanent() {
        let temporary = [Status::ESME_RTHROTTLED, Status::ESME_RMSGQFUL];
        for rejection in [Rejection::Throttled, Rejection::Congested, Rejection::StoreClosed] {
            assert!(temporary.contains(&submit_status(&rejection)), "{rejection}");
            let status = deliver_status(&rejection);
            assert!(matches!(failure(status).unwrap().verdict(), Verdict::RetryLater(_)), "{rejection}");
        }
        for rejection in [Rejection::NoRoute, Rejection::DataCoding, Rejection::TooLong("x")] {
            assert!(!temporary.contains(&submit_status(&rejection)), "{rejection}");
            assert_eq!(failure(deliver_status(&rejection)).unwrap().verdict(), Verdict::GiveUp);
        }
    }
}
