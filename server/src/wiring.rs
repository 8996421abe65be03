//! Puts one process together: the only file that names every part.

mod operator;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use gateway_http::{Dialer, OperatorViews};
use gateway_sip::SipGateway;
use gateway_smpp::SmppGateway;
use gateway_ss7::Ss7Gateway;
use node::centre::ServiceCentre;
use node::dispatch_task::DispatchHandle;
use node::gateway_registry::GatewayRegistry;
use node::local_link::{LocalCentre, LocalPlatform};
use node::retention;
use node::sip_link::{SipCentre, SipPlatform};
use node::webhook_trace::WebhookTrace;
use platform::Platform;
use platform::ports::PlatformStore;
use smsc::endpoint::Endpoint;
use smsc::journey::Journey;
use smsc::ports::{Centre, Store, StoreAdmin};
use smsc::queries::Queries;
use smsc::rules::RulesHandle;
use smsc::rules::routing::directory::Directory;
use store_embedded::EmbeddedStore;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::admin::{self, Admin, AdminDoor, Metrics};
use crate::clock::{self, Machine};
use crate::config::{Config, ConfigError, Role};

/// Everything that runs in this process.
pub struct System {
    /// The configuration it was started with.
    pub config: Config,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The side of the store that operates it.
    pub store_admin: Arc<dyn StoreAdmin>,
    platform_store: Arc<dyn PlatformStore>,
    /// The service centre.
    pub centre: ServiceCentre,
    /// SMPP, in the role of a centre.
    pub smpp: Option<SmppGateway>,
    /// SIP.
    pub sip: Option<Arc<SipGateway>>,
    /// Mobile networks.
    pub ss7: Option<Ss7Gateway>,
    /// The messaging platform.
    pub platform: Option<Arc<Platform>>,
    /// Where HTTP listens.
    pub http: SocketAddr,
    webhook_trace: Option<WebhookTrace>,
    directory: Arc<Directory>,
    gateways: Arc<GatewayRegistry>,
    tasks: Vec<JoinHandle<()>>,
    stopping: watch::Sender<bool>,
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
    /// SIP cannot start.
    #[error("sip: {0}")]
    Sip(#[from] gateway_sip::Error),
    /// SS7 cannot start.
    #[error("ss7: {0}")]
    Ss7(#[from] gateway_ss7::Error),
    /// HTTP cannot listen.
    #[error("http: {address}: {source}")]
    Http {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// Calls to applications cannot be made.
    #[error("http: {0}")]
    Webhooks(#[from] gateway_http::NoTls),
    /// The platform cannot read its records.
    #[error("platform: {0}")]
    Platform(#[from] platform::ports::PlatformStoreError),
    /// A file of the data directory cannot be written.
    #[error("data directory: {0}")]
    DataDir(#[from] std::io::Error),
}

/// The exit code after a failed write or sync of the store (EX_IOERR).
const EXIT_STORE_FAILED: i32 = 74;
/// How long what is in flight may take on a graceful stop.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Starts all parts that the configuration asks for.
pub async fn start(config: Config) -> Result<System, StartError> {
    crate::bind_policy::check(&config)?;
    let directory = Arc::new(Directory::default());
    let rules = config.rules(Arc::clone(&directory))?;
    directory.replace(|_| true, &config.owned_numbers(&rules));
    let opened = EmbeddedStore::open(&config.store, clock::now(), Box::new(end_after_store_failure))?;
    let store: Arc<dyn Store> = Arc::new(opened.clone());
    let gateways = Arc::new(GatewayRegistry::default());
    let rules = RulesHandle::new(rules);
    let journey = Arc::new(Journey::new(
        Arc::clone(&store),
        Arc::clone(&gateways) as _,
        rules.clone(),
        clock::clock(),
        config.node,
        opened.last_id(),
    ));
    let dispatch = DispatchHandle::start(
        Arc::clone(&journey),
        Arc::clone(&store),
        Arc::clone(&gateways) as _,
        clock::clock(),
    );
    let queries = Queries::new(Arc::clone(&store), rules);
    let mut system = System {
        http: config.http.listen,
        config,
        store,
        store_admin: Arc::new(opened.clone()),
        platform_store: Arc::new(opened),
        centre: ServiceCentre::new(journey, dispatch, queries),
        smpp: None,
        sip: None,
        ss7: None,
        platform: None,
        webhook_trace: None,
        directory,
        gateways,
        tasks: Vec::new(),
        stopping: watch::Sender::new(false),
    };
    system.start_platform().await?;
    system.start_gateways()?;
    system.start_http().await?;
    system.start_retention();
    Ok(system)
}

impl System {
    async fn start_platform(&mut self) -> Result<(), StartError> {
        if !self.config.has(Role::Platform) {
            return Ok(());
        }
        let webhook_trace = WebhookTrace::new(
            Arc::new(Dialer::new(&self.config.http.webhooks)?),
            Arc::clone(&self.store),
            clock::clock(),
        );
        self.webhook_trace = Some(webhook_trace.clone());
        let link = Arc::new(SipCentre::new(
            Arc::clone(&self.platform_store),
            self.config.platform.centre.as_str().into(),
            clock::clock(),
        ));
        let local = self.config.has(Role::Smsc);
        let ports = platform::Ports {
            store: Arc::clone(&self.platform_store),
            centre: if local { Arc::new(LocalCentre(self.centre.clone())) } else { Arc::clone(&link) as _ },
            webhooks: Arc::new(webhook_trace.clone()),
            environment: Arc::new(Machine),
        };
        let settings = platform::Settings {
            inventory: self.config.platform.inventory.clone(),
            ..platform::Settings::default()
        };
        let provisioned = self.config.platform.provisioned(clock::now())?;
        let platform = Platform::open(settings, ports, provisioned).await?;
        if local {
            let outlet = LocalPlatform { platform: Arc::clone(&platform), webhook_trace };
            let _ = self.gateways.platform.set(Arc::new(outlet));
            self.publish_numbers(&platform);
        } else {
            let door = SipPlatform {
                platform: Arc::clone(&platform),
                link: Arc::clone(&link),
                environment: Arc::new(Machine),
            };
            let sip = SipGateway::start(
                self.config.sip_of_a_platform_alone()?,
                Arc::new(door),
                clock::clock(),
                clock::random(),
            )?;
            let sip = Arc::new(sip);
            let _ = self.gateways.sip.set(Arc::clone(&sip) as _);
            link.connect(Arc::clone(&sip) as _);
            self.sip = Some(sip);
        }
        self.tasks.extend(platform.work().into_iter().map(tokio::spawn));
        self.platform = Some(platform);
        Ok(())
    }

    fn start_gateways(&mut self) -> Result<(), StartError> {
        if !self.config.has(Role::Smsc) {
            return Ok(());
        }
        let centre: Arc<dyn Centre> = Arc::new(self.centre.clone());
        let seed = u64::from_le_bytes(clock::random());
        let smpp = SmppGateway::start(&self.config.smpp, Arc::clone(&centre), clock::clock(), seed)?;
        let _ = self.gateways.smpp.set(Arc::new(smpp.clone()));
        self.smpp = Some(smpp);
        let sip = SipGateway::start(
            self.config.sip.clone(),
            Arc::new(self.centre.clone()),
            clock::clock(),
            clock::random(),
        )?;
        let sip = Arc::new(sip);
        let _ = self.gateways.sip.set(Arc::clone(&sip) as _);
        self.sip = Some(sip);
        if !self.config.ss7.is_empty() {
            let random = u64::from_le_bytes(clock::random());
            let ss7 = Ss7Gateway::start(&self.config.ss7, centre, clock::clock(), self.config.node, random)?;
            let _ = self.gateways.ss7.set(Arc::new(ss7.clone()));
            self.ss7 = Some(ss7);
        }
        self.centre.dispatch().gateways_are_ready();
        // What waited for the gateways to come up may go now.
        self.centre.dispatch().wake_endpoint(&Endpoint::Platform);
        Ok(())
    }

    async fn start_http(&mut self) -> Result<(), StartError> {
        let address = self.config.http.listen;
        let listener =
            TcpListener::bind(address).await.map_err(|source| StartError::Http { address, source })?;
        self.http = listener.local_addr()?;
        let metrics = Metrics {
            centre: self.centre.clone(),
            store: Arc::clone(&self.store),
            store_admin: Arc::clone(&self.store_admin),
            smpp: self.smpp.clone(),
            sip: self.sip.clone(),
            ss7: self.ss7.clone(),
        };
        let admin = Admin {
            centre: self.centre.clone(),
            store: Arc::clone(&self.store),
            store_admin: Arc::clone(&self.store_admin),
            metrics: metrics.clone(),
            accounts: self.config.platform.accounts.iter().map(|account| account.sid.clone()).collect(),
            webhook_trace: self.webhook_trace.clone(),
        };
        let door = AdminDoor::new(format!("http://{}", self.http));
        door.publish(&self.config.store.data_dir)?;
        let router = match &self.platform {
            Some(platform) => {
                let (ready, text) = (metrics.clone(), metrics);
                let views = OperatorViews {
                    ready: Arc::new(move || ready.ready()),
                    metrics: Arc::new(move || text.text()),
                };
                let api =
                    gateway_http::router(&self.config.http, Arc::clone(platform), Arc::new(Machine), views);
                self.follow_numbers(api, platform)
            }
            None => admin::health(metrics),
        };
        let router = router.merge(admin::router(admin, &door.token));
        let (config, mut stopping) = (self.config.http.clone(), self.stopping.subscribe());
        self.tasks.push(tokio::spawn(async move {
            let stop = async move {
                let _ = stopping.wait_for(|stopping| *stopping).await;
            };
            gateway_http::serve(listener, router, &config, stop).await;
        }));
        Ok(())
    }

    /// Drops days that are over and done with, once an hour.
    fn start_retention(&mut self) {
        let days = Duration::from_secs(u64::from(self.config.retention_days) * 86_400);
        if days.is_zero() {
            return;
        }
        let store = Arc::clone(&self.store_admin);
        self.tasks.push(tokio::spawn(retention::run(store, clock::clock(), days)));
    }

    /// Stops taking, finishes what is in flight, and closes the store.
    pub async fn stop(self) {
        tracing::info!("stopping: no new sessions, finishing what is in flight");
        self.stopping.send_replace(true);
        if tokio::time::timeout(STOP_PATIENCE, self.centre.dispatch().drain()).await.is_err() {
            tracing::warn!(
                "some deliveries were still unanswered; they are tried again after the next start"
            );
        }
        if let Some(smpp) = &self.smpp {
            smpp.shutdown(STOP_PATIENCE).await;
        }
        if let Some(sip) = &self.sip {
            sip.shutdown(STOP_PATIENCE).await;
        }
        if let Some(ss7) = &self.ss7 {
            ss7.shutdown(STOP_PATIENCE).await;
        }
        self.tasks.iter().for_each(JoinHandle::abort);
        AdminDoor::withdraw(&self.config.store.data_dir);
        let store = Arc::clone(&self.store_admin);
        let _ = tokio::task::spawn_blocking(move || store.close()).await;
        tracing::info!("stopped");
    }
}

/// A failed sync may have lost what it should have kept: no acknowledgement after it is worth
/// anything, so the process ends and the next one reads what is really on disk.
fn end_after_store_failure(error: &str) {
    tracing::error!(error, "the store failed; the process ends so that nothing false is acknowledged");
    std::process::exit(EXIT_STORE_FAILED);
}
