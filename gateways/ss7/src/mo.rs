//! MO requests: messages and commands of phones, alerts of HLRs.

pub(crate) mod command;
pub(crate) mod receiver;
