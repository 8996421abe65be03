//! What an operator can set: the mobile networks we serve, the associations that lead to them, and
//! what their errors mean.
//!
//! An empty table is valid: then there is no signalling. An unknown key is an error: a typing
//! mistake must not silently leave a limit off.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod action;
mod association;
mod entry;
mod network;
mod translation;

pub use action::{Action, ActionRule, Phase};
pub(crate) use entry::position;

pub use association::{ApplicationServer, Association, Exchange, Role, TrafficMode, Transport, Tuning};
pub use network::{Network, Remote, Subsystems};
pub use translation::{Share, Translation};

use crate::error::Error;

/// All of SS7: networks, associations and the tables between them.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ss7Config {
    /// Mobile networks that we are the service centre of, each a routing domain of its own.
    pub networks: Vec<Network>,
    /// Associations that carry M3UA.
    pub associations: Vec<Association>,
    /// What is served over them: a point code of ours with its routing context.
    pub application_servers: Vec<ApplicationServer>,
    /// Global title translation. Tried in this order, before a network's own gateways.
    pub translations: Vec<Translation>,
    /// What MAP errors mean where it is not the usual. The first that fits decides.
    pub actions: Vec<ActionRule>,
    /// Dialogues that may be open at once; peers may open twice `originating_max` of them, and hear
    /// resourceLimitation beyond.
    pub dialogues_max: u32,
    /// Messages of phones that may be on their way into the store; beyond it they hear sc-Congestion.
    pub originating_max: u32,
    /// Seconds that an HLR may take to answer.
    pub routing_seconds: u16,
    /// Seconds that a serving node may take to answer a message: it pages the phone meanwhile.
    pub forwarding_seconds: u16,
    /// Seconds without an answer after which a dialogue of any kind is aborted. Longer than the others.
    pub dialogue_seconds: u16,
    /// Nodes of which the MAP version is remembered.
    pub versions_max: u32,
    /// Hours after which a remembered version is forgotten.
    pub version_hours: u16,
    /// Seconds without traffic before an association is asked for a sign of life; 0 never asks.
    pub beat_seconds: u16,
}

impl Default for Ss7Config {
    fn default() -> Self {
        Self {
            networks: Vec::new(),
            associations: Vec::new(),
            application_servers: Vec::new(),
            translations: Vec::new(),
            actions: Vec::new(),
            dialogues_max: 200_000,
            originating_max: 20_000,
            routing_seconds: 30,
            forwarding_seconds: 120,
            dialogue_seconds: 180,
            versions_max: 10_000,
            version_hours: 24,
            beat_seconds: 30,
        }
    }
}

impl Ss7Config {
    /// Whether there is nothing to serve.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty() && self.associations.is_empty()
    }

    /// Checks the constraints between entries.
    ///
    /// # Errors
    /// [`Error::Config`] names the entry and what is wrong with it.
    pub fn check(&self) -> Result<(), Error> {
        Network::check_all(&self.networks)?;
        ApplicationServer::check_all(&self.application_servers, &self.networks)?;
        Association::check_all(&self.associations, &self.application_servers)?;
        Translation::check_all(&self.translations, &self.networks)?;
        ActionRule::check_all(&self.actions)?;
        if self.dialogue_seconds <= self.routing_seconds.max(self.forwarding_seconds) {
            let what =
                "must be more than routing_seconds and forwarding_seconds, or answers come too late to count";
            return Err(Error::config("dialogue_seconds", what));
        }
        if u64::from(self.originating_max) * 2 >= u64::from(self.dialogues_max) {
            let what = "must be more than twice originating_max: peers may open that many dialogues";
            return Err(Error::config("dialogues_max", what));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Ss7Config {
        toml::from_str(text).unwrap()
    }

    const WHOLE: &str = "
        networks = [{ name = 'home', point_code = 1, global_title = '15550001000', gateways = [2] }]
        application_servers = [{ name = 'a', network = 'home', routing_context = 100 }]
        associations = [{ name = 'stp', remote = ['127.0.0.1:2905'], application_servers = ['a'] }]
    ";

    #[test]
    fn an_empty_table_is_valid() {
        assert!(read("").check().is_ok());
        assert!(read("").is_empty());
    }

    #[test]
    fn a_whole_table_is_valid() {
        assert!(read(WHOLE).check().is_ok());
    }

    #[test]
    fn wrong_entries_are_named() {
        let refused = |change: (&str, &str)| {
            assert!(WHOLE.contains(change.0), "{change:?}");
            read(&WHOLE.replace(change.0, change.1)).check().unwrap_err().to_string()
        };
        assert_eq!(
            refused(("network = 'home'", "network = 'away'")),
            "application server a: no network is called away"
        );
        assert_eq!(refused(("['a']", "['b']")), "association stp: no application server is called b");
        assert_eq!(
            refused(("'15550001000'", "'+1555'")),
            "network home: global_title has 5 to 15 digits and nothing else"
        );
        assert_eq!(
            refused(("remote = ['127.0.0.1:2905'], ", "")),
            "association stp: needs an address in local or in remote"
        );
        let late = format!("dialogue_seconds = 60\n{WHOLE}");
        assert!(read(&late).check().unwrap_err().to_string().starts_with("dialogue_seconds: must be more"));
        let few = format!("dialogues_max = 1000\n{WHOLE}");
        assert!(read(&few).check().unwrap_err().to_string().starts_with("dialogues_max: must be more"));
    }

    #[test]
    fn a_mistyped_key_is_an_error() {
        assert!(toml::from_str::<Ss7Config>("dialogue_max = 3").is_err());
    }
}
