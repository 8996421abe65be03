//! Forms, queries and JSON to the platform's words, and its records to JSON. Pure.
//!
//! Names, order and spelling of fields are Twilio's; numbers travel as strings where its do.

mod form;
mod page;
mod plain;
mod resource;

pub(crate) use form::{Fields, filter, new_message, number_change, update};
pub(crate) use page::{Around, envelope, page_request};
pub(crate) use plain::{PlainNew, plain_json};
pub(crate) use resource::{MessageJson, account_json, number_json};
