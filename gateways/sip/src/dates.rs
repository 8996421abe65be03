//! Date formats of `X-SMS-VALIDITY` and `X-DELIVERY_TIME`, with a legacy variant.
//!
//! The gateway writes `yyyy-MM-dd HH:mm:ss` in UTC, and reads that, a five-digit year, RFC 3339, and a
//! number of seconds from now. The old system passed `yyyyy-mm-dd hh:mm:ss` to Java, where `mm` is
//! the minute and `hh` a 12-hour clock; [`Style::Legacy`] does the same in both directions.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use smsc::timestamp::Timestamp;

/// Which pattern a peer uses.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Style {
    /// `yyyy-MM-dd HH:mm:ss`.
    #[default]
    Plain,
    /// Java's `yyyyy-mm-dd hh:mm:ss`, taken literally.
    Legacy,
}

/// Writes a moment; one after the year 9999 is written as the end of 9999.
pub fn write(moment: Timestamp, style: Style) -> String {
    let date = civil(moment);
    let (year, month, day) = (date.year(), date.month(), date.day());
    let (hour, minute, second) = (date.hour(), date.minute(), date.second());
    match style {
        Style::Plain => format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"),
        Style::Legacy => {
            let hour = (hour + 11) % 12 + 1; // Java's h: 1 to 12, without AM or PM
            format!("{year:05}-{minute:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
    }
}

/// Reads a moment; `None` if the format is unknown.
pub fn read(text: &str, style: Style, now: Timestamp) -> Option<Timestamp> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(now + Duration::from_secs(text.parse().ok()?));
    }
    match (style, fields(text)) {
        (Style::Plain, Some([year, month, day, hour, minute, second])) => moment(
            DateTime::new(
                year,
                narrow(month)?,
                narrow(day)?,
                narrow(hour)?,
                narrow(minute)?,
                narrow(second)?,
                0,
            )
            .ok()?,
        ),
        // The field in the place of the month is parsed as a minute and then overwritten; the month
        // stays January. Without AM or PM the hour is before noon, and 12 is midnight.
        (Style::Legacy, Some([year, _, day, hour, minute, second])) => moment(
            DateTime::new(year, 1, narrow(day)?, narrow(hour % 12)?, narrow(minute)?, narrow(second)?, 0)
                .ok()?,
        ),
        (_, None) => {
            let stamp: jiff::Timestamp = text.parse().ok()?;
            u64::try_from(stamp.as_millisecond()).ok().map(Timestamp::from_millis)
        }
    }
}

/// RFC 3339 in UTC, the format of IMDN.
pub fn write_rfc3339(moment: Timestamp) -> String {
    write(moment, Style::Plain).replace(' ', "T") + "Z"
}

fn civil(moment: Timestamp) -> DateTime {
    let stamp = i64::try_from(moment.millis()).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    TimeZone::UTC.to_datetime(stamp.unwrap_or(jiff::Timestamp::MAX))
}

fn moment(date: DateTime) -> Option<Timestamp> {
    let stamp = TimeZone::UTC.to_timestamp(date).ok()?;
    u64::try_from(stamp.as_millisecond()).ok().map(Timestamp::from_millis)
}

/// The six numbers of `year-…-… …:…:…`, with a year of four or five digits.
fn fields(text: &str) -> Option<[i16; 6]> {
    let (date, time) = text.trim().split_once(' ')?;
    let (mut date, mut time) = (date.split('-'), time.trim().split(':'));
    let number = |part: Option<&str>, lengths: std::ops::RangeInclusive<usize>| {
        let part = part.filter(|part| lengths.contains(&part.len()))?;
        if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse().ok() } else { None }
    };
    let all = [
        number(date.next(), 4..=5)?,
        number(date.next(), 1..=2)?,
        number(date.next(), 1..=2)?,
        number(time.next(), 1..=2)?,
        number(time.next(), 1..=2)?,
        number(time.next(), 1..=2)?,
    ];
    (date.next().is_none() && time.next().is_none()).then_some(all)
}

fn narrow(number: i16) -> Option<i8> {
    i8::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 17:05:09 UTC.
    const AFTERNOON: Timestamp = Timestamp::from_millis(1_795_453_509_000);

    #[test]
    fn link_dates_are_written_in_utc() {
        assert_eq!(write(AFTERNOON, Style::Plain), "2026-11-23 17:05:09");
        assert_eq!(write_rfc3339(AFTERNOON), "2026-11-23T17:05:09Z");
        assert!(write(Timestamp::NEVER, Style::Plain).starts_with("9999-12-3"));
    }

    #[test]
    fn link_dates_are_read_in_four_forms() {
        let now = Timestamp::from_millis(AFTERNOON.millis() - 60_000);
        for text in [
            "2026-11-23 17:05:09",
            "02026-11-23 17:05:09",
            "2026-11-23T17:05:09Z",
            "2026-11-23T18:05:09+01:00",
            "60",
        ] {
            assert_eq!(read(text, Style::Plain, now), Some(AFTERNOON), "{text}");
        }
    }

    #[test]
    fn link_dates_that_are_none() {
        for text in [
            "",
            "tomorrow",
            "2026-13-01 00:00:00",
            "2026-02-30 00:00:00",
            "2026-11-23",
            "-5",
            "2026-11-23 24:00:00",
            "99999999999999999999999",
            "1969-12-31 23:59:59",
            "2026-1-1 1:1:1 1",
        ] {
            assert_eq!(read(text, Style::Plain, AFTERNOON), None, "{text}");
        }
    }

    /// What `SimpleDateFormat("yyyyy-mm-dd hh:mm:ss")` prints and parses.
    #[test]
    fn link_legacy_dates_take_the_old_pattern_literally() {
        assert_eq!(write(AFTERNOON, Style::Legacy), "02026-05-23 05:05:09");
        let midnight = Timestamp::from_millis(1_795_453_509_000 / 86_400_000 * 86_400_000);
        assert_eq!(write(midnight, Style::Legacy), "02026-00-23 12:00:00");
        let january = read("2026-01-23 05:05:09", Style::Plain, AFTERNOON);
        assert_eq!(read("02026-05-23 05:05:09", Style::Legacy, AFTERNOON), january);
        let at_midnight = read("2026-01-23 00:00:00", Style::Plain, AFTERNOON);
        assert_eq!(read("02026-00-23 12:00:00", Style::Legacy, AFTERNOON), at_midnight);
    }
}
