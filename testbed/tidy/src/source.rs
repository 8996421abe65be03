//! Rust source reduced to its code: comments, literals and test items blanked.
//!
//! Blanking keeps every byte offset and every line break, so that a place in the code is the same place in the
//! file.

use std::ops::Range;

/// One word or punctuation mark of the code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Token<'a> {
    /// A word, `::`, or one other character.
    pub(crate) text: &'a str,
    /// Its place in the file.
    pub(crate) offset: usize,
}

/// The code of a file: comments and literals are blank.
pub(crate) fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    let mut previous = ' ';
    while let Some(first) = rest.chars().next() {
        let opaque = opaque_length(rest, previous);
        let (taken, remaining) = rest.split_at_checked(opaque.max(first.len_utf8())).unwrap_or((rest, ""));
        if opaque == 0 {
            code.push_str(taken);
            previous = first;
        } else {
            code.push_str(&blank(taken));
            previous = ' ';
        }
        rest = remaining;
    }
    code
}

/// The code that a build without tests compiles.
pub(crate) fn shipped(text: &str) -> String {
    let mut code = code(text);
    for range in test_items(&code) {
        let blanked = code.get(range.clone()).map(blank).unwrap_or_default();
        code.replace_range(range, &blanked);
    }
    code
}

/// Where the items under `#[cfg(test)]` lie in blanked code.
pub(crate) fn test_items(code: &str) -> Vec<Range<usize>> {
    if code.contains("#![cfg(test)]") {
        return std::iter::once(0..code.len()).collect();
    }
    let mut items: Vec<Range<usize>> = Vec::new();
    let attributes = code.match_indices("#[cfg(").filter(|(start, _)| {
        code.get(*start..)
            .is_some_and(|rest| rest.starts_with("#[cfg(test)]") || rest.starts_with("#[cfg(all(test,"))
    });
    for (start, _) in attributes {
        if items.last().is_none_or(|last| last.end <= start) {
            let length = code.get(start..).map_or(0, item_length);
            items.push(start..start + length);
        }
    }
    items
}

/// The words and marks of blanked code.
pub(crate) fn tokens(code: &str) -> Vec<Token<'_>> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    let mut offset = 0;
    while let Some(rest) = code.get(offset..).filter(|rest| !rest.is_empty()) {
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let length = if rest.starts_with("::") { 2 } else { word.max(first) };
        tokens.extend(
            rest.get(..length).filter(|text| !text.trim().is_empty()).map(|text| Token { text, offset }),
        );
        offset += length;
    }
    tokens
}

/// The line of a place in a file, counted from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or_default().matches('\n').count() + 1
}

fn blank(text: &str) -> String {
    text.bytes().map(|octet| if octet == b'\n' { '\n' } else { ' ' }).collect()
}

/// The length of the comment or literal that `rest` starts with; 0 for code.
fn opaque_length(rest: &str, previous: char) -> usize {
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_length(rest);
    }
    let inside_word = previous.is_alphanumeric() || previous == '_';
    let prefix = rest.find(|c| !matches!(c, 'b' | 'c' | 'r')).filter(|_| !inside_word).unwrap_or(0);
    let (prefix, literal) = rest.split_at_checked(prefix).unwrap_or(("", rest));
    let after_hashes = literal.trim_start_matches('#');
    if prefix.ends_with('r') && after_hashes.starts_with('"') {
        let hashes = literal.len() - after_hashes.len();
        let open = prefix.len() + hashes + 1;
        let close = format!("\"{}", "#".repeat(hashes));
        let length = rest.get(open..).and_then(|text| text.find(&close)).map(|at| open + at + close.len());
        return length.unwrap_or(rest.len());
    }
    if literal.starts_with('"') {
        return prefix.len() + quoted_length(literal, '"');
    }
    let mut characters = literal.chars().skip(1);
    let (second, third) = (characters.next(), characters.next());
    if literal.starts_with('\'') && (second == Some('\\') || third == Some('\'')) {
        return prefix.len() + quoted_length(literal, '\'');
    }
    0
}

fn quoted_length(literal: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in literal.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    literal.len()
}

/// Block comments nest.
fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut offset = 0;
    while let Some(inner) = rest.get(offset..).filter(|inner| !inner.is_empty()) {
        if inner.starts_with("/*") {
            depth += 1;
            offset += 2;
        } else if inner.starts_with("*/") {
            depth = depth.saturating_sub(1);
            offset += 2;
            if depth == 0 {
                return offset;
            }
        } else {
            offset += inner.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of an item with its attributes: to its `;`, or to the brace that closes its first block.
fn item_length(item: &str) -> usize {
    let mut depth = 0_i32;
    let mut in_attribute = false;
    for (at, c) in item.char_indices() {
        let next = at + c.len_utf8();
        match c {
            '#' if depth == 0 => in_attribute = true,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth -= 1;
                match (depth, c) {
                    (..0, _) => return at,
                    (0, ']') if in_attribute => in_attribute = false,
                    (0, '}') => return next,
                    _ => {}
                }
            }
            ';' if depth == 0 => return next,
            _ => {}
        }
    }
    item.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> String {
        let code = shipped(text);
        assert_eq!(code.len(), text.len());
        tokens(&code).iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_literals_are_blank() {
        assert_eq!(words("a // b\nc /* d /* e */ f */ g"), "a c g");
        assert_eq!(words(r##"a("b \" c", r#"d " e"#, b'f', '\'', br"g", 'é') h"##), "a ( , , , , , ) h");
        assert_eq!(
            words("fn f<'a>(x: &'a str) -> r#type {}"),
            "fn f < ' a > ( x : & ' a str ) - > r # type { }"
        );
    }

    #[test]
    fn test_items_are_blank_wherever_they_are() {
        assert_eq!(words("#[cfg(test)]\nmod tests;\nmod a;"), "mod a ;");
        assert_eq!(words("a #[cfg(test)] #[rustfmt::skip] fn f() -> [u8; 2] { { } } b"), "a b");
        assert_eq!(words("#[cfg(test)] use a::{b, c}; d"), "; d");
        assert_eq!(words("#![cfg(test)] mod a;"), "");
        assert_eq!(words("#[cfg(not(test))] mod a;"), "# [ cfg ( not ( test ) ) ] mod a ;");
    }

    #[test]
    fn paths_are_words_and_double_colons() {
        assert_eq!(words("crate::a::B<C>: d"), "crate :: a :: B < C > : d");
        assert_eq!(line_of("a\nb\nc", 4), 3);
    }
}
