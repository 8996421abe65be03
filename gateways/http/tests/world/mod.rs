//! A platform on loopback: a store in memory, and a centre that delivers what it is given: to a number
//! of the platform as an incoming message, to any other by a receipt.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use compact_str::CompactString;
use gateway_http::{Dialer, Doors, Http, Webhooks};
use parking_lot::Mutex;
use platform::ports::{
    BoxFuture, Centre, Environment, Outbound, PlatformStore, PlatformStoreError, Scan, Table, Write,
};
use platform::{Account, Inbound, Platform, Ports, Provisioned, Report, Routing, Settings, Sid};
use smsc::address::Address;
use smsc::timestamp::Timestamp;
use smsc::receipt::{ReceiptRequest, State};
use smsc::rejection::Rejection;
use tokio::net::TcpListener;

pub(crate) const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
pub(crate) const TOKEN: &str = "8f3c2a1b";
pub(crate) const NUMBER: &str = "+4915100000001";
pub(crate) const OTHER_NUMBER: &str = "+4915100000002";

/// A running API.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
}

impl World {
    pub(crate) async fn start(config: Http) -> Self {
        let config = Http { webhooks: Webhooks { allow_private_targets: true, ..config.webhooks }, ..config };
        let centre = Arc::new(Loop::default());
        let environment: Arc<dyn Environment> = Arc::new(Real::default());
        let ports = Ports {
            store: Arc::new(Rows::default()),
            centre: Arc::clone(&centre) as Arc<dyn Centre>,
            webhooks: Arc::new(Dialer::new(&config.webhooks).unwrap()),
            environment: Arc::clone(&environment),
        };
        let sid = ACCOUNT.parse::<Sid>().unwrap();
        let account = Account::new(sid, TOKEN, "Acme", environment.now());
        let numbers = [NUMBER, OTHER_NUMBER].map(|number| (number.to_owned(), Routing::default())).to_vec();
        let settings = Settings { inventory: vec!["+49152".to_owned()], ..Settings::default() };
        let platform = Platform::open(settings, ports, vec![Provisioned { account, numbers }]).await.unwrap();
        for work in platform.work() {
            tokio::spawn(work);
        }
        assert!(centre.platform.set(Arc::clone(&platform)).is_ok());
        let doors = Doors {
            ready: Arc::new(|| Err("the lab is not built".to_owned())),
            metrics: Arc::new(|| "fernpost_messages_total 1\n".to_owned()),
        };
        let router = gateway_http::router(&config, platform, environment, doors);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            gateway_http::serve(listener, router, &config, std::future::pending()).await;
        });
        Self { address }
    }
}

/// The clock and chance of this machine.
#[derive(Default)]
struct Real {
    chance: AtomicU64,
}

impl Environment for Real {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "a test on real sockets runs in real time")]
        let now = SystemTime::now();
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap())
    }

    fn fill_random(&self, octets: &mut [u8]) {
        for octet in octets {
            let number = self.chance.fetch_add(1, Ordering::Relaxed);
            *octet = number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0];
        }
    }

    fn sleep_until(&self, moment: Timestamp) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(moment.since(self.now())))
    }
}

#[derive(Default)]
struct Loop {
    platform: OnceLock<Arc<Platform>>,
    refusals: AtomicU64,
}

/// Numbers that begin so find the centre congested twice.
const CONGESTED_PREFIX: &str = "888";

impl Centre for Loop {
    fn check(&self, _: &Address, destination: &Address) -> Result<(), Rejection> {
        if destination.digits.starts_with("999") { Err(Rejection::NoRoute) } else { Ok(()) }
    }

    fn submit(&self, batch: Vec<Outbound>) -> BoxFuture<'static, Vec<Result<CompactString, Rejection>>> {
        let platform = Arc::clone(self.platform.get().unwrap());
        let is_for_congested = batch.iter().any(|each| each.destination.digits.starts_with(CONGESTED_PREFIX));
        if is_for_congested && self.refusals.fetch_add(1, Ordering::Relaxed) < 2 {
            let answers = batch.iter().map(|_| Err(Rejection::Congested)).collect();
            return Box::pin(std::future::ready(answers));
        }
        let answers = batch.iter().map(|outbound| Ok(outbound.sid.to_string().into())).collect();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            for outbound in batch {
                deliver(&platform, outbound).await;
            }
        });
        Box::pin(std::future::ready(answers))
    }
}

async fn deliver(platform: &Platform, outbound: Outbound) {
    let sid = outbound.sid;
    if platform.knows(&outbound.destination) {
        let inbound = Inbound {
            id: sid.to_string(),
            from: outbound.source,
            to: outbound.destination,
            content: outbound.content,
            received_at: sid.created_at(),
            expires_at: None,
            receipt: ReceiptRequest::NONE,
            via: None,
            headers: outbound.headers,
        };
        platform.receive(inbound).await.unwrap();
    }
    platform.report(Report { sid, state: State::Delivered, error: 0 }).await.unwrap();
}

#[derive(Default)]
struct Rows(Mutex<BTreeMap<(u8, Vec<u8>), Bytes>>);

impl PlatformStore for Rows {
    fn commit(&self, writes: Vec<Write>) -> BoxFuture<'static, Result<(), PlatformStoreError>> {
        let mut rows = self.0.lock();
        for Write { table, key, value } in writes {
            match value {
                Some(value) => rows.insert((table as u8, key), value),
                None => rows.remove(&(table as u8, key)),
            };
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn get(
        &self,
        table: Table,
        key: Vec<u8>,
    ) -> BoxFuture<'static, Result<Option<Bytes>, PlatformStoreError>> {
        let found = self.0.lock().get(&(table as u8, key)).cloned();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn scan(&self, scan: Scan) -> BoxFuture<'static, Result<Vec<(Bytes, Bytes)>, PlatformStoreError>> {
        let rows = self.0.lock();
        let table = scan.table as u8;
        let until = scan.until.map_or((table + 1, Vec::new()), |until| (table, until));
        let range = rows.range((table, scan.from)..until);
        let copy = |((_, key), value): (&(u8, Vec<u8>), &Bytes)| (Bytes::copy_from_slice(key), value.clone());
        let found = if scan.backwards {
            range.rev().take(scan.limit).map(copy).collect()
        } else {
            range.take(scan.limit).map(copy).collect()
        };
        Box::pin(std::future::ready(Ok(found)))
    }
}
