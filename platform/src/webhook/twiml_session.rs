//! A TwiML session: the documents with which an application answers one incoming message.
//!
//! It is called with the message, answers with a document, and may redirect to further ones. When a
//! call or a document fails, the fallback is called once; when that fails too, the message stays received
//! and shows the error.

use std::sync::Arc;

use crate::account::Account;
use crate::error_numbers::{
    DOCUMENT_PARSE, INVALID_CONTENT_TYPE, INVALID_URL, REPLY_RATE_EXCEEDED, TOO_MANY_DOCUMENTS,
    TOO_MANY_REPLIES,
};
use crate::errors;
use crate::message::create::{NewMessage, insert};
use crate::message::messages::Messages;
use crate::message::{Callback, Direction, Message};
use crate::number::numbers::Numbers;
use crate::ports::{Answer, PlatformStoreError, Write};
use crate::sid::Sid;
use crate::twiml::{self, Reply, Verb};
use crate::webhook::call::{Caller, Subject};
use crate::webhook::reply_limit::ReplyLimit;
use crate::webhook::url::resolve;

/// Messages that one answer may hold.
const REPLIES_MAX: usize = 10;
/// Documents that one incoming message may lead through.
const DOCUMENTS_MAX: usize = 50;

/// Runs the sessions with applications.
pub(crate) struct TwimlSessions {
    numbers: Arc<Numbers>,
    messages: Arc<Messages>,
    caller: Arc<Caller>,
    reply_limit: ReplyLimit,
}

impl TwimlSessions {
    /// Sessions on the numbers and messages of a platform.
    pub(crate) fn new(numbers: Arc<Numbers>, messages: Arc<Messages>, caller: Arc<Caller>) -> Self {
        Self { numbers, messages, caller, reply_limit: ReplyLimit::default() }
    }

    /// Calls the application, then the fallback, and follows its documents.
    pub(crate) async fn run(&self, account: &Account, message: &Message, token: &str) -> TwimlSession {
        let mut session = TwimlSession::default();
        let routing = match self.numbers.owner(&message.to) {
            Some(number) if number.account == account.sid => number.routing,
            _ => return session,
        };
        let mut fallback = routing.fallback();
        let subject = Subject {
            message: message.sid,
            account: message.account,
            status: message.status.as_str().to_owned(),
        };
        let mut params = params_of(message);
        let mut next = routing.application();
        for _ in 0..DOCUMENTS_MAX {
            let Some(callback) = next.take() else { return session };
            let read = match self.caller.call(&account.auth_token, &subject, &callback, &params, token).await
            {
                Ok(answer) => read_answer(&answer),
                Err(code) => Err(code),
            };
            let followed = read.and_then(|verbs| session.follow(verbs, &callback));
            match followed {
                Ok(redirect) => next = redirect,
                Err(code) => {
                    session.error = Some(code);
                    next = fallback.take();
                    params.push(("ErrorCode".to_owned(), code.to_string()));
                    params.push(("ErrorUrl".to_owned(), without_fragment(&callback.url).to_owned()));
                }
            }
        }
        session.error = Some(TOO_MANY_DOCUMENTS);
        session
    }

    /// The writes that a session leads to, and the messages among them.
    pub(crate) async fn conclude(
        &self,
        account: &Account,
        message: Message,
        session: TwimlSession,
    ) -> Result<(Vec<Sid>, Vec<Write>), PlatformStoreError> {
        let mut writes = Vec::new();
        let mut sids = Vec::new();
        let mut error = session.error;
        for reply in session.replies {
            let new = NewMessage {
                to: reply.to.or_else(|| Some(message.from.clone())),
                from: reply.from.or_else(|| Some(message.to.clone())),
                body: Some(reply.body),
                has_media: reply.has_media,
                status_callback: reply.status_callback.map(|url| Callback { url, method: reply.method }),
                ..NewMessage::default()
            };
            match self.messages.admit(account, new, Direction::OutboundReply) {
                Ok(reply) if !self.reply_limit.admits(&reply.from, &reply.to, reply.created_at) => {
                    error = Some(REPLY_RATE_EXCEEDED);
                }
                Ok(reply) => {
                    writes.extend(insert(&reply)?);
                    sids.push(reply.sid);
                }
                Err(refused) => error = Some(errors::of_reply(&refused)),
            }
        }
        if let Some(code) = error {
            tracing::info!(sid = %message.sid, code, "an application did not answer as it should");
            self.messages.record_error(message.sid, code).await?;
        }
        Ok((sids, writes))
    }
}

/// The replies of an application, collected from its documents, and the error that remains.
#[derive(Default)]
pub(crate) struct TwimlSession {
    replies: Vec<Reply>,
    error: Option<u32>,
}

impl TwimlSession {
    /// Takes what a document from `document` asks for: the next document, or the error number it ends with.
    fn follow(&mut self, verbs: Vec<Verb>, document: &Callback) -> Result<Option<Callback>, u32> {
        let url = without_fragment(&document.url);
        for verb in verbs {
            match verb {
                Verb::Message(_) if self.replies.len() >= REPLIES_MAX => self.error = Some(TOO_MANY_REPLIES),
                Verb::Message(mut reply) => {
                    reply.status_callback =
                        reply.status_callback.and_then(|reference| resolve(url, &reference));
                    self.replies.push(reply);
                }
                Verb::Redirect { url: reference, method } => {
                    let url = resolve(url, &reference).ok_or(INVALID_URL)?;
                    return Ok(Some(Callback { url, method }));
                }
            }
        }
        Ok(None)
    }
}

/// The document in an answer, or the error number if it is none.
fn read_answer(answer: &Answer) -> Result<Vec<Verb>, u32> {
    let media_type = answer.content_type.as_deref().unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let Ok(text) = std::str::from_utf8(&answer.body) else { return Err(DOCUMENT_PARSE) };
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    match media_type.as_str() {
        "text/xml" | "application/xml" | "text/html" => twiml::parse(text).map_err(twiml::TwimlError::code),
        "text/plain" => Ok(vec![Verb::Message(Reply { body: text.trim().to_owned(), ..Reply::default() })]),
        _ => Err(INVALID_CONTENT_TYPE),
    }
}

/// The form of the call for an incoming message.
fn params_of(message: &Message) -> Vec<(String, String)> {
    let sid = message.sid.to_string();
    let fixed = [
        ("MessageSid", sid.clone()),
        ("SmsSid", sid.clone()),
        ("SmsMessageSid", sid),
        ("AccountSid", message.account.to_string()),
        ("From", message.from.clone()),
        ("To", message.to.clone()),
        ("Body", message.body.clone()),
        ("NumMedia", "0".to_owned()),
        ("NumSegments", message.segments.to_string()),
        ("SmsStatus", message.status.as_str().to_owned()),
        ("ApiVersion", "2010-04-01".to_owned()),
    ];
    let headers = message.bearer.fields(message.sent_at.unwrap_or(message.created_at));
    let headers = headers.into_iter().map(|(name, value)| (format!("SipHeader_{name}"), value));
    fixed.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(headers).collect()
}

fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(url, _)| url)
}
