//! A centre of our own to measure: a second process with its store on this disk.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use lab::load::SinkMetrics;
use lab::load::smpp::sink;

use crate::clock;

/// A running centre with a loader, a sink and a platform account. It is killed and its
/// directory removed when this is dropped.
pub struct Rig {
    process: Child,
    directory: PathBuf,
    /// Its SMPP address.
    pub smpp: SocketAddr,
    /// Its SIP address, by UDP, open to this machine.
    pub sip: SocketAddr,
    /// Its HTTP address.
    pub http: SocketAddr,
}

/// The account that submits.
pub const LOADER: &str = "loader";
/// The account that owns the destinations.
pub const SINK: &str = "sink";
/// The password of both.
pub const PASSWORD: &str = "bench";
/// What the sink's destinations begin with.
pub const PREFIX: &str = "+4917";
/// The platform's account.
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
/// Its token.
pub const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// Its number.
pub const NUMBER: &str = "+15550100";
/// Connections of the sink.
const SINKS: usize = 4;
/// How long the last deliveries may take to come out after the load has ended.
const DRAIN: Duration = Duration::from_secs(60);

impl Rig {
    /// Starts a centre on free ports, with an empty store in a fresh directory here.
    pub async fn start() -> std::io::Result<Self> {
        Self::start_with("").await
    }

    /// The same, with `more` tables at the end of the configuration.
    pub async fn start_with(more: &str) -> std::io::Result<Self> {
        let directory = std::env::current_dir()?.join(format!("fernpost-bench-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let (smpp, sip, http) = (free_address()?, free_address()?, free_address()?);
        std::fs::write(directory.join("fernpost.toml"), config(smpp, sip, http) + more)?;
        let process = serve(&directory)?;
        let rig = Self { process, directory, smpp, sip, http };
        wait_for(rig.http).await?;
        Ok(rig)
    }

    /// Kills the process as a crash would, and starts it again on the same store. Returns how
    /// long it took until it accepted.
    pub async fn restart(&mut self) -> std::io::Result<Duration> {
        self.process.kill()?;
        self.process.wait()?;
        let began = clock::instant();
        self.process = serve(&self.directory)?;
        wait_for(self.smpp).await?;
        Ok(began.elapsed())
    }

    /// The directory, on the disk that is measured.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The store's directory.
    pub fn data_dir(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// Binds the sinks, which answer every delivery at once.
    pub async fn sink(&self, seen: &Arc<SinkMetrics>) -> super::Result<()> {
        for _ in 0..SINKS {
            sink(self.smpp, SINK, PASSWORD, Arc::clone(seen)).await?;
        }
        Ok(())
    }

    /// Processor time that the process has used.
    pub fn cpu(&self) -> Duration {
        cpu_of(self.process.id())
    }

    /// Resident memory in MiB.
    pub fn memory_mib(&self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|rest| rest.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _already_gone = self.process.kill();
        let _already_waited = self.process.wait();
        let _nothing_to_remove = std::fs::remove_dir_all(&self.directory);
    }
}

/// Waits until `messages` have come out at the sinks; returns how many milliseconds that took.
pub async fn drain(seen: &SinkMetrics, messages: u64) -> u64 {
    let began = clock::instant();
    while seen.messages.load(Ordering::Relaxed) < messages && began.elapsed() < DRAIN {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Waits until something listens on `address`.
pub async fn wait_for(address: SocketAddr) -> std::io::Result<()> {
    let began = clock::instant();
    loop {
        match tokio::net::TcpStream::connect(address).await {
            Ok(_) => return Ok(()),
            Err(error) if began.elapsed() > Duration::from_secs(30) => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

fn serve(directory: &Path) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .args(["serve", "--config"])
        .arg(directory.join("fernpost.toml"))
        .arg("--data")
        .arg(directory.join("data"))
        .stdout(Stdio::null())
        .spawn()
}

fn config(smpp: SocketAddr, sip: SocketAddr, http: SocketAddr) -> String {
    let prefix = PREFIX.trim_start_matches('+');
    format!(
        "[log]\nfilter = 'warn'\n\
         [smpp]\nlisteners = [{{ address = '{smpp}' }}]\n\
         [[smpp.accounts]]\nsystem_id = '{LOADER}'\npassword = '{PASSWORD}'\nbinds_max = 1000\nwindow = 1000\n\
         [[smpp.accounts]]\nsystem_id = '{SINK}'\npassword = '{PASSWORD}'\nbinds_max = 1000\n\
         delivery_window = 500\naddresses = ['{prefix}*']\n\
         [sip]\nlisteners = [{{ address = '{sip}' }}]\n\
         [[sip.peers]]\nname = 'load'\nuri = 'sip:127.0.0.1:9'\nallowed_addresses = ['127.0.0.1/32']\noptions_seconds = 0\n\
         [http]\nlisten = '{http}'\naccount_requests_per_second = 0\n\
         [[platform.accounts]]\nsid = '{ACCOUNT}'\nauth_token = '{TOKEN}'\n\
         [[platform.numbers]]\nnumber = '{NUMBER}'\naccount = '{ACCOUNT}'\n"
    )
}

/// An address on loopback that is free now.
fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// User and system time of a process, from /proc.
fn cpu_of(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name in parentheses may hold blanks; the fields count from behind it.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10) // USER_HZ is 100 on every Linux
}
