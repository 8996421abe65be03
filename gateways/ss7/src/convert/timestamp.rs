//! Time stamps of TPDUs (TP-SCTS), from those of the centre.

use sms::timestamp;
use smsc::failure::Failure;
use smsc::timestamp::Timestamp;

/// A time as phones show it.
///
/// # Errors
/// [`Failure::Unsupported`] beyond the century that a time stamp has.
pub(super) fn stamp(at: Timestamp, zone_quarters: i8) -> Result<timestamp::Timestamp, Failure> {
    let seconds = i64::try_from(at.seconds()).unwrap_or(i64::MAX);
    timestamp::Timestamp::from_unix(seconds, zone_quarters).map_err(|_| Failure::Unsupported)
}
