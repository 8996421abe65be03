//! A UDP relay between client and server that drops a configured share of packets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// Packets that are recorded for the test.
const KEPT_MAX: usize = 200;

pub(crate) struct Relay {
    pub(crate) port: u16,
    /// The socket that the server sees as the client.
    pub(crate) upstream: Arc<UdpSocket>,
    state: Arc<State>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Default)]
struct State {
    /// Loss in percent, towards the server and towards the client.
    lost: [AtomicU32; 2],
    /// Packets forwarded to the server.
    kept: Mutex<Vec<Vec<u8>>>,
    client: Mutex<Option<SocketAddr>>,
}

impl Relay {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let downstream = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let upstream = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let state = Arc::new(State::default());
        let port = downstream.local_addr().unwrap().port();
        let to_server =
            tokio::spawn(forward_to_server(state.clone(), downstream.clone(), upstream.clone(), server));
        let to_client = tokio::spawn(forward_to_client(state.clone(), upstream.clone(), downstream));
        Self { port, upstream, state, tasks: [to_server, to_client] }
    }

    /// Sets the loss in percent, towards the server and towards the client.
    pub(crate) fn lose(&self, towards_server: u32, towards_client: u32) {
        let [to_server, to_client] = &self.state.lost;
        to_server.store(towards_server, Ordering::Relaxed);
        to_client.store(towards_client, Ordering::Relaxed);
    }

    /// The first packets that were forwarded to the server.
    pub(crate) fn kept(&self) -> Vec<Vec<u8>> {
        self.state.kept.lock().unwrap().clone()
    }
}

impl State {
    fn keep(&self, packet: &[u8]) {
        let mut kept = self.kept.lock().unwrap();
        if kept.len() < KEPT_MAX {
            kept.push(packet.to_vec());
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn forward_to_server(state: Arc<State>, from: Arc<UdpSocket>, to: Arc<UdpSocket>, server: SocketAddr) {
    let (mut buffer, mut rng) = (vec![0; 65_535], Rng(1));
    loop {
        let (length, client) = from.recv_from(&mut buffer).await.unwrap();
        *state.client.lock().unwrap() = Some(client);
        if rng.percent() >= state.lost[0].load(Ordering::Relaxed) {
            state.keep(&buffer[..length]);
            to.send_to(&buffer[..length], server).await.unwrap();
        }
    }
}

async fn forward_to_client(state: Arc<State>, from: Arc<UdpSocket>, to: Arc<UdpSocket>) {
    let (mut buffer, mut rng) = (vec![0; 65_535], Rng(2));
    loop {
        let (length, _) = from.recv_from(&mut buffer).await.unwrap();
        let client = *state.client.lock().unwrap();
        if rng.percent() >= state.lost[1].load(Ordering::Relaxed) {
            to.send_to(&buffer[..length], client.unwrap()).await.unwrap();
        }
    }
}

/// A seeded random source (a linear congruential generator with Knuth's constants).
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn percent(&mut self) -> u32 {
        (self.next() % 100) as u32
    }
}
