//! TCAP: transactions, dialogues and components, without input or output.

pub mod ber;
mod component;
mod error;
mod event;
mod problem;
mod request;
mod settings;

pub use ber::Oid;
pub use component::{Code, Component, OperationClass};
pub use error::Error;
pub use event::{AbortReason, Diagnostic, DialogueId, DialogueResult, Input, Output, PAbortCause, Refusal};
pub use problem::{GeneralProblem, InvokeProblem, Problem, ReturnErrorProblem, ReturnResultProblem};
pub use request::{Begin, DialogueAnswer, UserAbort};
pub use settings::Settings;
