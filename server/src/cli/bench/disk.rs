//! What this disk costs: the yardstick beside every durable figure, before a run and during it.

use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::rig::Rig;
use super::sync_times::SyncTimes;
use crate::cli::ask::status_of;
use crate::clock;

/// What a sync of this disk costs when nothing else happens.
#[derive(Clone, Copy, Debug)]
pub struct Syncs {
    /// fdatasync calls a second, one after the other, 4 KiB each.
    pub per_second: f64,
    /// How long the middle one took.
    pub median: Duration,
}

/// Measures fdatasync in `directory` for half a second.
pub fn measure(directory: &Path) -> std::io::Result<Syncs> {
    std::fs::create_dir_all(directory)?;
    let path = directory.join("sync-measurement");
    let mut file = std::fs::File::create(&path)?;
    let mut times = Vec::new();
    let began = clock::instant();
    while began.elapsed() < Duration::from_millis(500) {
        let before = clock::instant();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        times.push(before.elapsed());
    }
    let per_second = times.len() as f64 / began.elapsed().as_secs_f64();
    drop(file);
    std::fs::remove_file(&path)?;
    times.sort();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    Ok(Syncs { per_second, median })
}

/// What the disk did during a run.
#[derive(Debug)]
pub struct During {
    /// The store's own syncs.
    pub store: SyncTimes,
    /// Syncs of a file beside it that nothing else writes to.
    pub bare: SyncTimes,
    /// How long the run took.
    pub took: Duration,
}

/// Watches the disk while a run goes on.
pub struct Watch {
    before: SyncTimes,
    began: Instant,
    stop: Sender<()>,
    probe: JoinHandle<std::io::Result<SyncTimes>>,
}

/// How often the bare disk is asked: seldom enough to disturb nothing.
const PROBE_INTERVAL: Duration = Duration::from_millis(200);

impl Watch {
    /// Begins to watch.
    pub async fn begin(rig: &Rig) -> super::Result<Self> {
        let (stop, stopped) = channel::<()>();
        let path = rig.directory().join("probe");
        let probe = std::thread::spawn(move || {
            let file = std::fs::File::create(path)?;
            let mut times = SyncTimes::default();
            // Always the same block: what is measured is the disk, not how the file system finds room.
            file.write_all_at(&[0; 4096], 0)?;
            file.sync_all()?;
            while stopped.recv_timeout(PROBE_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                let before = clock::instant();
                file.write_all_at(&[1; 4096], 0)?;
                file.sync_data()?;
                times.note(before.elapsed());
            }
            Ok(times)
        });
        Ok(Self { before: of_store(rig).await?, began: clock::instant(), stop, probe })
    }

    /// Ends, and gives what was measured.
    pub async fn end(self, rig: &Rig) -> super::Result<During> {
        let took = self.began.elapsed();
        let store = of_store(rig).await?.since(&self.before);
        drop(self.stop);
        let bare = self.probe.join().map_err(|_| "the probe of the disk panicked")??;
        Ok(During { store, bare, took })
    }
}

async fn of_store(rig: &Rig) -> super::Result<SyncTimes> {
    let status = status_of(&rig.data_dir()).await?;
    let counted = status.get("store_sync_micros").cloned().unwrap_or_default();
    Ok(SyncTimes::new(serde_json::from_value(counted)?))
}
