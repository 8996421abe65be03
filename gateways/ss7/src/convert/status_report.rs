//! A receipt to a phone: SMS-STATUS-REPORT (TS 23.040 §9.2.2.3).

use sms::status::Status;
use sms::tpdu::{Parameters, StatusReport};
use smsc::failure::Failure;
use smsc::message::Message;
use smsc::optional;
use smsc::receipt::{Receipt, State};

use super::{address, timestamp};

/// The SMS-STATUS-REPORT on the outcome of a phone's message. The receipt travels from the message's
/// destination to the phone, with the phone's own TP-MR beside it.
///
/// # Errors
/// [`Failure::Unsupported`] if the destination fits into no TP address.
pub(super) fn of(message: &Message, receipt: &Receipt, zone_quarters: i8) -> Result<StatusReport, Failure> {
    let reference = optional::message_reference(&message.optional).unwrap_or_default();
    let [_, message_reference] = reference.to_be_bytes();
    Ok(StatusReport {
        answers_command: optional::answers_command(&message.optional),
        more_messages: false,
        loop_prevention: false,
        message_reference,
        recipient: address::outward(&message.source)?,
        timestamp: timestamp::stamp(receipt.submitted_at, zone_quarters)?,
        discharge_time: timestamp::stamp(receipt.done_at, zone_quarters)?,
        status: status(receipt),
        parameters: Parameters::default(),
    })
}

/// TP-ST (TS 23.040 §9.2.3.15): the state, and where it is a failure, why.
fn status(receipt: &Receipt) -> Status {
    match (receipt.state, receipt.error) {
        (State::Delivered, _) => Status::RECEIVED,
        (State::Accepted, _) => Status::FORWARDED,
        (State::Scheduled | State::Enroute, BUSY) => Status::TRYING_BUSY,
        (State::Scheduled | State::Enroute, ABSENT | MEMORY_FULL) => Status::TRYING_NO_RESPONSE,
        (State::Scheduled | State::Enroute, _) => Status::TRYING_CONGESTION,
        (State::Expired, _) => Status::VALIDITY_PERIOD_EXPIRED,
        (State::Deleted, _) => Status::DELETED_BY_ORIGINATOR,
        (State::Unknown, _) => Status::NO_RESPONSE,
        (_, UNKNOWN | UNIDENTIFIED) => Status::NOT_OBTAINABLE,
        (_, BUSY) => Status::BUSY,
        (_, ABSENT | MEMORY_FULL) => Status::NO_RESPONSE,
        (_, NOT_SUPPORTED | TELESERVICE) => Status::INCOMPATIBLE_DESTINATION,
        (State::Rejected, _) | (_, BARRED) => Status::CONNECTION_REJECTED,
        (State::Undeliverable, _) => Status::REMOTE_PROCEDURE_ERROR,
    }
}

// The reference system's error numbers, as receipts carry them.
const UNKNOWN: u8 = 1;
const UNIDENTIFIED: u8 = 2;
const TELESERVICE: u8 = 4;
const BARRED: u8 = 5;
const NOT_SUPPORTED: u8 = 7;
const ABSENT: u8 = 8;
const MEMORY_FULL: u8 = 11;
const BUSY: u8 = 23;

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use sms::status::StatusClass;
    use smsc::ids::MessageId;
    use smsc::timestamp::Timestamp;

    fn receipt(state: State, error: u8) -> Receipt {
        Receipt {
            about: MessageId::from_u64(1),
            state,
            error,
            submitted_at: Timestamp::default(),
            done_at: Timestamp::default(),
            excerpt: Bytes::new(),
            excerpt_coding: 0,
            client_key: None,
        }
    }

    #[test]
    fn field_22_the_class_of_the_status_says_whether_the_centre_still_tries() {
        for state in State::ALL {
            let class = status(&receipt(state, 0)).class();
            let expected = match state {
                State::Delivered | State::Accepted => StatusClass::Completed,
                State::Scheduled | State::Enroute => StatusClass::StillTrying,
                State::Unknown => StatusClass::GaveUp,
                _ => StatusClass::Permanent,
            };
            assert_eq!(class, expected, "{state:?}");
        }
    }

    #[test]
    fn the_reason_of_a_failure_is_told() {
        let failed = |error| status(&receipt(State::Undeliverable, error));
        assert_eq!(failed(UNKNOWN), Status::NOT_OBTAINABLE);
        assert_eq!(failed(BUSY), Status::BUSY);
        assert_eq!(failed(ABSENT), Status::NO_RESPONSE);
        assert_eq!(failed(12), Status::REMOTE_PROCEDURE_ERROR);
        assert_eq!(status(&receipt(State::Rejected, 5)), Status::CONNECTION_REJECTED);
    }
}
