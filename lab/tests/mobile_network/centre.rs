//! A scripted centre: one application server process that sends the requests of a test, and responds
//! to phones by its policy.

mod layers;
mod node;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use map::{Context, Failure, MapError, Request, Response, Version};
use sccp::{Address, GlobalTitle, NetworkId};
use sctp::{BadFrame, Endpoint, Framing, Transport, Tuning};
use tcap::{AbortReason, Code, Component, PAbortCause};
use tokio::sync::{mpsc, oneshot};

use self::node::Node;

const SERVER: m3ua::ServerId = m3ua::ServerId(0);
const NETWORK: NetworkId = NetworkId(0);

pub(crate) const TITLE: &str = "15550001000";
/// The calling address of [`Centre::negotiate`].
const OTHER_TITLE: &str = "15550001001";

/// How a dialogue that the centre opened ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    Ended,
    Aborted { reason: AbortReason, offered: Option<u8> },
    ProviderAborted(PAbortCause),
    Returned(u8),
    TimedOut,
}

/// All components of a node in a dialogue, and its end.
#[derive(Clone, Debug)]
pub(crate) struct DialogueRecord {
    pub(crate) components: Vec<Component>,
    pub(crate) end: End,
    /// How many messages the node sent.
    pub(crate) messages: usize,
    request: Option<Request>,
}

/// A dialogue to open.
pub(crate) struct DialogueRequest {
    pub(crate) called: Address,
    pub(crate) version: Version,
    pub(crate) requests: Vec<Request>,
    pub(crate) empty_begin: bool,
    pub(crate) timeout: Duration,
}

/// How the centre responds.
pub(crate) struct Policy {
    pub(crate) answer: Result<Response, MapError>,
    pub(crate) version_max: u8,
    /// Refuse a higher version with a plain abort, as nodes of version 1 do.
    pub(crate) plain_refusal: bool,
    pub(crate) silent: bool,
}

pub(crate) struct Centre {
    commands: mpsc::UnboundedSender<Command>,
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
        let (commands, command_queue) = mpsc::unbounded_channel();
        let (request_sender, received) = mpsc::unbounded_channel();
        let policy = Policy {
            answer: Ok(Response::MoForwardSm(map::operation::ForwardSmRes::default())),
            version_max: 3,
            plain_refusal: false,
            silent: false,
        };
        let policy = Arc::new(Mutex::new(policy));
        let active = Arc::new(tokio::sync::Notify::new());
        let node = Node::new(request_sender, Arc::clone(&policy), Arc::clone(&active));
        tokio::spawn(node.run(association, command_queue));
        let centre = Self { commands, received, policy, active };
        tokio::time::timeout(Duration::from_secs(5), centre.active.notified()).await.unwrap();
        centre
    }

    pub(crate) async fn run_dialogue(&self, dialogue: DialogueRequest) -> DialogueRecord {
        let (sender, record) = oneshot::channel();
        self.commands.send(Command::Dialogue(dialogue, sender)).ok().unwrap();
        tokio::time::timeout(Duration::from_secs(10), record).await.expect("no end").unwrap()
    }

    /// Sends one request in a dialogue.
    pub(crate) async fn request(
        &self,
        called: Address,
        version: Version,
        request: Request,
    ) -> DialogueRecord {
        let timeout = Duration::from_secs(5);
        self.run_dialogue(DialogueRequest {
            called,
            version,
            requests: vec![request],
            empty_begin: false,
            timeout,
        })
        .await
    }

    /// Sends one request by the procedures of the `map` crate, in the highest version that works.
    pub(crate) async fn negotiate(&self, called: Address, request: Request) -> NegotiationResult {
        let (sender, result) = oneshot::channel();
        self.commands.send(Command::Negotiate(Box::new((called, request)), sender)).ok().unwrap();
        tokio::time::timeout(Duration::from_secs(10), result).await.expect("no end").unwrap()
    }

    /// Sends octets in place of a TCAP message.
    pub(crate) fn send_raw(&self, called: Address, octets: Vec<u8>) {
        self.commands.send(Command::Raw(called, octets)).ok().unwrap();
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
    /// Waits for the next request or the end of the association; whether it was the end.
    pub(crate) async fn is_gone(&mut self) -> bool {
        self.received.recv().await.is_none()
    }
}

impl DialogueRecord {
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

    /// Requests of the node in the dialogue, such as informServiceCentre.
    pub(crate) fn invocations(&self, version: Version) -> Vec<Request> {
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

/// A command to the node.
enum Command {
    Dialogue(DialogueRequest, oneshot::Sender<DialogueRecord>),
    Raw(Address, Vec<u8>),
    Negotiate(Box<(Address, Request)>, oneshot::Sender<NegotiationResult>),
}

/// The version of the dialogue, and its result.
type NegotiationResult = (Version, Result<Response, Failure>);
