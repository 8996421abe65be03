//! SMPP command_status values: those that the gateway sends, and the meaning of those it receives.

use smpp::Status;
use smsc::failure::{Failure, PeerCode, Verdict};
use smsc::rejection::Rejection;

/// The request succeeded.
pub(crate) const OK: Status = Status::ESME_ROK;
/// The store or the centre failed; the request may be repeated.
pub(crate) const SYSTEM_ERROR: Status = Status::ESME_RSYSERR;
/// A bind with wrong credentials, address or bind type, or a PDU other than a bind before it.
pub(crate) const BIND_FAILED: Status = Status::ESME_RBINDFAIL;
/// The account holds `binds_max` sessions already.
pub(crate) const TOO_MANY_BINDS: Status = Status::ESME_RALYBND;
/// A request that this session cannot serve.
pub(crate) const UNSUPPORTED_COMMAND: Status = Status::ESME_RINVCMDID;
/// cancel_sm without a message_id, or for a message that is not pending.
pub(crate) const CANCEL_FAILED: Status = Status::ESME_RCANCELFAIL;
/// query_sm or query_msg_details for a message that is not stored.
pub(crate) const QUERY_FAILED: Status = Status::ESME_RQUERYFAIL;
/// replace_sm for a message that is not pending or cannot get a new text.
pub(crate) const REPLACE_FAILED: Status = Status::ESME_RREPLACEFAIL;
/// submit_multi without any accepted destination.
pub(crate) const SUBMIT_FAILED: Status = Status::ESME_RSUBMITFAIL;
/// A message_id that this centre never assigned, or no account to look it up for.
pub(crate) const UNKNOWN_MESSAGE_ID: Status = Status::ESME_RINVMSGID;
/// A source address that cannot be represented.
pub(crate) const INVALID_SOURCE: Status = Status::ESME_RINVSRCADR;
/// A destination address that cannot be represented.
pub(crate) const INVALID_DESTINATION: Status = Status::ESME_RINVDSTADR;
/// submit_multi without destinations.
pub(crate) const INVALID_DESTINATION_COUNT: Status = Status::ESME_RINVNUMDESTS;
/// submit_multi to a distribution list; the centre has none.
pub(crate) const INVALID_DISTRIBUTION_LIST: Status = Status::ESME_RINVDLNAME;
/// query_last_msgs for zero messages.
pub(crate) const INVALID_MESSAGE_COUNT: Status = Status::ESME_RINVNUMMSGS;
/// param_retrieve of a parameter that does not exist.
pub(crate) const UNKNOWN_PARAMETER: Status = Status::ESME_RINVPARAM;
/// A data_coding that is reserved, or user data that does not follow it.
pub(crate) const INVALID_DATA_CODING: Status = Status::ESME_RINVDCS;
/// User data, or a header in it, of an impossible length.
pub(crate) const INVALID_LENGTH: Status = Status::ESME_RINVMSGLEN;
/// esm_class announces a user data header, but there is no user data.
pub(crate) const INVALID_ESM_CLASS: Status = Status::ESME_RINVESMCLASS;
/// A priority_flag above 3.
pub(crate) const INVALID_PRIORITY: Status = Status::ESME_RINVPRTFLG;
/// A replace_if_present_flag above 1.
pub(crate) const INVALID_REPLACE_FLAG: Status = Status::ESME_RINVREPFLAG;
/// sm_default_msg_id without user data; the centre has no predefined messages.
pub(crate) const INVALID_DEFAULT_MESSAGE: Status = Status::ESME_RINVDFTMSGID;
/// A service_type that is not text.
pub(crate) const INVALID_SERVICE_TYPE: Status = Status::ESME_RINVSERTYP;
/// A schedule_delivery_time that cannot be parsed.
pub(crate) const INVALID_SCHEDULE: Status = Status::ESME_RINVSCHED;
/// A validity_period that cannot be parsed.
pub(crate) const INVALID_VALIDITY: Status = Status::ESME_RINVEXPIRY;
/// Both short_message and message_payload carry user data (SMPP 3.4 §5.3.2.32).
pub(crate) const CONFLICTING_PAYLOAD: Status = Status::ESME_RTLVNOTALLWD;
/// The window of the session is full.
pub(crate) const THROTTLED: Status = Status::ESME_RTHROTTLED;
/// A receipt of another centre could not be stored; that centre may repeat it.
pub(crate) const RECEIPT_NOT_STORED: Status = Status::ESME_RX_T_APPN;

/// The status of a refused submit_sm, data_sm or submit_multi (SMPP 3.4 §5.1.3).
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

/// The status of a refused deliver_sm of another centre: temporary or permanent.
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

/// The failure that the status of a response to a delivery stands for; `None` for success.
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

/// Whether the status throttles the whole link and not one message alone.
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
        assert_eq!(verdict(Status(0x0000_0400)), Verdict::GiveUp, "a vendor code is a refusal");
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
