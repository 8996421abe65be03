//! A relay between the gateway and the mobile network that reads everything, and can pull the cable.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use m3ua::Kind;
use map::{Context, MapError, Request, Version};
use parking_lot::Mutex;
use tcap::{Code, Component, DialoguePortion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// Which way something went.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    /// From the centre to the network.
    Out,
    /// From the network to the centre.
    In,
}

/// One message of M3UA.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) way: Way,
    pub(crate) kind: Kind,
    message: m3ua::Message,
}

/// One message of TCAP.
#[derive(Clone, Debug)]
pub(crate) struct TcapMessage {
    pub(crate) way: Way,
    pub(crate) sls: u8,
    pub(crate) called: sccp::Address,
    pub(crate) calling: sccp::Address,
    pub(crate) message: tcap::Message,
}

/// The relay. Its clones are of the same.
#[derive(Clone)]
pub(crate) struct Tap {
    pub(crate) address: SocketAddr,
    frames: Arc<Mutex<Vec<Frame>>>,
    /// Whether connections pass.
    passes: watch::Sender<bool>,
    injector: Arc<Mutex<Option<mpsc::UnboundedSender<Bytes>>>>,
}

impl Tap {
    /// Relays to `network`.
    pub(crate) async fn start(network: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tap = Self {
            address: listener.local_addr().unwrap(),
            frames: Arc::default(),
            passes: watch::channel(true).0,
            injector: Arc::default(),
        };
        let relay = tap.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if *relay.passes.borrow() {
                    let far = TcpStream::connect(network).await.unwrap();
                    tokio::spawn(relay.clone().carry(near, far));
                }
            }
        });
        tap
    }

    /// Pulls the cable, or plugs it in again.
    pub(crate) fn pass(&self, passes: bool) {
        self.passes.send_replace(passes);
    }

    /// Injects a message to the centre that appears to come from the network.
    pub(crate) fn inject(&self, called: sccp::Address, calling: sccp::Address, message: &tcap::Message) {
        let purpose = sccp::message::Purpose::Data { in_sequence: true, return_on_error: false };
        let form = sccp::message::Form::Basic;
        let unitdata = sccp::message::Message::new(form, purpose, called, calling, message.encode());
        let mut data = vec![0, 0, 0, 2, 0, 0, 0, 1, 3, 2, 0, 7];
        data.extend_from_slice(&unitdata.encode().unwrap());
        let transfer = m3ua::Message::new(Kind::Data).with(6, vec![0, 0, 0, 100]).with(0x0210, data);
        self.injector.lock().as_ref().unwrap().send(transfer.encode()).unwrap();
    }

    /// All messages of M3UA so far.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        self.frames.lock().clone()
    }

    /// All messages of TCAP so far.
    pub(crate) fn tcap_messages(&self) -> Vec<TcapMessage> {
        self.frames.lock().iter().filter_map(Frame::tcap_message).collect()
    }

    /// All requests that went to the network, read in the version that fits.
    pub(crate) fn requests_out(&self) -> Vec<Request> {
        self.tcap_messages()
            .iter()
            .filter(|said| said.way == Way::Out)
            .flat_map(TcapMessage::requests)
            .collect()
    }

    async fn carry(self, near: TcpStream, far: TcpStream) {
        near.set_nodelay(true).unwrap();
        far.set_nodelay(true).unwrap();
        let (near_in, near_out) = near.into_split();
        let (far_in, far_out) = far.into_split();
        let (inject, injected) = mpsc::unbounded_channel();
        *self.injector.lock() = Some(inject);
        let (_none, silent) = mpsc::unbounded_channel();
        let mut passes = self.passes.subscribe();
        let cut = async {
            let _ = passes.wait_for(|passes| !passes).await; // the relay may be gone
        };
        tokio::select! {
            () = self.copy(Way::Out, near_in, far_out, silent) => {}
            () = self.copy(Way::In, far_in, near_out, injected) => {}
            () = cut => {}
        }
    }

    async fn copy(
        &self,
        way: Way,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        mut injected: mpsc::UnboundedReceiver<Bytes>,
    ) {
        let mut octets = BytesMut::new();
        loop {
            let ended = tokio::select! {
                read = from.read_buf(&mut octets) => !matches!(read, Ok(1..)),
                Some(said) = injected.recv() => to.write_all(&said).await.is_err(),
            };
            if ended {
                return;
            }
            while let Some(length) = whole(&octets) {
                let frame = octets.split_to(length).freeze();
                let message = m3ua::Message::decode(&frame).unwrap();
                self.frames.lock().push(Frame { way, kind: message.kind(), message });
                if to.write_all(&frame).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The length of the message at the head, if all of it is there.
fn whole(octets: &[u8]) -> Option<usize> {
    let length = u32::from_be_bytes(octets.get(4..8)?.try_into().unwrap());
    let length = usize::try_from(length).unwrap();
    (octets.len() >= length).then_some(length)
}

impl Frame {
    fn tcap_message(&self) -> Option<TcapMessage> {
        if self.kind != Kind::Data {
            return None;
        }
        let data = self.message.protocol_data().unwrap();
        let unitdata = sccp::message::Message::decode(&data.payload).unwrap();
        let sccp::message::Purpose::Data { .. } = unitdata.purpose else { return None };
        let message = tcap::Message::decode(&unitdata.data).ok()?.message;
        let sccp::message::Message { called, calling, .. } = unitdata;
        Some(TcapMessage { way: self.way, sls: data.sls, called, calling, message })
    }
}

impl TcapMessage {
    pub(crate) fn is_begin(&self) -> bool {
        matches!(self.message, tcap::Message::Begin { .. })
    }

    pub(crate) fn is_end(&self) -> bool {
        matches!(self.message, tcap::Message::End { .. })
    }

    pub(crate) fn components(&self) -> &[Component] {
        match &self.message {
            tcap::Message::Unidirectional { components, .. }
            | tcap::Message::Begin { components, .. }
            | tcap::Message::End { components, .. }
            | tcap::Message::Continue { components, .. } => components,
            tcap::Message::Abort { .. } => &[],
        }
    }

    /// The context that it opens a dialogue with; `None` in version 1.
    pub(crate) fn context(&self) -> Option<(Context, u8)> {
        match &self.message {
            tcap::Message::Begin { dialogue: Some(DialoguePortion::Aarq(proposal)), .. } => {
                Context::from_oid(proposal.application_context.as_octets())
            }
            _ => None,
        }
    }

    /// What it asks for.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let read = |component: &Component| match component {
            Component::Invoke { operation: Code::Local(code), parameter, .. } => {
                let parameter = parameter.as_deref();
                let tries = [
                    (Some(Context::ShortMsgMtRelay), Version::V3),
                    (Some(Context::ShortMsgGateway), Version::V3),
                    (None, Version::V1),
                ];
                tries
                    .iter()
                    .find_map(|(context, version)| Request::read(*code, *context, *version, parameter).ok())
            }
            _ => None,
        };
        self.components().iter().filter_map(read).collect()
    }

    /// The error that it answers with.
    pub(crate) fn error(&self) -> Option<MapError> {
        self.components().iter().find_map(|component| match component {
            Component::Error { code: Code::Local(code), parameter, .. } => {
                Some(MapError::read(*code, parameter.as_deref()))
            }
            _ => None,
        })
    }
}

/// Waits until something is so; looks every few milliseconds.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    while !is_so() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
