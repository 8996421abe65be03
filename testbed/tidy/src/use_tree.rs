//! The paths that one `use` declaration names.

use crate::source::Token;

/// One name that a `use` declaration brings into a module.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Import {
    /// The path as written, without the final `self` or `*`.
    pub(crate) path: Vec<String>,
    /// The name in this module; none for a glob.
    pub(crate) name: Option<String>,
    /// Whether other modules can use the name: `pub use`, `pub(crate) use`.
    pub(crate) is_public: bool,
    /// Where the declaration stands in the file.
    pub(crate) offset: usize,
}

/// Every import of the declaration with these tokens: those between `use` and `;`.
pub(crate) fn imports(tokens: &[Token<'_>], is_public: bool, offset: usize) -> Vec<Import> {
    let mut imports = Vec::new();
    let mut found = |path: Vec<String>, name| imports.push(Import { path, name, is_public, offset });
    expand(tokens, &[], &mut found);
    imports
}

fn expand(tree: &[Token<'_>], prefix: &[String], found: &mut impl FnMut(Vec<String>, Option<String>)) {
    let open = tree.iter().position(|token| token.text == "{").unwrap_or(tree.len());
    let (head, braced) = tree.split_at_checked(open).unwrap_or((tree, &[]));
    let mut path = prefix.to_vec();
    let mut words = head.iter().map(|token| token.text).filter(|text| *text != "::");
    let mut alias = None;
    let mut is_glob = false;
    while let Some(word) = words.next() {
        match word {
            "as" => alias = words.next().map(str::to_owned),
            "*" => is_glob = true,
            "self" if !path.is_empty() => {}
            word => path.push(word.to_owned()),
        }
    }
    if let [_open, inner @ .., _close] = braced {
        for part in split(inner) {
            expand(part, &path, found);
        }
    } else if !path.is_empty() {
        let last = path.last().cloned();
        let name = if is_glob { None } else { alias.or(last) };
        found(path, name);
    }
}

/// The parts between the commas that stand outside inner braces.
fn split<'t, 'a>(tokens: &'t [Token<'a>]) -> impl Iterator<Item = &'t [Token<'a>]> {
    let mut depth = 0;
    tokens
        .split(move |token| {
            match token.text {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            depth == 0 && token.text == ","
        })
        .filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tokens;

    fn read(tree: &str) -> Vec<String> {
        let imports = imports(&tokens(tree), false, 0);
        imports
            .iter()
            .map(|import| format!("{} = {}", import.name.as_deref().unwrap_or("*"), import.path.join("::")))
            .collect()
    }

    #[test]
    fn braces_nest() {
        assert_eq!(
            read("crate::{a::{self, B as C, d::{E, f::*}}, g,}"),
            ["a = crate::a", "C = crate::a::B", "E = crate::a::d::E", "* = crate::a::d::f", "g = crate::g"]
        );
    }

    #[test]
    fn heads_keep_self_and_super() {
        assert_eq!(read("super::super::a"), ["a = super::super::a"]);
        assert_eq!(read("self::a as _"), ["_ = self::a"]);
        assert_eq!(read("::std::fmt"), ["fmt = std::fmt"]);
    }
}
