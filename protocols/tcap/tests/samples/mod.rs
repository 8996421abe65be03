//! Test vectors: the messages in `vectors/messages.tsv`.

#![allow(dead_code, reason = "not every test uses all of it")]

use bytes::Bytes;

/// One message and its decoding by tshark.
pub(crate) struct Sample {
    pub(crate) line: usize,
    pub(crate) octets: Bytes,
    pub(crate) otid: Option<String>,
    pub(crate) dtid: Option<String>,
    pub(crate) names: String,
}

pub(crate) fn samples() -> Vec<Sample> {
    let filled = |column: &str| (!column.is_empty()).then(|| column.to_owned());
    let sample = |(line, text): (usize, &str)| {
        let columns: Vec<&str> = text.split('\t').collect();
        let &[octets, otid, dtid, names] = columns.as_slice() else { panic!("line {line}") };
        let octets = hex(octets);
        Sample { line: line + 1, octets, otid: filled(otid), dtid: filled(dtid), names: names.to_owned() }
    };
    let lines = include_str!("../vectors/messages.tsv").lines().enumerate();
    lines.filter(|(_, text)| !text.starts_with('#')).map(sample).collect()
}

/// Octets from hexadecimal digits.
pub(crate) fn hex(digits: &str) -> Bytes {
    let digits: Vec<u8> = digits
        .chars()
        .filter(|digit| !digit.is_whitespace())
        .map(|digit| u8::try_from(digit.to_digit(16).expect("a digit")).expect("four bits"))
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
