//! Converts SMPP times and receipt dates to and from seconds since 1970 (SMPP 3.4 §7.1.1, appendix B; SMPP 5.0 §4.7.23).
//!
//! `YYMMDDhhmmsstnnp`: `t` is tenths of a second, `nn` quarter hours of local
//! time from UTC, `p` their sign, or `R` for a span from now. Some centres
//! write twelve digits without `tnnp`, and receipts ten without seconds; those
//! are local times of the centre.

/// A time that cannot be read. In `schedule_delivery_time` it deserves
/// `ESME_RINVSCHED`, in `validity_period` `ESME_RINVEXPIRY`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("time is not of the form YYMMDDhhmmsstnnp")]
pub struct InvalidTime;

/// Reads a time: seconds since 1970, or `None` for an empty field.
///
/// A relative time counts from `now`: years and months by the calendar, the
/// rest in seconds. Twelve digits are taken as UTC. A time in the past is
/// returned as it is: whether that is an error depends on the field.
pub fn parse(text: &[u8], now: i64) -> Result<Option<i64>, InvalidTime> {
    if text.is_empty() {
        return Ok(None);
    }
    let seconds = match text {
        [date @ .., tenths, n1, n2, b'R'] if date.len() == 12 => {
            digits(&[*tenths, *n1, *n2]).ok_or(InvalidTime)?;
            Span::read(date).and_then(|span| span.after(now))
        }
        [date @ .., tenths, n1, n2, sign @ (b'+' | b'-')] if date.len() == 12 => {
            digits(&[*tenths]).ok_or(InvalidTime)?;
            let quarters = digits(&[*n1, *n2]).filter(|quarters| *quarters <= 48).ok_or(InvalidTime)?;
            // '+' is local time ahead of UTC.
            let ahead = quarters * 15 * 60 * if *sign == b'+' { 1 } else { -1 };
            local(date).map(|local| local - ahead)
        }
        date if date.len() == 12 => local(date),
        _ => None,
    };
    seconds.map(Some).ok_or(InvalidTime)
}

/// Reads a date of a receipt: 10, 12 or 14 digits (`YYMMDDhhmm`, `…ss`,
/// `YYYYMMDDhhmmss`), or the sixteen characters of [`parse`]. Digits are local
/// time of a centre `offset_minutes` ahead of UTC.
pub fn parse_receipt_date(text: &[u8], offset_minutes: i32) -> Option<i64> {
    let ahead = i64::from(offset_minutes) * 60;
    match text.len() {
        10 => local(text).map(|local| local - ahead),
        12 => local(text).or_else(|| local_long(text)).map(|local| local - ahead),
        14 => local_long(text).map(|local| local - ahead),
        16 => parse(text, 0).ok()?,
        _ => None,
    }
}

/// Writes an absolute time as local time `quarters` quarter hours ahead of
/// UTC, -48 to 48; others count as 0. Years outside 1970 to 2069 lose their century.
pub fn absolute(seconds: i64, quarters: i8) -> [u8; 16] {
    let quarters = if (-48..=48).contains(&quarters) { i64::from(quarters) } else { 0 };
    let [y0, y1, m0, m1, d0, d1, h0, h1, i0, i1, s0, s1] = short(seconds.saturating_add(quarters * 900));
    let [n0, n1] = two(quarters.abs());
    let sign = if quarters < 0 { b'-' } else { b'+' };
    [y0, y1, m0, m1, d0, d1, h0, h1, i0, i1, s0, s1, b'0', n0, n1, sign]
}

/// Writes a span of at most 99 days as a relative time; longer ones are cut to that.
pub fn relative(seconds: u32) -> [u8; 16] {
    let seconds = i64::from(seconds).min(99 * DAY + DAY - 1);
    let [d0, d1] = two(seconds / DAY);
    let [h0, h1] = two(seconds / 3600 % 24);
    let [i0, i1] = two(seconds / 60 % 60);
    let [s0, s1] = two(seconds % 60);
    [b'0', b'0', b'0', b'0', d0, d1, h0, h1, i0, i1, s0, s1, b'0', b'0', b'0', b'R']
}

/// Writes `YYMMDDhhmmss` in UTC.
pub fn short(seconds: i64) -> [u8; 12] {
    let (days, second) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
    let (year, month, day) = civil_from_days(days);
    let [y0, y1] = two(year.rem_euclid(100));
    let [m0, m1] = two(month);
    let [d0, d1] = two(day);
    let [h0, h1] = two(second / 3600);
    let [i0, i1] = two(second / 60 % 60);
    let [s0, s1] = two(second % 60);
    [y0, y1, m0, m1, d0, d1, h0, h1, i0, i1, s0, s1]
}

/// Writes `YYMMDDhhmm` of a receipt as local time `offset_minutes` ahead of UTC.
pub fn receipt_date(seconds: i64, offset_minutes: i32) -> [u8; 10] {
    let local = seconds.saturating_add(i64::from(offset_minutes) * 60);
    let [y0, y1, m0, m1, d0, d1, h0, h1, i0, i1, _, _] = short(local);
    [y0, y1, m0, m1, d0, d1, h0, h1, i0, i1]
}

const DAY: i64 = 86_400;

/// A relative time.
struct Span {
    months: i64,
    seconds: i64,
}

impl Span {
    fn read(date: &[u8]) -> Option<Self> {
        let [year, month, day, hour, minute, second] = pairs(date)?;
        let seconds = day * DAY + hour * 3600 + minute * 60 + second;
        Some(Self { months: year * 12 + month, seconds })
    }

    /// The same day of a later month, or that month's last day, and then the seconds.
    fn after(&self, now: i64) -> Option<i64> {
        let (year, month, day) = civil_from_days(now.div_euclid(DAY));
        let months = year.checked_mul(12)?.checked_add(month - 1 + self.months)?;
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        let days = days_from_civil(year, month, day.min(days_in_month(year, month)));
        days.checked_mul(DAY)?.checked_add(now.rem_euclid(DAY))?.checked_add(self.seconds)
    }
}

/// `YYMMDDhhmm` or `YYMMDDhhmmss` as if it were UTC. Years 70 to 99 are of the 20th century.
fn local(date: &[u8]) -> Option<i64> {
    let [year, month, day, hour, minute, second] = pairs(date)?;
    let year = if year < 70 { 2000 + year } else { 1900 + year };
    instant([year, month, day, hour, minute, second])
}

/// `YYYYMMDDhhmm` or `YYYYMMDDhhmmss` as if it were UTC.
fn local_long(date: &[u8]) -> Option<i64> {
    let (century, rest) = date.split_at_checked(2)?;
    let [year, month, day, hour, minute, second] = pairs(rest)?;
    instant([digits(century)? * 100 + year, month, day, hour, minute, second])
}

fn instant([year, month, day, hour, minute, second]: [i64; 6]) -> Option<i64> {
    let possible = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    possible.then(|| days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second)
}

/// Five or six numbers of two digits; a missing sixth is 0.
fn pairs(date: &[u8]) -> Option<[i64; 6]> {
    if date.len() != 10 && date.len() != 12 {
        return None;
    }
    let mut numbers = [0; 6];
    for (number, pair) in numbers.iter_mut().zip(date.chunks_exact(2)) {
        *number = digits(pair)?;
    }
    Some(numbers)
}

/// A number of at most three decimal digits.
fn digits(text: &[u8]) -> Option<i64> {
    text.iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}

/// A number below 100 as two digits.
fn two(number: i64) -> [u8; 2] {
    let digit = |number: i64| u8::try_from(number % 10).map_or(b'0', |digit| b'0' + digit);
    [digit(number / 10), digit(number)]
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar. Years are counted from
/// March, so that the leap day is the last of its year.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day of a day since 1970-01-01.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
