//! Signalling: M3UA, SCCP and MAP joined in one stack, the task that owns it, and its associations.

pub(crate) mod association;
pub(crate) mod confirmation;
pub(crate) mod engine;
pub(crate) mod engine_task;
pub(crate) mod event;
pub(crate) mod pending;
pub(crate) mod settings;
pub(crate) mod stack;
