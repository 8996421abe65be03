//! Looks entries of the configuration up by their names.

/// The place of the entry called `name`.
pub(crate) fn position<T>(entries: &[T], name: &str, name_of: impl Fn(&T) -> &str) -> Option<u16> {
    let place = entries.iter().position(|entry| name_of(entry) == name)?;
    u16::try_from(place).ok()
}
