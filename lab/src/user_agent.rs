//! A SIP user agent over UDP: registers, sends messages, and takes what the centre delivers.
//!
//! For scripts and demonstrations; [`crate::load`] has the one that is built for speed.

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

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Deliveries that may wait for the script.
const INBOX: usize = 10_000;

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

impl std::fmt::Debug for Incoming {
    /// Without numbers, values and text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Incoming").field("text_octets", &self.text.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
