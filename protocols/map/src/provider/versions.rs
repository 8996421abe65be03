//! Cache of the peers that support only a lower version of MAP (TS 29.002 §15, version fallback).

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use compact_str::CompactString;

use super::settings::VersionSettings;
use crate::context::{Context, Version};

/// One node in one context: a node may support other versions in another context.
type Key = (Context, CompactString);

#[derive(Debug)]
struct Entry {
    version: Version,
    /// Consecutive refusals that indicate version 1.
    refusals: u8,
    /// Dialogues since the version was recorded or the highest one proposed.
    uses: u32,
    since: Instant,
}

/// The peers that have refused a version. Other peers have no entry.
#[derive(Debug)]
pub(super) struct Versions {
    settings: VersionSettings,
    entries: HashMap<Key, Entry>,
    /// Oldest first. May contain keys of removed entries.
    order: VecDeque<(Instant, Key)>,
}

impl Versions {
    pub(super) fn new(settings: VersionSettings) -> Self {
        Self { settings, entries: HashMap::new(), order: VecDeque::new() }
    }

    /// The version to propose first, at most `highest`.
    pub(super) fn first(&mut self, context: Context, peer: &str, highest: Version, now: Instant) -> Version {
        let key = (context, CompactString::from(peer));
        let Some(entry) = self.entries.get_mut(&key) else { return highest };
        if now.saturating_duration_since(entry.since) >= self.settings.age {
            self.entries.remove(&key);
            return highest;
        }
        entry.uses = entry.uses.saturating_add(1);
        let uses_max = match entry.version {
            Version::V1 => self.settings.uses_of_v1,
            Version::V2 => self.settings.uses_of_v2,
            Version::V3 => return highest,
        };
        if entry.uses > uses_max {
            entry.uses = 0;
            return highest;
        }
        entry.version.min(highest)
    }

    /// Records that a peer has refused a version and `next` is proposed.
    pub(super) fn refused(&mut self, context: Context, peer: &str, next: Version, now: Instant) {
        let key = (context, CompactString::from(peer));
        if !self.entries.contains_key(&key) {
            self.evict_oldest();
            self.order.push_back((now, key.clone()));
        }
        let initial = Entry { version: Version::V3, refusals: 0, uses: 0, since: now };
        let entry = self.entries.entry(key).or_insert(initial);
        if next == Version::V1 {
            entry.refusals = entry.refusals.saturating_add(1);
            if entry.refusals < self.settings.refusals_for_v1 {
                return;
            }
        }
        if next < entry.version {
            entry.version = next;
            entry.uses = 0;
        }
    }

    /// Records that a peer has responded in a version.
    pub(super) fn answered(&mut self, context: Context, peer: &str, version: Version) {
        if self.entries.is_empty() {
            return;
        }
        let key = (context, CompactString::from(peer));
        match version {
            Version::V3 => drop(self.entries.remove(&key)),
            Version::V2 if context.version_max() == Version::V2 => drop(self.entries.remove(&key)),
            Version::V2 => {
                if let Some(entry) = self.entries.get_mut(&key) {
                    entry.version = Version::V2;
                    entry.refusals = 0;
                }
            }
            Version::V1 => {}
        }
    }

    fn evict_oldest(&mut self) {
        // Keys of entries removed by other means must not accumulate.
        if self.order.len() >= self.settings.entries_max.saturating_mul(2).max(16) {
            let entries = &self.entries;
            self.order.retain(|(since, key)| entries.get(key).is_some_and(|entry| entry.since == *since));
        }
        while self.entries.len() >= self.settings.entries_max.max(1) {
            let Some((since, key)) = self.order.pop_front() else { return };
            if self.entries.get(&key).is_some_and(|entry| entry.since == since) {
                self.entries.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MT: Context = Context::ShortMsgMtRelay;
    const NODE: &str = "15550000008";

    fn versions(entries_max: usize) -> Versions {
        Versions::new(VersionSettings { entries_max, ..VersionSettings::default() })
    }

    #[allow(clippy::disallowed_methods, reason = "any instant will do")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn version_1_needs_two_refusals_and_version_2_one() {
        let (mut versions, now) = (versions(8), start());
        versions.refused(MT, NODE, Version::V1, now);
        assert_eq!(versions.first(MT, NODE, Version::V3, now), Version::V3);
        versions.refused(MT, NODE, Version::V1, now);
        assert_eq!(versions.first(MT, NODE, Version::V3, now), Version::V1);
        // Other nodes and contexts are not affected.
        assert_eq!(versions.first(MT, "1", Version::V3, now), Version::V3);
        assert_eq!(versions.first(Context::ShortMsgGateway, NODE, Version::V3, now), Version::V3);
        versions.refused(MT, "2", Version::V2, now);
        assert_eq!(versions.first(MT, "2", Version::V3, now), Version::V2);
        assert_eq!(versions.first(MT, "2", Version::V1, now), Version::V1);
    }

    #[test]
    fn an_answer_of_a_higher_version_clears_the_refusals() {
        let (mut versions, now) = (versions(8), start());
        versions.refused(MT, NODE, Version::V1, now);
        versions.answered(MT, NODE, Version::V3);
        versions.refused(MT, NODE, Version::V1, now);
        assert_eq!(versions.first(MT, NODE, Version::V3, now), Version::V3);
        versions.answered(MT, NODE, Version::V2);
        versions.refused(MT, NODE, Version::V1, now);
        assert_eq!(versions.first(MT, NODE, Version::V3, now), Version::V2);
    }

    #[test]
    fn the_highest_version_is_tried_again_after_a_number_of_uses() {
        let now = start();
        for (next, uses) in [(Version::V1, 100), (Version::V2, 1_000)] {
            let mut versions = versions(8);
            versions.refused(MT, NODE, next, now);
            versions.refused(MT, NODE, next, now);
            for round in 0..3 {
                for _ in 0..uses {
                    assert_eq!(versions.first(MT, NODE, Version::V3, now), next, "round {round}");
                }
                assert_eq!(versions.first(MT, NODE, Version::V3, now), Version::V3);
                versions.refused(MT, NODE, next, now);
            }
            versions.answered(MT, NODE, Version::V3);
            assert_eq!(versions.first(MT, NODE, Version::V3, now), Version::V3);
            assert!(versions.entries.is_empty());
        }
    }

    #[test]
    fn entries_age_and_are_bounded() {
        let (mut versions, now) = (versions(2), start());
        let age = VersionSettings::default().age;
        versions.refused(MT, NODE, Version::V2, now);
        assert_eq!(versions.first(MT, NODE, Version::V3, now + age - Duration::from_secs(1)), Version::V2);
        assert_eq!(versions.first(MT, NODE, Version::V3, now + age), Version::V3);
        for number in 0..1_000 {
            let peer = number.to_string();
            versions.refused(MT, &peer, Version::V2, now + Duration::from_secs(number));
            if number % 3 == 0 {
                versions.answered(MT, &peer, Version::V3);
            }
            assert!(versions.entries.len() <= 2 && versions.order.len() <= 16);
        }
        assert_eq!(versions.first(MT, "998", Version::V3, now), Version::V2);
        assert_eq!(versions.first(MT, "995", Version::V3, now), Version::V3);
    }
}
