//! MT delivery: messages to phones (TS 23.040 §10, TS 29.002 §12).

pub(crate) mod context;
pub(crate) mod queue;
pub(crate) mod report;
pub(crate) mod routing_cache;
pub(crate) mod routing_info;
pub(crate) mod send_routing_info;
pub(crate) mod transfer;
