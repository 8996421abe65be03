//! TCAP components: Invoke, Return Result, Return Error and Reject (Q.773 §3.1).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::ber::{Oid, Writer};
use crate::problem::Problem;

mod codec;

pub use codec::{ComponentFault, Kind};
pub(crate) use codec::{read, write};

/// The code of an operation or an error.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Code {
    /// A local code, defined by the application context.
    Local(i64),
    /// A global code.
    Global(Oid),
}

/// The class of an operation: which outcomes it reports (Q.771).
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
    /// Invokes an operation.
    Invoke {
        /// Identifies the operation until its end; each side of a dialogue has 256 ids of its own.
        invoke_id: i8,
        /// The receiver's operation to which this one is linked.
        linked: Option<i8>,
        /// The operation code.
        operation: Code,
        /// The argument.
        parameter: Option<Bytes>,
        /// The class. Not encoded: class 1 in a received component.
        class: OperationClass,
        /// The invocation timer. Not encoded: 0 in a received component.
        timeout: Duration,
    },
    /// Reports success: the whole result or its last segment.
    ResultLast {
        /// The id of the Invoke.
        invoke_id: i8,
        /// The code of the Invoke; present if and only if a parameter may be present.
        operation: Option<Code>,
        /// The result. Sent only with `operation`.
        parameter: Option<Bytes>,
    },
    /// Reports a segment of a result; more segments follow.
    ResultNotLast {
        /// The id of the Invoke.
        invoke_id: i8,
        /// The code of the Invoke; present if and only if a parameter may be present.
        operation: Option<Code>,
        /// This segment. Sent only with `operation`.
        parameter: Option<Bytes>,
    },
    /// Reports failure.
    Error {
        /// The id of the Invoke.
        invoke_id: i8,
        /// The error code.
        code: Code,
        /// The error parameter.
        parameter: Option<Bytes>,
    },
    /// Rejects a faulty component.
    Reject {
        /// The id of the rejected component, where readable.
        invoke_id: Option<i8>,
        /// The problem.
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

    /// The encoded length of this component in octets.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let mut writer = Writer::new();
        write(self, &mut writer);
        writer.len()
    }
}

/// Parameters may contain subscriber numbers and message texts, so `Debug` prints their length alone.
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
