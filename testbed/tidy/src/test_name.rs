//! The form in which pages cite a test: `path`, or `path::test_function`.

use crate::Repository;

/// The reason why the cited test does not exist, if so.
pub(crate) fn missing(name: &str, repository: &Repository) -> Option<String> {
    let (path, function) = match name.split_once("::") {
        Some((path, rest)) => (path, rest.rsplit("::").next()),
        None => (name, None),
    };
    if !repository.holds(path) {
        return Some(format!("test `{name}`: no such file"));
    }
    let function = function?;
    let declared = repository.file(path).is_some_and(|file| file.text.contains(&format!("fn {function}(")));
    (!declared).then(|| format!("test `{name}`: no function {function} in that file"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::File;

    #[test]
    fn a_name_is_a_file_or_a_function_in_it() {
        let repository = Repository::of(vec![File::new("smsc/src/lib.rs", "fn field_01_fill_bits() {}")]);
        assert_eq!(missing("smsc/src/lib.rs", &repository), None);
        assert_eq!(missing("smsc/src/lib.rs::field_01_fill_bits", &repository), None);
        assert_eq!(missing("smsc/src/lib.rs::tests::field_01_fill_bits", &repository), None);
        assert!(missing("smsc/src/lib.rs::field_01", &repository).is_some());
        assert!(missing("smsc/src/gone.rs", &repository).is_some());
        assert!(missing("smsc/src::field_01_fill_bits", &repository).is_some());
    }
}
