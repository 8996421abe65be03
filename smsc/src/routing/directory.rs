//! Who owns which number: short codes of ESMEs, numbers of the platform's
//! applications, numbers of SIP users.
//!
//! Numbers come and go while messages run, so readers take a snapshot and never
//! wait for a writer.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::table::Route;
use crate::message::{Name, Party};

/// Owned numbers answer before every rule whose priority is not above this.
pub const OWNED_PRIORITY: i32 = 1000;

/// Number → owner.
#[derive(Debug, Default)]
pub struct Directory {
    routes: ArcSwap<HashMap<Name, Arc<Route>>>,
}

impl Directory {
    /// The route to the owner of a number, by its normalised digits.
    pub fn find(&self, digits: &str) -> Option<Arc<Route>> {
        self.routes.load().get(digits).cloned()
    }

    /// Replaces the numbers of every owner that `owners` selects by `numbers`.
    pub fn replace(&self, owners: impl Fn(&Party) -> bool, numbers: &[(Name, Party)]) {
        let mut shared: HashMap<&Party, Arc<Route>> = HashMap::new();
        for (_, party) in numbers {
            shared.entry(party).or_insert_with(|| Arc::new(Route::to(party.clone())));
        }
        self.routes.rcu(|routes| {
            let mut next: HashMap<Name, Arc<Route>> = routes
                .iter()
                .filter(|(_, route)| !route.targets.first().is_some_and(&owners))
                .map(|(digits, route)| (digits.clone(), Arc::clone(route)))
                .collect();
            for (digits, party) in numbers {
                if let Some(route) = shared.get(party) {
                    next.insert(digits.clone(), Arc::clone(route));
                }
            }
            next
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_replaced_without_touching_others() {
        let directory = Directory::default();
        let esme = Party::Esme("acme".into());
        directory.replace(|_| true, &[("6666".into(), esme.clone()), ("15550001".into(), Party::Platform)]);
        directory.replace(|party| *party == Party::Platform, &[("15550002".into(), Party::Platform)]);
        assert!(directory.find("15550001").is_none());
        assert_eq!(directory.find("15550002").unwrap().targets, [Party::Platform]);
        assert_eq!(directory.find("6666").unwrap().targets, [esme]);
    }
}
