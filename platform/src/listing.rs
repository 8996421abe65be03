//! Lists of messages: newest first, filtered, in pages that stay put while new messages arrive.
//!
//! A page begins behind a SID, not at a count, so what is inserted meanwhile neither shifts nor
//! repeats a record.

use std::time::Duration;

use smsc::timestamp::Timestamp;

use crate::errors::Error;
use crate::message::Message;
use crate::phone_number::canonical;
use crate::ports::{Scan, Table};
use crate::records::{self, IndexBy};
use crate::sid::Sid;
use crate::{Account, Platform};

/// Records that one request looks at; a page that a filter leaves thin ends there, with a next page.
const LOOKS_MAX: usize = 10_000;
/// Keys read at once.
const CHUNK: usize = 512;
/// A message is sent at most this long after it was created.
const SENT_WITHIN: Duration = Duration::from_secs(36 * 24 * 3600);

/// Which messages to list. All conditions hold together.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Filter {
    /// The receiver, as dialled.
    pub to: Option<String>,
    /// The sender, as dialled or as letters.
    pub from: Option<String>,
    /// Sent at or after this time.
    pub sent_from: Option<Timestamp>,
    /// Sent before this time.
    pub sent_until: Option<Timestamp>,
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Position {
    /// With the newest message.
    #[default]
    Newest,
    /// With the first that is older than this one.
    Below(Sid),
    /// So that it ends with the last that is newer than this one.
    Above(Sid),
}

/// A page of messages, newest first.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Page {
    /// At most as many as were asked for.
    pub messages: Vec<Message>,
    /// Where the next page begins, if there may be one.
    pub next: Option<Position>,
    /// Where the page before begins, if there may be one.
    pub previous: Option<Position>,
}

impl Filter {
    fn admits(&self, message: &Message) -> bool {
        let is = |wanted: &Option<String>, has: &str| wanted.as_deref().is_none_or(|wanted| wanted == has);
        let sent = |moment: Timestamp| {
            self.sent_from.is_none_or(|from| moment >= from)
                && self.sent_until.is_none_or(|until| moment < until)
        };
        let is_timed = self.sent_from.is_some() || self.sent_until.is_some();
        is(&self.to, &message.to)
            && is(&self.from, &message.from)
            && (!is_timed || message.sent_at.is_some_and(sent))
    }

    /// The same with numbers in the form that records have.
    fn canonical(self) -> Self {
        let read = |written: String| canonical(&written).unwrap_or(written);
        Self { to: self.to.map(read), from: self.from.map(read), ..self }
    }

    /// The index that narrows most.
    fn index(&self) -> Option<(IndexBy, &str)> {
        let to = self.to.as_deref().map(|number| (IndexBy::To, number));
        to.or_else(|| self.from.as_deref().map(|number| (IndexBy::From, number)))
    }
}

impl Platform {
    /// One page of an account's messages; `size` is 1 to 1,000.
    pub async fn list(
        &self,
        account: &Account,
        filter: Filter,
        position: Position,
        size: usize,
    ) -> Result<Page, Error> {
        let filter = filter.canonical();
        let mut walk = Walk::new(account, &filter, position);
        let mut messages = Vec::new();
        let mut looks = 0;
        let mut reached_end = false;
        while messages.len() < size && looks < LOOKS_MAX && !reached_end && !walk.is_over() {
            let rows = self.store.scan(walk.scan()).await?;
            let is_last = rows.len() < CHUNK;
            reached_end = is_last;
            for (place, (key, _)) in (1..).zip(&rows) {
                let Some(sid) = records::sid_in(key, key.len().saturating_sub(16)) else { continue };
                walk.pass(key, sid);
                looks += 1;
                let message = self.read(sid).await?.filter(|message| filter.admits(message));
                messages.extend(message.map(|message| self.shown(message)));
                if messages.len() == size {
                    reached_end = is_last && place == rows.len();
                    break;
                }
            }
        }
        let is_over = walk.is_over();
        Ok(walk.page(messages, position, reached_end || is_over))
    }
}

/// A way through an index.
struct Walk {
    from: Vec<u8>,
    until: Vec<u8>,
    backwards: bool,
    last: Option<Sid>,
}

impl Walk {
    fn new(account: &Account, filter: &Filter, position: Position) -> Self {
        let prefix = records::index_prefix(account.sid, filter.index());
        let key = |octets: &[u8]| [prefix.as_slice(), octets].concat();
        let oldest = filter.sent_from.map_or([0; 16], |from| Sid::floor(from - SENT_WITHIN));
        // What is sent before a time was created before it.
        let newest = filter.sent_until.map_or([0xff; 16], Sid::floor);
        let (mut from, mut until) = (key(&oldest), key(&newest));
        match position {
            Position::Newest => {}
            Position::Below(sid) => until = until.min(key(&sid.octets())),
            Position::Above(sid) => from = from.max([key(&sid.octets()), vec![0]].concat()),
        }
        let backwards = !matches!(position, Position::Above(_));
        Self { from, until, backwards, last: None }
    }

    fn scan(&self) -> Scan {
        Scan {
            table: Table::MessageIndex,
            from: self.from.clone(),
            until: Some(self.until.clone()),
            backwards: self.backwards,
            limit: CHUNK,
        }
    }

    /// Whether nothing can lie ahead, as when the conditions exclude each other.
    fn is_over(&self) -> bool {
        self.from >= self.until
    }

    fn pass(&mut self, key: &[u8], sid: Sid) {
        self.last = Some(sid);
        if self.backwards {
            self.until = key.to_vec();
        } else {
            self.from = [key, &[0]].concat();
        }
    }

    /// `reached_end` says that nothing lies further in the direction of the walk.
    fn page(self, mut messages: Vec<Message>, position: Position, reached_end: bool) -> Page {
        if !self.backwards {
            messages.reverse();
        }
        let onward = self.last.filter(|_| !reached_end);
        let start = match position {
            Position::Newest => None,
            Position::Below(sid) | Position::Above(sid) => {
                Some(messages.first().map_or(sid, |first| first.sid))
            }
        };
        let (next, previous) = if self.backwards {
            (onward.map(Position::Below), start.map(Position::Above))
        } else {
            let oldest = messages.last().map(|last| last.sid);
            (oldest.map(Position::Below), onward.map(Position::Above))
        };
        Page { messages, next, previous }
    }
}
