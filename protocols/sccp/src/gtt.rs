//! Global title translation by an ordered list of rules (Q.714 §2.4).

use crate::address::TitleChange;
use crate::{Address, Error, GlobalTitle, NetworkId, ReturnCause, RoutingIndicator};

mod pattern;

pub use pattern::{Pattern, Replacement};

/// One rule: conditions, changes of the address, destination.
///
/// A condition of `None` always holds; a change of `None` keeps the present value.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TranslationRule {
    /// Matches this routing domain.
    pub network: Option<NetworkId>,
    /// Matches this global title indicator, 1 to 4.
    pub indicator: Option<u8>,
    /// Matches this translation type.
    pub translation_type: Option<u8>,
    /// Matches this numbering plan.
    pub numbering_plan: Option<u8>,
    /// Matches this nature of address.
    pub nature_of_address: Option<u8>,
    /// Matches these digits.
    pub pattern: Pattern,
    /// The new digits.
    pub digits: Replacement,
    /// The new translation type.
    pub new_translation_type: Option<u8>,
    /// The new numbering plan.
    pub new_numbering_plan: Option<u8>,
    /// The new nature of address.
    pub new_nature_of_address: Option<u8>,
    /// The new subsystem number.
    pub new_subsystem: Option<u8>,
    /// The new routing indicator.
    pub routing: RoutingIndicator,
    /// The destination of the message.
    pub destination: Destination,
}

/// The destination of translated messages. A local point code means local delivery.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Destination {
    /// None: the message is refused with [`ReturnCause::NO_TRANSLATION_OF_ADDRESS`], regardless of
    /// later rules.
    #[default]
    NoTranslation,
    /// A local subsystem.
    Local,
    /// One point.
    Solitary(u32),
    /// The first point while it is accessible, else the second.
    DominantWithBackup {
        /// The first choice.
        dominant: u32,
        /// The second.
        backup: u32,
    },
    /// One accessible point, selected by the SLS, so that messages in sequence take one route.
    LoadShared(Vec<u32>),
    /// All accessible points.
    Broadcast(Vec<u32>),
}

impl Destination {
    /// Its points; none for local delivery and refusal.
    pub(crate) fn point_codes(&self) -> Vec<u32> {
        match self {
            Self::NoTranslation | Self::Local => Vec::new(),
            Self::Solitary(point_code) => vec![*point_code],
            Self::DominantWithBackup { dominant, backup } => vec![*dominant, *backup],
            Self::LoadShared(point_codes) | Self::Broadcast(point_codes) => point_codes.clone(),
        }
    }
}

impl TranslationRule {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.digits.groups() > self.pattern.groups() {
            return Err(Error::Rule("the replacement names a group that the pattern does not have"));
        }
        if matches!(&self.destination, Destination::LoadShared(all) | Destination::Broadcast(all) if all.is_empty())
        {
            return Err(Error::Rule("the destination has no point code"));
        }
        Ok(())
    }

    /// Whether the rule matches titles of this kind, regardless of their digits.
    fn is_for(&self, network: NetworkId, title: &GlobalTitle) -> bool {
        let same = |wanted: Option<u8>, there: Option<u8>| wanted.is_none() || wanted == there;
        self.network.is_none_or(|wanted| wanted == network)
            && same(self.indicator, Some(title.indicator()))
            && same(self.translation_type, title.translation_type())
            && same(self.numbering_plan, title.numbering_plan())
            && same(self.nature_of_address, title.nature_of_address())
    }

    fn apply(&self, called: &Address, title: &GlobalTitle, groups: &[&str]) -> Result<Address, Error> {
        let change = TitleChange {
            translation_type: self.new_translation_type,
            numbering_plan: self.new_numbering_plan,
            nature_of_address: self.new_nature_of_address,
        };
        let digits = self.digits.apply(title.digits(), groups);
        // An unchanged title keeps its octets.
        let kept = change == TitleChange::default() && digits == title.digits();
        Ok(Address {
            routing: self.routing,
            point_code: None,
            subsystem: self.new_subsystem.or(called.subsystem),
            global_title: Some(if kept { title.clone() } else { title.changed(change, &digits)? }),
        })
    }
}

/// The translated address and its destination, by the first matching rule.
///
/// Without a rule the cause distinguishes between titles of this kind and these digits.
pub(crate) fn translate<'a>(
    rules: &'a [TranslationRule],
    network: NetworkId,
    called: &Address,
) -> Result<(Address, &'a Destination), ReturnCause> {
    let title = called.global_title.as_ref().ok_or(ReturnCause::NO_TRANSLATION_OF_NATURE)?;
    let mut cause = ReturnCause::NO_TRANSLATION_OF_NATURE;
    for rule in rules.iter().filter(|rule| rule.is_for(network, title)) {
        cause = ReturnCause::NO_TRANSLATION_OF_ADDRESS;
        let Some(groups) = rule.pattern.groups_of(title.digits()) else { continue };
        if rule.destination == Destination::NoTranslation {
            return Err(cause);
        }
        // Only a replacement can fail: it may leave no digits, or too many for a title.
        let address = rule.apply(called, title, &groups).map_err(|_| cause)?;
        return Ok((address, &rule.destination));
    }
    Err(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called(digits: &str) -> Address {
        Address::gt(GlobalTitle::e164(digits).unwrap(), 6)
    }

    fn rule(pattern: &str, digits: &str) -> TranslationRule {
        TranslationRule {
            pattern: pattern.parse().unwrap(),
            digits: digits.parse().unwrap(),
            destination: Destination::Solitary(7),
            ..TranslationRule::default()
        }
    }

    fn translated(rules: &[TranslationRule], address: &Address) -> Result<Address, ReturnCause> {
        translate(rules, NetworkId(1), address).map(|(address, _)| address)
    }

    #[test]
    fn digits_are_kept_inserted_replaced_and_removed() {
        for (pattern, digits, from, to) in [
            ("*", "$0", "491511234", "491511234"),
            ("4915*", "00$0", "491511234", "00491511234"),
            ("49/15?/*", "1$2$3", "491511234", "11511234"),
            ("49/*", "$2", "491511234", "1511234"),
            ("49/*", "4477", "491511234", "4477"),
            ("????/*", "$2$1", "12345", "51234"),
            ("12345", "$0", "12345", "12345"),
        ] {
            let address = translated(&[rule(pattern, digits)], &called(from)).unwrap();
            assert_eq!(address.digits(), Some(to), "{pattern} {digits}");
        }
    }

    #[test]
    fn every_condition_can_refuse() {
        let address = called("4915");
        let fits = TranslationRule {
            network: Some(NetworkId(1)),
            indicator: Some(4),
            translation_type: Some(0),
            numbering_plan: Some(1),
            nature_of_address: Some(4),
            ..rule("*", "$0")
        };
        assert!(translated(std::slice::from_ref(&fits), &address).is_ok());
        for other in [
            TranslationRule { network: Some(NetworkId(2)), ..fits.clone() },
            TranslationRule { indicator: Some(2), ..fits.clone() },
            TranslationRule { translation_type: Some(1), ..fits.clone() },
            TranslationRule { numbering_plan: Some(7), ..fits.clone() },
            TranslationRule { nature_of_address: Some(3), ..fits },
        ] {
            assert_eq!(translated(&[other], &address), Err(ReturnCause::NO_TRANSLATION_OF_NATURE));
        }
    }

    #[test]
    fn the_cause_tells_an_unknown_kind_from_unknown_digits() {
        let rules = [rule("49*", "$0")];
        assert_eq!(translated(&rules, &called("33")), Err(ReturnCause::NO_TRANSLATION_OF_ADDRESS));
        assert_eq!(translated(&[], &called("33")), Err(ReturnCause::NO_TRANSLATION_OF_NATURE));
        assert_eq!(translated(&rules, &Address::ssn(None, 6)), Err(ReturnCause::NO_TRANSLATION_OF_NATURE));
    }

    #[test]
    fn the_first_rule_that_matches_is_taken_even_when_it_refuses() {
        let barred = TranslationRule { destination: Destination::NoTranslation, ..rule("4915*", "$0") };
        let rules = [barred, rule("49*", "$0")];
        assert_eq!(translated(&rules, &called("4915")), Err(ReturnCause::NO_TRANSLATION_OF_ADDRESS));
        assert!(translated(&rules, &called("4916")).is_ok());
    }

    #[test]
    fn what_a_rule_changes_is_changed_in_every_format() {
        let change = TranslationRule {
            new_translation_type: Some(9),
            new_numbering_plan: Some(7),
            new_nature_of_address: Some(3),
            new_subsystem: Some(149),
            routing: RoutingIndicator::Ssn,
            ..rule("*", "$0")
        };
        for (from, to) in [
            (GlobalTitle::full(0, 1, 4, "12"), GlobalTitle::full(9, 7, 3, "12")),
            (GlobalTitle::with_plan(0, 1, "12"), GlobalTitle::with_plan(9, 7, "12")),
            (GlobalTitle::with_type(0, "12"), GlobalTitle::with_type(9, "12")),
            (GlobalTitle::with_nature(4, "12"), GlobalTitle::with_nature(3, "12")),
        ] {
            let address = translated(std::slice::from_ref(&change), &Address::gt(from.unwrap(), 6)).unwrap();
            assert_eq!((address.routing, address.subsystem), (RoutingIndicator::Ssn, Some(149)));
            assert_eq!(address.global_title, Some(to.unwrap()));
        }
    }

    #[test]
    fn an_unchanged_title_keeps_its_octets() {
        let odd_filler = [0x12, 0x06, 0x00, 0x11, 0x04, 0x21, 0xf3];
        let address = Address::decode(&odd_filler).unwrap();
        assert_eq!(translated(&[rule("123", "$0")], &address), Ok(address));
    }

    #[test]
    fn an_empty_replacement_is_no_translation() {
        assert_eq!(
            translated(&[rule("12/*", "$2")], &called("12")),
            Err(ReturnCause::NO_TRANSLATION_OF_ADDRESS)
        );
    }

    #[test]
    fn a_contradictory_rule_is_refused() {
        assert!(rule("1/2", "$3").check().is_err());
        assert!(rule("1/2", "$2").check().is_ok());
        let nowhere = TranslationRule { destination: Destination::Broadcast(Vec::new()), ..rule("*", "$0") };
        assert!(nowhere.check().is_err());
    }
}
