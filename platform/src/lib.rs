//! The messaging platform: accounts, numbers, messages, webhooks and TwiML, without input or output.
//!
//! **A message goes out.** [`Platform::create`] reads the request, asks the centre whether a route
//! exists, and writes the message, its index and an outbox entry in one commit; the answer is 201 from
//! then on. One endless task hands what the outbox holds to [`ports::Centre::submit`], in the order of
//! creation and under the message's SID, so that a repetition after a crash makes no second message, and
//! moves it on to `sent` or `failed`. Receipts come back by [`Platform::report`] and move it to
//! `delivered` or `undelivered`. Each change with a status callback puts a status
//! callback into the outbox, in the commit of the change.
//!
//! **A message comes in.** [`Platform::receive`] finds the number's owner, writes the message and an
//! outbox entry in one commit, and knows the centre's id again if it comes twice. A second endless task
//! calls the application, signed, with time-outs and retries from the URL's fragment; then the
//! fallback URL; reads the TwiML that came back; and writes the messages that it asks for, and the end
//! of the entry, in one commit.
//!
//! ```text
//! REST ── create ──► store ───► outbox ──► Centre::submit ──► sent ─┐
//!                                            report ──► delivered ──┴─► outbox ──► Webhooks::call
//! centre ── receive ──► store ───► outbox ──► Webhooks::call ──► TwiML ──► create
//! ```
//!
//! Clock, random numbers, disk, centre and applications are behind [`ports`]. The caller polls a future
//! that changes something to its end: work that is dropped half-way may stay in the outbox until the
//! next start.

pub mod error_numbers;
pub mod errors;
pub mod ports;
pub mod twiml;

mod account;
mod bearer;
mod message;
#[cfg(test)]
mod message_tests;
mod millis;
mod number;
mod outbox;
mod platform;
mod record_locks;
mod records;
mod settings;
mod sid;
#[cfg(test)]
mod test_platform;
mod webhook;

pub use account::{Account, AccountStatus};
pub use bearer::Bearer;
pub use errors::Error;
pub use message::create::NewMessage;
pub use message::incoming::{Inbound, ReceiveError};
pub use message::list::{Filter, Page, Position};
pub use message::report::Report;
pub use message::update::Update;
pub use message::{Callback, Direction, Message, Status};
pub use number::digits::canonical;
pub use number::{NumberChange, PhoneNumber, Routing};
pub use platform::Platform;
pub use ports::Ports;
pub use settings::{Provisioned, Settings};
pub use sid::{NoSid, Sid};
pub use webhook::signature;
pub use webhook::url::is_callable;
