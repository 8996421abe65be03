//! A platform in a test: a store in memory, a centre and applications that do as they are told, and a
//! clock that stands still until it is moved.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use compact_str::CompactString;
use parking_lot::Mutex;
use smsc::address::Address;
use smsc::timestamp::Timestamp;
use smsc::rejection::Rejection;

use crate::ports::{
    Answer, BoxFuture, Call, CallError, Centre, Environment, Outbound, PlatformStore, PlatformStoreError,
    Scan, Table, Webhooks, Write,
};
use crate::{Account, Platform, Ports, Provisioned, Routing, Settings, Sid};

/// Everything around a platform.
#[derive(Clone, Default)]
pub(crate) struct World {
    now: Arc<AtomicU64>,
    chance: Arc<AtomicU64>,
    rows: Arc<Mutex<Rows>>,
    pub(crate) commits: Arc<AtomicU64>,
    pub(crate) submitted: Arc<Mutex<Vec<Outbound>>>,
    pub(crate) rejections: Arc<Mutex<VecDeque<Rejection>>>,
    pub(crate) calls: Arc<Mutex<Vec<Call>>>,
    pub(crate) answers: Arc<Mutex<VecDeque<Result<Answer, CallError>>>>,
}

/// By table and key.
type Rows = BTreeMap<(u8, Vec<u8>), Bytes>;

pub(crate) const NUMBER: &str = "+4915100000001";

impl World {
    pub(crate) fn new() -> Self {
        let world = Self::default();
        world.now.store(1_795_000_000_000, Ordering::Relaxed);
        world
    }

    pub(crate) fn pass(&self, span: Duration) {
        self.now.fetch_add(u64::try_from(span.as_millis()).unwrap(), Ordering::Relaxed);
    }

    pub(crate) fn account(&self) -> Account {
        Account::new(Sid::new(Sid::ACCOUNT, [1; 16]), "token", "Acme", self.now())
    }

    /// A platform on this store; opened again, it finds what was there.
    pub(crate) async fn open(&self, routing: Routing) -> Arc<Platform> {
        let ports = Ports {
            store: Arc::new(self.clone()),
            centre: Arc::new(self.clone()),
            webhooks: Arc::new(self.clone()),
            environment: Arc::new(self.clone()),
        };
        let numbers = vec![(NUMBER.to_owned(), routing)];
        let provisioned = vec![Provisioned { account: self.account(), numbers }];
        let settings = Settings { inventory: vec!["+49152".to_owned()], ..Settings::default() };
        Platform::open(settings, ports, provisioned).await.unwrap()
    }

    pub(crate) fn answer(&self, status: u16, content_type: &str, body: &str) {
        self.answers.lock().push_back(Ok(Answer {
            status,
            content_type: Some(content_type.to_owned()),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }));
    }

    /// Spoils the record of a message.
    pub(crate) fn damage(&self, sid: Sid) {
        self.rows.lock().insert((Table::Messages as u8, sid.octets().to_vec()), Bytes::from_static(b"{"));
    }

    pub(crate) fn rows_in(&self, table: Table) -> usize {
        self.rows.lock().keys().filter(|(name, _)| *name == table as u8).count()
    }
}

impl Environment for World {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.load(Ordering::Relaxed))
    }

    fn fill_random(&self, octets: &mut [u8]) {
        for octet in octets {
            let number = self.chance.fetch_add(1, Ordering::Relaxed);
            *octet = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0];
        }
    }

    fn sleep_until(&self, moment: Timestamp) -> BoxFuture<'static, ()> {
        self.now.fetch_max(moment.millis(), Ordering::Relaxed);
        Box::pin(std::future::ready(()))
    }
}

impl PlatformStore for World {
    fn commit(&self, writes: Vec<Write>) -> BoxFuture<'static, Result<(), PlatformStoreError>> {
        let world = self.clone();
        Box::pin(async move {
            world.commits.fetch_add(1, Ordering::Relaxed);
            let mut rows = world.rows.lock();
            for Write { table, key, value } in writes {
                match value {
                    Some(value) => rows.insert((table as u8, key), value),
                    None => rows.remove(&(table as u8, key)),
                };
            }
            Ok(())
        })
    }

    fn get(
        &self,
        table: Table,
        key: Vec<u8>,
    ) -> BoxFuture<'static, Result<Option<Bytes>, PlatformStoreError>> {
        let found = self.rows.lock().get(&(table as u8, key)).cloned();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn scan(&self, scan: Scan) -> BoxFuture<'static, Result<Vec<(Bytes, Bytes)>, PlatformStoreError>> {
        assert!(scan.until.as_ref().is_none_or(|until| scan.from <= *until), "the range is inverted");
        let rows = self.rows.lock();
        let table = scan.table as u8;
        let within = |key: &Vec<u8>| *key >= scan.from && scan.until.as_ref().is_none_or(|until| key < until);
        let mut found: Vec<_> = rows
            .iter()
            .filter(|((name, key), _)| *name == table && within(key))
            .map(|((_, key), value)| (Bytes::copy_from_slice(key), value.clone()))
            .collect();
        if scan.backwards {
            found.reverse();
        }
        found.truncate(scan.limit);
        Box::pin(std::future::ready(Ok(found)))
    }
}

impl Centre for World {
    fn check(&self, _: &Address, destination: &Address) -> Result<(), Rejection> {
        if destination.digits.starts_with("999") { Err(Rejection::NoRoute) } else { Ok(()) }
    }

    fn submit(&self, batch: Vec<Outbound>) -> BoxFuture<'static, Vec<Result<CompactString, Rejection>>> {
        let answers = batch
            .into_iter()
            .map(|outbound| match self.rejections.lock().pop_front() {
                Some(rejection) => Err(rejection),
                None => {
                    let id = CompactString::from(outbound.sid.to_string());
                    self.submitted.lock().push(outbound);
                    Ok(id)
                }
            })
            .collect();
        Box::pin(std::future::ready(answers))
    }
}

impl Webhooks for World {
    fn call(&self, call: Call) -> BoxFuture<'static, Result<Answer, CallError>> {
        self.calls.lock().push(call);
        let nothing = Answer { status: 204, content_type: None, body: Bytes::new() };
        let answer = self.answers.lock().pop_front().unwrap_or(Ok(nothing));
        Box::pin(std::future::ready(answer))
    }
}
