//! The modules of one crate root, and what each of them names.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Token, shipped, tokens};
use crate::use_tree::{Import, imports};
use crate::{File, Repository};

/// One module: a file, or an inline part of one.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// The file that holds it.
    pub(crate) file: String,
    pub(crate) parent: Option<usize>,
    pub(crate) children: BTreeMap<String, usize>,
    pub(crate) imports: Vec<Import>,
    /// The names of the items that the module declares itself.
    pub(crate) items: BTreeSet<String>,
    /// Qualified paths outside `use` declarations, each with its place in the file.
    pub(crate) paths: Vec<(Vec<String>, usize)>,
}

/// The modules that a crate root reaches by `mod`; the root is the first.
#[derive(Debug, Default)]
pub(crate) struct ModuleTree {
    pub(crate) modules: Vec<Module>,
}

impl ModuleTree {
    /// The tree below the crate root `root`, without the modules of tests.
    pub(crate) fn read(root: &File, repository: &Repository) -> Self {
        let mut tree = Self::default();
        let folder = folder_of(&root.path).to_owned();
        let mut queue = vec![(tree.add(None, root), root, folder)];
        while let Some((module, file, folder)) = queue.pop() {
            let code = shipped(&file.text);
            let tokens = tokens(&code);
            let mut reader =
                Reader { tree: &mut tree, file, tokens: &tokens, open: Vec::new(), declared: Vec::new() };
            reader.read(module, folder);
            for Declared { parent, name, candidates } in reader.declared {
                let Some(found) = candidates.iter().find_map(|(path, _)| repository.file(path)) else {
                    continue;
                };
                let folder =
                    candidates.into_iter().find(|(path, _)| *path == found.path).map(|(_, folder)| folder);
                let child = tree.add(Some((parent, &name)), found);
                queue.push((child, found, folder.unwrap_or_default()));
            }
        }
        tree
    }

    fn add(&mut self, parent: Option<(usize, &str)>, file: &File) -> usize {
        let index = self.modules.len();
        self.modules.push(Module {
            file: file.path.clone(),
            parent: parent.map(|(at, _)| at),
            ..Module::default()
        });
        if let Some((parent, name)) = parent.and_then(|(at, name)| Some((self.modules.get_mut(at)?, name))) {
            // Of two declarations under different `cfg`s the first has the name; the second is read too.
            parent.children.entry(name.to_owned()).or_insert(index);
        }
        index
    }
}

/// A `mod name;`: where its file may be, and the folder of that file's own modules.
struct Declared {
    parent: usize,
    name: String,
    candidates: Vec<(String, String)>,
}

struct Reader<'t, 'a> {
    tree: &'t mut ModuleTree,
    file: &'t File,
    tokens: &'t [Token<'a>],
    /// The modules around the current token: index, depth of braces inside, folder.
    open: Vec<(usize, usize, String)>,
    declared: Vec<Declared>,
}

impl Reader<'_, '_> {
    fn read(&mut self, module: usize, folder: String) {
        self.open.push((module, 0, folder));
        let (mut at, mut depth) = (0, 0_usize);
        while !self.text(at).is_empty() {
            let Some((module, base, folder)) = self.open.last().cloned() else { return };
            match self.text(at) {
                "{" => depth += 1,
                "}" => {
                    depth = depth.saturating_sub(1);
                    if depth < base {
                        self.open.pop();
                    }
                }
                "use" if self.text(at + 1) != "<" => at = self.import(module, at),
                "mod" if self.text(at + 2) == ";" => self.declare(module, at, &folder),
                "mod" if self.text(at + 2) == "{" => {
                    let name = self.text(at + 1).to_owned();
                    let child = self.tree.add(Some((module, &name)), self.file);
                    depth += 1;
                    self.open.push((child, depth, format!("{folder}/{name}")));
                    at += 2;
                }
                "struct" | "enum" | "trait" | "fn" | "const" | "static" | "type" | "union"
                    if depth == base =>
                {
                    let name = self.text(at + 1).to_owned();
                    self.module(module, |module| module.items.extend([name]));
                }
                "macro_rules" => {
                    let name = self.text(at + 2).to_owned();
                    self.module(module, |module| module.items.extend([name]));
                }
                _ if self.text(at + 1) == "::" && !matches!(self.before(at), "::" | ".") => {
                    at = self.path(module, at);
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn before(&self, at: usize) -> &str {
        at.checked_sub(1).map_or("", |at| self.text(at))
    }

    fn module(&mut self, module: usize, change: impl FnOnce(&mut Module)) {
        if let Some(module) = self.tree.modules.get_mut(module) {
            change(module);
        }
    }

    /// Reads the declaration with its `use` at `at`, up to its `;`.
    fn import(&mut self, module: usize, at: usize) -> usize {
        let Some(rest) = self.tokens.get(at..) else { return at };
        let length = rest.iter().position(|token| token.text == ";").unwrap_or(rest.len());
        let is_public = match self.before(at) {
            "pub" => true,
            ")" => {
                let before = self.tokens.get(..at).unwrap_or_default();
                before
                    .iter()
                    .rev()
                    .skip_while(|token| token.text != "(")
                    .nth(1)
                    .is_some_and(|token| token.text == "pub")
            }
            _ => false,
        };
        let offset = rest.first().map_or(0, |token| token.offset);
        let found = imports(rest.get(1..length).unwrap_or_default(), is_public, offset);
        self.module(module, |module| module.imports.extend(found));
        at + length
    }

    fn declare(&mut self, parent: usize, at: usize, folder: &str) {
        let name = self.text(at + 1).to_owned();
        let candidates = match self.path_attribute(at) {
            Some(path) => {
                let path = format!("{}/{path}", folder_of(&self.file.path));
                let folder = folder_of(&path).to_owned();
                vec![(path, folder)]
            }
            None => vec![
                (format!("{folder}/{name}.rs"), format!("{folder}/{name}")),
                (format!("{folder}/{name}/mod.rs"), format!("{folder}/{name}")),
            ],
        };
        self.declared.push(Declared { parent, name, candidates });
    }

    /// The value of `#[path = "..."]` before the `mod` at `at`.
    fn path_attribute(&self, at: usize) -> Option<&str> {
        let before = self.tokens.get(..at)?;
        let item =
            before.iter().rposition(|token| matches!(token.text, ";" | "}" | "{")).map_or(0, |last| last + 1);
        let words = before.get(item..)?;
        let at = words.windows(3).position(|words| {
            matches!(words, [open, path, is] if open.text == "[" && path.text == "path" && is.text == "=")
        })?;
        self.file.text.get(words.get(at + 2)?.offset..)?.split('"').nth(1)
    }

    /// Reads the path that starts at `at`; returns its last token.
    fn path(&mut self, module: usize, at: usize) -> usize {
        let is_word = |text: &str| text.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if !is_word(self.text(at)) {
            return at;
        }
        let mut path = vec![self.text(at).to_owned()];
        let mut last = at;
        while self.text(last + 1) == "::" && is_word(self.text(last + 2)) {
            last += 2;
            path.push(self.text(last).to_owned());
        }
        let offset = self.tokens.get(at).map_or(0, |token| token.offset);
        if path.len() > 1 {
            self.module(module, |module| module.paths.push((path, offset)));
        }
        last
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> ModuleTree {
        let files = files.iter().map(|(path, text)| File::new(path, text)).collect();
        let repository = Repository::of(files);
        ModuleTree::read(repository.file("a/src/lib.rs").unwrap(), &repository)
    }

    #[test]
    fn modules_are_found_in_every_form() {
        let tree = tree(&[
            (
                "a/src/lib.rs",
                "mod b; mod inline { mod c; } #[path = \"other.rs\"] mod d;\n#[cfg(test)]\nmod tests;",
            ),
            ("a/src/b.rs", "pub(crate) mod e;"),
            ("a/src/b/e.rs", ""),
            ("a/src/inline/c/mod.rs", ""),
            ("a/src/other.rs", ""),
            ("a/src/tests.rs", ""),
        ]);
        let mut files: Vec<_> = tree.modules.iter().map(|module| module.file.as_str()).collect();
        files.sort_unstable();
        assert_eq!(
            files,
            [
                "a/src/b.rs",
                "a/src/b/e.rs",
                "a/src/inline/c/mod.rs",
                "a/src/lib.rs",
                "a/src/lib.rs",
                "a/src/other.rs"
            ]
        );
    }

    #[test]
    fn names_are_sorted_by_what_they_do() {
        let tree = tree(&[(
            "a/src/lib.rs",
            "pub(in crate::x) use crate::y::Z;\nuse std::fmt;\nstruct A; impl A { fn b() { c::D::<u8>::e(); x.f::<g::H>() } }",
        )]);
        let module = &tree.modules[0];
        let imports: Vec<_> =
            module.imports.iter().map(|import| (import.path.join("::"), import.is_public)).collect();
        assert_eq!(imports, [("crate::y::Z".to_owned(), true), ("std::fmt".to_owned(), false)]);
        assert_eq!(module.items.iter().collect::<Vec<_>>(), ["A"]);
        let paths: Vec<_> = module.paths.iter().map(|(path, _)| path.join("::")).collect();
        assert_eq!(paths, ["crate::x", "c::D", "g::H"]);
    }
}
