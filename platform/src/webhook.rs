//! Webhooks: the call to an application, the job that makes it, its signature and its answer.

pub(crate) mod call;
pub(crate) mod job;
pub(crate) mod reply_limit;
pub mod signature;
pub(crate) mod twiml_session;
pub(crate) mod url;
