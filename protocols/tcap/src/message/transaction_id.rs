//! Transaction ids of one to four octets (Q.773 §3.1).

use std::fmt;

/// A transaction id of one to four octets. A peer's id is returned exactly as received.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct TransactionId {
    octets: [u8; 4],
    length: u8,
}

impl TransactionId {
    /// The longest id, to compute message sizes.
    pub(crate) const LONGEST: Self = Self { octets: [0xff; 4], length: 4 };

    /// From its octets; `None` unless there are one to four.
    #[must_use]
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        let length = u8::try_from(octets.len()).ok().filter(|length| (1..=4).contains(length))?;
        let mut held = [0; 4];
        held.get_mut(..octets.len())?.copy_from_slice(octets);
        Some(Self { octets: held, length })
    }

    /// Its octets.
    #[must_use]
    pub fn as_octets(&self) -> &[u8] {
        self.octets.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// Its octets as a number.
    #[must_use]
    pub fn value(&self) -> u32 {
        self.as_octets().iter().fold(0, |value, &octet| value << 8 | u32::from(octet))
    }
}

/// Local ids have four octets.
impl From<u32> for TransactionId {
    fn from(value: u32) -> Self {
        Self { octets: value.to_be_bytes(), length: 4 }
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_octets().iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}
