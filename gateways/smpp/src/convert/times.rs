//! SMPP times to the centre's and back (SMPP 3.4 §7.1).

use smpp::time::{self, InvalidTime};
use smsc::timestamp::Timestamp;

/// Reads a time; `None` where the field is empty. Relative times count from `now`.
pub(crate) fn read(text: &[u8], now: Timestamp) -> Result<Option<Timestamp>, InvalidTime> {
    if text.is_empty() {
        return Ok(None);
    }
    let seconds = time::parse(text, seconds(now))?;
    // What lies before 1970 is as much in the past as 1970 is.
    Ok(seconds
        .map(|seconds| Timestamp::from_millis(u64::try_from(seconds).unwrap_or(0).saturating_mul(1000))))
}

/// Writes a time in UTC; `None` for the end of time.
pub(crate) fn write(at: Timestamp) -> Option<[u8; 16]> {
    (at < Timestamp::NEVER).then(|| time::absolute(seconds(at), 0))
}

/// Seconds since 1970, as the codec counts them.
pub(crate) fn seconds(at: Timestamp) -> i64 {
    i64::try_from(at.seconds()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_45_relative_and_absolute_times() {
        let now = Timestamp::from_millis(1_795_000_000_123);
        assert_eq!(read(b"", now), Ok(None));
        let day = read(b"000001000000000R", now).unwrap().unwrap();
        assert_eq!(day.seconds() - now.seconds(), 86_400);
        let written = write(day).unwrap();
        assert_eq!(read(&written, now), Ok(Some(day)));
        assert_eq!(write(Timestamp::NEVER), None);
        assert_eq!(read(b"garbage", now), Err(InvalidTime));
        assert_eq!(read(b"261301000000000+", now), Err(InvalidTime), "there is no 13th month");
    }
}
