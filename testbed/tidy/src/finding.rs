//! One broken rule at one place.

use std::fmt;

/// One broken rule: its place, and how to mend it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Finding {
    /// The file, relative to the root of the repository.
    pub path: String,
    /// The line, counted from 1; 0 when the whole file or folder is meant.
    pub line: usize,
    /// What is wrong, and how to mend it.
    pub text: String,
}

impl Finding {
    /// A finding about a whole file or folder.
    pub fn new(path: &str, text: impl Into<String>) -> Self {
        Self::at(path, 0, text)
    }

    /// A finding about one line.
    pub fn at(path: &str, line: usize, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, text: text.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.text),
            line => write!(f, "{}:{line}: {}", self.path, self.text),
        }
    }
}
