//! The Date header field, in its one form and in GMT only (RFC 3261 §20.17).

use std::fmt;

use crate::error::Error;
use crate::grammar::digits;

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment, in seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Date(pub u64);

impl Date {
    /// Reads `Sat, 13 Nov 2010 23:29:00 GMT`.
    pub fn parse(value: &str) -> Result<Self, Error> {
        Self::read(value).ok_or(Error::Malformed("Date"))
    }

    fn read(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let weekday = words.next()?.strip_suffix(',')?;
        let day: u64 = digits(words.next()?)?;
        let month = words.next()?;
        let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
        let year: u64 = digits(words.next().filter(|year| year.len() == 4)?)?;
        let mut clock = words.next()?.splitn(3, ':');
        let hour: u64 = digits(clock.next()?)?;
        let minute: u64 = digits(clock.next()?)?;
        let second: u64 = digits(clock.next()?)?;
        let gmt = words.next()?.eq_ignore_ascii_case("GMT") && words.next().is_none();
        let in_range = (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61 && year >= 1970;
        let known_day = DAYS.iter().any(|name| name.eq_ignore_ascii_case(weekday));
        let days = days_before(year, u64::try_from(month).ok()? + 1, day)?;
        (gmt && in_range && known_day).then_some(Self(days * 86_400 + hour * 3600 + minute * 60 + second))
    }
}

/// Days from 1970-01-01 to this date of the Gregorian calendar; years count from
/// March so that the leap day is the last of its year.
fn days_before(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month) = if month < 3 { (year.checked_sub(1)?, month + 9) } else { (year, month - 3) };
    let leap_days = year / 4 - year / 100 + year / 400;
    (year * 365 + leap_days + (month * 153 + 2) / 5 + day).checked_sub(719_469)
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0 / 86_400;
        let shifted = days + 719_468;
        let era = shifted / 146_097;
        let of_era = shifted % 146_097;
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, carry) = if month < 10 { (month + 2, 0) } else { (month - 10, 1) };
        let year = era * 400 + year_of_era + carry;
        let name = |names: &[&'static str], at: u64| {
            usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or_default()
        };
        let (weekday, month) = (name(&DAYS, days % 7), name(&MONTHS, month));
        let clock = self.0 % 86_400;
        let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60);
        write!(f, "{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_the_standards_example() {
        let example = "Sat, 13 Nov 2010 23:29:00 GMT"; // RFC 3261 §20.17
        assert_eq!(Date::parse(example), Ok(Date(1_289_690_940)));
        assert_eq!(Date(1_289_690_940).to_string(), example);
        assert_eq!(Date(951_782_400).to_string(), "Tue, 29 Feb 2000 00:00:00 GMT");
        assert_eq!(Date(0).to_string(), "Thu, 01 Jan 1970 00:00:00 GMT");
    }

    #[test]
    fn refuses_other_zones_and_malformed_dates() {
        for bad in ["Fri, 01 Jan 2010 16:00:00 EST", "", "Fri, 32 Jan 2010 16:00:00 GMT", "Fri, 01 Jan"] {
            assert_eq!(Date::parse(bad), Err(Error::Malformed("Date")), "{bad}");
        }
    }
}
