//! Puts one process together: the only file that names every part.

use std::sync::Arc;
use std::time::Duration;

use gateway_smpp::SmppGateway;
use smsc::journey::Journey;
use smsc::message::Party;
use smsc::ports::Centre;
use smsc::routing::directory::Directory;
use store_embedded::EmbeddedStore;

use crate::centre::ServiceCentre;
use crate::clock;
use crate::config::{Config, ConfigError, Role};
use crate::dispatch::Dispatch;
use crate::outlets::Outlets;

/// Everything that runs in this process.
pub struct System {
    /// The configuration it was started with.
    pub config: Config,
    /// The store.
    pub store: EmbeddedStore,
    /// The service centre.
    pub centre: ServiceCentre,
    /// SMPP, in the role of a centre.
    pub smpp: Option<SmppGateway>,
}

/// Why a process could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store cannot be opened.
    #[error("store: {0}")]
    Store(#[from] store_embedded::OpenError),
    /// SMPP cannot start.
    #[error("smpp: {0}")]
    Smpp(#[from] gateway_smpp::Error),
}

/// The exit code after a failed write or sync of the store (EX_IOERR).
const EXIT_STORE_FAILED: i32 = 74;
/// How long sessions may take to end on a graceful stop.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Starts all parts that the configuration asks for.
pub async fn start(config: Config) -> Result<System, StartError> {
    let directory = Arc::new(Directory::default());
    let rules = config.rules(Arc::clone(&directory))?;
    directory.replace(|_| true, &config.owned_numbers(&rules));
    let store = EmbeddedStore::open(&config.store, clock::now(), Box::new(end_after_store_failure))?;
    let outlets = Arc::new(Outlets::default());
    let journey = Arc::new(Journey::new(
        Arc::new(store.clone()),
        Arc::clone(&outlets) as _,
        rules,
        clock::clock(),
        config.node,
        store.last_id(),
    ));
    let dispatch = Dispatch::start(Arc::clone(&journey), clock::clock());
    let centre = ServiceCentre::new(journey, dispatch);
    let mut system = System { config, store, centre, smpp: None };
    if system.config.has(Role::Smsc) {
        system.start_gateways(&outlets).await?;
    }
    Ok(system)
}

impl System {
    async fn start_gateways(&mut self, outlets: &Outlets) -> Result<(), StartError> {
        let centre: Arc<dyn Centre> = Arc::new(self.centre.clone());
        let smpp = SmppGateway::start(self.config.smpp.clone(), centre, clock::clock(), random_seed())?;
        let _first = outlets.smpp.set(Arc::new(smpp.clone()));
        self.smpp = Some(smpp);
        Ok(())
    }

    /// Stops taking, finishes what is in flight, and closes the store.
    pub async fn stop(self) {
        tracing::info!("stopping: no new sessions, finishing what is in flight");
        if tokio::time::timeout(STOP_PATIENCE, self.centre.dispatch().drain()).await.is_err() {
            tracing::warn!("some deliveries were still unanswered; they are tried again after the next start");
        }
        if let Some(smpp) = &self.smpp {
            smpp.shutdown(STOP_PATIENCE).await;
        }
        let store = self.store.clone();
        let _closed = tokio::task::spawn_blocking(move || store.close()).await;
        tracing::info!("stopped");
    }

    /// One line for each door.
    pub fn where_it_listens(&self) -> Vec<String> {
        let smpp = self.smpp.iter().flat_map(|smpp| smpp.local_addresses().to_vec());
        smpp.map(|address| format!("smpp  {address}")).collect()
    }

    /// Tells the loop that a party's state may have changed.
    pub fn opened(&self, party: &Party) {
        self.centre.dispatch().opened(party);
    }
}

/// A failed sync may have lost what it should have kept: no acknowledgement after it is worth
/// anything, so the process ends and the next one reads what is really on disk.
fn end_after_store_failure(error: &str) {
    tracing::error!(error, "the store failed; the process ends so that nothing false is acknowledged");
    std::process::exit(EXIT_STORE_FAILED);
}

fn random_seed() -> u64 {
    let mut octets = [0; 8];
    match getrandom::fill(&mut octets) {
        Ok(()) => u64::from_le_bytes(octets),
        Err(_) => clock::now().millis(),
    }
}
