//! No circle of more than two files inside a crate.
//!
//! A file depends on another when it names an item of it, by `use` or by a qualified path. A `pub use` is no
//! dependency: the path through it leads to the file that declares the item. `mod x;` is none either. Tests are
//! left out. Two files may name each other: a type and its parts often do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::module_tree::{Module, ModuleTree};
use crate::source::line_of;
use crate::{Crate, File, Finding, Repository};

/// Files that may depend on each other in a circle, at most.
const FILES_MAX: usize = 2;

/// Re-exports that a path may pass through, at most.
const HOPS_MAX: usize = 16;

/// From a file to each file that it names, with the line and the path of the first mention.
type Edges = BTreeMap<String, BTreeMap<String, (usize, String)>>;

/// Circles that are still to be opened: the folder of the crate's sources, and the most files of a circle there. A
/// larger circle is a finding, and so is an entry without a circle.
const TO_BE_OPENED: [(&str, usize); 4] =
    [("gateways/smpp/src", 3), ("protocols/sms/src", 7), ("server/src", 15), ("stores/embedded/src", 4)];

/// The most files that a circle of the crate in `folder` may have.
fn files_max(folder: &str) -> usize {
    TO_BE_OPENED.iter().find(|(open, _)| *open == folder).map_or(FILES_MAX, |(_, files)| *files)
}

/// One finding for each circle, with the files in it and what each names of the others.
#[must_use]
pub fn check(repository: &Repository, crates: &[Crate]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for folder in crates.iter().map(|krate| format!("{}/src", krate.folder)) {
        for root in roots(repository, &folder) {
            let edges = edges(&ModuleTree::read(root, repository), repository);
            let circles = circles(&edges);
            if files_max(&folder) > FILES_MAX && circles.iter().all(|circle| circle.len() <= FILES_MAX) {
                findings.push(Finding::new(&folder, "no circle is left here: remove it from TO_BE_OPENED"));
            }
            let circles = circles.into_iter().filter(|circle| circle.len() > files_max(&folder));
            findings.extend(circles.map(|circle| Finding::new(&folder, describe(&folder, &circle, &edges))));
        }
    }
    findings
}

/// The files that cargo compiles as crates: the library and the binaries.
fn roots<'a>(repository: &'a Repository, folder: &str) -> impl Iterator<Item = &'a File> {
    repository.files().filter(move |file| {
        let name = file.path.strip_prefix(folder).and_then(|name| name.strip_prefix('/'));
        name.is_some_and(|name| match name.strip_prefix("bin/") {
            Some(binary) => {
                binary.ends_with(".rs") && (!binary.contains('/') || binary.ends_with("/main.rs"))
            }
            None => matches!(name, "lib.rs" | "main.rs"),
        })
    })
}

fn edges(tree: &ModuleTree, repository: &Repository) -> Edges {
    let mut edges = Edges::new();
    for (index, module) in tree.modules.iter().enumerate() {
        let text = repository.file(&module.file).map_or("", |file| file.text.as_str());
        let used = module.imports.iter().filter(|import| !import.is_public);
        let named = used.map(|import| (&import.path, import.offset));
        for (path, offset) in named.chain(module.paths.iter().map(|(path, offset)| (path, *offset))) {
            let Some(to) = resolve(tree, index, path, HOPS_MAX).filter(|to| *to != module.file) else {
                continue;
            };
            let from = edges.entry(module.file.clone()).or_default();
            from.entry(to.to_owned()).or_insert_with(|| (line_of(text, offset), path.join("::")));
        }
    }
    edges
}

/// The file that declares what `path` names in the module `from`; none for what other crates declare.
fn resolve<'t>(tree: &'t ModuleTree, from: usize, path: &[String], hops: usize) -> Option<&'t str> {
    let hops = hops.checked_sub(1)?;
    let (mut at, rest) = start(tree, from, path)?;
    let mut is_own = rest.len() == path.len();
    for (position, name) in rest.iter().enumerate() {
        let module = tree.modules.get(at)?;
        if let Some(child) = module.children.get(name) {
            at = *child;
            is_own = false;
            continue;
        }
        if module.items.contains(name) {
            return Some(&module.file);
        }
        let rest = rest.get(position..)?;
        let through = through(tree, at, rest, is_own, hops);
        return if is_own { through } else { through.or(Some(&module.file)) };
    }
    tree.modules.get(at).map(|module| module.file.as_str())
}

/// The module at which a path starts, and the rest of the path.
fn start<'p>(tree: &ModuleTree, from: usize, path: &'p [String]) -> Option<(usize, &'p [String])> {
    let (mut at, mut rest) = (from, path);
    while let Some((first, others)) = rest.split_first() {
        at = match first.as_str() {
            "crate" => 0,
            "self" => at,
            "super" => tree.modules.get(at)?.parent?,
            _ => break,
        };
        rest = others;
    }
    Some((at, rest))
}

/// Follows `path` through an import of the module `at`; the private ones serve the module itself alone.
fn through<'t>(
    tree: &'t ModuleTree,
    at: usize,
    path: &[String],
    is_own: bool,
    hops: usize,
) -> Option<&'t str> {
    let module = tree.modules.get(at)?;
    let (name, rest) = path.split_first()?;
    let usable = || module.imports.iter().filter(|import| is_own || import.is_public);
    // `use a::a` would lead back to itself: such a path starts with a foreign crate.
    let named =
        usable().find(|import| import.name.as_ref() == Some(name) && import.path.first() != Some(name));
    if let Some(import) = named {
        let path: Vec<String> = import.path.iter().chain(rest).cloned().collect();
        return resolve(tree, at, &path, hops);
    }
    usable().filter(|import| import.name.is_none() && import.path.first() != Some(name)).find_map(|glob| {
        let target = module_at(tree, at, &glob.path)?;
        let declares = |module: &Module| module.children.contains_key(name) || module.items.contains(name);
        match tree.modules.get(target).filter(|module| declares(module)) {
            Some(_) => {
                let path: Vec<String> = glob.path.iter().chain(path).cloned().collect();
                resolve(tree, at, &path, hops)
            }
            None if target == at => None,
            None => through(tree, target, path, false, hops.checked_sub(1)?),
        }
    })
}

/// The module that `path` names from the module `from`, if it is one.
fn module_at(tree: &ModuleTree, from: usize, path: &[String]) -> Option<usize> {
    let (at, rest) = start(tree, from, path)?;
    rest.iter().try_fold(at, |at, name| tree.modules.get(at)?.children.get(name).copied())
}

/// The sets of files that all reach each other.
fn circles(edges: &Edges) -> Vec<BTreeSet<&str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        edges.keys().map(|file| (file.as_str(), reached(edges, file))).collect();
    let mut circles: Vec<BTreeSet<&str>> = Vec::new();
    for (file, others) in &reached {
        if circles.iter().any(|circle| circle.contains(file)) {
            continue;
        }
        let returns = |other: &&&str| reached.get(*other).is_some_and(|back| back.contains(file));
        let circle: BTreeSet<&str> = others.iter().filter(returns).copied().collect();
        circles.extend((!circle.is_empty()).then_some(circle));
    }
    circles
}

fn reached<'e>(edges: &'e Edges, file: &str) -> BTreeSet<&'e str> {
    let mut reached = BTreeSet::new();
    let mut ways = vec![file];
    while let Some(from) = ways.pop() {
        for to in edges.get(from).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(to.as_str()) {
                ways.push(to);
            }
        }
    }
    reached
}

fn describe(folder: &str, circle: &BTreeSet<&str>, edges: &Edges) -> String {
    let short = |path: &str| path.strip_prefix(folder).unwrap_or(path).trim_start_matches('/').to_owned();
    let files: Vec<String> = circle.iter().map(|path| short(path)).collect();
    let mut text = format!("circle of {} files: {}", files.len(), files.join(", "));
    for from in circle {
        let inside = edges.get(*from).into_iter().flatten().filter(|(to, _)| circle.contains(to.as_str()));
        for (to, (line, path)) in inside {
            let _infallible = write!(text, "\n      {}:{line} -> {} (`{path}`)", short(from), short(to));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files = files.iter().map(|(name, text)| File::new(&format!("a/src/{name}.rs"), text)).collect();
        let krate = Crate { name: "a".to_owned(), folder: "a".to_owned(), dependencies: Vec::new() };
        check(&Repository::of(files), &[krate]).into_iter().map(|finding| finding.text).collect()
    }

    const LIB: (&str, &str) = ("lib", "mod x; mod y; mod z;");

    #[test]
    fn a_circle_of_three_is_found_with_its_edges() {
        let files = [
            LIB,
            ("x", "use crate::y::{self, Y as Other};"),
            ("y", "\nfn f() { super::z::g() }"),
            ("z", "use super::*;\nuse crate::x as first;\nfn g() -> first::X {}"),
        ];
        let expected = "circle of 3 files: x.rs, y.rs, z.rs\n      x.rs:1 -> y.rs (`crate::y`)\n      \
            y.rs:2 -> z.rs (`super::z::g`)\n      z.rs:2 -> x.rs (`crate::x`)";
        assert_eq!(found(&files), [expected]);
    }

    #[test]
    fn a_circle_of_two_and_a_diamond_pass() {
        assert!(found(&[LIB, ("x", "use crate::y::A;"), ("y", "use crate::x::B;")]).is_empty());
        assert!(found(&[LIB, ("x", "use crate::{y, z};"), ("y", "use crate::z::A;"), ("z", "")]).is_empty());
    }

    #[test]
    fn a_re_export_is_followed_and_is_no_edge() {
        let lib = ("lib", "mod x; mod y; mod z; pub use x::X; pub(crate) use y::*;");
        let files =
            [lib, ("x", "use crate::Y; pub struct X;"), ("y", "pub struct Y;"), ("z", "use crate::X;")];
        assert!(found(&files).is_empty());
        let files = [
            lib,
            ("x", "use crate::Y; pub struct X;"),
            ("y", "pub struct Y; use crate::z::Z;"),
            ("z", "use crate::X;"),
        ];
        assert_eq!(found(&files).len(), 1);
    }

    #[test]
    fn a_private_import_is_followed_in_its_own_module() {
        let lib = ("lib", "mod x; mod y; mod z; use x::X;");
        let x = ("x", "pub use crate::z::Z; use crate::y::Y; pub struct X;");
        let y = ("y", "use crate::x; fn f() -> x::Z {}");
        assert_eq!(found(&[lib, x, y, ("z", "pub struct Z;")]), Vec::<String>::new());
        assert_eq!(found(&[lib, x, y, ("z", "use crate::x::X; pub struct Z;")]).len(), 1);
        // For another module the import leads to the file that holds it.
        let files =
            [lib, ("x", "use crate::y::Y; pub struct X;"), ("y", "use crate::z::Z;"), ("z", "use super::X;")];
        assert!(found(&files)[0].starts_with("circle of 4 files: lib.rs, x.rs, y.rs, z.rs"));
    }

    #[test]
    fn tests_comments_and_strings_name_nothing() {
        let z = "//! [`crate::x::X`]\nconst X: &str = \"crate::x::X\";\n#[cfg(test)]\nmod tests { use crate::x::X; }";
        assert!(found(&[LIB, ("x", "use crate::y::Y;"), ("y", "use crate::z::Z;"), ("z", z)]).is_empty());
    }

    #[test]
    fn inline_modules_and_binaries_count() {
        let x = "mod inner { use super::super::y::Y; }";
        assert_eq!(found(&[LIB, ("x", x), ("y", "use crate::z::Z;"), ("z", "use crate::x::X;")]).len(), 1);
        let main = ("main", "mod x; mod y; use x::X;");
        assert_eq!(found(&[main, ("x", "use crate::y::Y;"), ("y", "use crate::main;")]).len(), 1);
    }
}
