//! What our own user asks for (Q.771).

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use crate::ber::Oid;
use crate::component::Component;

/// Opens a dialogue: TC-BEGIN.
#[derive(Clone, Eq, PartialEq)]
pub struct Begin<A> {
    /// Our own address.
    pub local: A,
    /// The address of the peer.
    pub remote: A,
    /// What the dialogue is about; `None` for one without a dialogue portion, as in MAP version 1.
    pub application_context: Option<Oid>,
    /// Whole EXTERNAL elements, one after the other. Not sent without an application context.
    pub user_information: Option<Bytes>,
    /// Operations for the peer.
    pub components: Vec<Component>,
    /// How long the dialogue may be silent, if not for [`Settings::idle`](crate::Settings::idle).
    pub idle: Option<Duration>,
}

/// Accepts a peer's dialogue, in the first message to it: AARE accepted.
#[derive(Clone, Eq, PartialEq)]
pub struct DialogueAnswer {
    /// What the dialogue is about, as a rule what the peer proposed.
    pub application_context: Oid,
    /// Whole EXTERNAL elements, one after the other.
    pub user_information: Option<Bytes>,
}

/// Ends a dialogue at once: TC-U-ABORT.
///
/// A dialogue without a dialogue portion can only be aborted plainly, so there every reason counts
/// as [`UserAbort::Plain`]. In one that was answered already, the first two count as
/// [`UserAbort::Abrt`].
#[derive(Clone, Eq, PartialEq)]
pub enum UserAbort {
    /// The application context is not supported: AARE reject-permanent with the diagnostic
    /// application-context-name-not-supported of the dialogue service user.
    RefuseContext {
        /// The one that is; otherwise the peer's own is repeated.
        offered: Option<Oid>,
    },
    /// The dialogue is refused for no reason that the peer should know: AARE reject-permanent.
    DialogueRefused,
    /// A dialogue abort by the user.
    Abrt {
        /// Whole EXTERNAL elements, one after the other.
        user_information: Option<Bytes>,
    },
    /// An ABORT without a dialogue portion.
    Plain,
}

/// User information holds numbers of people, so it is not shown.
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
