//! The keyspaces: three for each day, one for what is due, four for the platform, one for the
//! store itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fjall::config::{BloomConstructionPolicy, FilterPolicy, FilterPolicyEntry};
use fjall::{Database, Keyspace, KeyspaceCreateOptions};
use parking_lot::RwLock;
use platform::ports::Table;

use crate::change::Space;
use crate::config::{EmbeddedConfig, mebibytes};
use crate::key::Day;

/// Mebibytes in memory of a table of the platform.
const LEDGER_BUFFER_MEGABYTES: u32 = 4;

/// The keyspaces of one day.
pub(crate) struct DaySpaces {
    pub(crate) messages: Keyspace,
    pub(crate) traces: Keyspace,
    pub(crate) index: Keyspace,
}

/// All keyspaces of a store.
pub(crate) struct Spaces {
    pub(crate) db: Database,
    pub(crate) due: Keyspace,
    pub(crate) system: Keyspace,
    provisioning: Keyspace,
    messages: Keyspace,
    message_index: Keyspace,
    outbox: Keyspace,
    days: RwLock<BTreeMap<Day, Arc<DaySpaces>>>,
    sizes: Sizes,
}

#[derive(Clone, Copy)]
struct Sizes {
    message: u64,
    index: u64,
}

impl Spaces {
    /// Opens what `db` holds, and makes what every store has.
    pub(crate) fn open(db: Database, config: &EmbeddedConfig) -> fjall::Result<Self> {
        let sizes = Sizes {
            message: mebibytes(config.message_buffer_megabytes.max(1)),
            index: mebibytes(config.index_buffer_megabytes.max(1)),
        };
        let platform = |name| db.keyspace(name, || options(mebibytes(LEDGER_BUFFER_MEGABYTES), Lookups::Any));
        let spaces = Self {
            due: db.keyspace("due", || options(sizes.index, Lookups::Ranges))?,
            system: db.keyspace("sys", || options(1 << 20, Lookups::Any))?,
            provisioning: platform("l-provisioning")?,
            messages: platform("l-messages")?,
            message_index: platform("l-message-index")?,
            outbox: platform("l-outbox")?,
            days: RwLock::default(),
            sizes,
            db,
        };
        spaces.find_days()?;
        Ok(spaces)
    }

    /// Opens the days that exist, and removes what is left of those that a crash caught while they
    /// were being made or dropped: a day is there when its messages are.
    fn find_days(&self) -> fjall::Result<()> {
        let names = self.db.list_keyspace_names();
        let of = |prefix: &str| -> BTreeSet<Day> {
            names.iter().filter_map(|name| Day::parse(name.strip_prefix(prefix)?)).collect()
        };
        let days = of("m-");
        for prefix in ["i-", "o-"] {
            for day in of(prefix).difference(&days) {
                let rest =
                    self.db.keyspace(&format!("{prefix}{}", day.name()), KeyspaceCreateOptions::default)?;
                self.db.delete_keyspace(rest)?;
            }
        }
        days.into_iter().try_for_each(|day| self.make(day).map(|_| ()))
    }

    /// The keyspaces of a day, if there is such a day.
    pub(crate) fn day(&self, day: Day) -> Option<Arc<DaySpaces>> {
        self.days.read().get(&day).cloned()
    }

    /// The keyspaces of a day, made if need be.
    pub(crate) fn make(&self, day: Day) -> fjall::Result<Arc<DaySpaces>> {
        if let Some(found) = self.day(day) {
            return Ok(found);
        }
        let Sizes { message, index } = self.sizes;
        let name = day.name();
        // The messages come last: by their name the next start knows that the day exists.
        let traces = self.db.keyspace(&format!("o-{name}"), || options(index, Lookups::Ranges))?;
        let index = self.db.keyspace(&format!("i-{name}"), || options(index, Lookups::Any))?;
        let messages = self.db.keyspace(&format!("m-{name}"), || options(message, Lookups::Hits))?;
        let made = Arc::new(DaySpaces { messages, traces, index });
        self.days.write().insert(day, Arc::clone(&made));
        Ok(made)
    }

    /// Drops a day. Reads that run go on; the files go when the last one is done.
    pub(crate) fn drop_day(&self, day: Day) -> fjall::Result<()> {
        let Some(spaces) = self.days.write().remove(&day) else { return Ok(()) };
        self.db.delete_keyspace(spaces.messages.clone())?;
        self.db.delete_keyspace(spaces.index.clone())?;
        self.db.delete_keyspace(spaces.traces.clone())
    }

    /// All days, newest first.
    pub(crate) fn days(&self) -> Vec<(Day, Arc<DaySpaces>)> {
        self.days.read().iter().rev().map(|(day, spaces)| (*day, Arc::clone(spaces))).collect()
    }

    /// A table of the platform.
    pub(crate) const fn platform(&self, table: Table) -> &Keyspace {
        match table {
            Table::Provisioning => &self.provisioning,
            Table::Messages => &self.messages,
            Table::MessageIndex => &self.message_index,
            Table::Outbox => &self.outbox,
        }
    }

    /// The keyspace that a row belongs to; its day is made if need be.
    pub(crate) fn keyspace(&self, space: Space) -> fjall::Result<Keyspace> {
        Ok(match space {
            Space::Messages(day) => self.make(day)?.messages.clone(),
            Space::Traces(day) => self.make(day)?.traces.clone(),
            Space::Index(day) => self.make(day)?.index.clone(),
            Space::Due => self.due.clone(),
            Space::PlatformStore(table) => self.platform(table).clone(),
            Space::System => self.system.clone(),
        })
    }
}

/// How a keyspace is read, which decides about its filters.
#[derive(Clone, Copy)]
enum Lookups {
    /// By keys that may be missing: filters everywhere.
    Any,
    /// By keys that nearly always exist: no filter on the last level, which holds the most.
    Hits,
    /// By ranges only: a filter would never be asked.
    Ranges,
}

fn options(memtable: u64, lookups: Lookups) -> KeyspaceCreateOptions {
    let bloom = FilterPolicyEntry::Bloom(BloomConstructionPolicy::BitsPerKey(10.0));
    let filter = match lookups {
        Lookups::Any | Lookups::Hits => FilterPolicy::all(bloom),
        Lookups::Ranges => FilterPolicy::disabled(),
    };
    KeyspaceCreateOptions::default()
        .max_memtable_size(memtable)
        .manual_journal_persist(true)
        .expect_point_read_hits(matches!(lookups, Lookups::Hits))
        .filter_policy(filter)
}
