//! The centre's own stable hash, and a hasher for keys that are hashes already.

use std::hash::{BuildHasher, Hash};

use crate::names::Name;

/// The centre's own stable hash (FNV-1a with a final mix): the store keeps its values, so that it must not change between
/// releases or machines.
pub fn hash(text: &Name) -> u64 {
    hash_octets(text.as_bytes())
}

/// [`hash`] of octets.
pub fn hash_octets(octets: &[u8]) -> u64 {
    let fnv = octets.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
    });
    // FNV leaves the upper bits of short texts poor; one multiply-shift evens them out.
    let mixed = (fnv ^ (fnv >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// A hasher for keys that are hashes already.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hashed;

impl BuildHasher for Hashed {
    type Hasher = HashedHasher;

    fn build_hasher(&self) -> HashedHasher {
        HashedHasher(0)
    }

    fn hash_one<T: Hash>(&self, value: T) -> u64 {
        let mut hasher = self.build_hasher();
        value.hash(&mut hasher);
        std::hash::Hasher::finish(&hasher)
    }
}

/// Passes a `u64` through; see [`Hashed`].
#[derive(Clone, Copy, Debug, Default)]
pub struct HashedHasher(u64);

impl std::hash::Hasher for HashedHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        self.0 = hash_octets(octets);
    }

    fn write_u64(&mut self, value: u64) {
        // Message ids are not hashes: spread them as well.
        self.0 = value.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_never_changes() {
        // The due index on disk holds such values; these were computed outside this code.
        assert_eq!(hash_octets(b""), 0x8570_e250_fe4c_2473);
        assert_eq!(hash(&"esme:acme".into()), 0xe317_8d5b_3e1c_eac8);
        assert_eq!(hash_octets(b"4915112345678"), 0x7ed2_ef4f_c62c_99cd);
        assert_ne!(hash_octets(b"4915112345678"), hash_octets(b"4915112345679"));
    }
}
