//! The task of a user agent: its socket, SIP transactions and registration refresh.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use sip::header::Contact;
use sip::transaction::{ClientId, Layer, Limits, Output, Timers};
use sip::{Capabilities, DATAGRAM_OCTETS_MAX, Method, Name, Request, Response, Status, Transport, reply};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::identity::{EXPIRES_SECONDS, Identity, random};
use super::{AgentRequest, Command, Incoming, ResponseSender, UserAgentError};

/// Supported methods and media types (RFC 3261 §8.2).
const CAPABILITIES: Capabilities<'static> = Capabilities {
    methods: &[Method::Message, Method::Options],
    extensions: &[],
    media_types: &["text/plain", "application/octet-stream"],
};

/// The task that owns the socket.
pub(super) struct Agent {
    identity: Identity,
    layer: Layer<SocketAddr>,
    open: HashMap<ClientId, PendingRequest>,
    deliveries: mpsc::Sender<Incoming>,
    /// CSeq of the last REGISTER.
    cseq: u32,
    refresh_at: Instant,
}

/// A request without its final response.
struct PendingRequest {
    request: Request,
    /// Whether it carries credentials; then a challenge is its final response.
    has_credentials: bool,
    /// Receives the response; none for a refresh.
    response: Option<ResponseSender>,
}

impl Agent {
    pub(super) fn new(identity: Identity, deliveries: mpsc::Sender<Incoming>) -> Self {
        Self {
            identity,
            layer: Layer::new(Timers::default(), Limits::default()),
            open: HashMap::new(),
            deliveries,
            cseq: 0,
            refresh_at: now() + registration_half(EXPIRES_SECONDS),
        }
    }

    /// Runs until the handle is dropped or the socket fails.
    pub(super) async fn run(mut self, socket: UdpSocket, mut commands: mpsc::Receiver<Command>) {
        let mut buffer = vec![0; 65_536];
        loop {
            let wake_at = self.layer.deadline().map_or(self.refresh_at, |at| self.refresh_at.min(at.into()));
            tokio::select! {
                command = commands.recv() => {
                    let Some(command) = command else { return };
                    self.start(command);
                }
                datagram = socket.recv_from(&mut buffer) => {
                    let Ok((octets, source)) = datagram else { return };
                    self.receive(buffer.get(..octets).unwrap_or_default(), source);
                }
                () = sleep_until(wake_at) => self.tick(),
            }
            while let Some(output) = self.layer.poll() {
                if let Output::Transmit { octets, peer, .. } = output {
                    // A datagram that cannot be sent is lost: it is retransmitted.
                    let _ = socket.send_to(&octets, peer).await;
                } else {
                    self.apply(output);
                }
            }
        }
    }

    fn start(&mut self, command: Command) {
        let request = match command.request {
            AgentRequest::Register => Ok(self.next_registration()),
            AgentRequest::Message { to, text, headers } => self.identity.message(&to, text, &headers),
        };
        match request {
            Ok(request) => self.send(PendingRequest {
                request,
                has_credentials: false,
                response: Some(command.response),
            }),
            Err(error) => drop(command.response.send(Err(error.into()))),
        }
    }

    fn next_registration(&mut self) -> Request {
        self.cseq += 2; // the number between is for the attempt with credentials
        self.refresh_at = now() + registration_half(EXPIRES_SECONDS);
        self.identity.register(self.cseq)
    }

    fn send(&mut self, open: PendingRequest) {
        let fits = open.request.to_bytes().len() <= DATAGRAM_OCTETS_MAX;
        let sent = if fits {
            self.layer.send(&open.request, self.identity.registrar, Transport::Udp, now().into_std())
        } else {
            Err(sip::Error::TooLarge)
        };
        match sent {
            Ok(id) => drop(self.open.insert(id, open)),
            Err(error) => open.end(Err(error.into())),
        }
    }

    fn receive(&mut self, octets: &[u8], source: SocketAddr) {
        // An invalid message is not answered: the peer retransmits it until its timer expires.
        if let Ok(message) = sip::parse(&Bytes::copy_from_slice(octets)) {
            self.layer.receive(message, source, Transport::Udp, now().into_std());
        }
    }

    fn tick(&mut self) {
        self.layer.tick(now().into_std());
        if now() >= self.refresh_at {
            let request = self.next_registration();
            self.send(PendingRequest { request, has_credentials: false, response: None });
        }
    }

    fn apply(&mut self, output: Output<SocketAddr>) {
        match output {
            Output::Transmit { .. } => {}
            Output::Request { id, request, .. } => {
                let tag = sip::tag(random());
                let refusal = CAPABILITIES.refuse(&request, &tag);
                if refusal.is_none() && request.method == Method::Message {
                    let _ = self.deliveries.try_send(delivery(&request)); // dropped when full
                }
                let response = refusal.unwrap_or_else(|| reply::response(&request, Status::OK, &tag));
                self.layer.respond(id, &response, now().into_std());
            }
            Output::Response { response, .. } if response.status.is_provisional() => {}
            Output::Response { id, response } => {
                if let Some(open) = self.open.remove(&id) {
                    self.finish(open, response);
                }
            }
            Output::TimedOut { id } => {
                if let Some(open) = self.open.remove(&id) {
                    open.end(Err(UserAgentError::Timeout));
                }
            }
        }
    }

    /// Handles a final response.
    fn finish(&mut self, open: PendingRequest, response: Response) {
        if !open.has_credentials
            && let Some(request) = self.identity.answer_challenge(open.request.clone(), &response)
        {
            return self.send(PendingRequest { request, has_credentials: true, response: open.response });
        }
        if open.request.method == Method::Register && response.status.is_success() {
            self.refresh_at = now() + registration_half(self.granted_seconds(&response));
        }
        open.end(Ok(response));
    }

    /// The expiry of the agent's contact, in seconds (RFC 3261 §10.2.4).
    fn granted_seconds(&self, response: &Response) -> u32 {
        let ours = |contact: &Contact<'_>| match contact {
            Contact::Address(address) if address.uri.to_string().contains(&self.identity.sent_by) => {
                address.expires()
            }
            _ => None,
        };
        let mut contacts =
            response.headers.elements(Name::Contact).filter_map(|each| Contact::parse(each).ok());
        contacts.find_map(|contact| ours(&contact)).unwrap_or(EXPIRES_SECONDS)
    }
}

impl PendingRequest {
    fn end(self, result: Result<Response, UserAgentError>) {
        if let Some(response) = self.response {
            let _ = response.send(result); // the request may have timed out
        }
    }
}

fn delivery(request: &Request) -> Incoming {
    let user = |name: Option<sip::header::NameAddr<'_>>| {
        name.and_then(|address| address.uri.user_unescaped()).unwrap_or_default().into_owned()
    };
    Incoming {
        from: user(request.headers.from().ok()),
        to: user(request.headers.to().ok()),
        text: String::from_utf8_lossy(&request.body).into_owned(),
        headers: request.headers.iter().map(|(_, name, value)| (name.to_owned(), value.to_owned())).collect(),
    }
}

/// How long after a registration of so many seconds it is refreshed: half of its time.
fn registration_half(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds.max(2) / 2))
}

fn now() -> Instant {
    Instant::now()
}
