//! The doors of the platform: where its records rest, how it reaches a centre, how it calls
//! applications, and where time and chance come from.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use smsc::address::Address;
use smsc::message::Content;
use smsc::timestamp::Timestamp;
use smsc::receipt::ReceiptRequest;
use smsc::rejection::Rejection;

use crate::sid::Sid;

/// A future that may be sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where the platform's records rest. The platform owns the form of keys and values; the
/// store keeps them durable and in the order of their keys.
pub trait PlatformStore: Send + Sync + 'static {
    /// All or nothing, durable when it returns `Ok`.
    fn commit(&self, writes: Vec<Write>) -> BoxFuture<'static, Result<(), PlatformStoreError>>;

    /// One record.
    fn get(
        &self,
        table: Table,
        key: Vec<u8>,
    ) -> BoxFuture<'static, Result<Option<Bytes>, PlatformStoreError>>;

    /// Records whose keys lie in `range`, in rising or falling order.
    fn scan(&self, scan: Scan) -> BoxFuture<'static, Result<Vec<(Bytes, Bytes)>, PlatformStoreError>>;
}

/// One change of a record.
#[derive(Clone, Debug)]
pub struct Write {
    /// Which table.
    pub table: Table,
    /// Which record.
    pub key: Vec<u8>,
    /// Its new value; `None` deletes it.
    pub value: Option<Bytes>,
}

/// A table of the store. Each is a keyspace of its own.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Table {
    /// Accounts, numbers, applications: few, all held in memory.
    Provisioning,
    /// Message records by SID.
    Messages,
    /// Indexes into the messages.
    MessageIndex,
    /// What is still to be done: submissions and callbacks.
    Outbox,
}

/// Which records to read.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Which table.
    pub table: Table,
    /// Keys at or above this one.
    pub from: Vec<u8>,
    /// Keys below this one; to the end of the table when absent.
    pub until: Option<Vec<u8>>,
    /// Falling order, beginning just below `until`.
    pub backwards: bool,
    /// At most this many.
    pub limit: usize,
}

/// Why the store could not do what was asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlatformStoreError {
    /// Too much is queued, or the disk is full; try again later.
    #[error("the store takes nothing now")]
    Busy,
    /// The disk or the engine failed; the text is for the log.
    #[error("the store failed: {0}")]
    Failed(String),
    /// A record is there but cannot be read; the text is for the log and quotes nothing of it.
    #[error("a record is damaged: {0}")]
    Damaged(String),
}

/// The service centre, in this process or at the other end of a SIP link.
pub trait Centre: Send + Sync + 'static {
    /// Whether the centre would take a message between these two, as far as it can tell without
    /// doing anything. A centre that cannot tell says `Ok`.
    ///
    /// # Errors
    /// The rejection that a submission would meet now.
    fn check(&self, source: &Address, destination: &Address) -> Result<(), Rejection>;

    /// Hands messages over, in their order. Each `Ok` holds the centre's own id of the message, which
    /// the centre then has on disk. The same SID twice is one message.
    ///
    /// Answers as many as were asked, in their order; a missing answer is read as
    /// [`Rejection::Congested`]. The centre owns the deadline.
    fn submit(&self, batch: Vec<Outbound>) -> BoxFuture<'static, Vec<Result<CompactString, Rejection>>>;
}

/// A message on its way from the platform to the centre.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// Our name for it, and the key by which the centre recognises a repetition.
    pub sid: Sid,
    /// The account that sends it and whose limits it counts against.
    pub account: Sid,
    /// The sender.
    pub source: Address,
    /// The receiver.
    pub destination: Address,
    /// What to deliver, longer than one segment if need be.
    pub content: Content,
    /// Which receipts the platform wants; they come back by `Platform::report`.
    pub receipt: ReceiptRequest,
    /// 0 (lowest) to 3.
    pub priority: u8,
    /// The end of all attempts; the centre's default when absent.
    pub expires_at: Option<Timestamp>,
    /// Headers of the application that mean nothing to us (`X-…`) and travel on with the message.
    pub headers: Vec<(String, String)>,
}

/// The way to applications: one HTTP request, one answer.
pub trait Webhooks: Send + Sync + 'static {
    /// Calls an application. Follows redirects; never retries.
    fn call(&self, call: Call) -> BoxFuture<'static, Result<Answer, CallError>>;
}

/// An HTTP request to an application.
#[derive(Clone, Eq, PartialEq)]
pub struct Call {
    /// GET or POST.
    pub method: Method,
    /// Where to: without a fragment; of a GET, with the parameters in its query.
    pub url: String,
    /// The form of a POST, in its order; empty for a GET.
    pub params: Vec<(String, String)>,
    /// Headers beside those that HTTP itself needs.
    pub headers: Vec<(&'static str, String)>,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long the application may stay silent once it is connected.
    pub read_timeout: Duration,
    /// How long all of it may take.
    pub total_timeout: Duration,
}

impl std::fmt::Debug for Call {
    /// Neither parameters, which hold message bodies, nor the URL, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("method", &self.method).finish_non_exhaustive()
    }
}

/// The two methods that a webhook may use.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Method {
    /// Parameters in the query.
    #[serde(rename = "GET")]
    Get,
    /// Parameters as a form.
    #[default]
    #[serde(rename = "POST")]
    Post,
}

impl Method {
    /// As HTTP spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }

    /// Reads a method in any case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Get, Self::Post].into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text))
    }
}

/// What an application answered.
#[derive(Clone, Eq, PartialEq)]
pub struct Answer {
    /// HTTP status code.
    pub status: u16,
    /// Content-Type as sent, without a default.
    pub content_type: Option<String>,
    /// At most [`ANSWER_OCTETS_MAX`] octets.
    pub body: Bytes,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({}, {} octets)", self.status, self.body.len())
    }
}

/// Octets that an application's answer may have.
pub const ANSWER_OCTETS_MAX: usize = 64 * 1024;

/// Why an application could not be called.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The URL cannot be called at all.
    #[error("URL is not valid")]
    BadUrl,
    /// The host has no address, or only such as must not be called.
    #[error("host is unknown or must not be called")]
    BadHost,
    /// No connection came about, in time or at all.
    #[error("no connection")]
    Connect,
    /// TLS refused the other side, or the other way round.
    #[error("TLS failed")]
    Tls,
    /// Connected, but no answer in time.
    #[error("no answer in time")]
    Timeout,
    /// The answer was no HTTP, or broke off.
    #[error("HTTP is broken")]
    Protocol,
    /// Redirected too often.
    #[error("too many redirects")]
    Redirects,
    /// The answer is over [`ANSWER_OCTETS_MAX`].
    #[error("answer is too long")]
    TooLong,
}

/// Time and chance, which the platform never reaches for by itself.
pub trait Environment: Send + Sync + 'static {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Fills `octets` with unpredictable ones.
    fn fill_random(&self, octets: &mut [u8]);

    /// Ready at `moment`, or at once if it has passed.
    fn sleep_until(&self, moment: Timestamp) -> BoxFuture<'static, ()>;
}
