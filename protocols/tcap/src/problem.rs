//! Problem codes of the Reject component (Q.773 §3.1).

/// The problem of a Reject, by the kind of component that has it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Problem {
    /// A component of any kind, detected by TCAP.
    General(GeneralProblem),
    /// An Invoke.
    Invoke(InvokeProblem),
    /// A Return Result.
    ReturnResult(ReturnResultProblem),
    /// A Return Error.
    ReturnError(ReturnErrorProblem),
}

macro_rules! problem {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
            /// A code that Q.773 does not define.
            Other(i64),
        }

        impl $name {
            /// The problem of this code.
            #[must_use]
            pub const fn from_code(code: i64) -> Self {
                match code {
                    $($code => Self::$variant,)+
                    other => Self::Other(other),
                }
            }

            /// Its code.
            #[must_use]
            pub const fn code(self) -> i64 {
                match self {
                    $(Self::$variant => $code,)+
                    Self::Other(code) => code,
                }
            }
        }
    };
}

problem! {
    /// A general problem: the component cannot be decoded.
    GeneralProblem {
        /// Its kind is unknown.
        UnrecognizedComponent = 0,
        /// Its elements do not match its kind.
        MistypedComponent = 1,
        /// It breaks the encoding rules.
        BadlyStructuredComponent = 2,
    }
}

problem! {
    /// A problem of an Invoke.
    InvokeProblem {
        /// Its invoke id belongs to an operation that is still open.
        DuplicateInvokeId = 0,
        /// The application context does not have this operation.
        UnrecognizedOperation = 1,
        /// The parameter does not match the operation.
        MistypedParameter = 2,
        /// Resource limitation.
        ResourceLimitation = 3,
        /// The peer is about to end the dialogue.
        InitiatingRelease = 4,
        /// The operation that it is linked to is not open.
        UnrecognizedLinkedId = 5,
        /// The operation that it is linked to allows no linked operations.
        LinkedResponseUnexpected = 6,
        /// The operation that it is linked to does not allow this one.
        UnexpectedLinkedOperation = 7,
    }
}

problem! {
    /// A problem of a Return Result.
    ReturnResultProblem {
        /// No operation of this invoke id is open.
        UnrecognizedInvokeId = 0,
        /// The operation reports no result.
        ReturnResultUnexpected = 1,
        /// The parameter does not match the operation.
        MistypedParameter = 2,
    }
}

problem! {
    /// A problem of a Return Error.
    ReturnErrorProblem {
        /// No operation of this invoke id is open.
        UnrecognizedInvokeId = 0,
        /// The operation reports no error.
        ReturnErrorUnexpected = 1,
        /// The application context does not have this error.
        UnrecognizedError = 2,
        /// The operation does not have this error.
        UnexpectedError = 3,
        /// The parameter does not match the error.
        MistypedParameter = 4,
    }
}
