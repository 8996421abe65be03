//! A network between a client and a server over UDP, which loses what a test wants lost.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// Packets that are kept for a test to look at.
const KEPT_MAX: usize = 200;

pub(crate) struct Relay {
    pub(crate) port: u16,
    /// As the server sees the client.
    pub(crate) upstream: Arc<UdpSocket>,
    state: Arc<State>,
    tasks: [JoinHandle<()>; 2],
}

#[derive(Default)]
struct State {
    /// Lost of a hundred, towards the server and towards the client.
    lost: [AtomicU32; 2],
    /// What went to the server.
    kept: Mutex<Vec<Vec<u8>>>,
    client: Mutex<Option<SocketAddr>>,
}

impl Relay {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let downstream = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let upstream = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
        let state = Arc::new(State::default());
        let port = downstream.local_addr().unwrap().port();
        let there = tokio::spawn(there(state.clone(), downstream.clone(), upstream.clone(), server));
        let back = tokio::spawn(back(state.clone(), upstream.clone(), downstream));
        Self { port, upstream, state, tasks: [there, back] }
    }

    /// From now on so many of a hundred are lost, towards the server and towards the client.
    pub(crate) fn lose(&self, there: u32, back: u32) {
        let [to_server, to_client] = &self.state.lost;
        to_server.store(there, Ordering::Relaxed);
        to_client.store(back, Ordering::Relaxed);
    }

    /// The first packets that went to the server.
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

async fn there(state: Arc<State>, from: Arc<UdpSocket>, to: Arc<UdpSocket>, server: SocketAddr) {
    let (mut buffer, mut chance) = (vec![0; 65_535], Chance(1));
    loop {
        let (length, client) = from.recv_from(&mut buffer).await.unwrap();
        *state.client.lock().unwrap() = Some(client);
        if chance.of_a_hundred() >= state.lost[0].load(Ordering::Relaxed) {
            state.keep(&buffer[..length]);
            to.send_to(&buffer[..length], server).await.unwrap();
        }
    }
}

async fn back(state: Arc<State>, from: Arc<UdpSocket>, to: Arc<UdpSocket>) {
    let (mut buffer, mut chance) = (vec![0; 65_535], Chance(2));
    loop {
        let (length, _) = from.recv_from(&mut buffer).await.unwrap();
        let client = *state.client.lock().unwrap();
        if chance.of_a_hundred() >= state.lost[1].load(Ordering::Relaxed) {
            to.send_to(&buffer[..length], client.unwrap()).await.unwrap();
        }
    }
}

/// The same losses in each run (a linear congruential generator, the constants are Knuth's).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn of_a_hundred(&mut self) -> u32 {
        (self.next() % 100) as u32
    }
}
