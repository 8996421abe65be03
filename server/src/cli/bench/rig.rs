//! A centre of our own to measure: a second process with its store on this disk.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::clock;

/// The running process. It is killed and its directory removed when this is dropped.
pub struct Rig {
    process: Child,
    directory: PathBuf,
}

/// The accounts of the rig.
pub const LOADER: &str = "loader";
/// The account that owns the destinations.
pub const SINK: &str = "sink";
/// The password of both.
pub const PASSWORD: &str = "bench";
/// What the sink's destinations begin with.
pub const PREFIX: &str = "+4917";

impl Rig {
    /// Writes `config` into a fresh directory and serves it.
    pub fn start(config: &str) -> std::io::Result<Self> {
        let directory = std::env::current_dir()?.join(format!("fernpost-bench-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let file = directory.join("fernpost.toml");
        std::fs::write(&file, config)?;
        let process = Command::new(std::env::current_exe()?)
            .args(["serve", "--config"])
            .arg(&file)
            .arg("--data")
            .arg(directory.join("data"))
            .stdout(Stdio::null())
            .spawn()?;
        Ok(Self { process, directory })
    }

    /// The directory, on the disk that is measured.
    pub fn directory(&self) -> &Path {
        &self.directory
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

/// A port on loopback that nobody uses now.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Waits until something listens on `address`.
pub async fn wait_for(address: SocketAddr) -> std::io::Result<()> {
    let began = clock::instant();
    loop {
        match tokio::net::TcpStream::connect(address).await {
            Ok(_) => return Ok(()),
            Err(error) if began.elapsed() > Duration::from_secs(20) => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
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
