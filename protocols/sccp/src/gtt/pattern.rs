//! Digit patterns and replacements of translation rules, such as `49/15?/*` and `00$1$3` (Q.714 §2.4).

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use smallvec::SmallVec;

use crate::Error;

/// The most groups: a replacement has one digit for the number.
const GROUPS_MAX: usize = 9;

/// A digit pattern: digits match themselves, `?` any one digit, `*` (at the end alone) any rest, also an
/// empty one. `/` separates groups. The default is `*`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pattern(CompactString);

impl Pattern {
    /// The part of `digits` in each group, or `None` where they do not match.
    pub(super) fn groups_of<'a>(&self, digits: &'a str) -> Option<SmallVec<[&'a str; GROUPS_MAX]>> {
        let mut groups = SmallVec::new();
        let mut rest = digits;
        for group in self.0.split('/') {
            let (fixed, takes_rest) = group.strip_suffix('*').map_or((group, false), |fixed| (fixed, true));
            let length = if takes_rest { rest.len() } else { fixed.len() };
            let (held, after) = rest.split_at_checked(length)?;
            let prefix = held.get(..fixed.len())?;
            if !prefix.bytes().zip(fixed.bytes()).all(|(digit, wanted)| wanted == b'?' || wanted == digit) {
                return None;
            }
            groups.push(held);
            rest = after;
        }
        rest.is_empty().then_some(groups)
    }

    /// The number of groups, at least one.
    pub(super) fn groups(&self) -> usize {
        self.0.split('/').count()
    }
}

impl FromStr for Pattern {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fixed = text.strip_suffix('*').unwrap_or(text);
        // An asterisk before the end would be the digit of code 10, which no numbering plan has.
        let known = |octet: u8| matches!(octet, b'0'..=b'9' | b'#' | b'a'..=b'c' | b'?' | b'/');
        if text.is_empty() || !fixed.bytes().all(known) {
            return Err(Error::Rule("a pattern has digits, ?, / and, at its end, *"));
        }
        let pattern = Self(text.into());
        if pattern.groups() > GROUPS_MAX {
            return Err(Error::Rule("a pattern has more than nine groups"));
        }
        Ok(pattern)
    }
}

impl Default for Pattern {
    fn default() -> Self {
        Self(CompactString::const_new("*"))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The new digits of a rule: digits as they are, `$1` to `$9` for groups of the pattern, `$0`
/// for all digits. The default is `$0`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Replacement(CompactString);

impl Replacement {
    /// The new digits.
    pub(super) fn apply(&self, digits: &str, groups: &[&str]) -> CompactString {
        let mut written = CompactString::default();
        let mut characters = self.0.chars();
        while let Some(character) = characters.next() {
            if character == '$' {
                let number = characters.next().and_then(|digit| digit.to_digit(10)).unwrap_or(0);
                let group = usize::try_from(number).unwrap_or(0).checked_sub(1);
                written.push_str(group.map_or(digits, |at| groups.get(at).copied().unwrap_or_default()));
            } else {
                written.push(character);
            }
        }
        written
    }

    /// The highest group number in it.
    pub(super) fn groups(&self) -> usize {
        let named = self.0.split('$').skip(1).filter_map(|piece| piece.chars().next()?.to_digit(10));
        named.max().and_then(|highest| usize::try_from(highest).ok()).unwrap_or(0)
    }
}

impl FromStr for Replacement {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut pieces = text.split('$');
        let plain =
            |piece: &str| piece.bytes().all(|octet| matches!(octet, b'0'..=b'9' | b'#' | b'a'..=b'c'));
        let leading = pieces.next().is_some_and(plain);
        let numbered = |piece: &str| piece.starts_with(|first: char| first.is_ascii_digit()) && plain(piece);
        if text.is_empty() || !leading || !pieces.all(numbered) {
            return Err(Error::Rule("a replacement has digits and $0 to $9"));
        }
        Ok(Self(text.into()))
    }
}

impl Default for Replacement {
    fn default() -> Self {
        Self(CompactString::const_new("$0"))
    }
}

impl fmt::Display for Replacement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(pattern: &str, digits: &str) -> Option<Vec<String>> {
        let pattern: Pattern = pattern.parse().unwrap();
        pattern.groups_of(digits).map(|groups| groups.iter().map(|group| (*group).to_owned()).collect())
    }

    #[test]
    fn a_pattern_matches_whole_numbers() {
        assert_eq!(groups("49", "49"), Some(vec!["49".to_owned()]));
        assert_eq!(groups("49", "491"), None);
        assert_eq!(groups("49?", "49"), None);
        assert_eq!(groups("49*", "49"), Some(vec!["49".to_owned()]));
        assert_eq!(groups("4?/*", "48"), Some(vec!["48".to_owned(), String::new()]));
        assert_eq!(groups("4?/1*", "48"), None);
        assert_eq!(groups("*", ""), Some(vec![String::new()]));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["", "*1", "+49*", "1**", "1/2/3/4/5/6/7/8/9/0", "1 2"] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
        for text in ["", "$", "$x", "+49$0", "1*"] {
            assert!(text.parse::<Replacement>().is_err(), "{text}");
        }
    }
}
