//! The platform's records: sealed like all others, written by the same committer.

use std::ops::Bound;

use bytes::Bytes;
use platform::ports::{BoxFuture, PlatformStore, PlatformStoreError, Scan, Table, Write};
use smsc::ports::StoreError;

use crate::change::Changes;
use crate::error::{failed, for_platform};
use crate::record;
use crate::store::{EmbeddedStore, Inner};

impl PlatformStore for EmbeddedStore {
    fn commit(&self, writes: Vec<Write>) -> BoxFuture<'static, Result<(), PlatformStoreError>> {
        let pending = if writes.iter().any(|write| write.key.is_empty() || write.key.len() > KEY_MAX) {
            Err(StoreError::Failed("a key must have 1 to 65,535 octets".to_owned()))
        } else {
            self.inner.submit(Changes::of_writes(writes))
        };
        Box::pin(async move { pending.map_err(for_platform)?.outcome().await.map_err(for_platform) })
    }

    fn get(
        &self,
        table: Table,
        key: Vec<u8>,
    ) -> BoxFuture<'static, Result<Option<Bytes>, PlatformStoreError>> {
        let inner = self.inner.clone();
        Box::pin(async move { get(&inner, table, &key).map_err(for_platform) })
    }

    fn scan(&self, asked: Scan) -> BoxFuture<'static, Result<Vec<(Bytes, Bytes)>, PlatformStoreError>> {
        let inner = self.inner.clone();
        Box::pin(async move { inner.blocking(move |inner| scan(inner, &asked)).await.map_err(for_platform) })
    }
}

/// Octets of a key, at most: the engine counts them in 16 bits.
const KEY_MAX: usize = 65_535;

fn get(inner: &Inner, table: Table, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
    let value = inner.spaces.platform(table).get(key).map_err(failed)?;
    value.map(|value| content(key, &value)).transpose()
}

fn scan(inner: &Inner, scan: &Scan) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
    if scan.until.as_ref().is_some_and(|until| *until <= scan.from) {
        return Ok(Vec::new());
    }
    let end = scan.until.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let range = inner.spaces.platform(scan.table).range::<&Vec<u8>, _>((Bound::Included(&scan.from), end));
    let read = |entry: fjall::Guard| {
        let (key, value) = entry.into_inner().map_err(failed)?;
        Ok((Bytes::copy_from_slice(&key), content(&key, &value)?))
    };
    if scan.backwards {
        range.rev().take(scan.limit).map(read).collect()
    } else {
        range.take(scan.limit).map(read).collect()
    }
}

fn content(key: &[u8], value: &[u8]) -> Result<Bytes, StoreError> {
    let damaged = |_| StoreError::Failed("a record of the platform is damaged".to_owned());
    record::open(key, value).map(Bytes::copy_from_slice).map_err(damaged)
}
