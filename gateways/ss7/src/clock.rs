//! The clock of the gateway, passed in by the process.

use std::sync::Arc;

use smsc::timestamp::Timestamp;

/// Returns the present time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
