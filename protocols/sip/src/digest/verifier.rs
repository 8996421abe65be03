//! Verifies digest credentials on a server: secret, nonce and nonce count (RFC 7616 §3.4, §5.4).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::algorithm::Algorithm;
use super::challenge::Challenge;
use super::credentials::{Credentials, Secret};
use super::nonce::{Age, Nonces};

/// Challenges the users of one realm and verifies their credentials.
#[derive(Debug)]
pub struct Verifier {
    realm: String,
    algorithms: Vec<Algorithm>,
    nonces: Nonces,
    /// The counts seen for each nonce in use, oldest nonce first.
    counts: BTreeMap<u128, NonceCounts>,
    nonces_max: usize,
    /// Nonces up to this one are stale: their counts were removed to make room.
    forgotten: u128,
}

/// The result of a verification.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// The user is authenticated.
    Accepted,
    /// The secret is right, but the nonce is old or this use of it was seen:
    /// challenge again with `stale`.
    Stale,
    /// Wrong in any other way: challenge again, and count it as a failed attempt.
    Refused,
}

impl Verifier {
    /// Offers `algorithms` in this order, the preferred one first (RFC 8760 §2.3), and
    /// remembers the counts of `nonces_max` nonces.
    pub fn new(
        realm: impl Into<String>,
        algorithms: impl Into<Vec<Algorithm>>,
        nonces: Nonces,
        nonces_max: usize,
    ) -> Self {
        let (realm, algorithms) = (realm.into(), algorithms.into());
        Self { realm, algorithms, nonces, counts: BTreeMap::new(), nonces_max, forgotten: 0 }
    }

    /// One challenge for each algorithm, all with one nonce; each goes into a header
    /// field of its own. `now` is in seconds since 1970.
    pub fn challenges(&self, now: u64, random: u64, stale: bool) -> impl Iterator<Item = Challenge> {
        let nonce = self.nonces.issue(now, random);
        self.algorithms.iter().map(move |&algorithm| Challenge {
            realm: self.realm.clone(),
            nonce: nonce.clone(),
            opaque: None,
            algorithm,
            auth: true,
            auth_int: false,
            stale,
        })
    }

    /// Verifies `credentials` of a request with `method` and `body`.
    ///
    /// Credentials without qop are refused: every challenge offers it, and without
    /// it an eavesdropper could replay them. The URI in them is not compared with the
    /// Request-URI, which a proxy may have changed (RFC 3261 §22.4).
    pub fn verify(
        &mut self,
        credentials: &Credentials,
        secret: Secret<'_>,
        method: &str,
        body: &[u8],
        now: u64,
    ) -> Verdict {
        let offered = self.algorithms.contains(&credentials.algorithm) && credentials.realm == self.realm;
        let proven = credentials.is_proof_of(secret, method, body);
        let (true, true, Some(_), Some(count)) = (offered, proven, credentials.qop, credentials.count) else {
            return Verdict::Refused;
        };
        match self.nonces.check(&credentials.nonce, now) {
            Age::Foreign => Verdict::Refused,
            Age::Stale => Verdict::Stale,
            Age::Fresh(nonce) if self.is_new(nonce, count) => Verdict::Accepted,
            Age::Fresh(_) => Verdict::Stale,
        }
    }

    fn is_new(&mut self, nonce: u128, count: u32) -> bool {
        if nonce <= self.forgotten {
            return false;
        }
        let is_new = match self.counts.entry(nonce) {
            Entry::Occupied(mut seen) => seen.get_mut().is_new(count),
            Entry::Vacant(place) => place.insert(NonceCounts::default()).is_new(count),
        };
        while self.counts.len() > self.nonces_max {
            if let Some((oldest, _)) = self.counts.pop_first() {
                self.forgotten = oldest;
            }
        }
        is_new
    }
}

/// The uses of one nonce: the highest count, and which of the 63 below it were seen.
/// Requests over UDP overtake each other, so that a lower count may be new.
#[derive(Debug, Default)]
struct NonceCounts {
    highest: u32,
    seen: u64,
}

impl NonceCounts {
    fn is_new(&mut self, count: u32) -> bool {
        if count > self.highest {
            self.seen = self.seen.checked_shl(count - self.highest).unwrap_or(0) | 1;
            self.highest = count;
            return true;
        }
        let Some(bit) = 1_u64.checked_shl(self.highest - count) else { return false };
        let is_new = count > 0 && self.seen & bit == 0;
        self.seen |= bit;
        is_new
    }
}
