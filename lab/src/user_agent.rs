//! A simulated SIP user agent over UDP: registers, sends messages, and receives deliveries.
//!
//! For scripts and demonstrations; [`crate::load`] has the load generator.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use sip::Response;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

mod agent;
mod identity;

use agent::Agent;
pub(crate) use identity::random;
use identity::{Identity, wide_random};

/// How long a final response may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Deliveries that may be queued.
const INBOX: usize = 10_000;

/// A registered user agent. Its registration is refreshed until it is dropped.
#[derive(Debug)]
pub struct UserAgent {
    commands: mpsc::Sender<Command>,
    inbox: mpsc::Receiver<Incoming>,
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum UserAgentError {
    /// The socket failed, or the agent has ended.
    #[error("socket: {0}")]
    Socket(#[from] io::Error),
    /// The registrar refused the registration.
    #[error("the registrar answered {0}")]
    Refused(u16),
    /// No final response arrived within ten seconds.
    #[error("no answer in time")]
    Timeout,
    /// The request has no form in SIP, or is too long for a datagram (RFC 3261 §18.1.1).
    #[error("cannot be written: {0}")]
    Unwritable(#[from] sip::Error),
}

/// A delivery of the centre.
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
    /// The registrar refused or did not answer, or the socket is not available.
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
        let (commands, command_queue) = mpsc::channel(1000);
        let (deliveries, inbox) = mpsc::channel(INBOX);
        tokio::spawn(Agent::new(identity, deliveries).run(socket, command_queue));
        let agent = Self { commands, inbox };
        let response = agent.request(AgentRequest::Register).await?;
        if response.status.is_success() {
            Ok(agent)
        } else {
            Err(UserAgentError::Refused(response.status.code()))
        }
    }

    /// Sends `text` to a number, a name of the registrar's domain, or a whole URI. Returns the
    /// status of the final response and the centre's message id, if it has one.
    ///
    /// # Errors
    /// No final response arrived, or the message has no form.
    pub async fn send(
        &self,
        to: &str,
        text: &str,
        extra_headers: &[(&str, &str)],
    ) -> Result<(u16, Option<String>), UserAgentError> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let message = AgentRequest::Message {
            to: to.to_owned(),
            text: text.to_owned(),
            headers: extra_headers.iter().map(owned).collect(),
        };
        let response = self.request(message).await?;
        let id = response.headers.get_named("X-SMS-MSG-ID").map(str::to_owned);
        Ok((response.status.code(), id))
    }

    /// The next delivery; `None` when the socket has failed. It is already answered with 200.
    pub async fn next(&mut self) -> Option<Incoming> {
        self.inbox.recv().await
    }

    async fn request(&self, request: AgentRequest) -> Result<Response, UserAgentError> {
        let gone = || UserAgentError::Socket(io::ErrorKind::ConnectionAborted.into());
        let (sender, response) = oneshot::channel();
        self.commands.send(Command { request, response: sender }).await.map_err(|_| gone())?;
        let response = tokio::time::timeout(TIMEOUT, response).await.map_err(|_| UserAgentError::Timeout)?;
        response.map_err(|_| gone())?
    }
}

struct Command {
    request: AgentRequest,
    response: ResponseSender,
}

enum AgentRequest {
    Register,
    Message { to: String, text: String, headers: Vec<(String, String)> },
}

type ResponseSender = oneshot::Sender<Result<Response, UserAgentError>>;

impl std::fmt::Debug for Incoming {
    /// Without numbers, values and text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming").field("text_octets", &self.text.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
