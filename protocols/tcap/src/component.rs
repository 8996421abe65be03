//! Components: what the operations of a dialogue say to each other (Q.773 §3.1).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::ber::{Oid, Writer};
use crate::problem::Problem;

mod codec;

pub use codec::{Broken, Kind};
pub(crate) use codec::{read, write};

/// The code of an operation or an error.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Code {
    /// A number that means something in one application context.
    Local(i64),
    /// A name that means the same everywhere.
    Global(Oid),
}

/// What an operation reports (Q.771).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum OperationClass {
    /// Class 1: success and failure.
    One,
    /// Class 2: failure alone.
    Two,
    /// Class 3: success alone.
    Three,
    /// Class 4: nothing.
    Four,
}

impl OperationClass {
    /// Whether a Return Result may come.
    #[must_use]
    pub const fn reports_success(self) -> bool {
        matches!(self, Self::One | Self::Three)
    }

    /// Whether a Return Error may come.
    #[must_use]
    pub const fn reports_failure(self) -> bool {
        matches!(self, Self::One | Self::Two)
    }
}

/// One component. Every parameter is one whole element, tag and length included.
#[derive(Clone, Eq, PartialEq)]
pub enum Component {
    /// Asks for an operation.
    Invoke {
        /// Names the operation until its end; each side of a dialogue has its own 256 names.
        invoke_id: i8,
        /// The receiver's operation that this one belongs to.
        linked: Option<i8>,
        /// What to do.
        operation: Code,
        /// With what.
        parameter: Option<Bytes>,
        /// What will be reported. It does not travel: in a component that was received it is class 1.
        class: OperationClass,
        /// How long to wait for the report. It does not travel: in a component that was received it is 0.
        timeout: Duration,
    },
    /// Reports success, wholly or with the last part.
    ResultLast {
        /// That of the Invoke.
        invoke_id: i8,
        /// That of the Invoke; there is one if and only if there may be a parameter.
        operation: Option<Code>,
        /// What came of it. Sent only with `operation`.
        parameter: Option<Bytes>,
    },
    /// Reports a part of a success; more is to come.
    ResultNotLast {
        /// That of the Invoke.
        invoke_id: i8,
        /// That of the Invoke; there is one if and only if there may be a parameter.
        operation: Option<Code>,
        /// This part. Sent only with `operation`.
        parameter: Option<Bytes>,
    },
    /// Reports failure.
    Error {
        /// That of the Invoke.
        invoke_id: i8,
        /// Which failure.
        code: Code,
        /// More about it.
        parameter: Option<Bytes>,
    },
    /// Refuses a component that breaks the protocol.
    Reject {
        /// That of the refused component, where it could be read.
        invoke_id: Option<i8>,
        /// Why.
        problem: Problem,
    },
}

impl Component {
    /// The invoke id, where there is one.
    #[must_use]
    pub const fn invoke_id(&self) -> Option<i8> {
        match self {
            Self::Invoke { invoke_id, .. }
            | Self::ResultLast { invoke_id, .. }
            | Self::ResultNotLast { invoke_id, .. }
            | Self::Error { invoke_id, .. } => Some(*invoke_id),
            Self::Reject { invoke_id, .. } => *invoke_id,
        }
    }

    /// The octets that this component takes inside a message.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let mut writer = Writer::new();
        write(self, &mut writer);
        writer.len()
    }
}

/// Parameters hold numbers and texts of people, so only their length is shown.
impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let octets = |parameter: &Option<Bytes>| parameter.as_ref().map(Bytes::len);
        match self {
            Self::Invoke { invoke_id, linked, operation, parameter, .. } => f
                .debug_struct("Invoke")
                .field("invoke_id", invoke_id)
                .field("linked", linked)
                .field("operation", operation)
                .field("parameter_octets", &octets(parameter))
                .finish_non_exhaustive(),
            Self::ResultLast { invoke_id, operation, parameter } => f
                .debug_struct("ResultLast")
                .field("invoke_id", invoke_id)
                .field("operation", operation)
                .field("parameter_octets", &octets(parameter))
                .finish(),
            Self::ResultNotLast { invoke_id, operation, parameter } => f
                .debug_struct("ResultNotLast")
                .field("invoke_id", invoke_id)
                .field("operation", operation)
                .field("parameter_octets", &octets(parameter))
                .finish(),
            Self::Error { invoke_id, code, parameter } => f
                .debug_struct("Error")
                .field("invoke_id", invoke_id)
                .field("code", code)
                .field("parameter_octets", &octets(parameter))
                .finish(),
            Self::Reject { invoke_id, problem } => {
                f.debug_struct("Reject").field("invoke_id", invoke_id).field("problem", problem).finish()
            }
        }
    }
}
