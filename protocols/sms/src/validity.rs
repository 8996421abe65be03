//! TP-Validity-Period in its three forms (3GPP TS 23.040 §9.2.3.12).

use std::time::Duration;

use crate::error::Error;
use crate::timestamp::{Timestamp, unswapped};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// TP-VP.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Validity {
    /// One octet, coarse steps.
    Relative(RelativeValidity),
    /// A moment.
    Absolute(Timestamp),
    /// Seven octets with a format of their own.
    Enhanced(EnhancedValidity),
}

impl Validity {
    /// When a message that was accepted at `accepted` expires, both in seconds
    /// after 1970-01-01T00:00:00Z; `None` if the sender leaves it to the centre.
    ///
    /// # Errors
    /// [`Error::Validity`] for a time that no calendar has, or a format that is reserved.
    pub fn expires(self, accepted: i64) -> Result<Option<i64>, Error> {
        let after =
            |wait: Duration| accepted.saturating_add(i64::try_from(wait.as_secs()).unwrap_or(i64::MAX));
        match self {
            Self::Relative(relative) => Ok(Some(after(relative.duration()))),
            Self::Absolute(moment) => moment.to_unix().map(Some).ok_or(Error::Validity),
            Self::Enhanced(enhanced) => Ok(enhanced.duration()?.map(after)),
        }
    }
}

/// TP-VP in relative format (§9.2.3.12.1).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct RelativeValidity(pub u8);

impl RelativeValidity {
    /// The time it stands for, 5 minutes to 63 weeks.
    pub const fn duration(self) -> Duration {
        let value = self.0 as u64;
        Duration::from_secs(match value {
            0..=143 => (value + 1) * 5 * MINUTE,
            144..=167 => 12 * HOUR + (value - 143) * 30 * MINUTE,
            168..=196 => (value - 166) * DAY,
            _ => (value - 192) * WEEK,
        })
    }

    /// The shortest value that is not shorter than `duration`; 63 weeks if there is none.
    pub fn at_least(duration: Duration) -> Self {
        (0..=u8::MAX).map(Self).find(|each| each.duration() >= duration).unwrap_or(Self(u8::MAX))
    }
}

/// TP-VP in enhanced format (§9.2.3.12.3), as it came.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct EnhancedValidity(pub [u8; 7]);

impl EnhancedValidity {
    /// A validity of whole seconds, 1 to 255.
    pub const fn seconds(seconds: u8) -> Self {
        Self([0x02, seconds, 0, 0, 0, 0, 0])
    }

    /// Whether the centre may try only once.
    pub const fn is_single_shot(self) -> bool {
        let [indicator, ..] = self.0;
        indicator & 0x40 != 0
    }

    /// The time it stands for; `None` if it names none.
    ///
    /// # Errors
    /// [`Error::Validity`] for a reserved format, zero seconds, or digits that are none.
    pub fn duration(self) -> Result<Option<Duration>, Error> {
        let [indicator, mut value @ ..] = self.0;
        if indicator & 0x80 != 0 {
            // One more indicator octet follows; no meaning is assigned to it yet.
            value.rotate_left(1);
        }
        let [first, second, third, ..] = value;
        let seconds = match indicator & 0b111 {
            0 => return Ok(None),
            1 => return Ok(Some(RelativeValidity(first).duration())),
            2 if first > 0 => u64::from(first),
            3 => {
                let digits = |octet, max| unswapped(octet).filter(|value| *value <= max).map(u64::from);
                let times = digits(first, 99).zip(digits(second, 59)).zip(digits(third, 59));
                let ((hours, minutes), seconds) = times.ok_or(Error::Validity)?;
                hours * HOUR + minutes * MINUTE + seconds
            }
            _ => return Err(Error::Validity),
        };
        Ok(Some(Duration::from_secs(seconds)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_19_relative_steps() {
        let hours = |value| RelativeValidity(value).duration().as_secs_f64() / 3600.0;
        for (value, expected) in [
            (0, 5.0 / 60.0),
            (143, 12.0),
            (144, 12.5),
            (167, 24.0),
            (168, 48.0),
            (169, 72.0),
            (196, 720.0),
            (197, 5.0 * 168.0),
            (255, 63.0 * 168.0),
        ] {
            assert!((hours(value) - expected).abs() < 1e-9, "{value}");
        }
        for value in 1..=255 {
            assert!(RelativeValidity(value - 1).duration() < RelativeValidity(value).duration());
            assert_eq!(
                RelativeValidity::at_least(RelativeValidity(value).duration()),
                RelativeValidity(value)
            );
        }
        assert_eq!(RelativeValidity::at_least(Duration::from_secs(0)), RelativeValidity(0));
        assert_eq!(RelativeValidity::at_least(Duration::from_secs(301)), RelativeValidity(1));
        assert_eq!(RelativeValidity::at_least(Duration::MAX), RelativeValidity(255));
    }

    #[test]
    fn field_20_absolute_honours_the_zone() {
        // 2030-01-01 00:00:00 in a zone one hour ahead.
        let midnight = Timestamp([0x03, 0x10, 0x10, 0, 0, 0, 0x40]);
        assert_eq!(Validity::Absolute(midnight).expires(0), Ok(Some(1_893_456_000 - 3600)));
        assert_eq!(Validity::Absolute(Timestamp::default()).expires(0), Err(Error::Validity));
    }

    #[test]
    fn field_20_enhanced_formats() {
        let duration =
            |octets| EnhancedValidity(octets).duration().map(|wait| wait.map(|wait| wait.as_secs()));
        assert_eq!(duration([0x00, 9, 9, 9, 9, 9, 9]), Ok(None));
        assert_eq!(duration([0x01, 167, 0, 0, 0, 0, 0]), Ok(Some(86_400)));
        assert_eq!(duration([0x02, 45, 0, 0, 0, 0, 0]), Ok(Some(45)));
        assert_eq!(duration([0x02, 0, 0, 0, 0, 0, 0]), Err(Error::Validity));
        assert_eq!(duration([0x03, 0x21, 0x43, 0x95, 0, 0, 0]), Ok(Some(12 * 3600 + 34 * 60 + 59)));
        assert_eq!(duration([0x03, 0x21, 0x06, 0x00, 0, 0, 0]), Err(Error::Validity));
        assert_eq!(duration([0x05, 0, 0, 0, 0, 0, 0]), Err(Error::Validity));
        assert_eq!(duration([0x82, 0x00, 45, 0, 0, 0, 0]), Ok(Some(45)));
        assert!(EnhancedValidity([0x42, 45, 0, 0, 0, 0, 0]).is_single_shot());
        assert!(!EnhancedValidity::seconds(45).is_single_shot());
        let enhanced = Validity::Enhanced(EnhancedValidity::seconds(45));
        assert_eq!(enhanced.expires(1_000), Ok(Some(1_045)));
    }
}
