//! MAP: the short message procedures, without input or output.

mod address;
mod context;
mod error;
mod field;
pub mod operation;
mod user_error;
mod value;

pub use address::{AddressString, Imsi, Lmsi, NatureOfAddress, NumberingPlan};
pub use context::{Context, Version};
pub use error::Error;
pub use operation::{Request, Response};
pub use user_error::{
    AbsentSubscriberReason, AbsentSubscriberSm, CallBarred, CallBarringCause, MapError, NetworkResource,
    SmDeliveryFailure, SmDeliveryFailureCause, SystemFailure, UnknownSubscriberDiagnostic,
};
pub use value::{Octets, Opaque, SignalInfo, Time};
