//! The form of values on disk: version, checksum, content.
//!
//! A sealed value is one octet of version, four of CRC-32 (little-endian) over key, version and
//! content, then the content. The key is part of the sum, so that a value under a wrong key is
//! damage too. Every single flipped bit is found.

mod message;
mod trace;
mod waiting;

pub(crate) use message::{open_message, seal_message};
pub(crate) use trace::{open_attempt, open_ending, open_note, seal_attempt, seal_ending, seal_note};
pub(crate) use waiting::{open_waiting, seal_waiting};

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// The version of every form below.
const VERSION: u8 = 1;

/// Octets before the content of a sealed value.
const HEAD: usize = 5;

/// The value is not what was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("record is damaged")]
pub(crate) struct Damaged;

/// Seals octets that have a form of their own.
pub(crate) fn seal(key: &[u8], content: &[u8]) -> Vec<u8> {
    let mut value = head(content.len());
    value.extend_from_slice(content);
    close(key, &mut value);
    value
}

/// The content of a sealed value.
pub(crate) fn open<'a>(key: &[u8], value: &'a [u8]) -> Result<&'a [u8], Damaged> {
    let (version, rest) = value.split_first().ok_or(Damaged)?;
    let (sum, content) = rest.split_first_chunk().ok_or(Damaged)?;
    let intact = *version == VERSION && checksum(key, content) == u32::from_le_bytes(*sum);
    if intact { Ok(content) } else { Err(Damaged) }
}

/// Room for the head of a sealed value, and for `content` octets after it.
fn head(content: usize) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEAD + content);
    value.extend_from_slice(&[VERSION, 0, 0, 0, 0]);
    value
}

/// Writes the checksum of a value that began with [`head`].
fn close(key: &[u8], value: &mut [u8]) {
    let sum = checksum(key, value.get(HEAD..).unwrap_or_default());
    if let Some(place) = value.get_mut(1..HEAD) {
        place.copy_from_slice(&sum.to_le_bytes());
    }
}

fn checksum(key: &[u8], content: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(&[VERSION]);
    hasher.update(content);
    hasher.finalize()
}

/// Seals `form` in postcard's encoding; `room` is a guess of its size.
fn seal_form(key: &[u8], form: &impl Serialize, room: usize) -> Vec<u8> {
    // Writing to a Vec fails only if `form` refuses to be written, and none of ours does; were it
    // to happen, the sum of an empty value would give it away as damaged, never as content.
    let mut value = postcard::to_extend(form, head(room)).unwrap_or_default();
    close(key, &mut value);
    value
}

/// Opens what [`seal_form`] sealed.
fn open_form<'a, T: Deserialize<'a>>(key: &[u8], value: &'a [u8]) -> Result<T, Damaged> {
    postcard::from_bytes(open(key, value)?).map_err(|_| Damaged)
}

/// The same, with the octets that follow the form.
fn open_form_and_rest<'a, T: Deserialize<'a>>(key: &[u8], value: &'a [u8]) -> Result<(T, &'a [u8]), Damaged> {
    postcard::take_from_bytes(open(key, value)?).map_err(|_| Damaged)
}

/// Octets that are written and read as one piece.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Octets<'a>(&'a [u8]);

impl Serialize for Octets<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Octets<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;

        impl<'de> Visitor<'de> for Borrowed {
            type Value = Octets<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("octets")
            }

            fn visit_borrowed_bytes<E>(self, octets: &'de [u8]) -> Result<Octets<'de>, E> {
                Ok(Octets(octets))
            }
        }

        deserializer.deserialize_bytes(Borrowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_under_its_own_key_only() {
        let value = seal(b"key", b"content");
        assert_eq!(open(b"key", &value), Ok(b"content".as_slice()));
        assert_eq!(open(b"kex", &value), Err(Damaged));
    }

    #[test]
    fn the_sum_is_the_crc_32_of_ieee_802_3() {
        // "123456789" gives cbf43926 in every catalogue; here the version octet stands in its midst.
        let value = seal(b"12345\x01", b"");
        assert_eq!(value.get(1..5).unwrap(), crc32fast::hash(b"12345\x01\x01").to_le_bytes());
        assert_eq!(crc32fast::hash(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn every_truncation_is_damage() {
        let value = seal(b"key", b"content");
        for length in 0..value.len() {
            assert_eq!(open(b"key", &value[..length]), Err(Damaged));
        }
    }

    /// R5, at the level of records: no single flipped bit of key or value goes unseen.
    #[test]
    fn every_flipped_bit_is_found() {
        let content: Vec<u8> = (0..=255).collect();
        let (key, value) = (b"\x12\x34\x56\x78", seal(b"\x12\x34\x56\x78", &content));
        assert_eq!(open(key, &value), Ok(content.as_slice()));
        for bit in 0..value.len() * 8 {
            let mut flipped = value.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(key, &flipped), Err(Damaged), "bit {bit}");
        }
        for bit in 0..key.len() * 8 {
            let mut flipped = key.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&flipped, &value), Err(Damaged), "bit {bit} of the key");
        }
    }

    proptest::proptest! {
        /// Octets that are well sealed but make no sense are damage, never a panic.
        #[test]
        fn no_content_makes_a_reader_panic(key: [u8; 8], content: Vec<u8>) {
            let value = seal(&key, &content);
            let id = smsc::ids::MessageId::from_u64(u64::from_be_bytes(key));
            let due = smsc::stored::DueKey { due: smsc::timestamp::Timestamp::NEVER, id };
            let _ = open_message(id, &value);
            let _ = open_attempt(&key, &value);
            let _ = open_note(&key, &value);
            let _ = open_ending(&key, &value);
            proptest::prop_assert_eq!(open_waiting(&key, due, &value).is_ok(), content.len() == 28);
        }

        /// What is sealed opens as it was, and no part of it opens at all.
        #[test]
        fn attempts_open_as_they_were_sealed(number: u16, took_ms: u32, error: u8, reason: String, remote: Option<String>) {
            let attempt = smsc::stored::Attempt {
                number,
                at: smsc::timestamp::Timestamp::from_millis(u64::from(took_ms) << 10),
                took_ms,
                endpoint: "esme:acme".into(),
                via: reason.as_str().into(),
                remote_id: remote.map(Into::into),
                error,
                reason,
            };
            let value = seal_attempt(b"key", &attempt);
            for length in 0..value.len() {
                proptest::prop_assert_eq!(open_attempt(b"key", &value[..length]), Err(Damaged));
            }
            proptest::prop_assert_eq!(open_attempt(b"key", &value), Ok(attempt));
        }
    }
}
