//! The owners of numbers: short codes of ESMEs, numbers of the platform's
//! applications, numbers of SIP users.
//!
//! Numbers come and go while messages run, so readers take a snapshot and never
//! wait for a writer.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::table::Route;
use crate::endpoint::Endpoint;
use crate::names::Name;

/// Owned numbers answer before every rule of this priority or a lower one.
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
    pub fn replace(&self, owners: impl Fn(&Endpoint) -> bool, numbers: &[(Name, Endpoint)]) {
        let mut shared: HashMap<&Endpoint, Arc<Route>> = HashMap::new();
        for (_, endpoint) in numbers {
            shared.entry(endpoint).or_insert_with(|| Arc::new(Route::to(endpoint.clone())));
        }
        self.routes.rcu(|routes| {
            let mut next: HashMap<Name, Arc<Route>> = routes
                .iter()
                .filter(|(_, route)| !route.targets.first().is_some_and(&owners))
                .map(|(digits, route)| (digits.clone(), Arc::clone(route)))
                .collect();
            for (digits, endpoint) in numbers {
                if let Some(route) = shared.get(endpoint) {
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
        let esme = Endpoint::Esme("acme".into());
        directory
            .replace(|_| true, &[("6666".into(), esme.clone()), ("15550001".into(), Endpoint::Platform)]);
        directory
            .replace(|endpoint| *endpoint == Endpoint::Platform, &[("15550002".into(), Endpoint::Platform)]);
        assert!(directory.find("15550001").is_none());
        assert_eq!(directory.find("15550002").unwrap().targets, [Endpoint::Platform]);
        assert_eq!(directory.find("6666").unwrap().targets, [esme]);
    }
}
