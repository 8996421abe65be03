//! Mappings between SIP status codes and the rejections and failures of the centre.
//!
//! Three mappings: refusals of the gateway itself ([`Refusal`]), the response to a [`Rejection`] of
//! the centre, and the [`Failure`] for a final response of a peer.

use std::time::Duration;

use sip::Status;
use smsc::failure::{Failure, PeerCode, Verdict};
use smsc::rejection::Rejection;

/// Seconds in Retry-After after throttling, congestion or a store failure.
pub const RETRY_AFTER_SECONDS: u32 = 2;

/// The status and reason phrase of an error response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// The status.
    pub status: Status,
    /// The reason phrase; the default of the status if empty. It never contains text of the request.
    pub reason: &'static str,
    /// Whether the response has Retry-After.
    pub retry: bool,
}

impl Refusal {
    /// A refusal without Retry-After.
    pub const fn new(status: Status, reason: &'static str) -> Self {
        Self { status, reason, retry: false }
    }

    /// 503 with Retry-After.
    pub const fn busy(reason: &'static str) -> Self {
        Self { status: Status::SERVICE_UNAVAILABLE, reason, retry: true }
    }
}

/// The response to a rejected submission.
pub fn rejected(rejection: &Rejection) -> Refusal {
    let refuse = Refusal::new;
    match rejection {
        Rejection::Source(why) | Rejection::Forbidden(why) => refuse(Status::FORBIDDEN, why),
        Rejection::Destination(why) => refuse(Status::ADDRESS_INCOMPLETE, why),
        Rejection::NoRoute => refuse(Status::NOT_FOUND, ""),
        Rejection::Header(_) => refuse(Status::BAD_REQUEST, "X-SMS-UDH is broken"),
        Rejection::TooLong(_) => refuse(Status::REQUEST_ENTITY_TOO_LARGE, ""),
        Rejection::DataCoding => refuse(Status::NOT_ACCEPTABLE_HERE, "X-SMS-CODING cannot be carried"),
        Rejection::Validity(why) | Rejection::Schedule(why) => refuse(Status::BAD_REQUEST, why),
        Rejection::Throttled => Refusal::busy("Over the rate limit"),
        Rejection::Congested => Refusal::busy("Congested"),
        Rejection::StoreClosed => Refusal::busy("Cannot store now"),
        Rejection::KeyReused => refuse(Status::BAD_REQUEST, "Key was used for another message"),
        Rejection::DeliveryFailed(failure) => undelivered(failure),
        _ => refuse(Status::SERVER_INTERNAL_ERROR, ""),
    }
}

/// The response to a failed attempt of transactional mode.
fn undelivered(failure: &Failure) -> Refusal {
    let status = match failure {
        Failure::UnknownSubscriber | Failure::NoRoute => Status::NOT_FOUND,
        Failure::AbsentSubscriber { .. } | Failure::MemoryCapacityExceeded => Status::TEMPORARILY_UNAVAILABLE,
        Failure::SubscriberBusy => Status::BUSY_HERE,
        Failure::Timeout => Status::REQUEST_TIMEOUT,
        Failure::Unsupported => Status::NOT_ACCEPTABLE_HERE,
        other if other.verdict() == Verdict::GiveUp => Status::FORBIDDEN,
        _ => return Refusal::busy("Cannot deliver now"),
    };
    Refusal::new(status, "")
}

/// The failure for a final response to an outbound MESSAGE; `None` is success.
pub fn failure(status: Status, retry_after: Option<Duration>) -> Option<Failure> {
    let code = PeerCode::SipStatus(status.code());
    Some(match status.code() {
        200..=299 => return None,
        // Permanent: unknown destination, or unsupported message.
        404 | 410 | 484 | 604 => Failure::UnknownSubscriber,
        403 => Failure::Barred,
        405 | 406 | 413 | 415 | 416 | 420 | 421 | 488 | 501 | 513 | 606 => Failure::Unsupported,
        // Temporary: the user.
        480 => Failure::ABSENT,
        486 | 600 => Failure::SubscriberBusy,
        // Temporary: the network.
        408 | 504 => Failure::Timeout,
        503 => Failure::Throttled { retry_after },
        401 | 407 | 423 | 430 | 481..=483 | 487 | 491 | 494 => Failure::PeerFault(code),
        // Any other status is treated as x00 of its class (RFC 3261 §8.1.3.2).
        400..=499 | 600..=699 => Failure::Refused(code),
        _ => Failure::PeerFault(code),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(code: u16) -> Option<Verdict> {
        failure(Status::new(code).unwrap(), None).map(|failure| failure.verdict())
    }

    #[test]
    fn link_answers_to_our_message() {
        for code in [200, 202, 299] {
            assert_eq!(verdict(code), None, "{code}");
        }
        for code in [404, 410, 604, 606, 484, 403, 415, 488, 603, 400] {
            assert_eq!(verdict(code), Some(Verdict::GiveUp), "{code}");
        }
        for code in [408, 480, 486, 500, 503, 504, 600, 401, 407, 302, 502] {
            assert!(matches!(verdict(code), Some(Verdict::RetryLater(_))), "{code}");
        }
    }

    #[test]
    fn link_retry_after_is_honoured() {
        let wait = Some(Duration::from_secs(30));
        assert_eq!(
            failure(Status::SERVICE_UNAVAILABLE, wait),
            Some(Failure::Throttled { retry_after: wait })
        );
    }

    #[test]
    fn every_status_has_a_meaning_and_none_but_2xx_is_success() {
        for code in 200..=699 {
            assert_eq!(verdict(code).is_none(), code < 300, "{code}");
        }
    }

    #[test]
    fn link_refusal_answers() {
        let status = |rejection: Rejection| rejected(&rejection).status.code();
        assert_eq!(status(Rejection::Validity("in the past")), 400);
        assert_eq!(status(Rejection::Header("")), 400);
        assert_eq!(status(Rejection::Forbidden("")), 403);
        assert_eq!(status(Rejection::Source("")), 403);
        assert_eq!(status(Rejection::NoRoute), 404);
        assert_eq!(status(Rejection::Destination("")), 484);
        assert_eq!(status(Rejection::TooLong("")), 413);
        assert_eq!(status(Rejection::DataCoding), 488);
        for busy in [Rejection::Throttled, Rejection::Congested, Rejection::StoreClosed] {
            let refusal = rejected(&busy);
            assert_eq!((refusal.status.code(), refusal.retry), (503, true));
        }
    }

    #[test]
    fn a_failed_transactional_message_is_never_answered_2xx() {
        let failures = [
            Failure::ABSENT,
            Failure::UnknownSubscriber,
            Failure::Barred,
            Failure::Unsupported,
            Failure::Timeout,
            Failure::NoPeer,
            Failure::Throttled { retry_after: None },
            Failure::SubscriberBusy,
        ];
        for failure in failures {
            assert!(!rejected(&Rejection::DeliveryFailed(failure)).status.is_success());
        }
    }
}
