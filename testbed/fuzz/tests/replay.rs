//! Runs every fuzz target on its corpus, on the seeds of other crates and on mutants of both: no panic,
//! and no input takes longer than 100 ms.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fuzz::{TARGETS, Target};

/// Mutants of each target.
const MUTANTS: usize = 5_000;
/// Octets of the longest mutant; larger inputs are left to the fuzzer.
const OCTETS_MAX: usize = 4_096;
/// How long one input may take.
const LIMIT: Duration = Duration::from_millis(100);

/// Xorshift: the same mutants in every run.
struct Mutator(u64);

impl Mutator {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    fn octet(&mut self) -> u8 {
        const LIKELY: &[u8] = b"\0\x01\x7f\x80\xff\r\n \t;,:<>\"'=&%/@+-0";
        let any = u8::try_from(self.below(256)).unwrap();
        if self.below(2) == 0 { LIKELY.get(self.below(LIKELY.len())).copied().unwrap_or(any) } else { any }
    }

    fn mutant(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut octets = corpus.get(self.below(corpus.len())).unwrap().clone();
        for _ in 0..=self.below(5) {
            let at = self.below(octets.len() + 1);
            match self.below(6) {
                0 => octets.truncate(at),
                1 => octets.insert(at, self.octet()),
                2 => drop(octets.drain(at..(at + self.below(8)).min(octets.len()))),
                3 => {
                    let other = corpus.get(self.below(corpus.len())).unwrap();
                    octets.truncate(at);
                    octets.extend_from_slice(other.get(self.below(other.len() + 1)..).unwrap());
                }
                4 => {
                    let piece: Vec<u8> = octets.iter().skip(at).take(self.below(16)).copied().collect();
                    octets.splice(at..at, piece);
                }
                _ => {
                    let octet = self.octet();
                    octets.iter_mut().skip(at).take(1).for_each(|place| *place = octet);
                }
            }
        }
        octets.truncate(OCTETS_MAX);
        octets
    }
}

fn files(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|ending| ending != "md"))
        .collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Runs one input; an input that fails is shown in a form that can be kept in `corpus/`.
fn replay(target: &Target, octets: &[u8]) {
    #[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
    let began = Instant::now();
    let ended = std::panic::catch_unwind(|| (target.run)(octets));
    assert!(ended.is_ok(), "{} panics on \"{}\"", target.name, octets.escape_ascii());
    let took = began.elapsed();
    assert!(took < LIMIT, "{} takes {took:?} for \"{}\"", target.name, octets.escape_ascii());
}

#[test]
fn corpus_and_its_mutants() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    for target in TARGETS {
        let mut corpus = files(&here.join("corpus").join(target.name));
        if let Some(seeds) = target.seeds {
            corpus.extend(files(&here.join("../..").join(seeds)));
        }
        assert!(corpus.len() >= 3, "{} has too few seeds", target.name);
        replay(target, b"");
        for octets in &corpus {
            replay(target, octets);
            (0..octets.len().min(512)).for_each(|length| replay(target, &octets[..length]));
        }
        let mut mutator = Mutator(0x5eed_5eed_5eed_5eed);
        for _ in 0..MUTANTS {
            replay(target, &mutator.mutant(&corpus));
        }
    }
}

#[test]
fn every_folder_of_the_corpus_has_a_target() {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(fuzz::target(&name).is_some(), "no target is called {name}");
    }
}
