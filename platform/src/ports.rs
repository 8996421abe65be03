//! The doors of the platform: where its records rest, how it reaches a centre, and how it calls
//! applications.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

/// A future that may be sent to another thread.
pub type Promise<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where the platform's records rest. The platform owns the form of keys and values; the
/// ledger keeps them durable and in the order of their keys.
pub trait Ledger: Send + Sync + 'static {
    /// All or nothing, durable when it returns `Ok`.
    fn commit(&self, writes: Vec<Write>) -> Promise<'static, Result<(), LedgerError>>;

    /// One record.
    fn get(&self, table: Table, key: Vec<u8>) -> Promise<'static, Result<Option<Bytes>, LedgerError>>;

    /// Records whose keys lie in `range`, in rising or falling order.
    fn scan(&self, scan: Scan) -> Promise<'static, Result<Vec<(Bytes, Bytes)>, LedgerError>>;
}

/// One change of a record.
#[derive(Clone, Debug)]
pub struct Write {
    /// Which table.
    pub table: Table,
    /// Which record.
    pub key: Vec<u8>,
    /// Its new value; `None` deletes it.
    pub value: Option<Bytes>,
}

/// A table of the ledger. Each is a keyspace of its own.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Table {
    /// Accounts, numbers, applications: few, all held in memory.
    Provisioning,
    /// Message records by SID.
    Messages,
    /// Indexes into the messages.
    MessageIndex,
    /// What is still to be done: submissions and callbacks.
    Outbox,
}

/// Which records to read.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Which table.
    pub table: Table,
    /// Keys at or above this one.
    pub from: Vec<u8>,
    /// Keys below this one; to the end of the table when absent.
    pub until: Option<Vec<u8>>,
    /// Falling order, beginning just below `until`.
    pub backwards: bool,
    /// At most this many.
    pub limit: usize,
}

/// Why the ledger could not do what was asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// Too much is queued, or the disk is full; try again later.
    #[error("the ledger takes nothing now")]
    Busy,
    /// The disk or the engine failed; the text is for the log.
    #[error("the ledger failed: {0}")]
    Failed(String),
}
