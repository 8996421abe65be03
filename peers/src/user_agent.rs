//! A SIP user agent over UDP: registers, sends messages, and takes what the centre delivers.
//!
//! For scripts and demonstrations; [`crate::load`] has the one that is built for speed.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use sip::digest::{Challenge, Login, Secret};
use sip::header::Contact;
use sip::transaction::{ClientId, Layer, Limits, Output, Timers};
use sip::uri::escape_user;
use sip::{
    Abilities, DATAGRAM_OCTETS_MAX, Draft, Method, Name, Request, Response, Status, Transport, Uri, reply,
};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Deliveries that may wait for the script.
const INBOX: usize = 10_000;
/// The registration that is asked for, in seconds.
const EXPIRES_SECONDS: u32 = 3600;
/// What the agent can do (RFC 3261 §8.2).
const ABILITIES: Abilities<'static> = Abilities {
    methods: &[Method::Message, Method::Options],
    extensions: &[],
    media_types: &["text/plain", "application/octet-stream"],
};

/// A registered user agent. Its registration is refreshed until it is dropped.
#[derive(Debug)]
pub struct UserAgent {
    commands: mpsc::Sender<Command>,
    inbox: mpsc::Receiver<Incoming>,
}

/// Why the registrar did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum UserAgentError {
    /// The socket failed, or the agent has ended.
    #[error("socket: {0}")]
    Socket(#[from] io::Error),
    /// The registrar refused the registration.
    #[error("the registrar answered {0}")]
    Refused(u16),
    /// No final answer came within ten seconds.
    #[error("no answer in time")]
    Timeout,
    /// What was to be sent has no form in SIP, or is too long for a datagram (RFC 3261 §18.1.1).
    #[error("cannot be written: {0}")]
    Unwritable(#[from] sip::Error),
}

/// What the centre delivered.
#[derive(Clone)]
pub struct Incoming {
    /// The user part of From.
    pub from: String,
    /// The user part of To.
    pub to: String,
    /// The body, read as UTF-8.
    pub text: String,
    /// All header fields: name as written, value.
    pub headers: Vec<(String, String)>,
}

impl UserAgent {
    /// Binds `local` (port 0 takes a free one) and registers `user` from there.
    ///
    /// # Errors
    /// The registrar refused, did not answer, or the socket could not be had.
    pub async fn register(
        registrar: SocketAddr,
        user: &str,
        password: &str,
        local: SocketAddr,
    ) -> Result<Self, UserAgentError> {
        let socket = UdpSocket::bind(local).await?;
        let identity = Identity {
            user: user.to_owned(),
            password: password.to_owned(),
            sent_by: socket.local_addr()?.to_string(),
            tag: sip::tag(random()),
            call_id: sip::call_id(wide_random(), "agent"),
            registrar,
        };
        let (commands, asked) = mpsc::channel(1000);
        let (deliveries, inbox) = mpsc::channel(INBOX);
        tokio::spawn(Agent::new(identity, deliveries).run(socket, asked));
        let agent = Self { commands, inbox };
        let answer = agent.ask(Ask::Register).await?;
        if answer.status.is_success() {
            Ok(agent)
        } else {
            Err(UserAgentError::Refused(answer.status.code()))
        }
    }

    /// Sends `text` to a number, a name of the registrar's domain, or a whole URI. Returns the
    /// status of the final answer and the centre's message id, if it gave one.
    ///
    /// # Errors
    /// No final answer came, or the message has no form.
    pub async fn send(
        &self,
        to: &str,
        text: &str,
        extra_headers: &[(&str, &str)],
    ) -> Result<(u16, Option<String>), UserAgentError> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let message = Ask::Message {
            to: to.to_owned(),
            text: text.to_owned(),
            headers: extra_headers.iter().map(owned).collect(),
        };
        let answer = self.ask(message).await?;
        let id = answer.headers.get_named("X-SMS-MSG-ID").map(str::to_owned);
        Ok((answer.status.code(), id))
    }

    /// The next delivery; `None` when the socket has failed. It was answered with 200 already.
    pub async fn next(&mut self) -> Option<Incoming> {
        self.inbox.recv().await
    }

    async fn ask(&self, ask: Ask) -> Result<Response, UserAgentError> {
        let gone = || UserAgentError::Socket(io::ErrorKind::ConnectionAborted.into());
        let (answer, answered) = oneshot::channel();
        self.commands.send(Command { ask, answer }).await.map_err(|_| gone())?;
        let answered = tokio::time::timeout(PATIENCE, answered).await.map_err(|_| UserAgentError::Timeout)?;
        answered.map_err(|_| gone())?
    }
}

struct Command {
    ask: Ask,
    answer: Answer,
}

enum Ask {
    Register,
    Message { to: String, text: String, headers: Vec<(String, String)> },
}

type Answer = oneshot::Sender<Result<Response, UserAgentError>>;

/// Who the agent is, and where.
struct Identity {
    user: String,
    password: String,
    sent_by: String,
    tag: String,
    /// Of all registrations (RFC 3261 §10.2).
    call_id: String,
    registrar: SocketAddr,
}

impl Identity {
    fn register(&self, cseq: u32) -> Request {
        let domain = format!("sip:{}", self.registrar);
        let mut request =
            self.request(Method::Register, &domain, &self.uri_of(&self.user), &self.call_id, cseq);
        let contact = format!("<sip:{}@{}>", escape_user(&self.user), self.sent_by);
        request.headers.push(Name::Contact, contact);
        request.headers.push(Name::Expires, EXPIRES_SECONDS);
        request
    }

    fn message(&self, to: &str, text: String, headers: &[(String, String)]) -> Result<Request, sip::Error> {
        let uri = if to.contains(':') { to.to_owned() } else { self.uri_of(to) };
        Uri::parse(&uri)?;
        let call_id = sip::call_id(wide_random(), "agent");
        let mut request = self.request(Method::Message, &uri, &uri, &call_id, 1);
        for (name, value) in headers {
            request.headers.push_named(name, value);
        }
        if request.headers.get(Name::ContentType).is_none() {
            request.headers.push(Name::ContentType, "text/plain;charset=UTF-8");
        }
        request.body = Bytes::from(text);
        Ok(request)
    }

    fn request(&self, method: Method, uri: &str, to: &str, call_id: &str, cseq: u32) -> Request {
        let from = self.uri_of(&self.user);
        let (from, from_tag, sent_by) = (from.as_str(), self.tag.as_str(), self.sent_by.as_str());
        let (transport, branch) = (Transport::Udp, &fresh_branch());
        Draft { uri, from, from_tag, to, call_id, cseq, transport, sent_by, branch }.request(method)
    }

    fn uri_of(&self, user: &str) -> String {
        format!("sip:{}@{}", escape_user(user), self.registrar)
    }

    /// Makes `request` ready to be sent again, with credentials; `None` if the answer holds no
    /// challenge that can be met.
    fn answer_challenge(&self, mut request: Request, refusal: &Response) -> Option<Request> {
        let (asked, answered) = match refusal.status {
            Status::UNAUTHORIZED => (Name::WwwAuthenticate, Name::Authorization),
            Status::PROXY_AUTHENTICATION_REQUIRED => (Name::ProxyAuthenticate, Name::ProxyAuthorization),
            _ => return None,
        };
        let challenge = Challenge::first_supported(&refusal.headers, asked)?;
        let login = Login { username: &self.user, secret: Secret::Password(&self.password) };
        let (method, cnonce) = (request.method.as_str(), sip::tag(random()));
        let credentials = challenge.answer(login, method, &request.uri, &request.body, &cnonce, 1);
        request.retry(&fresh_branch(), answered, credentials).ok()?;
        Some(request)
    }
}

/// The task that owns the socket.
struct Agent {
    identity: Identity,
    layer: Layer<SocketAddr>,
    open: HashMap<ClientId, Open>,
    deliveries: mpsc::Sender<Incoming>,
    /// CSeq of the last REGISTER.
    cseq: u32,
    refresh_at: Instant,
}

/// A request without its final answer.
struct Open {
    request: Request,
    /// Whether it carries credentials; then a challenge is its final answer.
    proven: bool,
    /// Who waits; nobody for a refresh.
    answer: Option<Answer>,
}

impl Agent {
    fn new(identity: Identity, deliveries: mpsc::Sender<Incoming>) -> Self {
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
    async fn run(mut self, socket: UdpSocket, mut asked: mpsc::Receiver<Command>) {
        let mut buffer = vec![0; 65_536];
        loop {
            let wake_at = self.layer.deadline().map_or(self.refresh_at, |at| self.refresh_at.min(at.into()));
            tokio::select! {
                command = asked.recv() => {
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
                    // A datagram that cannot be sent is a lost one: it is sent again.
                    let _lost = socket.send_to(&octets, peer).await;
                } else {
                    self.apply(output);
                }
            }
        }
    }

    fn start(&mut self, command: Command) {
        let request = match command.ask {
            Ask::Register => Ok(self.next_registration()),
            Ask::Message { to, text, headers } => self.identity.message(&to, text, &headers),
        };
        match request {
            Ok(request) => self.send(Open { request, proven: false, answer: Some(command.answer) }),
            Err(error) => drop(command.answer.send(Err(error.into()))),
        }
    }

    fn next_registration(&mut self) -> Request {
        self.cseq += 2; // the number between is for the attempt with credentials
        self.refresh_at = now() + registration_half(EXPIRES_SECONDS);
        self.identity.register(self.cseq)
    }

    fn send(&mut self, open: Open) {
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
        // What cannot be read is not answered: the peer sends it again, and then gives up.
        if let Ok(message) = sip::parse(&Bytes::copy_from_slice(octets)) {
            self.layer.receive(message, source, Transport::Udp, now().into_std());
        }
    }

    fn tick(&mut self) {
        self.layer.tick(now().into_std());
        if now() >= self.refresh_at {
            let request = self.next_registration();
            self.send(Open { request, proven: false, answer: None });
        }
    }

    fn apply(&mut self, output: Output<SocketAddr>) {
        match output {
            Output::Transmit { .. } => {}
            Output::Request { id, request, .. } => {
                let tag = sip::tag(random());
                let refusal = ABILITIES.refuse(&request, &tag);
                if refusal.is_none() && request.method == Method::Message {
                    let _full_inbox_drops = self.deliveries.try_send(delivered(&request));
                }
                let answer = refusal.unwrap_or_else(|| reply::response(&request, Status::OK, &tag));
                self.layer.respond(id, &answer, now().into_std());
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

    /// Applies a final answer.
    fn finish(&mut self, open: Open, response: Response) {
        if !open.proven
            && let Some(request) = self.identity.answer_challenge(open.request.clone(), &response)
        {
            return self.send(Open { request, proven: true, answer: open.answer });
        }
        if open.request.method == Method::Register && response.status.is_success() {
            self.refresh_at = now() + registration_half(self.granted_seconds(&response));
        }
        open.end(Ok(response));
    }

    /// How long our contact is bound, in seconds (RFC 3261 §10.2.4).
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

impl Open {
    fn end(self, result: Result<Response, UserAgentError>) {
        if let Some(answer) = self.answer {
            let _gave_up = answer.send(result);
        }
    }
}

fn delivered(request: &Request) -> Incoming {
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

impl std::fmt::Debug for Incoming {
    /// Without numbers, values and text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming").field("text_octets", &self.text.len()).finish_non_exhaustive()
    }
}

/// When a registration of so many seconds is refreshed: after half of its time.
fn registration_half(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds.max(2) / 2))
}

fn fresh_branch() -> String {
    sip::branch(wide_random())
}

fn wide_random() -> u128 {
    u128::from(random()) << 64 | u128::from(random())
}

/// A number that differs from all others. It names things and guards nothing, so that the
/// seed of a hash map is random enough.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0_u8)
}

fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
