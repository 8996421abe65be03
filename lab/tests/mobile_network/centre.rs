//! A centre for the tests: one application server process over TCP that asks what it is told to,
//! and answers what phones send as it is told to.

mod node;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use map::{Context, Failure, MapError, Request, Response, Version};
use sccp::{Address, GlobalTitle};
use sctp::{BadFrame, Endpoint, Framing, Transport, Tuning};
use tcap::{AbortReason, Code, Component, PAbortCause};
use tokio::sync::{mpsc, oneshot};

use self::node::Node;

pub(crate) const TITLE: &str = "15550001000";
/// Under which [`Centre::negotiate`] asks.
const OTHER_TITLE: &str = "15550001001";

/// How a dialogue that the centre opened came to its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    Ended,
    Aborted { reason: AbortReason, offered: Option<u8> },
    ProviderAborted(PAbortCause),
    Returned(u8),
    TimedOut,
}

/// All that a node said in a dialogue.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) components: Vec<Component>,
    pub(crate) end: End,
    /// Messages of the node.
    pub(crate) messages: usize,
    request: Option<Request>,
}

/// What to ask.
pub(crate) struct Ask {
    pub(crate) called: Address,
    pub(crate) version: Version,
    pub(crate) requests: Vec<Request>,
    pub(crate) empty_begin: bool,
    pub(crate) patience: Duration,
}

/// How the centre behaves.
pub(crate) struct Policy {
    pub(crate) answer: Result<Response, MapError>,
    pub(crate) version_max: u8,
    /// Refuse a higher version without a word, as nodes of version 1 do.
    pub(crate) plain_refusal: bool,
    pub(crate) silent: bool,
}

pub(crate) struct Centre {
    asks: mpsc::UnboundedSender<Command>,
    received: mpsc::UnboundedReceiver<(Version, Request)>,
    pub(crate) policy: Arc<Mutex<Policy>>,
    active: Arc<tokio::sync::Notify>,
}

impl Centre {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::connect_to(&Endpoint {
            transport: Transport::Tcp,
            local: Vec::new(),
            remote: vec![address],
            tuning: Tuning::default(),
        })
        .await
    }

    pub(crate) async fn connect_to(endpoint: &Endpoint) -> Self {
        let framing = Framing {
            payload_protocol: 3,
            length: |head| m3ua::framed(head).map_err(|_| BadFrame("no M3UA")),
        };
        let association = sctp::connect(endpoint, framing, Duration::from_secs(5)).await.unwrap();
        let (asks, asked) = mpsc::unbounded_channel();
        let (tell, received) = mpsc::unbounded_channel();
        let policy = Policy {
            answer: Ok(Response::MoForwardSm(map::operation::ForwardSmRes::default())),
            version_max: 3,
            plain_refusal: false,
            silent: false,
        };
        let policy = Arc::new(Mutex::new(policy));
        let active = Arc::new(tokio::sync::Notify::new());
        let node = Node::new(tell, Arc::clone(&policy), Arc::clone(&active));
        tokio::spawn(node.run(association, asked));
        let centre = Self { asks, received, policy, active };
        tokio::time::timeout(Duration::from_secs(5), centre.active.notified()).await.unwrap();
        centre
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Said {
        let (said, heard) = oneshot::channel();
        self.asks.send(Command::Ask(ask, said)).ok().unwrap();
        tokio::time::timeout(Duration::from_secs(10), heard).await.expect("no end").unwrap()
    }

    /// Asks one thing in the usual way.
    pub(crate) async fn request(&self, called: Address, version: Version, request: Request) -> Said {
        let patience = Duration::from_secs(5);
        self.ask(Ask { called, version, requests: vec![request], empty_begin: false, patience }).await
    }

    /// Asks one thing by the protocol crate's own procedures, in the highest version that works.
    pub(crate) async fn negotiate(&self, called: Address, request: Request) -> Negotiated {
        let (tell, told) = oneshot::channel();
        self.asks.send(Command::Negotiate(Box::new((called, request)), tell)).ok().unwrap();
        tokio::time::timeout(Duration::from_secs(10), told).await.expect("no end").unwrap()
    }

    /// Sends octets in the place of a TCAP message.
    pub(crate) fn send_raw(&self, called: Address, octets: Vec<u8>) {
        self.asks.send(Command::Raw(called, octets)).ok().unwrap();
    }

    /// The next request of a node.
    pub(crate) async fn received(&mut self) -> (Version, Request) {
        tokio::time::timeout(Duration::from_secs(10), self.received.recv())
            .await
            .expect("nothing came")
            .unwrap()
    }
}

impl Centre {
    /// Waits for the next request, or until the association is gone, which it returns.
    pub(crate) async fn is_gone(&mut self) -> bool {
        self.received.recv().await.is_none()
    }
}

impl Said {
    /// The result or the error of the last request.
    pub(crate) fn result(&self, version: Version) -> Result<Response, MapError> {
        let request = self.request.as_ref().unwrap();
        for component in self.components.iter().rev() {
            match component {
                Component::ResultLast { parameter, .. } => {
                    return Ok(Response::read(request, parameter.as_ref().map(|octets| &octets[..])).unwrap());
                }
                Component::Error { code: Code::Local(code), parameter, .. } => {
                    let error = MapError::read(*code, parameter.as_ref().map(|octets| &octets[..]));
                    assert_eq!(error.code(version), *code, "an error of another version");
                    return Err(error);
                }
                _ => {}
            }
        }
        panic!("neither result nor error: {self:?}")
    }

    /// What the node asked in the dialogue, such as informServiceCentre.
    pub(crate) fn invoked(&self, version: Version) -> Vec<Request> {
        let read = |component: &Component| match component {
            Component::Invoke { operation: Code::Local(code), parameter, .. } => {
                let parameter = parameter.as_ref().map(|octets| &octets[..]);
                Some(Request::read(*code, Some(Context::ShortMsgGateway), version, parameter).unwrap())
            }
            _ => None,
        };
        self.components.iter().filter_map(read).collect()
    }
}

pub(crate) fn title(digits: &str, subsystem: u8) -> Address {
    Address::gt(GlobalTitle::e164(digits).unwrap(), subsystem)
}

/// What the node is told to do.
enum Command {
    Ask(Ask, oneshot::Sender<Said>),
    Raw(Address, Vec<u8>),
    Negotiate(Box<(Address, Request)>, oneshot::Sender<Negotiated>),
}

/// The version that was spoken, and what came of it.
type Negotiated = (Version, Result<Response, Failure>);
