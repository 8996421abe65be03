//! Every decision that an operator can configure, in one place and without effects.

mod admission;
pub mod numbering;
pub mod replacement;
pub mod retry;
pub mod routing;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use regex::Regex;

use crate::address::Address;
use crate::delivery::{Capabilities, DeliveryAck};
use crate::endpoint::Endpoint;
use crate::failure::{Failure, Verdict};
use crate::message::{Kind, Message};
use crate::names::Name;
use crate::queue::throttle::Rate;
use crate::receipt::State;
use crate::rules::numbering::Numbering;
use crate::rules::retry::Plans;
use crate::rules::routing::directory::{Directory, OWNED_PRIORITY};
use crate::rules::routing::table::{Route, RouteTable};
use crate::timestamp::Timestamp;

/// One consistent set of rules. Replaced as a whole; a message sees one set at a time.
#[derive(Debug)]
pub struct Rules {
    /// How numbers are read.
    pub numbering: Numbering,
    /// The operator's routes.
    pub table: RouteTable,
    /// The owners of numbers; shared between sets, since numbers come and go by themselves.
    pub directory: Arc<Directory>,
    /// Retry plans where a route has none of its own.
    pub retry: Arc<Plans>,
    /// How long to try when the submission states nothing.
    pub validity_default: Duration,
    /// No submission is tried longer; longer ones are reduced.
    pub validity_max: Duration,
    /// How long a receipt waits for its submitter.
    pub receipt_validity: Duration,
    /// After the validity of a handed-over message: how long its receipt is waited for.
    pub receipt_grace: Duration,
    /// Limits by account.
    pub accounts: HashMap<Name, AccountRules>,
    /// Limits of accounts that are not named.
    pub account_default: AccountRules,
}

/// The rules that apply now, shared by all that decide by them.
#[derive(Clone, Debug)]
pub struct RulesHandle(Arc<ArcSwap<Rules>>);

impl RulesHandle {
    /// A handle to `rules`.
    pub fn new(rules: Rules) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(rules)))
    }

    /// The set that applies now.
    pub fn load(&self) -> Arc<Rules> {
        self.0.load_full()
    }

    /// Puts `rules` in the place of the set that applied.
    pub fn replace(&self, rules: Rules) {
        self.0.store(Arc::new(rules));
    }
}

/// What one account may do.
#[derive(Clone, Debug, Default)]
pub struct AccountRules {
    /// How fast it may submit.
    pub rate: Rate,
    /// Which senders it may use: an expression that the whole normalised address must match.
    pub source_pattern: Option<Regex>,
    /// The sender where the submission has none.
    pub source_default: Option<Address>,
}

impl Default for Rules {
    fn default() -> Self {
        let hours = |count: u64| Duration::from_secs(count * 3600);
        Self {
            numbering: Numbering::default(),
            table: RouteTable::default(),
            directory: Arc::default(),
            retry: Arc::default(),
            validity_default: hours(72),
            validity_max: hours(240),
            receipt_validity: hours(72),
            receipt_grace: hours(1),
            accounts: HashMap::new(),
            account_default: AccountRules::default(),
        }
    }
}

/// What to do with a message after an attempt.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Decision {
    /// It ended.
    End {
        /// How.
        state: State,
        /// The error number; 0 is none.
        error: u8,
    },
    /// The next hop has it; its receipt is awaited until then.
    AwaitReceipt(Timestamp),
    /// TargetAttempt again then.
    Retry(Timestamp),
}

impl Rules {
    /// The rules of an account.
    pub fn account(&self, name: &Name) -> &AccountRules {
        self.accounts.get(name).unwrap_or(&self.account_default)
    }

    /// Where a message to `digits` may go, or `None` for "no route".
    ///
    /// A rule above [`OWNED_PRIORITY`] comes first, then the owner of the number, then the other rules.
    pub fn route(&self, origin: &Endpoint, account: &Name, digits: &str) -> Option<Arc<Route>> {
        let ruled = self.table.find(origin, account, digits);
        let route = match ruled {
            Some((priority, route)) if priority > OWNED_PRIORITY => route.cloned(),
            _ => self.directory.find(digits).or_else(|| ruled.and_then(|(_, route)| route.cloned())),
        }?;
        let leads_on = route.targets.iter().any(|target| route.admits(target, origin));
        leads_on.then_some(route)
    }

    /// The route of a message that is ours already. A receipt goes to the endpoint that requested it.
    pub fn route_of(&self, message: &Message) -> Option<Arc<Route>> {
        match &message.kind {
            Kind::Receipt { to, .. } => Some(Arc::new(Route::to(to.clone()))),
            Kind::Ordinary => self.route(&message.origin, &message.account, &message.destination.digits),
        }
    }

    /// What to do after attempt `number`.
    pub fn decide(
        &self,
        message: &Message,
        route: Option<&Route>,
        capabilities: Capabilities,
        number: u16,
        result: &Result<DeliveryAck, Failure>,
        now: Timestamp,
    ) -> Decision {
        let failure = match result {
            Ok(handover) => return self.decide_success(message, capabilities, handover),
            Err(failure) => failure,
        };
        match failure.verdict() {
            Verdict::GiveUp => Decision::End { state: failure.final_state(), error: failure.number() },
            Verdict::RetryLater(class) => {
                let plans = route.and_then(|route| route.retry.as_ref()).unwrap_or(&self.retry);
                let wish = match failure {
                    Failure::Throttled { retry_after } => *retry_after,
                    _ => None,
                };
                Decision::Retry(plans.next(
                    class,
                    number,
                    now.since(message.deliver_after),
                    wish,
                    now,
                    message.expires_at,
                ))
            }
        }
    }

    /// Until when the next hop's receipt about a handed-over message is awaited.
    pub fn receipt_deadline(&self, message: &Message) -> Timestamp {
        message.expires_at + self.receipt_grace
    }

    fn decide_success(
        &self,
        message: &Message,
        capabilities: Capabilities,
        handover: &DeliveryAck,
    ) -> Decision {
        let awaited =
            capabilities.sends_receipts && handover.remote_id.is_some() && message.receipt.wants_any();
        if awaited {
            Decision::AwaitReceipt(self.receipt_deadline(message))
        } else {
            Decision::End { state: State::Delivered, error: 0 }
        }
    }
}
