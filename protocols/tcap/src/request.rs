//! Parameters of the requests TC-BEGIN, TC-CONTINUE, TC-END and TC-U-ABORT (Q.771).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::ber::Oid;
use crate::component::Component;

/// TC-BEGIN request: opens a dialogue.
#[derive(Clone, Eq, PartialEq)]
pub struct Begin<A> {
    /// Local address.
    pub local: A,
    /// The address of the peer.
    pub remote: A,
    /// The application context name; `None` for no dialogue portion, as in MAP version 1.
    pub application_context: Option<Oid>,
    /// Whole EXTERNAL elements, one after the other. Not sent without an application context.
    pub user_information: Option<Bytes>,
    /// The components.
    pub components: Vec<Component>,
    /// Idle timer of the dialogue instead of [`Settings::idle`](crate::Settings::idle).
    pub idle: Option<Duration>,
}

/// Accepts a peer's dialogue in the first backward message: AARE accepted.
#[derive(Clone, Eq, PartialEq)]
pub struct DialogueAnswer {
    /// The application context name, normally the one that the peer proposed.
    pub application_context: Oid,
    /// Whole EXTERNAL elements, one after the other.
    pub user_information: Option<Bytes>,
}

/// TC-U-ABORT request: the reason of the abort.
///
/// Without a dialogue portion every reason counts as [`UserAbort::Plain`]. In a dialogue that was
/// accepted, the first two count as [`UserAbort::Abrt`].
#[derive(Clone, Eq, PartialEq)]
pub enum UserAbort {
    /// The application context is not supported: AARE reject-permanent with the diagnostic
    /// application-context-name-not-supported of the dialogue service user.
    RefuseContext {
        /// The application context to offer; `None` repeats the peer's.
        offered: Option<Oid>,
    },
    /// The dialogue is refused without a reason: AARE reject-permanent.
    DialogueRefused,
    /// A dialogue abort by the user.
    Abrt {
        /// Whole EXTERNAL elements, one after the other.
        user_information: Option<Bytes>,
    },
    /// An ABORT without a dialogue portion.
    Plain,
}

/// User information may contain subscriber numbers, so `Debug` omits it.
impl<A: fmt::Debug> fmt::Debug for Begin<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begin")
            .field("local", &self.local)
            .field("remote", &self.remote)
            .field("application_context", &self.application_context)
            .field("components", &self.components)
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for DialogueAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DialogueAnswer")
            .field("application_context", &self.application_context)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for UserAbort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RefuseContext { offered } => {
                f.debug_struct("RefuseContext").field("offered", offered).finish()
            }
            Self::DialogueRefused => f.write_str("DialogueRefused"),
            Self::Abrt { .. } => f.write_str("Abrt"),
            Self::Plain => f.write_str("Plain"),
        }
    }
}
