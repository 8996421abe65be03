//! What a MAP error means: the operator's exceptions to the usual.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// One exception: an error in a phase means this action.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ActionRule {
    /// The MAP error code (TS 29.002 §17.6.6), for instance 32 for sm-DeliveryFailure.
    pub error: u8,
    /// When it comes; at any time when absent.
    #[serde(default)]
    pub phase: Option<Phase>,
    /// For sm-DeliveryFailure: the cause, 0 (memory capacity exceeded) to 6; any when absent.
    #[serde(default)]
    pub cause: Option<u8>,
    /// For sm-DeliveryFailure: TP-FCS of the phone's report; any when absent.
    #[serde(default)]
    pub failure_cause: Option<u8>,
    /// What is done.
    pub action: Action,
}

/// When an error comes.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The HLR was asked where the phone is.
    Routing,
    /// The serving node was given the message.
    Forwarding,
}

/// What is done about an error.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The phone is away: report it, wait for the alert.
    Absent,
    /// The phone's memory is full: report it, wait for the alert.
    MemoryFull,
    /// The phone is busy: soon again, without a report.
    Busy,
    /// Ask the HLR once more at once: the phone has moved. Then it is permanent.
    AskAgain,
    /// Try again by the retry plan.
    Temporary,
    /// Give up.
    Permanent,
}

impl ActionRule {
    pub(super) fn check_all(rules: &[Self]) -> Result<(), Error> {
        for (number, rule) in rules.iter().enumerate() {
            let needs_cause = rule.cause.is_some() || rule.failure_cause.is_some();
            if needs_cause && rule.error != 32 {
                let what = "cause and failure_cause belong to error 32 (sm-DeliveryFailure) alone";
                return Err(Error::config(format!("action {}", number + 1), what));
            }
        }
        Ok(())
    }
}
