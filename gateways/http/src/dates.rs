//! Dates as the API writes and reads them.

use std::time::Duration;

use smsc::timestamp::Timestamp;

/// RFC 2822 in GMT, as v2010 resources have it: `Thu, 24 Aug 2023 05:01:45 +0000`.
pub(crate) fn rfc2822(moment: Timestamp) -> String {
    format(moment, "%a, %d %b %Y %H:%M:%S +0000")
}

/// RFC 3339 in UTC, to the millisecond.
pub(crate) fn rfc3339(moment: Timestamp) -> String {
    format(moment, "%Y-%m-%dT%H:%M:%S.%3fZ")
}

fn format(moment: Timestamp, form: &str) -> String {
    let millis = i64::try_from(moment.millis()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).map(|time| time.strftime(form).to_string()).unwrap_or_default()
}

/// A span that a list is filtered by: a whole day or a second.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Span {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
}

/// Reads `YYYY-MM-DD`, or RFC 3339. Midnight is the whole day, since libraries write days so.
pub(crate) fn read(text: &str) -> Option<Span> {
    let day: Option<jiff::civil::Date> = (text.len() == 10).then(|| text.parse().ok()).flatten();
    let time = match day {
        Some(day) => day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp(),
        None => text.parse().ok()?,
    };
    let start = Timestamp::from_millis(u64::try_from(time.as_second()).ok()? * 1000);
    let is_day = start.seconds().is_multiple_of(DAY);
    Some(Span { start, end: start + Duration::from_secs(if is_day { DAY } else { 1 }) })
}

const DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_the_libraries_read() {
        let moment = Timestamp::from_millis(1_692_853_305_678);
        assert_eq!(rfc2822(moment), "Thu, 24 Aug 2023 05:01:45 +0000");
        assert_eq!(rfc3339(moment), "2023-08-24T05:01:45.678Z");
    }

    #[test]
    fn reads_days_and_seconds() {
        let start = Timestamp::from_millis(1_692_835_200_000);
        let day = Span { start, end: start + Duration::from_secs(DAY) };
        assert_eq!(read("2023-08-24"), Some(day));
        assert_eq!(read("2023-08-24T00:00:00Z"), Some(day));
        let second = read("2023-08-24T05:01:45Z").unwrap();
        assert_eq!((second.start.seconds(), second.end.seconds()), (1_692_853_305, 1_692_853_306));
        for wrong in ["", "yesterday", "2023-13-01", "1960-01-01", "2023-08-24T25:00:00Z"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
