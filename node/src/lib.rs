//! A running node: everything that lives while a process runs and decides nothing.
//!
//! [`dispatch_task`] drives the centre's state machine on tokio, [`centre`] joins the centre's ports,
//! [`gateway_registry`] finds the gateway of an endpoint, and [`local_link`] or [`sip_link`] joins the centre and the
//! platform.

pub mod centre;
pub mod dispatch_task;
pub mod gateway_registry;
pub mod local_link;
pub mod retention;
pub mod sip_link;
pub mod webhook_trace;
