//! Starts the binary on free ports with a directory of its own, and ends it with the test.

pub(crate) mod foreign;
pub(crate) mod lab;
pub(crate) mod process;
pub(crate) mod raw;
pub(crate) mod scratch;
pub(crate) mod site;

use std::time::Duration;

/// How long anything may take that a test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `test` on a runtime of its own.
pub(crate) fn block_on<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(test)
}
