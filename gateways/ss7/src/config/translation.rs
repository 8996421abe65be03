//! Global title translation (Q.714 §2.4): which node a global title leads to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry::position;
use super::network::Network;
use crate::error::Error;

/// One rule of global title translation.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Translation {
    /// The network it belongs to, by name.
    pub network: String,
    /// The digits it is for: `?` is any one digit, `*` at the end any rest; `/` parts groups: `49/15?/*`.
    pub digits: String,
    /// The translation type it is for; any when absent.
    pub translation_type: Option<u8>,
    /// The numbering plan it is for; any when absent.
    pub numbering_plan: Option<u8>,
    /// The nature of address it is for; any when absent.
    pub nature_of_address: Option<u8>,
    /// The digits that it makes of them: `$1` to `$9` are groups, `$0` is all of them: `00$1$3`.
    pub becomes: String,
    /// Point codes that it leads to; none refuses the title.
    pub point_codes: Vec<u32>,
    /// How several point codes share the traffic.
    pub share: Share,
    /// The subsystem that is addressed there; with one, the message is routed on it.
    pub subsystem: Option<u8>,
}

impl Default for Translation {
    fn default() -> Self {
        Self {
            network: String::new(),
            digits: "*".to_owned(),
            translation_type: None,
            numbering_plan: None,
            nature_of_address: None,
            becomes: "$0".to_owned(),
            point_codes: Vec::new(),
            share: Share::default(),
            subsystem: None,
        }
    }
}

/// How several point codes share traffic.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Share {
    /// The first that is available.
    #[default]
    Dominant,
    /// All that are available, by signalling link selection.
    Loadshare,
    /// All of them, each a copy.
    Broadcast,
}

impl Translation {
    pub(super) fn check_all(translations: &[Self], networks: &[Network]) -> Result<(), Error> {
        for (number, translation) in translations.iter().enumerate() {
            let wrong = |what: &str| Error::config(format!("translation {}", number + 1), what);
            if position(networks, &translation.network, |network| &network.name).is_none() {
                return Err(wrong(&format!("no network is called {}", translation.network)));
            }
            let read = translation.digits.parse::<sccp::Pattern>().map(|_| ());
            let read = read.and_then(|()| translation.becomes.parse::<sccp::Replacement>().map(|_| ()));
            read.map_err(|error| wrong(&error.to_string()))?;
        }
        Ok(())
    }
}
