//! The keys on disk. All numbers are big-endian, so that keys sort as numbers do.
//!
//! | keyspace | key | value |
//! |---|---|---|
//! | `m-YYYYMMDD` | id | the message, sealed |
//! | `o-YYYYMMDD` | id ‖ `01` ‖ number | an attempt, sealed |
//! | | id ‖ `02` ‖ start ‖ sequence | a note, sealed |
//! | | id ‖ `FF` | the outcome, with the attempt that ended it, sealed |
//! | `i-YYYYMMDD` | `a` `d` `n` `s` ‖ term ‖ id | other ids of the same term, see `index` |
//! | | `r` ‖ link ‖ remote id | our id, sealed |
//! | | `k` ‖ account ‖ client key | our id, sealed |
//! | `due` | due milliseconds ‖ id | the waiting entry, sealed |
//! | `sys` | see `schema` | |
//! | `l-…` | the platform's | the platform's, sealed |
//!
//! A day's index is one keyspace with a tag in front, because each keyspace costs a memtable and
//! a compaction of its own. Messages and outcomes have theirs: their keys rise with time, so the
//! engine never rewrites them.

use smsc::ids::MessageId;
use smsc::ports::StoreError;
use smsc::stored::DueKey;
use smsc::timestamp::Timestamp;

const DAY_MILLIS: u64 = 86_400_000;

/// The outcome of a message sorts after all else of it.
pub(crate) const OUTCOME: u8 = 0xff;
/// An attempt.
pub(crate) const ATTEMPT: u8 = 0x01;
/// A note.
pub(crate) const NOTE: u8 = 0x02;

/// A day in UTC, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct Day(pub(crate) u64);

impl Day {
    /// The day that a time lies in.
    pub(crate) const fn of(time: Timestamp) -> Self {
        Self(time.millis() / DAY_MILLIS)
    }

    /// The day that a message was accepted on.
    pub(crate) const fn of_id(id: MessageId) -> Self {
        Self::of(id.time())
    }

    /// `20261123`: the day as keyspaces are named after it.
    pub(crate) fn name(self) -> String {
        let (year, month, day) = self.civil();
        format!("{year:04}{month:02}{day:02}")
    }

    /// Year, month and day of month. The calendar repeats every 400 years of 146,097 days; years
    /// are counted from March, so that the leap day is the last one.
    const fn civil(self) -> (u64, u64, u64) {
        let since_march_0000 = self.0 + 719_468;
        let era = since_march_0000 / 146_097;
        let of_era = since_march_0000 % 146_097;
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = era * 400 + year_of_era + if month <= 2 { 1 } else { 0 };
        (year, month, day)
    }

    /// Reads what [`Day::name`] writes.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let number: u64 = name.parse().ok().filter(|_| name.len() == 8)?;
        let (year, month, day) = (number / 10_000, number / 100 % 100, number % 100);
        let (march_year, march_month) =
            if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
        let (era, year_of_era) = (march_year / 400, march_year % 400);
        let of_year = (153 * march_month + 2) / 5 + day.checked_sub(1)?;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        let found = Self((era * 146_097 + of_era).checked_sub(719_468)?);
        (found.name() == name).then_some(found)
    }
}

/// The key of a message record.
pub(crate) const fn message(id: MessageId) -> [u8; 8] {
    id.get().to_be_bytes()
}

/// The id that a key begins with.
pub(crate) fn id_of(key: &[u8]) -> Option<MessageId> {
    key.first_chunk().map(|octets| MessageId::from_u64(u64::from_be_bytes(*octets)))
}

/// The id that a key ends with.
pub(crate) fn last_id_of(key: &[u8]) -> Option<MessageId> {
    key.last_chunk().map(|octets| MessageId::from_u64(u64::from_be_bytes(*octets)))
}

/// The key of an attempt.
pub(crate) fn attempt(id: MessageId, number: u16) -> [u8; 11] {
    let mut key = [ATTEMPT; 11];
    put(&mut key, 0, &message(id));
    put(&mut key, 9, &number.to_be_bytes());
    key
}

/// The key of a note. `serial` is unique in this store and rises.
pub(crate) fn note(id: MessageId, serial: u64) -> [u8; 17] {
    let mut key = [NOTE; 17];
    put(&mut key, 0, &message(id));
    put(&mut key, 9, &serial.to_be_bytes());
    key
}

/// The key of an outcome.
pub(crate) fn outcome(id: MessageId) -> [u8; 9] {
    let mut key = [OUTCOME; 9];
    put(&mut key, 0, &message(id));
    key
}

/// The key of a waiting entry.
pub(crate) fn due(due: DueKey) -> [u8; 16] {
    let mut key = [0; 16];
    put(&mut key, 0, &due.due.millis().to_be_bytes());
    put(&mut key, 8, &message(due.id));
    key
}

/// Reads what [`due`] writes.
pub(crate) fn due_of(key: &[u8]) -> Option<DueKey> {
    let (time, id) = key.split_first_chunk()?;
    let id = id.try_into().ok().map(u64::from_be_bytes)?;
    Some(DueKey { due: Timestamp::from_millis(u64::from_be_bytes(*time)), id: MessageId::from_u64(id) })
}

/// What the index is searched by.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[repr(u8)]
pub(crate) enum Tag {
    Account = b'a',
    Destination = b'd',
    /// A destination of digits alone, packed.
    Number = b'n',
    Source = b's',
    RemoteId = b'r',
    ClientKey = b'k',
}

/// The front of an index key: the tag and its names, each with its length before it, so that no
/// name can be read as the beginning of another. Refuses names over 255 octets.
pub(crate) fn term(tag: Tag, names: &[&str]) -> Result<Vec<u8>, StoreError> {
    let octets: usize = names.iter().map(|name| name.len() + 1).sum();
    let mut key = Vec::with_capacity(1 + octets + 8);
    key.push(tag as u8);
    for name in names {
        key.push(check_name(name)?);
        key.extend_from_slice(name.as_bytes());
    }
    Ok(key)
}

/// The term of a destination. A number is packed, two digits an octet: with its id after it, the
/// key of any E.164 number fits into the 20 octets that the engine keeps without an allocation.
pub(crate) fn destination(digits: &str) -> Result<Vec<u8>, StoreError> {
    let number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    if !number {
        return term(Tag::Destination, &[digits]);
    }
    let mut key = Vec::with_capacity(2 + digits.len().div_ceil(2) + 8);
    key.extend([Tag::Number as u8, check_name(digits)?]);
    let pack = |pair: &[u8]| pair.iter().fold(0, |octet, digit| octet << 4 | (digit & 0x0f));
    key.extend(digits.as_bytes().chunks(2).map(pack));
    Ok(key)
}

/// The length of a name, if it is short enough for a key.
pub(crate) fn check_name(name: &str) -> Result<u8, StoreError> {
    u8::try_from(name.len()).map_err(|_| StoreError::Failed("a name is longer than 255 octets".to_owned()))
}

fn put<const N: usize>(key: &mut [u8], at: usize, octets: &[u8; N]) {
    if let Some(place) = key.get_mut(at..at + N) {
        place.copy_from_slice(octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_the_names_of_the_calendar() {
        // From `date -u -d @$((86400 * N)) +%Y%m%d`.
        for (day, name) in [
            (0, "19700101"),
            (11_016, "20000229"),
            (19_782, "20240229"),
            (20_780, "20261123"),
            (47_540, "21000228"),
            (47_541, "21000301"),
        ] {
            assert_eq!(Day(day).name(), name);
            assert_eq!(Day::parse(name), Some(Day(day)));
        }
        for wrong in ["", "2026112", "20261332", "20260230", "20260000", "x0261123", "00000101"] {
            assert_eq!(Day::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_day_of_a_century_reads_back() {
        for day in (0..36_525).map(Day) {
            assert_eq!(Day::parse(&day.name()), Some(day));
        }
    }

    #[test]
    fn due_keys_sort_by_time_then_id() {
        let at = |due, id| due_key(due, id);
        let sorted = [at(1, 9), at(2, 3), at(2, 4), at(256, 1)];
        assert!(sorted.iter().map(|key| due(*key)).is_sorted());
        for key in sorted {
            assert_eq!(due_of(&due(key)), Some(key));
        }
        assert_eq!(due_of(&[0; 15]), None);
        assert_eq!(due_of(&[0; 17]), None);
    }

    #[test]
    fn terms_cannot_be_mistaken_for_each_other() {
        let one = term(Tag::RemoteId, &["ab", "c"]).unwrap();
        let other = term(Tag::RemoteId, &["a", "bc"]).unwrap();
        assert!(!one.starts_with(&other) && !other.starts_with(&one) && one != other);
        assert!(term(Tag::Account, &["x".repeat(256).as_str()]).is_err());
    }

    #[test]
    fn destinations_cannot_be_mistaken_for_each_other() {
        let digits = ["", "0", "00", "1", "01", "10", "100", "491511", "4915112", "#100", "ACME", "4915a"];
        let terms: Vec<_> = digits.iter().map(|digits| destination(digits).unwrap()).collect();
        for (at, one) in terms.iter().enumerate() {
            assert!(
                terms.iter().skip(at + 1).all(|other| !one.starts_with(other) && !other.starts_with(one))
            );
        }
        assert_eq!(destination("123456789012345").unwrap().len() + 8, 18);
        assert_eq!(destination("4915").unwrap(), b"n\x04\x49\x15");
    }

    #[test]
    fn an_outcome_sorts_after_attempts_and_notes() {
        let id = MessageId::from_u64(7);
        let keys =
            [attempt(id, 1).to_vec(), attempt(id, 256).to_vec(), note(id, 0).to_vec(), outcome(id).to_vec()];
        assert!(keys.is_sorted());
        assert!(outcome(id).to_vec() < attempt(MessageId::from_u64(8), 0).to_vec());
    }

    fn due_key(due: u64, id: u64) -> DueKey {
        DueKey { due: Timestamp::from_millis(due), id: MessageId::from_u64(id) }
    }
}
