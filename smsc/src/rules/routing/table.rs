//! The route table: first match by priority, then an explicit "no route".
//!
//! Rules are compiled into an index by exact number and by prefix, so that ten
//! thousand prefixes cost a lookup for each prefix length and no scan.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::matcher::{Destination, Source};
use crate::endpoint::Endpoint;
use crate::hashing::hash;
use crate::names::Name;
use crate::rules::retry::Plans;

/// What an operator writes down.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name, shown in traces.
    pub name: Name,
    /// Higher is tried first; equal ones in the order of the table.
    pub priority: i32,
    /// Where the message comes from.
    pub source: Source,
    /// Where it wants to go.
    pub destination: Destination,
    /// Targets in the order of preference; none at all means "no route" on purpose.
    pub targets: Vec<Endpoint>,
    /// Whether a message may go back to the endpoint it came from.
    pub allow_return: bool,
    /// Retry plans of its own.
    pub retry: Option<Arc<Plans>>,
}

/// Where a message may go.
#[derive(Clone, Debug)]
pub struct Route {
    /// The rule's name.
    pub name: Name,
    /// The name's stable hash: the route queue in which its messages wait.
    pub queue: u64,
    /// Targets in the order of preference. Never empty.
    pub targets: Vec<Endpoint>,
    /// Whether a message may go back to the endpoint it came from.
    pub allow_return: bool,
    /// Retry plans of its own.
    pub retry: Option<Arc<Plans>>,
}

impl Route {
    /// The route to one endpoint, as owned numbers and receipts use it.
    pub fn to(endpoint: Endpoint) -> Self {
        let queue = Self::queue_to(&endpoint);
        let name = compact_str::format_compact!("{endpoint}");
        Self { name, queue, targets: vec![endpoint], allow_return: true, retry: None }
    }

    /// Whether a message that came from `origin` may go to `target`. A mobile network is many phones,
    /// so that what comes from it may go back.
    pub fn admits(&self, target: &Endpoint, origin: &Endpoint) -> bool {
        self.allow_return || target != origin || matches!(target, Endpoint::Ss7(_))
    }

    /// The route queue of the route to one endpoint.
    pub(crate) fn queue_to(endpoint: &Endpoint) -> u64 {
        hash(&compact_str::format_compact!("{endpoint}"))
    }
}

/// The compiled table.
#[derive(Debug, Default)]
pub struct RouteTable {
    rules: Vec<Compiled>,
    exact: HashMap<Name, Vec<usize>>,
    /// By length of the prefix, so that a lookup tries each length once.
    prefixes: BTreeMap<usize, HashMap<Name, Vec<usize>>>,
    /// Rules that no index helps: patterns and "any".
    others: Vec<usize>,
}

#[derive(Debug)]
struct Compiled {
    priority: i32,
    source: Source,
    destination: Destination,
    /// `None` where the rule is "no route".
    route: Option<Arc<Route>>,
}

impl RouteTable {
    /// Compiles `rules`.
    pub fn new(mut rules: Vec<Rule>) -> Self {
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.priority));
        let mut table = Self::default();
        for rule in rules {
            table.add(rule);
        }
        table
    }

    /// The best rule's answer for a message of `account` from `origin` to `digits`: its priority,
    /// and its route unless it is "no route". `None` when no rule matches.
    pub fn find(
        &self,
        origin: &Endpoint,
        account: &Name,
        digits: &str,
    ) -> Option<(i32, Option<&Arc<Route>>)> {
        let exact = self.exact.get(digits);
        let prefixed = self
            .prefixes
            .iter()
            .filter_map(|(length, prefixes)| digits.get(..*length).and_then(|prefix| prefixes.get(prefix)));
        let index = exact
            .into_iter()
            .chain(prefixed)
            .chain(std::iter::once(&self.others))
            .filter_map(|rules| self.first_of(rules, origin, account, digits))
            .min()?;
        let rule = self.rules.get(index)?;
        Some((rule.priority, rule.route.as_ref()))
    }

    /// All routes that the table can answer.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<Route>> {
        self.rules.iter().filter_map(|rule| rule.route.as_ref())
    }

    fn first_of(&self, rules: &[usize], origin: &Endpoint, account: &Name, digits: &str) -> Option<usize> {
        rules.iter().copied().find(|index| {
            self.rules.get(*index).is_some_and(|rule| {
                let pattern_fits = match &rule.destination {
                    Destination::Pattern(pattern) => {
                        pattern.find(digits).is_some_and(|found| found.len() == digits.len())
                    }
                    _ => true,
                };
                pattern_fits && rule.source.matches(origin, account)
            })
        })
    }

    fn add(&mut self, rule: Rule) {
        let index = self.rules.len();
        match &rule.destination {
            Destination::Exact(numbers) => {
                for number in numbers {
                    self.exact.entry(number.clone()).or_default().push(index);
                }
            }
            Destination::Prefix(prefixes) => {
                for prefix in prefixes {
                    let same_length = self.prefixes.entry(prefix.len()).or_default();
                    same_length.entry(prefix.clone()).or_default().push(index);
                }
            }
            Destination::Any | Destination::Pattern(_) => self.others.push(index),
        }
        let route = (!rule.targets.is_empty()).then(|| {
            Arc::new(Route {
                queue: hash(&rule.name),
                name: rule.name,
                targets: rule.targets,
                allow_return: rule.allow_return,
                retry: rule.retry,
            })
        });
        self.rules.push(Compiled {
            priority: rule.priority,
            source: rule.source,
            destination: rule.destination,
            route,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex::Regex;

    fn rule(name: &str, priority: i32, destination: Destination, target: &str) -> Rule {
        Rule {
            name: name.into(),
            priority,
            source: Source::default(),
            destination,
            targets: if target.is_empty() { vec![] } else { vec![target.parse().unwrap()] },
            allow_return: false,
            retry: None,
        }
    }

    fn prefix(text: &str) -> Destination {
        Destination::Prefix(vec![text.into()])
    }

    fn found(table: &RouteTable, digits: &str) -> Option<String> {
        let (_, route) = table.find(&Endpoint::Platform, &Name::default(), digits)?;
        Some(route.map_or("no route".to_owned(), |route| route.name.to_string()))
    }

    #[test]
    fn the_first_match_by_priority_wins() {
        let table = RouteTable::new(vec![
            rule("all", 1, Destination::Any, "smpp:default"),
            rule("germany", 100, prefix("49"), "smpp:carrier-a"),
            rule("german mobile", 200, prefix("4915"), "smpp:carrier-b"),
            rule("fraud", 300, prefix("49900"), ""),
            rule("one", 250, Destination::Exact(vec!["491511".into()]), "esme:one"),
        ]);
        assert_eq!(found(&table, "4930123").as_deref(), Some("germany"));
        assert_eq!(found(&table, "4915123").as_deref(), Some("german mobile"));
        assert_eq!(found(&table, "491511").as_deref(), Some("one"));
        assert_eq!(found(&table, "4990055").as_deref(), Some("no route"));
        assert_eq!(found(&table, "1555").as_deref(), Some("all"));
    }

    #[test]
    fn what_nothing_matches_has_no_route() {
        assert_eq!(found(&RouteTable::default(), "49"), None);
        let table = RouteTable::new(vec![rule("germany", 1, prefix("49"), "smpp:a")]);
        assert_eq!(found(&table, "33123"), None);
        assert_eq!(found(&table, "4"), None);
    }

    #[test]
    fn a_pattern_matches_the_whole_number() {
        let pattern = Destination::Pattern(Regex::new("6[0-9]{3}").unwrap());
        let table = RouteTable::new(vec![rule("codes", 1, pattern, "esme:codes")]);
        assert_eq!(found(&table, "6666").as_deref(), Some("codes"));
        assert_eq!(found(&table, "66666"), None);
        assert_eq!(found(&table, "16666"), None);
    }

    #[test]
    fn a_route_may_depend_on_the_submitter() {
        let mut gold = rule("gold", 10, Destination::Any, "smpp:direct");
        gold.source.accounts = Some(vec!["acme".into()]);
        let mut phones = rule("sip users", 20, Destination::Any, "smpp:sip");
        phones.source.wires = Some(vec!["user".into()]);
        let table = RouteTable::new(vec![gold, phones, rule("rest", 1, Destination::Any, "smpp:cheap")]);
        let name = |origin: Endpoint, account: &str| {
            table.find(&origin, &account.into(), "49151").unwrap().1.unwrap().name.clone()
        };
        assert_eq!(name(Endpoint::Esme("acme".into()), "acme"), "gold");
        assert_eq!(name(Endpoint::Esme("other".into()), "other"), "rest");
        assert_eq!(name(Endpoint::SipUser("49".into()), "acme"), "sip users");
    }

    #[test]
    fn one_phone_may_write_to_another_of_its_network() {
        let route = Route { allow_return: false, ..Route::to("ss7:home".parse().unwrap()) };
        let (home, esme): (Endpoint, Endpoint) = ("ss7:home".parse().unwrap(), "esme:a".parse().unwrap());
        assert!(route.admits(&home, &home));
        assert!(route.admits(&esme, &home) && !route.admits(&esme, &esme));
    }
}
