//! What the API answers when it refuses, and which error number a failed message shows.
//!
//! Numbers and texts are those of Twilio's error dictionary, so that an application's own handling
//! keeps working. Three tables: [`Error`] for requests, `of_rejection` for what the centre refuses,
//! `of_receipt` for what the network reports later.

use smsc::failure::EXPIRED_NUMBER;
use smsc::receipt::State;
use smsc::rejection::Rejection;

use crate::ports::{CallError, PlatformStoreError};

/// A refused request. Its text is what the application reads.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Account and token do not belong together.
    #[error("Authenticate")]
    Unauthenticated,
    /// Somebody else's account.
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
    /// `From` belongs to somebody else, or to nobody.
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
    /// A number that nobody could own.
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
            Self::Unauthenticated => (401, 20003),
            Self::Forbidden => (403, 20003),
            Self::AccountNotActive => (403, 20005),
            Self::NotFound(_) => (404, 20404),
            Self::MethodNotAllowed => (405, 20004),
            Self::BadRequest(_) => (400, 20001),
            Self::InvalidParameter(_) => (400, 20422),
            Self::InvalidPage => (400, 20001),
            Self::TooLarge => (413, 20413),
            Self::TooManyRequests { .. } => (429, 20429),
            Self::Internal(_) => (500, 20500),
            Self::Unavailable => (503, 20503),
            Self::ToMissing => (400, 21604),
            Self::FromMissing => (400, 21603),
            Self::BodyMissing => (400, 21602),
            Self::InvalidTo(_) => (400, 21211),
            Self::InvalidFrom(_) => (400, 21212),
            Self::FromNotOwned(_) => (400, 21606),
            Self::Unreachable(_) => (400, 21612),
            Self::RegionNotPermitted(_) => (400, 21408),
            Self::BodyTooLong => (400, 21617),
            Self::BodyNotCarried(_) => (400, 21658),
            Self::InvalidStatusCallback(_) => (400, 21609),
            Self::InvalidValidity => (400, 21624),
            Self::NoSuchMessagingService => (400, 21701),
            Self::MediaNotSupported => (400, 21622),
            Self::NoSuchContent => (400, 21655),
            Self::ScheduleWithoutService => (400, 35118),
            Self::NotComplete(_) => (409, 20009),
            Self::NotCancelable => (409, 30409),
            Self::InvalidUpdate => (400, 30400),
            Self::InvalidNumber(_) => (400, 21421),
            Self::NumberNotAvailable(_) => (400, 21422),
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
        Rejection::Destination(_) => 30005,
        Rejection::NoRoute => 30006,
        Rejection::TooLong(_) => 30019,
        Rejection::Validity(_) => VALIDITY_EXPIRED,
        Rejection::Forbidden(_) => 30007,
        Rejection::Source(_) => 30018,
        _ => UNKNOWN_ERROR,
    })
}

/// The error number of a message that was not delivered, from the state in its receipt and the
/// reference system's error number (`err:`).
pub(crate) fn of_receipt(state: State, number: u8, own_validity: bool) -> u32 {
    if state == State::Expired || number == EXPIRED_NUMBER {
        return if own_validity { VALIDITY_EXPIRED } else { 30003 };
    }
    match number {
        1 => 30005,           // unknown subscriber
        8 | 11 | 27 => 30003, // absent, memory full, switched off
        5 | 9 | 13 => 30004,  // barred, illegal subscriber, call barred
        7 | 21 => 30006,      // the phone or its network cannot take such messages
        194 => 30017,         // no peer took it
        _ if state == State::Rejected => 30007,
        _ => UNKNOWN_ERROR,
    }
}

/// The error number that an application's log shows for a webhook that failed.
pub(crate) fn of_call(error: CallError) -> u32 {
    match error {
        CallError::BadUrl => 11100,
        CallError::BadHost => 11210,
        CallError::Connect | CallError::Timeout => 11205,
        CallError::Tls => 11237,
        CallError::Protocol => 11206,
        CallError::Redirects => 11215,
        CallError::TooLong => 11750,
    }
}

/// The error number of a reply in TwiML that was refused.
pub(crate) fn of_reply(refused: &Error) -> u32 {
    match refused {
        Error::InvalidTo(_) | Error::Unreachable(_) | Error::RegionNotPermitted(_) => 14101,
        Error::InvalidFrom(_) | Error::FromNotOwned(_) => 14102,
        Error::BodyMissing | Error::BodyTooLong | Error::BodyNotCarried(_) | Error::MediaNotSupported => {
            14103
        }
        _ => refused.numbers().1,
    }
}

/// The message waited longer than its sender allowed.
pub(crate) const VALIDITY_EXPIRED: u32 = 30036;
/// Nobody said why.
pub(crate) const UNKNOWN_ERROR: u32 = 30008;

/// The dictionary's words for the error number of a message.
pub fn text_of(code: u32) -> &'static str {
    match code {
        11100 => "Invalid URL format",
        11200 => "HTTP retrieval failure",
        11205 => "HTTP connection failure",
        11206 => "HTTP protocol violation",
        11210 => "HTTP bad host name",
        11215 => "HTTP too many redirects",
        11237 => "Certificate invalid",
        11750 => "TwiML response body too large",
        12100 => "Document parse failure",
        12200 => "Schema validation warning",
        12300 => "Invalid Content-Type",
        14101 => "Invalid \"To\" attribute",
        14102 => "Invalid \"From\" attribute",
        14103 => "Invalid Body",
        14106 => "Message: Too many documents",
        14107 => "Message: Reply rate limit exceeded",
        14109 => "Message: Reply limit exceeded",
        30003 => "Unreachable destination handset",
        30004 => "Message blocked",
        30005 => "Unknown destination handset",
        30006 => "Landline or unreachable carrier",
        30007 => "Message filtered",
        30017 => "Carrier network congestion",
        30018 => "Destination carrier requires sender pre-registration",
        30019 => "Content size exceeds carrier limit",
        VALIDITY_EXPIRED => "Validity period expired",
        _ => "Unknown error",
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
