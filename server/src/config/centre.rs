//! The tables of `fernpost.toml` that belong to the centre, and what it makes of them.

use std::sync::Arc;
use std::time::Duration;

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smsc::endpoint::Endpoint;
use smsc::names::Name;
use smsc::queue::throttle::Rate;
use smsc::rules::numbering::Numbering;
use smsc::rules::retry::{Plan, Plans};
use smsc::rules::routing::directory::{Directory, OWNED_PRIORITY};
use smsc::rules::routing::matcher::{Destination, Source};
use smsc::rules::routing::table::{RouteTable, Rule};
use smsc::rules::{AccountRules, Rules};

use super::{Config, ConfigError};

/// How numbers are read.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumberingConfig {
    /// The country whose national numbers are understood, as ISO 3166 writes it: `DE`, `US`… Without
    /// one, national numbers stay as they are dialled.
    pub country: Option<String>,
    /// Numbers of at most so many digits are short codes, whatever their type of number says.
    pub short_code_digits_max: u8,
}

impl Default for NumberingConfig {
    fn default() -> Self {
        Self { country: None, short_code_digits_max: 6 }
    }
}

/// How long messages are tried.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ValidityConfig {
    /// Hours that a message is tried when its submitter does not say.
    pub default_hours: u32,
    /// Hours that a message is tried at most; longer ones are reduced.
    pub max_hours: u32,
    /// Hours that a receipt waits for its submitter.
    pub receipt_hours: u32,
}

impl Default for ValidityConfig {
    fn default() -> Self {
        Self { default_hours: 72, max_hours: 240, receipt_hours: 72 }
    }
}

/// When failed deliveries are tried again, by the kind of failure.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetryConfig {
    /// Any temporary failure that has no plan of its own.
    pub ordinary: Option<PlanConfig>,
    /// The subscriber is busy.
    pub busy: Option<PlanConfig>,
    /// The subscriber is away; its return comes first.
    pub absent: Option<PlanConfig>,
    /// The link is gone or congested.
    pub congestion: Option<PlanConfig>,
}

/// A list of delays.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PlanConfig {
    /// Seconds before the second attempt, before the third, and so on.
    pub delays_seconds: Vec<u32>,
    /// After the list, each delay is so many percent of the one before; 100 repeats the last.
    #[serde(default = "PlanConfig::growth_default")]
    pub growth_percent: u32,
    /// No delay is longer than so many seconds.
    #[serde(default = "PlanConfig::max_default")]
    pub max_seconds: u32,
}

impl PlanConfig {
    fn growth_default() -> u32 {
        200
    }

    fn max_default() -> u32 {
        86_400
    }

    fn plan(&self) -> Plan {
        let seconds = |count: &u32| Duration::from_secs((*count).into());
        Plan {
            delays: self.delays_seconds.iter().map(seconds).collect(),
            growth_percent: self.growth_percent,
            delay_max: seconds(&self.max_seconds),
        }
    }
}

/// One rule of the route table.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouteConfig {
    /// Its name, shown in traces.
    pub name: String,
    /// Higher is tried first. Above 1000 it comes before the owners of numbers: ESMEs with
    /// addresses, SIP users, numbers of the platform.
    pub priority: i32,
    /// Only messages that these endpoints submitted: `esme:NAME`, `smpp:NAME`, `sip:NAME`, `user:NUMBER`,
    /// `ss7:NETWORK`, `platform`.
    pub from: Vec<String>,
    /// Only messages that came over these wires: `esme`, `smpp`, `sip`, `user`, `ss7`, `platform`,
    /// `operator`.
    pub wires: Vec<String>,
    /// Only messages of these accounts.
    pub accounts: Vec<String>,
    /// Only messages to these numbers; to any when empty.
    pub to: To,
    /// Where they go, in the order of preference: `smpp:LINK`, `smpp:GROUP`, `esme:NAME`, `sip:PEER`,
    /// `user:NUMBER`, `ss7:NETWORK`, `platform`. An empty list refuses them: "no route" on purpose.
    pub targets: Vec<String>,
    /// Whether a message may go back to the endpoint that submitted it.
    pub allow_return: bool,
    /// Retry plans of this route.
    pub retry: Option<RetryConfig>,
}

/// The destinations of a rule; one of the three, or none for any number.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct To {
    /// These normalised numbers.
    pub exact: Vec<String>,
    /// Normalised numbers that begin so.
    pub prefix: Vec<String>,
    /// Normalised numbers that match this expression as a whole.
    pub pattern: Option<String>,
}

/// Limits of one account.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountConfig {
    /// The account; `*` stands for all that have no table of their own.
    pub name: String,
    /// Messages that it may submit in a second; 0 is no limit.
    pub messages_per_second: u32,
    /// Messages that it may submit at once after a pause; one second's worth when 0.
    pub burst: u32,
    /// The senders it may use: an expression that the whole normalised address must match.
    pub senders: Option<String>,
    /// The sender of messages that have none.
    pub default_sender: Option<String>,
}

impl Config {
    /// The rules of the centre, or the first entry that makes no sense.
    pub fn rules(&self, directory: Arc<Directory>) -> Result<Rules, ConfigError> {
        let hours = |count: u32| Duration::from_secs(u64::from(count) * 3600);
        let digits_max = usize::from(self.numbering.short_code_digits_max);
        let numbering = Numbering::new(self.numbering.country.as_deref(), digits_max)
            .map_err(|error| ConfigError::entry("numbering", None, "country", error))?;
        let retry = Arc::new(self.retry.plans());
        let mut table = Vec::new();
        for (index, route) in self.routes.iter().enumerate() {
            let mut rule = route.rule(index)?;
            rule.allow_return |= rule.targets.iter().any(|target| self.may_loop(target));
            table.push(rule);
        }
        table.extend(self.owned_prefixes());
        let mut rules = Rules {
            numbering,
            table: RouteTable::new(table),
            directory,
            retry,
            validity_default: hours(self.validity.default_hours),
            validity_max: hours(self.validity.max_hours),
            receipt_validity: hours(self.validity.receipt_hours),
            ..Rules::default()
        };
        for (index, account) in self.accounts.iter().enumerate() {
            let limits = account.rules(index, &rules.numbering)?;
            if account.name == "*" {
                rules.account_default = limits;
            } else {
                rules.accounts.insert(account.name.as_str().into(), limits);
            }
        }
        Ok(rules)
    }

    /// Numbers that ESMEs and SIP users own, normalised.
    pub fn owned_numbers(&self, rules: &Rules) -> Vec<(Name, Endpoint)> {
        let esmes = self.smpp.accounts.iter().flat_map(|account| {
            let endpoint = Endpoint::Esme(account.system_id.as_str().into());
            account
                .addresses
                .iter()
                .filter(|address| !address.ends_with('*'))
                .map(move |address| (address, endpoint.clone()))
        });
        let users = self.sip.users.iter().map(|user| (&user.number, Endpoint::SipUser(sip_name(user))));
        esmes
            .chain(users)
            .filter_map(|(number, endpoint)| {
                let address = smsc::address::Address {
                    digits: number.as_str().into(),
                    ..smsc::address::Address::default()
                };
                rules.numbering.destination(&address).ok().map(|address| (address.digits, endpoint))
            })
            .collect()
    }

    /// Whether a SIP peer may get its own messages back.
    fn may_loop(&self, target: &Endpoint) -> bool {
        let Endpoint::SipPeer(name) = target else { return false };
        self.sip.peers.iter().any(|peer| peer.quirks.allow_loop && peer.name.as_str() == name.as_str())
    }

    /// Prefixes that ESMEs own (`4915*`): rules of the owners' priority.
    fn owned_prefixes(&self) -> impl Iterator<Item = Rule> {
        self.smpp.accounts.iter().filter_map(|account| {
            let prefixes: Vec<Name> = account
                .addresses
                .iter()
                .filter_map(|address| address.strip_suffix('*').map(Name::from))
                .collect();
            let endpoint = Endpoint::Esme(account.system_id.as_str().into());
            (!prefixes.is_empty()).then(|| Rule {
                name: compact_str::format_compact!("{endpoint}"),
                priority: OWNED_PRIORITY,
                source: Source::default(),
                destination: Destination::Prefix(prefixes),
                targets: vec![endpoint],
                allow_return: false,
                retry: None,
            })
        })
    }
}

impl RetryConfig {
    fn plans(&self) -> Plans {
        let defaults = Plans::default();
        let plan = |own: &Option<PlanConfig>, default| own.as_ref().map_or(default, PlanConfig::plan);
        Plans {
            ordinary: plan(&self.ordinary, defaults.ordinary),
            busy: plan(&self.busy, defaults.busy),
            absent: plan(&self.absent, defaults.absent),
            congestion: plan(&self.congestion, defaults.congestion),
        }
    }
}

impl RouteConfig {
    fn rule(&self, index: usize) -> Result<Rule, ConfigError> {
        let wrong =
            |key, message: &dyn std::fmt::Display| ConfigError::entry("routes", Some(index), key, message);
        if self.name.is_empty() {
            return Err(wrong("name", &"every route needs a name"));
        }
        let endpoints = |key, texts: &[String]| {
            texts
                .iter()
                .map(|text| {
                    text.parse::<Endpoint>().map_err(|error| wrong(key, &format!("{text:?}: {error}")))
                })
                .collect::<Result<Vec<Endpoint>, ConfigError>>()
        };
        let names = |texts: &[String]| {
            (!texts.is_empty()).then(|| texts.iter().map(|text| Name::from(text.as_str())).collect())
        };
        const WIRES: [&str; 6] = ["esme", "smpp", "sip", "user", "platform", "operator"];
        if let Some(wire) = self.wires.iter().find(|wire| !WIRES.contains(&wire.as_str())) {
            return Err(wrong("wires", &format!("{wire:?} is none of {}", WIRES.join(", "))));
        }
        let from = endpoints("from", &self.from)?;
        let source = Source {
            endpoints: (!from.is_empty()).then_some(from),
            wires: names(&self.wires),
            accounts: names(&self.accounts),
        };
        Ok(Rule {
            name: self.name.as_str().into(),
            priority: self.priority,
            source,
            destination: self.to.destination().map_err(|message| wrong("to", &message))?,
            targets: endpoints("targets", &self.targets)?,
            allow_return: self.allow_return,
            retry: self.retry.as_ref().map(|retry| Arc::new(retry.plans())),
        })
    }
}

impl To {
    fn destination(&self) -> Result<Destination, String> {
        let names = |texts: &[String]| texts.iter().map(|text| text.trim_start_matches('+').into()).collect();
        match (self.exact.is_empty(), self.prefix.is_empty(), &self.pattern) {
            (true, true, None) => Ok(Destination::Any),
            (false, true, None) => Ok(Destination::Exact(names(&self.exact))),
            (true, false, None) => Ok(Destination::Prefix(names(&self.prefix))),
            (true, true, Some(pattern)) => {
                Regex::new(pattern).map(Destination::Pattern).map_err(|error| error.to_string())
            }
            _ => Err("one of exact, prefix and pattern, not several".to_owned()),
        }
    }
}

impl AccountConfig {
    fn rules(&self, index: usize, numbering: &Numbering) -> Result<AccountRules, ConfigError> {
        let wrong =
            |key, message: &dyn std::fmt::Display| ConfigError::entry("accounts", Some(index), key, message);
        if self.name.is_empty() {
            return Err(wrong("name", &"every account needs a name"));
        }
        let source_pattern = match &self.senders {
            Some(pattern) => Some(Regex::new(pattern).map_err(|error| wrong("senders", &error))?),
            None => None,
        };
        let source_default = match &self.default_sender {
            Some(text) => {
                Some(numbering.source(&sender(text)).map_err(|error| wrong("default_sender", &error))?)
            }
            None => None,
        };
        let rate = Rate { per_second: self.messages_per_second, burst: self.burst };
        Ok(AccountRules { rate, source_pattern, source_default })
    }
}

/// A sender as people write it: digits, or letters.
fn sender(text: &str) -> smsc::address::Address {
    use smsc::address::Address;
    if text.chars().any(char::is_alphabetic) {
        Address::alphanumeric(text)
    } else {
        Address { digits: text.into(), ..Address::default() }
    }
}

/// The name by which routes know a SIP user: its digits, or its name.
fn sip_name(user: &gateway_sip::config::User) -> Name {
    let name = if user.number.is_empty() { &user.user } else { &user.number };
    name.trim_start_matches('+').into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_returns_to_its_sip_peer_only_if_the_peer_says_so() {
        let route_back = |allow_loop: bool| {
            let text = format!(
                "[[sip.peers]]\nname = 'pbx'\nuri = 'sip:127.0.0.1:5070'\nallowed_addresses = ['127.0.0.1']\n\
                 quirks = {{ allow_loop = {allow_loop} }}\n[[routes]]\nname = 'all'\ntargets = ['sip:pbx']\n"
            );
            let config: Config = toml::from_str(&text).unwrap();
            let rules = config.rules(Arc::default()).unwrap();
            rules.route(&Endpoint::SipPeer("pbx".into()), &Name::default(), "49151").is_some()
        };
        assert!(!route_back(false));
        assert!(route_back(true));
    }
}
