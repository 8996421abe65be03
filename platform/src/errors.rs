//! What the API answers when it refuses, and which error number a failed message shows.
//!
//! Numbers and texts are those of Twilio's error dictionary, so that an application's own handling
//! keeps working. Three tables: [`Error`] for requests, `of_rejection` for what the centre refuses,
//! `of_receipt` for what the network reports later.

use smsc::failure::EXPIRED_NUMBER;
use smsc::receipt::State;
use smsc::rejection::Rejection;

use crate::error_numbers::{
    ACCOUNT_NOT_ACTIVE, ANSWER_TOO_LARGE, BAD_REQUEST, BODY_MISSING, BODY_NOT_CARRIED, BODY_TOO_LONG,
    CARRIER_CONGESTED, CARRIER_UNREACHABLE, CONTENT_TOO_LONG, FROM_MISSING, FROM_NOT_OWNED, HANDSET_UNKNOWN,
    HANDSET_UNREACHABLE, HTTP_BAD_HOST, HTTP_CONNECTION, HTTP_PROTOCOL, HTTP_REDIRECTS, INTERNAL,
    INVALID_CERTIFICATE, INVALID_FROM, INVALID_NUMBER, INVALID_PARAMETER, INVALID_STATUS_CALLBACK,
    INVALID_TO, INVALID_UPDATE, INVALID_URL, INVALID_VALIDITY, MEDIA_NOT_SUPPORTED, MESSAGE_BLOCKED,
    MESSAGE_FILTERED, METHOD_NOT_ALLOWED, NO_CONTENT_TEMPLATE, NO_MESSAGING_SERVICE, NOT_CANCELABLE,
    NOT_COMPLETE, NOT_FOUND, NUMBER_NOT_AVAILABLE, REGION_NOT_PERMITTED, REPLY_INVALID_BODY,
    REPLY_INVALID_FROM, REPLY_INVALID_TO, SCHEDULE_WITHOUT_SERVICE, SENDER_NOT_REGISTERED, TO_MISSING,
    TOO_LARGE, TOO_MANY_REQUESTS, UNAUTHENTICATED, UNAVAILABLE, UNKNOWN_ERROR, UNREACHABLE, VALIDITY_EXPIRED,
};
use crate::ports::{CallError, PlatformStoreError};

/// A refused request. Its text is what the application reads.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Account and token do not belong together.
    #[error("Authenticate")]
    Unauthenticated,
    /// The account of another caller.
    #[error("The account does not have the necessary permissions to access this resource")]
    Forbidden,
    /// The account may not do anything now.
    #[error("Account not active")]
    AccountNotActive,
    /// Nothing has this SID or path.
    #[error("The requested resource {0} was not found")]
    NotFound(String),
    /// The path knows other methods.
    #[error("Method not allowed")]
    MethodNotAllowed,
    /// The request cannot be read.
    #[error("Bad request: {0}")]
    BadRequest(String),
    /// A parameter has no value that can be read.
    #[error("Invalid parameter {0}")]
    InvalidParameter(&'static str),
    /// The list cannot be paged so.
    #[error("Invalid page request")]
    InvalidPage,
    /// The request is larger than it may be.
    #[error("Request entity too large")]
    TooLarge,
    /// The account or the whole platform goes too fast; the same request may be repeated.
    #[error("Too Many Requests")]
    TooManyRequests {
        /// Seconds to wait.
        retry_after_seconds: u32,
    },
    /// The fault is ours; the text goes to the log, not to the application.
    #[error("Internal Server Error")]
    Internal(String),
    /// Nothing can be kept now; the same request may be repeated.
    #[error("Service is unavailable")]
    Unavailable,

    /// `To` is missing.
    #[error("A 'To' phone number is required.")]
    ToMissing,
    /// `From` is missing, and no Messaging Service stands in.
    #[error("A 'From' phone number is required.")]
    FromMissing,
    /// There is nothing to send.
    #[error("Message body is required.")]
    BodyMissing,
    /// `To` is no number.
    #[error("Invalid 'To' Phone Number: {0}")]
    InvalidTo(String),
    /// `From` is neither a number nor a name.
    #[error("Invalid 'From' Phone Number/Short Code: {0}")]
    InvalidFrom(String),
    /// `From` belongs to another account, or to none.
    #[error(
        "The 'From' phone number {0} is not a valid, SMS-capable inbound phone number or short code for your account."
    )]
    FromNotOwned(String),
    /// No route leads to the number.
    #[error("The 'To' phone number {0} is not currently reachable using the 'From' phone number via SMS.")]
    Unreachable(String),
    /// A policy of the operator forbids the destination.
    #[error(
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {0}"
    )]
    RegionNotPermitted(String),
    /// The body is longer than the platform takes.
    #[error("The concatenated message body exceeds the 1600 character limit.")]
    BodyTooLong,
    /// The body with its header does not fit, or cannot be carried in the coding asked for.
    #[error("The message body cannot be carried: {0}")]
    BodyNotCarried(&'static str),
    /// The status callback is no URL that can be called.
    #[error("The StatusCallback URL {0} is not a valid URL.")]
    InvalidStatusCallback(String),
    /// ValidityPeriod is outside 1 to 36,000 seconds.
    #[error("Invalid ValidityPeriod: it must be between 1 and 36000 seconds.")]
    InvalidValidity,
    /// There is no such Messaging Service.
    #[error("The Messaging Service resource does not exist.")]
    NoSuchMessagingService,
    /// Media cannot be sent.
    #[error("MMS has not been enabled for your account.")]
    MediaNotSupported,
    /// There is no such content template.
    #[error("The ContentSid is Invalid.")]
    NoSuchContent,
    /// Only a Messaging Service schedules.
    #[error("MessagingServiceSid is required to schedule a message.")]
    ScheduleWithoutService,
    /// The message is on its way and cannot be deleted or emptied yet.
    #[error("Cannot {0} message because delivery is not complete.")]
    NotComplete(&'static str),
    /// The message is past cancelling.
    #[error("Message is not in a cancelable state.")]
    NotCancelable,
    /// An update of a message asks for something else than emptying or cancelling it.
    #[error("An update takes either an empty Body or Status=canceled.")]
    InvalidUpdate,
    /// A text that is not a phone number.
    #[error("The phone number {0} is not valid.")]
    InvalidNumber(String),
    /// A number that this account cannot have.
    #[error("The phone number {0} is not available.")]
    NumberNotAvailable(String),
}

impl Error {
    /// HTTP status and error number.
    pub fn numbers(&self) -> (u16, u32) {
        match self {
            Self::Unauthenticated => (401, UNAUTHENTICATED),
            Self::Forbidden => (403, UNAUTHENTICATED),
            Self::AccountNotActive => (403, ACCOUNT_NOT_ACTIVE),
            Self::NotFound(_) => (404, NOT_FOUND),
            Self::MethodNotAllowed => (405, METHOD_NOT_ALLOWED),
            Self::BadRequest(_) => (400, BAD_REQUEST),
            Self::InvalidParameter(_) => (400, INVALID_PARAMETER),
            Self::InvalidPage => (400, BAD_REQUEST),
            Self::TooLarge => (413, TOO_LARGE),
            Self::TooManyRequests { .. } => (429, TOO_MANY_REQUESTS),
            Self::Internal(_) => (500, INTERNAL),
            Self::Unavailable => (503, UNAVAILABLE),
            Self::ToMissing => (400, TO_MISSING),
            Self::FromMissing => (400, FROM_MISSING),
            Self::BodyMissing => (400, BODY_MISSING),
            Self::InvalidTo(_) => (400, INVALID_TO),
            Self::InvalidFrom(_) => (400, INVALID_FROM),
            Self::FromNotOwned(_) => (400, FROM_NOT_OWNED),
            Self::Unreachable(_) => (400, UNREACHABLE),
            Self::RegionNotPermitted(_) => (400, REGION_NOT_PERMITTED),
            Self::BodyTooLong => (400, BODY_TOO_LONG),
            Self::BodyNotCarried(_) => (400, BODY_NOT_CARRIED),
            Self::InvalidStatusCallback(_) => (400, INVALID_STATUS_CALLBACK),
            Self::InvalidValidity => (400, INVALID_VALIDITY),
            Self::NoSuchMessagingService => (400, NO_MESSAGING_SERVICE),
            Self::MediaNotSupported => (400, MEDIA_NOT_SUPPORTED),
            Self::NoSuchContent => (400, NO_CONTENT_TEMPLATE),
            Self::ScheduleWithoutService => (400, SCHEDULE_WITHOUT_SERVICE),
            Self::NotComplete(_) => (409, NOT_COMPLETE),
            Self::NotCancelable => (409, NOT_CANCELABLE),
            Self::InvalidUpdate => (400, INVALID_UPDATE),
            Self::InvalidNumber(_) => (400, INVALID_NUMBER),
            Self::NumberNotAvailable(_) => (400, NUMBER_NOT_AVAILABLE),
        }
    }

    /// What the centre's refusal of a route means to the application.
    pub(crate) fn of_check(rejection: &Rejection, from: &str, to: &str) -> Self {
        match rejection {
            Rejection::Destination(_) => Self::InvalidTo(masked(to)),
            Rejection::Source(_) => Self::InvalidFrom(masked(from)),
            Rejection::Forbidden(_) => Self::RegionNotPermitted(masked(to)),
            Rejection::Throttled => Self::TooManyRequests { retry_after_seconds: 1 },
            Rejection::Congested | Rejection::StoreClosed => Self::Unavailable,
            _ => Self::Unreachable(masked(to)),
        }
    }
}

impl From<PlatformStoreError> for Error {
    fn from(error: PlatformStoreError) -> Self {
        match error {
            PlatformStoreError::Busy => Self::Unavailable,
            PlatformStoreError::Failed(_) | PlatformStoreError::Damaged(_) => {
                Self::Internal(error.to_string())
            }
        }
    }
}

/// Characters of a wrong number that an answer repeats.
const SHOWN_MAX: usize = 32;

/// A number as an answer may show it: the last four digits hidden.
pub(crate) fn masked(number: &str) -> String {
    let total = number.chars().count();
    let shown = total.saturating_sub(4);
    number.chars().take(shown.min(SHOWN_MAX)).chain((shown..total).map(|_| 'X')).collect()
}

/// The error number of a message that the centre refused, or `None` if it may take it later.
pub(crate) fn of_rejection(rejection: &Rejection) -> Option<u32> {
    if rejection.is_temporary() {
        return None;
    }
    Some(match rejection {
        Rejection::Destination(_) => HANDSET_UNKNOWN,
        Rejection::NoRoute => CARRIER_UNREACHABLE,
        Rejection::TooLong(_) => CONTENT_TOO_LONG,
        Rejection::Validity(_) => VALIDITY_EXPIRED,
        Rejection::Forbidden(_) => MESSAGE_FILTERED,
        Rejection::Source(_) => SENDER_NOT_REGISTERED,
        _ => UNKNOWN_ERROR,
    })
}

/// The error number of a message that was not delivered, from the state in its receipt and the
/// reference system's error number (`err:`).
pub(crate) fn of_receipt(state: State, number: u8, own_validity: bool) -> u32 {
    if state == State::Expired || number == EXPIRED_NUMBER {
        return if own_validity { VALIDITY_EXPIRED } else { HANDSET_UNREACHABLE };
    }
    match number {
        1 => HANDSET_UNKNOWN,               // unknown subscriber
        8 | 11 | 27 => HANDSET_UNREACHABLE, // absent, memory full, switched off
        5 | 9 | 13 => MESSAGE_BLOCKED,      // barred, illegal subscriber, call barred
        7 | 21 => CARRIER_UNREACHABLE,      // the phone or its network cannot take such messages
        194 => CARRIER_CONGESTED,           // no peer took it
        _ if state == State::Rejected => MESSAGE_FILTERED,
        _ => UNKNOWN_ERROR,
    }
}

/// The error number that an application's log shows for a webhook that failed.
pub(crate) fn of_call(error: CallError) -> u32 {
    match error {
        CallError::BadUrl => INVALID_URL,
        CallError::BadHost => HTTP_BAD_HOST,
        CallError::Connect | CallError::Timeout => HTTP_CONNECTION,
        CallError::Tls => INVALID_CERTIFICATE,
        CallError::Protocol => HTTP_PROTOCOL,
        CallError::Redirects => HTTP_REDIRECTS,
        CallError::TooLong => ANSWER_TOO_LARGE,
    }
}

/// The error number of a reply in TwiML that was refused.
pub(crate) fn of_reply(refused: &Error) -> u32 {
    match refused {
        Error::InvalidTo(_) | Error::Unreachable(_) | Error::RegionNotPermitted(_) => REPLY_INVALID_TO,
        Error::InvalidFrom(_) | Error::FromNotOwned(_) => REPLY_INVALID_FROM,
        Error::BodyMissing | Error::BodyTooLong | Error::BodyNotCarried(_) | Error::MediaNotSupported => {
            REPLY_INVALID_BODY
        }
        _ => refused.numbers().1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_an_answer_hides_its_end() {
        assert_eq!(masked("+4915112345678"), "+491511234XXXX");
        assert_eq!(masked("12"), "XX");
        assert_eq!(masked(&"9".repeat(500)).len(), 36);
    }

    #[test]
    fn receipts_read_as_the_dictionary_says() {
        assert_eq!(of_receipt(State::Undeliverable, 1, false), 30005);
        assert_eq!(of_receipt(State::Undeliverable, 8, false), 30003);
        assert_eq!(of_receipt(State::Expired, 0, false), 30003);
        assert_eq!(of_receipt(State::Expired, EXPIRED_NUMBER, true), 30036);
        assert_eq!(of_receipt(State::Rejected, 0, false), 30007);
        assert_eq!(of_receipt(State::Unknown, 0, false), 30008);
    }

    #[test]
    fn a_congested_centre_fails_no_message() {
        for rejection in [Rejection::Throttled, Rejection::Congested, Rejection::StoreClosed] {
            assert_eq!(of_rejection(&rejection), None);
        }
        assert_eq!(of_rejection(&Rejection::NoRoute), Some(30006));
    }
}
