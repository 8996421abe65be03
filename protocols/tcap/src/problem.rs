//! Why a component was rejected (Q.773 §3.1).

/// The problem of a Reject, by the kind of component that has it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Problem {
    /// Any component, found by TCAP.
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
            /// A code that Q.773 does not have.
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
    /// What is wrong with a component that could not be understood.
    GeneralProblem {
        /// Its kind is unknown.
        UnrecognizedComponent = 0,
        /// Its elements are not those of its kind.
        MistypedComponent = 1,
        /// It breaks the encoding rules.
        BadlyStructuredComponent = 2,
    }
}

problem! {
    /// What is wrong with an Invoke.
    InvokeProblem {
        /// Its invoke id belongs to an operation that is still open.
        DuplicateInvokeId = 0,
        /// The application context does not have this operation.
        UnrecognizedOperation = 1,
        /// The parameter is not the operation's.
        MistypedParameter = 2,
        /// There is no room for it now.
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
    /// What is wrong with a Return Result.
    ReturnResultProblem {
        /// No operation of this invoke id is open.
        UnrecognizedInvokeId = 0,
        /// The operation reports no result.
        ReturnResultUnexpected = 1,
        /// The parameter is not the operation's.
        MistypedParameter = 2,
    }
}

problem! {
    /// What is wrong with a Return Error.
    ReturnErrorProblem {
        /// No operation of this invoke id is open.
        UnrecognizedInvokeId = 0,
        /// The operation reports no error.
        ReturnErrorUnexpected = 1,
        /// The application context does not have this error.
        UnrecognizedError = 2,
        /// The operation does not have this error.
        UnexpectedError = 3,
        /// The parameter is not the error's.
        MistypedParameter = 4,
    }
}
