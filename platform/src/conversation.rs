//! What an application says to an incoming message.
//!
//! It is called with the message, answers with a document, and may send us on to further ones. When a
//! call or a document fails, the fallback is asked once; when that fails too, the message stays received
//! and shows the error.

use crate::message::{Callback, Direction, Message};
use crate::outbound::NewMessage;
use crate::ports::{Answer, PlatformStoreError, Table, Write};
use crate::sid::Sid;
use crate::twiml::{self, Reply, Verb};
use crate::{Account, Platform, errors, outbound, records, webhook};

/// Messages that one answer may hold.
const REPLIES_MAX: usize = 10;
/// Documents that one incoming message may lead through.
const DOCUMENTS_MAX: usize = 50;

impl Platform {
    /// Calls the application, then the fallback, and follows its documents.
    pub(crate) async fn converse(&self, account: &Account, message: &Message, token: &str) -> Conversation {
        let mut conversation = Conversation::default();
        let routing = match self.directory.read().owner(&message.to) {
            Some(number) if number.account == account.sid => number.routing.clone(),
            _ => return conversation,
        };
        let mut fallback = routing.fallback();
        let mut params = params_of(message);
        let mut next = routing.application();
        for _ in 0..DOCUMENTS_MAX {
            let Some(callback) = next.take() else { return conversation };
            let read = match self.call(&account.auth_token, &callback, &params, token).await {
                Ok(answer) => read_answer(&answer),
                Err(code) => Err(code),
            };
            let followed = read.and_then(|verbs| conversation.follow(verbs, &callback));
            match followed {
                Ok(redirect) => next = redirect,
                Err(code) => {
                    conversation.error = Some(code);
                    next = fallback.take();
                    params.push(("ErrorCode".to_owned(), code.to_string()));
                    params.push(("ErrorUrl".to_owned(), without_fragment(&callback.url).to_owned()));
                }
            }
        }
        conversation.error = Some(14106);
        conversation
    }

    /// The writes that a conversation leads to, and the messages among them.
    pub(crate) async fn conclude(
        &self,
        account: &Account,
        message: Message,
        conversation: Conversation,
    ) -> Result<(Vec<Sid>, Vec<Write>), PlatformStoreError> {
        let mut writes = Vec::new();
        let mut sids = Vec::new();
        let mut error = conversation.error;
        for reply in conversation.replies {
            let new = NewMessage {
                to: reply.to.or_else(|| Some(message.from.clone())),
                from: reply.from.or_else(|| Some(message.to.clone())),
                body: Some(reply.body),
                has_media: reply.has_media,
                status_callback: reply.status_callback.map(|url| Callback { url, method: reply.method }),
                ..NewMessage::default()
            };
            match self.admit(account, new, Direction::OutboundReply) {
                Ok(reply) if !self.reply_limit.admits(&reply.from, &reply.to, reply.created_at) => {
                    error = Some(14107);
                }
                Ok(reply) => {
                    writes.extend(outbound::insert(&reply)?);
                    sids.push(reply.sid);
                }
                Err(refused) => error = Some(errors::of_reply(&refused)),
            }
        }
        if let Some(code) = error {
            tracing::info!(sid = %message.sid, code, "an application did not answer as it should");
            self.note(message.sid, code).await?;
        }
        Ok((sids, writes))
    }

    /// Shows the application what went wrong with its answer.
    async fn note(&self, sid: Sid, code: u32) -> Result<(), PlatformStoreError> {
        let _gate = self.turnstile.enter(sid).await;
        let Some(mut message) = self.read(sid).await? else { return Ok(()) };
        message.error = Some(code);
        message.updated_at = self.environment.now();
        let write = records::put(Table::Messages, records::message_key(sid), &message)?;
        self.store.commit(vec![write]).await
    }
}

/// What an application said, document by document.
#[derive(Default)]
pub(crate) struct Conversation {
    replies: Vec<Reply>,
    error: Option<u32>,
}

impl Conversation {
    /// Takes what a document from `document` asks for: the next document, or the error number it ends with.
    fn follow(&mut self, verbs: Vec<Verb>, document: &Callback) -> Result<Option<Callback>, u32> {
        let url = without_fragment(&document.url);
        for verb in verbs {
            match verb {
                Verb::Message(_) if self.replies.len() >= REPLIES_MAX => self.error = Some(14109),
                Verb::Message(mut reply) => {
                    reply.status_callback =
                        reply.status_callback.and_then(|reference| webhook::resolve(url, &reference));
                    self.replies.push(reply);
                }
                Verb::Redirect { url: reference, method } => {
                    let url = webhook::resolve(url, &reference).ok_or(11100_u32)?;
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
    let Ok(text) = std::str::from_utf8(&answer.body) else { return Err(12100) };
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    match media_type.as_str() {
        "text/xml" | "application/xml" | "text/html" => twiml::parse(text).map_err(twiml::TwimlError::code),
        "text/plain" => Ok(vec![Verb::Message(Reply { body: text.trim().to_owned(), ..Reply::default() })]),
        _ => Err(12300),
    }
}

/// The form that tells an application of a message.
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
    let headers = message.carriage.fields(message.sent_at.unwrap_or(message.created_at));
    let headers = headers.into_iter().map(|(name, value)| (format!("SipHeader_{name}"), value));
    fixed.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(headers).collect()
}

fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(url, _)| url)
}
