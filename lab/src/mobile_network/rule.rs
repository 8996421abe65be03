//! Fault rules: the faults of a phone or a node, by operation and number of times.

use serde::{Deserialize, Serialize};

/// A fault and the operations that it applies to.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The operation that it applies to; every one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// The fault.
    pub fault: Fault,
    /// How often it applies; until it is removed if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// An operation that the centre invokes in the network.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// sendRoutingInfoForSM.
    SendRoutingInfoForSm,
    /// mt-forwardSM.
    MtForwardSm,
    /// reportSM-DeliveryStatus.
    ReportSmDeliveryStatus,
}

/// What happens instead of, or before, the usual response.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The usual response is delayed by so many milliseconds.
    Delay(u32),
    /// The request is lost: there is no response.
    Drop,
    /// The request is executed, and the response is lost.
    DropAnswer,
    /// TC-U-ABORT without user information.
    UserAbort,
    /// TC-P-ABORT with this P-AbortCause, 0 to 4 (ITU-T Q.773).
    ProviderAbort(u8),
    /// A Reject component with this InvokeProblem, 0 to 7 (ITU-T Q.773).
    Reject(u8),
    /// SCCP returns the message with this return cause (ITU-T Q.713).
    ReturnUnitdata(u8),
    /// TC-END without a component.
    EndWithoutComponent,
    /// A user error with this code and no more parameters than the code must have (3GPP TS 29.002).
    Error(u8),
    /// absentSubscriber with this AbsentSubscriberDiagnosticSM, which versions 1 and 2 do not carry.
    Absent(u8),
    /// sm-DeliveryFailure with this SM-EnumeratedDeliveryFailureCause, 0 to 6.
    DeliveryFailure(u8),
    /// The usual response, and beside it a result for an invocation that was never made.
    WrongComponent,
    /// The usual result in a Return Result Not Last, and an empty Return Result Last behind it.
    SplitResult,
}

/// Rules in force; the oldest that matches is applied first.
#[derive(Clone, Debug, Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Rules that may be in force at a time.
    pub const MAX: usize = 100;

    /// Adds one. It is ignored if there are [`MAX`](Self::MAX) already, or if it never applies.
    pub fn add(&mut self, rule: Rule) {
        if rule.times != Some(0) && self.0.len() < Self::MAX {
            self.0.push(rule);
        }
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault for this invocation of `operation`, which is counted.
    pub fn apply(&mut self, operation: Operation) -> Option<Fault> {
        let place = self.0.iter().position(|rule| rule.operation.is_none_or(|only| only == operation))?;
        let rule = self.0.get_mut(place)?;
        let fault = rule.fault;
        rule.times = rule.times.map(|times| times.saturating_sub(1));
        if rule.times == Some(0) {
            self.0.remove(place);
        }
        Some(fault)
    }

    /// The rules, oldest first.
    pub fn as_slice(&self) -> &[Rule] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(fault: Fault, operation: Option<Operation>, times: Option<u32>) -> Rule {
        Rule { operation, fault, times }
    }

    #[test]
    fn a_rule_applies_as_often_as_configured() {
        let mut rules = Rules::default();
        rules.add(rule(Fault::Drop, Some(Operation::MtForwardSm), Some(2)));
        rules.add(rule(Fault::Error(34), None, None));
        rules.add(rule(Fault::Drop, None, Some(0)));
        assert_eq!(rules.apply(Operation::SendRoutingInfoForSm), Some(Fault::Error(34)));
        assert_eq!(rules.apply(Operation::MtForwardSm), Some(Fault::Drop));
        assert_eq!(rules.apply(Operation::MtForwardSm), Some(Fault::Drop));
        assert_eq!(rules.apply(Operation::MtForwardSm), Some(Fault::Error(34)));
        assert_eq!(rules.as_slice().len(), 1);
        rules.clear();
        assert_eq!(rules.apply(Operation::MtForwardSm), None);
    }

    #[test]
    fn rules_are_bounded() {
        let mut rules = Rules::default();
        (0..200).for_each(|_| rules.add(rule(Fault::Drop, None, None)));
        assert_eq!(rules.as_slice().len(), Rules::MAX);
    }

    #[test]
    fn a_rule_has_the_json_form_of_the_documentation() {
        let read = |text: &str| serde_json::from_str::<Rule>(text);
        let expected = rule(Fault::Error(6), Some(Operation::MtForwardSm), Some(3));
        let text = r#"{"operation":"mt_forward_sm","fault":{"error":6},"times":3}"#;
        assert_eq!(read(text).unwrap(), expected);
        assert_eq!(serde_json::to_string(&expected).unwrap(), text);
        assert_eq!(read(r#"{"fault":"drop"}"#).unwrap(), rule(Fault::Drop, None, None));
        assert!(read(r#"{"fault":"drop","time":3}"#).is_err());
    }
}
