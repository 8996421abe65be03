//! Random numbers from one seed, for branches, tags and nonces.

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

/// A random number generator: SHA-256 of the seed and a counter.
pub(crate) struct Rng {
    seed: [u8; 32],
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    counter: u64,
    left: Vec<u64>,
}

impl Rng {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self { seed, state: Mutex::default() }
    }

    /// 64 random bits.
    pub(crate) fn next(&self) -> u64 {
        let mut state = self.state.lock();
        loop {
            if let Some(number) = state.left.pop() {
                return number;
            }
            state.counter += 1;
            let block: [u8; 32] = self.block(b"next", state.counter);
            let (numbers, _) = block.as_chunks::<8>();
            state.left.extend(numbers.iter().copied().map(u64::from_be_bytes));
        }
    }

    /// 128 random bits.
    pub(crate) fn next_wide(&self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }

    /// A secret for one purpose, derived from the seed.
    pub(crate) fn secret(&self, purpose: &[u8]) -> [u8; 32] {
        self.block(purpose, 0)
    }

    fn block(&self, purpose: &[u8], counter: u64) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.seed);
        hasher.update(purpose);
        hasher.update(counter.to_be_bytes());
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn numbers_differ_and_follow_from_the_seed() {
        let (one, same, other) = (Rng::new([1; 32]), Rng::new([1; 32]), Rng::new([2; 32]));
        let numbers: HashSet<_> = (0..1000).map(|_| one.next()).collect();
        assert_eq!(numbers.len(), 1000);
        assert!(numbers.contains(&same.next()) && !numbers.contains(&other.next()));
        assert_ne!(one.secret(b"a"), one.secret(b"b"));
    }
}
