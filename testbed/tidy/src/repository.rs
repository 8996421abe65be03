//! The files of the repository, read once.

use std::io;
use std::path::Path;

use crate::source::{code, line_of, test_items};

/// Folders that git does not track: the output of builds, runs and tools.
const UNTRACKED: [&str; 6] = [".git", ".venv", "__pycache__", "fernpost-data", "node_modules", "target"];

/// Every file of the repository, sorted by path.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    files: Vec<File>,
}

/// One file.
#[derive(Clone, Debug)]
pub struct File {
    /// Relative to the root, with `/` between the parts on every system.
    pub path: String,
    /// The text; empty when the file is not UTF-8.
    pub text: String,
}

impl Repository {
    /// Reads the tree below `root`.
    ///
    /// # Errors
    /// The first file or folder that could not be read.
    pub fn read(root: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        collect(root, "", &mut files)?;
        Ok(Self::of(files))
    }

    /// A repository of the given files, for the unit tests of the rules.
    #[must_use]
    pub fn of(mut files: Vec<File>) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files }
    }

    /// Every file.
    pub fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// The files with a path that ends with `suffix`, for example `.rs`.
    pub fn ending(&self, suffix: &str) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.path.ends_with(suffix))
    }

    /// The file at exactly this path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether `path` is a file, or a folder with a file in it. The root itself is `""`.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        let folder = path.trim_end_matches('/');
        folder.is_empty()
            || self.files.iter().any(|file| {
                file.path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
    }
}

impl File {
    /// A file with this path and text.
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// The lines with their numbers, counted from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The lines outside the items under `#[cfg(test)]`.
    pub fn shipped_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests: Vec<_> = test_items(&code(&self.text))
            .into_iter()
            .map(|item| line_of(&self.text, item.start)..=line_of(&self.text, item.end))
            .collect();
        self.lines().filter(move |(number, _)| !tests.iter().any(|lines| lines.contains(number)))
    }
}

fn collect(root: &Path, folder: &str, files: &mut Vec<File>) -> io::Result<()> {
    for entry in root.join(folder).read_dir()? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if UNTRACKED.contains(&name.as_str()) {
            continue;
        }
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(root, &path, files)?;
        } else if kind.is_file() {
            let text = String::from_utf8(std::fs::read(entry.path())?).unwrap_or_default();
            files.push(File { path, text });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_held_by_its_files_and_not_by_its_prefix() {
        let repository = Repository::of(vec![File::new("docs/life.md", "")]);
        assert!(repository.holds("docs"));
        assert!(repository.holds("docs/"));
        assert!(repository.holds("docs/life.md"));
        assert!(!repository.holds("doc"));
        assert!(!repository.holds("docs/life"));
    }
}
