//! How fast this disk syncs: the yardstick beside every durable figure.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use crate::clock;

/// What a sync of this disk costs.
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
