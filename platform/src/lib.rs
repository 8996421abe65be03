//! The messaging platform: accounts, numbers, messages, webhooks and TwiML, without input or output.

pub mod ports;
