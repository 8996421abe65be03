//! How fast the gateway is without a disk: run with
//! `cargo test --release -p fernpost-gateway-smpp --test throughput -- --ignored --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests and what they share may fail"
)]

mod rig;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use rig::{Rig, sm};
use smpp::pdu::{BindKind, SmResp};
use smpp::{CommandId, Framing, Pdu, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CONNECTIONS: usize = 10;
const WINDOW: u32 = 100;
const SPAN: Duration = Duration::from_secs(5);

/// Keeps a window of submissions open.
async fn load(rig: Arc<Rig>, acked: Arc<AtomicU64>) {
    let mut esme = rig.connect().await;
    esme.bind(BindKind::Transmitter, "acme", "secret").await;
    let (mut inbox, mut out) = (BytesMut::new(), BytesMut::new());
    let mut sequence = 1;
    let mut room = WINDOW;
    loop {
        for _ in 0..room {
            sequence += 1;
            Pdu::SubmitSm(sm(b"a message of some forty octets, no more"))
                .encode(sequence, Status::ESME_ROK, &mut out)
                .unwrap();
        }
        esme.stream.write_all(&out).await.unwrap();
        out.clear();
        inbox.reserve(65_536);
        esme.stream.read_buf(&mut inbox).await.unwrap();
        room = u32::try_from(Framing::default().take(&mut inbox).frames().count()).unwrap();
        acked.fetch_add(room.into(), Ordering::Relaxed);
    }
}

/// Answers every delivery.
async fn sink(rig: Arc<Rig>, delivered: Arc<AtomicU64>) {
    let mut esme = rig.connect().await;
    esme.bind(BindKind::Receiver, "sink", "secret").await;
    let (mut inbox, mut out) = (BytesMut::new(), BytesMut::new());
    loop {
        inbox.reserve(65_536);
        esme.stream.read_buf(&mut inbox).await.unwrap();
        for frame in Framing::default().take(&mut inbox).frames() {
            if frame.header.command_id == CommandId::DELIVER_SM {
                let resp = Pdu::DeliverSmResp(SmResp::new(b""));
                resp.encode(frame.header.sequence_number, Status::ESME_ROK, &mut out).unwrap();
                delivered.fetch_add(1, Ordering::Relaxed);
            }
        }
        esme.stream.write_all(&out).await.unwrap();
        out.clear();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, for a quiet machine"]
async fn messages_per_second() {
    let rig =
        Arc::new(Rig::with(|config| config.accounts.iter_mut().for_each(|account| account.binds_max = 20)));
    rig.centre.forgets();
    let (acked, delivered) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    for _ in 0..CONNECTIONS {
        tokio::spawn(sink(rig.clone(), delivered.clone()));
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    for _ in 0..CONNECTIONS {
        tokio::spawn(load(rig.clone(), acked.clone()));
    }
    tokio::time::sleep(SPAN).await;
    let per_second = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / SPAN.as_secs_f64();
    println!("{:.0} acknowledged/s, {:.0} delivered/s", per_second(&acked), per_second(&delivered));
    assert!(delivered.load(Ordering::Relaxed) > 0);
}

/// Bytes of memory that the process holds now.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[tokio::test]
#[ignore = "a measurement, for a quiet machine"]
async fn r24_memory_of_an_idle_session() {
    const SESSIONS: usize = 1000;
    let rig = Rig::with(|config| config.accounts[0].binds_max = u16::MAX);
    let mut held = Vec::with_capacity(SESSIONS);
    for _ in 0..10 {
        held.push(rig.bound("acme").await.stream);
    }
    let before = resident();
    for _ in 0..SESSIONS {
        held.push(rig.bound("acme").await.stream);
    }
    let each = (resident() - before) / SESSIONS;
    println!("{each} octets a session, the client's end included");
    assert!(each < 16 * 1024, "{each}");
}
