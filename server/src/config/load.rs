//! Reading `fernpost.toml`: a fault names its file, line and key, and what may have been meant.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Config;

/// What is wrong with a configuration. It is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", file.display())]
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The text is no TOML, or a key is unknown or has a value of the wrong form.
    #[error("{}:{line}: {message}{}", file.display(), hint(suggestion.as_deref()))]
    Text {
        /// Which file.
        file: PathBuf,
        /// Its line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
        /// What may have been meant.
        suggestion: Option<String>,
    },
    /// A value makes no sense.
    #[error("{}: {key}: {message}", place(file.as_deref(), *line))]
    Value {
        /// Which file, once it is known.
        file: Option<PathBuf>,
        /// Its line, where it could be found.
        line: Option<usize>,
        /// Which key.
        key: String,
        /// The table, the number of the entry in it, and the last part of the key.
        entry: Option<Box<(String, Option<usize>, String)>>,
        /// What is wrong.
        message: String,
    },
}

impl ConfigError {
    /// A value of entry `index` of `table` that makes no sense.
    pub fn entry(table: &str, index: Option<usize>, key: &str, message: impl std::fmt::Display) -> Self {
        let place = index.map_or(String::new(), |index| format!("[{index}]"));
        Self::Value {
            file: None,
            line: None,
            key: format!("{table}{place}.{key}"),
            entry: Some(Box::new((table.to_owned(), index, key.to_owned()))),
            message: message.to_string(),
        }
    }

    /// A value of a gateway's or store's table that makes no sense.
    pub fn table(table: &str, message: impl std::fmt::Display) -> Self {
        Self::Value {
            file: None,
            line: None,
            key: table.to_owned(),
            entry: Some(Box::new((table.to_owned(), None, String::new()))),
            message: message.to_string(),
        }
    }

    fn located(self, path: &Path, text: &str) -> Self {
        match self {
            Self::Value { key, entry, message, .. } => {
                let line = entry.as_deref().and_then(|(table, index, last)| find(text, table, *index, last));
                Self::Value { file: Some(path.to_owned()), line, key, entry, message }
            }
            other => other,
        }
    }
}

/// Reads and checks a file.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { file: path.to_owned(), source })?;
    parse(&text, path)
}

/// Reads and checks a text; `path` is for the errors.
pub fn parse(text: &str, path: &Path) -> Result<Config, ConfigError> {
    let config: Config = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
        let message = error.message().trim().to_owned();
        ConfigError::Text { file: path.to_owned(), line, suggestion: suggestion(&message), message }
    })?;
    check(&config).map_err(|error| error.located(path, text))?;
    Ok(config)
}

/// Checks what the types alone cannot express.
pub fn check(config: &Config) -> Result<(), ConfigError> {
    if config.node > 1023 {
        return Err(ConfigError::entry("node", None, "", "a node has a number from 0 to 1023"));
    }
    if config.roles.is_empty() {
        return Err(ConfigError::entry("roles", None, "", "a process needs at least one role"));
    }
    config.smpp.check().map_err(|error| ConfigError::table("smpp", error))?;
    config.sip.check().map_err(|error| ConfigError::table("sip", error))?;
    config.ss7.check().map_err(|error| ConfigError::table("ss7", error))?;
    config.platform.provisioned(crate::clock::now())?;
    config.rules(Arc::default()).map(|_| ())
}

/// The known key that is nearest to the unknown one in serde's message, if one is near.
fn suggestion(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if !message.starts_with("unknown field") && !message.starts_with("unknown variant") {
        return None;
    }
    let unknown = quoted.next()?;
    quoted
        .map(|known| (distance(unknown, known), known))
        .min()
        .filter(|(distance, known)| *distance <= known.len().max(3) / 3 + 1)
        .map(|(_, known)| known.to_owned())
}

/// Levenshtein's distance.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, b) in row.iter_mut().skip(1).zip(other.chars()) {
            let best = (diagonal + usize::from(a != b)).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            *cell = best;
            left = best;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// The line of a key in entry `index` of `table`; the entry's own line when the key is not written down.
fn find(text: &str, table: &str, index: Option<usize>, key: &str) -> Option<usize> {
    let (array, single) = (format!("[[{table}]]"), format!("[{table}]"));
    let mut entries = 0;
    let mut inside = false;
    let mut entry_line = None;
    for (number, line) in (1..).zip(text.lines().map(str::trim)) {
        if line == array || line == single {
            inside = index.is_none_or(|index| index == entries);
            entries += 1;
            if inside && entry_line.is_none() {
                entry_line = Some(number);
            }
        } else if line.starts_with('[') && !line.starts_with(&format!("[{table}.")) {
            inside = false;
        }
        let name = line.split(['=', '.']).next().unwrap_or_default().trim();
        if (inside && !key.is_empty() && name == key) || (key.is_empty() && name == table) {
            return Some(number);
        }
    }
    entry_line
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map(|known| format!("; did you mean `{known}`?")).unwrap_or_default()
}

fn place(file: Option<&Path>, line: Option<usize>) -> String {
    let file = file.map_or_else(|| "configuration".to_owned(), |file| file.display().to_string());
    line.map_or(file.clone(), |line| format!("{file}:{line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse(text, Path::new("fernpost.toml")).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_file_is_valid() {
        assert_eq!(parse("", Path::new("x")).unwrap(), Config::default());
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_one() {
        let text = "node = 1\n\n[numbering]\ncuontry = 'DE'\n";
        let error = error(text);
        assert!(error.starts_with("fernpost.toml:4: unknown field `cuontry`"), "{error}");
        assert!(error.ends_with("did you mean `country`?"), "{error}");
    }

    #[test]
    fn a_value_that_makes_no_sense_is_named_with_its_line() {
        let text =
            "[[routes]]\nname = 'a'\n\n[[routes]]\nname = 'b'\nto.pattern = '49('\ntargets = ['smpp:x']\n";
        let error = error(text);
        assert!(error.starts_with("fernpost.toml:6: routes[1].to: regex parse error"), "{error}");
        let error = self::error("[numbering]\ncountry = 'XX'\n");
        assert!(error.starts_with("fernpost.toml:2: numbering.country: \"XX\" is not"), "{error}");
    }

    #[test]
    fn a_target_that_is_no_party_is_refused() {
        let error = error("[[routes]]\nname = 'a'\ntargets = ['fax:1']\n");
        assert!(error.contains("fernpost.toml:3: routes[0].targets: \"fax:1\""), "{error}");
    }

    #[test]
    fn a_wrong_type_is_named_with_its_line() {
        let error = error("[validity]\ndefault_hours = 'three'\n");
        assert!(error.starts_with("fernpost.toml:2: invalid type"), "{error}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = load(Path::new("/nonexistent/fernpost.toml")).unwrap_err().to_string();
        assert!(error.starts_with("/nonexistent/fernpost.toml: "), "{error}");
    }
}
