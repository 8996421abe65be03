//! Object identifiers, stored in encoded form (X.690 §8.19).

use std::fmt;

/// An OBJECT IDENTIFIER of at most [`Oid::OCTETS_MAX`] octets.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Oid {
    octets: [u8; Self::OCTETS_MAX],
    length: u8,
}

impl Oid {
    /// The longest content, in octets. Application contexts have seven.
    pub const OCTETS_MAX: usize = 31;

    /// From its arcs, such as `[0, 4, 0, 0, 1, 0, 20, 3]`. `None` if there are fewer than two, the first
    /// two are invalid, or the encoding is too long.
    #[must_use]
    pub fn new(arcs: &[u32]) -> Option<Self> {
        let (&first, rest) = arcs.split_first()?;
        let (&second, rest) = rest.split_first()?;
        if first > 2 || first < 2 && second > 39 {
            return None;
        }
        let mut oid = Self { octets: [0; Self::OCTETS_MAX], length: 0 };
        oid.push(u64::from(first) * 40 + u64::from(second))?;
        for &arc in rest {
            oid.push(u64::from(arc))?;
        }
        Some(oid)
    }

    /// From the content of its element. `None` if it is malformed, too long, or has an arc of more
    /// than 63 bits.
    #[must_use]
    pub fn from_octets(content: &[u8]) -> Option<Self> {
        let arc_is_sound = |arc: &[u8]| {
            let ended = arc.last().is_some_and(|octet| octet & 0x80 == 0);
            ended && arc.len() <= 9 && arc.first() != Some(&0x80)
        };
        if content.is_empty() || !content.split_inclusive(|octet| octet & 0x80 == 0).all(arc_is_sound) {
            return None;
        }
        let mut octets = [0; Self::OCTETS_MAX];
        octets.get_mut(..content.len())?.copy_from_slice(content);
        Some(Self { octets, length: u8::try_from(content.len()).ok()? })
    }

    /// The content of its element.
    #[must_use]
    pub fn as_octets(&self) -> &[u8] {
        self.octets.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// Its arcs.
    pub fn arcs(&self) -> impl Iterator<Item = u64> + '_ {
        let value = |arc: &[u8]| arc.iter().fold(0, |arc, octet| arc << 7 | u64::from(octet & 0x7f));
        let mut encoded = self.as_octets().split_inclusive(|octet| octet & 0x80 == 0).map(value);
        let both = encoded.next().map(|both| match both {
            0..40 => [0, both],
            40..80 => [1, both - 40],
            _ => [2, both - 80],
        });
        both.into_iter().flatten().chain(encoded)
    }

    fn push(&mut self, arc: u64) -> Option<()> {
        let groups = (u64::BITS - arc.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let [low, ..] = (arc >> (7 * group)).to_le_bytes();
            let more = if group == 0 { 0 } else { 0x80 };
            *self.octets.get_mut(usize::from(self.length))? = low & 0x7f | more;
            self.length += 1;
        }
        Some(())
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, arc) in self.arcs().enumerate() {
            if n > 0 {
                f.write_str(".")?;
            }
            write!(f, "{arc}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
