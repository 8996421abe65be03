//! Why a store directory could not be opened, and how engine errors reach the ports.

use std::path::PathBuf;

use platform::ports::PlatformStoreError;
use smsc::ports::StoreError;

/// Why the store could not be opened. Each text is one line for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has the directory open.
    #[error("{} is in use by another process", .0.display())]
    Locked(PathBuf),
    /// The directory was written by a newer version of the program.
    #[error("{} has schema version {found}, and this program knows versions up to {known}: \
             use the newer program, or restore a backup", .path.display())]
    Newer {
        /// The directory.
        path: PathBuf,
        /// The version it has.
        found: u32,
        /// The newest version that this program reads.
        known: u32,
    },
    /// The directory holds something that is no store of this program, or lost its marks.
    #[error("{} is damaged: {reason}", .path.display())]
    Damaged {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system refused.
    #[error("cannot open {}: {reason}", .path.display())]
    Io {
        /// The directory.
        path: PathBuf,
        /// Its text.
        reason: String,
    },
}

/// The engine's errors in the centre's terms.
#[allow(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
pub(crate) fn failed(error: fjall::Error) -> StoreError {
    StoreError::Failed(describe(&error))
}

/// The centre's errors in the platform's terms: what will pass, and what will not.
pub(crate) fn for_platform(error: StoreError) -> PlatformStoreError {
    match error {
        StoreError::Congested | StoreError::DiskFull => PlatformStoreError::Busy,
        other => PlatformStoreError::Failed(other.to_string()),
    }
}

/// An engine error in words, without the engine's own decoration.
pub(crate) fn describe(error: &fjall::Error) -> String {
    match error {
        fjall::Error::Io(error) => error.to_string(),
        fjall::Error::Poisoned => "an earlier write or sync failed".to_owned(),
        other => format!("{other:?}"),
    }
}

/// Whether the engine found bytes that do not match their checksum.
pub(crate) fn is_damage(error: &fjall::Error) -> bool {
    use fjall::LsmError as Lsm;
    matches!(
        error,
        fjall::Error::Storage(
            Lsm::ChecksumMismatch { .. } | Lsm::InvalidHeader(_) | Lsm::InvalidTag(_) | Lsm::InvalidTrailer
        )
    )
}
