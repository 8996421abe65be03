//! Time stamps: TP-SCTS, TP-DT, absolute TP-VP (3GPP TS 23.040 §9.2.3.11).
//!
//! Seven octets of swapped digits, year to second in local time, then the time
//! zone in quarters of an hour. The octets are kept as received, because
//! networks do send impossible dates and the message is still valid.

use std::fmt;

use crate::error::Error;

/// A time as TPDUs carry it.
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct Timestamp(pub [u8; 7]);

impl Timestamp {
    /// Quarters of an hour that a time zone can be away from UTC, either way.
    pub const ZONE_QUARTERS_MAX: i8 = 79;

    /// The time `seconds` after 1970-01-01T00:00:00Z, written in a zone that is
    /// `zone_quarters` quarters of an hour ahead of UTC.
    ///
    /// # Errors
    /// [`Error::Timestamp`] outside of the years 1990 to 2089 or with a zone over ±79.
    pub fn from_unix(seconds: i64, zone_quarters: i8) -> Result<Self, Error> {
        if zone_quarters.unsigned_abs() > Self::ZONE_QUARTERS_MAX.unsigned_abs() {
            return Err(Error::Timestamp);
        }
        let local = seconds.checked_add(i64::from(zone_quarters) * 900).ok_or(Error::Timestamp)?;
        let (year, month, day) = civil_from_days(local.div_euclid(86_400));
        if !(1990..=2089).contains(&year) {
            return Err(Error::Timestamp);
        }
        let second = local.rem_euclid(86_400);
        let digits = |value: i64| swapped(u8::try_from(value).unwrap_or(0));
        let sign = if zone_quarters < 0 { 0x08 } else { 0 };
        Ok(Self([
            digits(year % 100),
            digits(month),
            digits(day),
            digits(second / 3600),
            digits(second / 60 % 60),
            digits(second % 60),
            swapped(zone_quarters.unsigned_abs()) | sign,
        ]))
    }

    /// Seconds after 1970-01-01T00:00:00Z, or `None` if no calendar has this time.
    ///
    /// Years 90 to 99 are in the twentieth century, all others in the twenty-first.
    pub fn to_unix(self) -> Option<i64> {
        let [year, month, day, hour, minute, second, _] = self.0;
        let in_range = |octet, range: std::ops::RangeInclusive<i64>| {
            unswapped(octet).map(i64::from).filter(|value| range.contains(value))
        };
        let year = in_range(year, 0..=99)?;
        let year = if year >= 90 { 1900 + year } else { 2000 + year };
        let month = in_range(month, 1..=12)?;
        let day = in_range(day, 1..=31)?;
        let days = days_from_civil(year, month, day);
        if civil_from_days(days) != (year, month, day) {
            return None;
        }
        let seconds =
            in_range(hour, 0..=23)? * 3600 + in_range(minute, 0..=59)? * 60 + in_range(second, 0..=59)?;
        Some(days * 86_400 + seconds - i64::from(self.zone_quarters()?) * 900)
    }

    /// Quarters of an hour that the zone is ahead of UTC, or `None` if it is malformed.
    pub fn zone_quarters(self) -> Option<i8> {
        let [.., zone] = self.0;
        let quarters = i8::try_from(unswapped(zone & !0x08)?).ok()?;
        Some(if zone & 0x08 == 0 { quarters } else { -quarters })
    }
}

impl fmt::Debug for Timestamp {
    /// As people write it: `24-12-31T23:59:59+04`, the zone in quarters of an hour.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [year, month, day, hour, minute, second, zone] = self.0.map(|octet| octet.rotate_left(4));
        let sign = if zone & 0x80 == 0 { '+' } else { '-' };
        let zone = zone & 0x7f;
        write!(f, "{year:02x}-{month:02x}-{day:02x}T{hour:02x}:{minute:02x}:{second:02x}{sign}{zone:02x}")
    }
}

/// Two digits as two semi-octets, tens low.
pub(crate) fn swapped(value: u8) -> u8 {
    ((value % 10) << 4) | (value / 10)
}

/// The number that two semi-octets stand for, if both are digits.
pub(crate) fn unswapped(octet: u8) -> Option<u8> {
    let (tens, units) = (octet & 0x0f, octet >> 4);
    (tens <= 9 && units <= 9).then_some(tens * 10 + units)
}

/// Days from 1970-01-01 in the Gregorian calendar. March is the first month of
/// the reckoning year, so that the leap day is its last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day that are `days` after 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_time_stamp_of_a_captured_deliver() {
        let captured = Timestamp([0x42, 0x11, 0x21, 0x91, 0x85, 0x00, 0x00]);
        assert_eq!(captured.to_unix(), Some(1_731_441_480));
        assert_eq!(Timestamp::from_unix(1_731_441_480, 0), Ok(captured));
        assert_eq!(format!("{captured:?}"), "24-11-12T19:58:00+00");
    }

    #[test]
    fn field_21_time_zones() {
        for (quarters, octet) in [(-18, 0x89), (23, 0x32), (0, 0x00), (48, 0x84), (-48, 0x8c), (79, 0x97)] {
            let at = Timestamp::from_unix(1_700_000_000, quarters).unwrap();
            assert_eq!(at.0[6], octet, "{quarters}");
            assert_eq!(at.zone_quarters(), Some(quarters));
            assert_eq!(at.to_unix(), Some(1_700_000_000), "the same moment in any zone");
        }
        assert_eq!(Timestamp::from_unix(0, 80), Err(Error::Timestamp));
        // A clock that goes back in autumn shows one local hour twice, in two zones.
        let summer = Timestamp::from_unix(1_729_990_800 - 1800, 8).unwrap();
        let winter = Timestamp::from_unix(1_729_990_800 + 1800, 4).unwrap();
        assert_eq!((summer.0[..6]).to_vec(), (winter.0[..6]).to_vec());
        assert_eq!(winter.to_unix().unwrap() - summer.to_unix().unwrap(), 3600);
    }

    #[test]
    fn leap_days_and_impossible_dates() {
        let noon = |year, month, day| Timestamp([year, month, day, 0x21, 0, 0, 0]).to_unix();
        assert_eq!(noon(0x42, 0x20, 0x92), Some(1_709_208_000)); // 2024-02-29
        assert_eq!(noon(0x52, 0x20, 0x92), None); // 2025-02-29
        assert_eq!(noon(0x00, 0x20, 0x92), Some(951_825_600)); // 2000-02-29
        assert_eq!(noon(0x42, 0x31, 0x10), None);
        assert_eq!(noon(0x42, 0x00, 0x10), None);
        assert_eq!(noon(0xa2, 0x10, 0x10), None);
        assert_eq!(Timestamp::default().to_unix(), None);
        assert_eq!(Timestamp([0x99, 0x10, 0x10, 0, 0, 0, 0]).to_unix(), Some(915_148_800));
        assert_eq!(Timestamp::from_unix(-1, 0), Err(Error::Timestamp));
    }

    #[test]
    fn every_day_of_the_century_round_trips() {
        for day in 7_305..43_829_i64 {
            let at = Timestamp::from_unix(day * 86_400 + 86_399, 0).unwrap();
            assert_eq!(at.to_unix(), Some(day * 86_400 + 86_399));
        }
    }
}
