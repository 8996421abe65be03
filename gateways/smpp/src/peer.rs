//! The peer of a session: an ESME account that bound to the gateway, or a link to another centre.

use std::sync::Arc;

use smpp::pdu::EsmClass;
use smpp::{Status, Tlvs, Version};
use smsc::ids::MessageId;
use smsc::names::Name;
use smsc::ports::Centre;
use smsc::receipt::RemoteReceipt;
use smsc::timestamp::Timestamp;
use tokio::time::Instant;

use crate::account::{Account, Settings};
use crate::codes;
use crate::config::MessageIdFormat;
use crate::convert::{self, Reading, Shape, parse_id};
use crate::link::Link;
use crate::pool::SessionPool;

/// The other end of a session.
pub(crate) enum Peer {
    /// An ESME that bound to us.
    Esme(Arc<Account>),
    /// A centre that we bound to.
    Link(Arc<Link>),
}

impl Peer {
    /// The form that it wants its messages in.
    pub(crate) fn shape(&self, version: Version) -> Shape {
        match self {
            Self::Esme(account) => account.settings.load().shape.for_version(version),
            Self::Link(link) => link.shape.for_version(version),
        }
    }

    /// Places have become free.
    pub(crate) fn notify_if_room(&self, centre: &dyn Centre) {
        self.pool().notify_if_room(centre);
    }

    /// Notes the status of a response to a delivery. Returns the end of the pause if the peer
    /// throttles the link.
    pub(crate) fn note_status(&self, status: Status, now: Instant) -> Option<Instant> {
        let Self::Link(link) = self else { return None };
        if status.is_ok() {
            link.pace.lock().succeeded(now);
        }
        if !codes::slows_link(status) {
            return None;
        }
        let until = link.pace.lock().throttled(now)?;
        link.pool.hold();
        Some(until)
    }

    /// The pause is over.
    pub(crate) fn resume(&self, centre: &dyn Centre) {
        self.pool().resume(centre);
    }

    /// Takes a token for one message.
    ///
    /// # Errors
    /// The time of the next attempt if there is no token.
    pub(crate) fn pace(&self, now: Instant) -> Result<(), Instant> {
        match self {
            Self::Esme(_) => Ok(()),
            Self::Link(link) => link.pace.lock().take(now),
        }
    }

    /// The form in which the peer's id of a message is kept, if a receipt will come with it.
    pub(crate) fn remote_id(&self, message_id: &[u8]) -> Option<Name> {
        match self {
            Self::Esme(_) => None,
            Self::Link(link) => convert::remote_id(message_id, link.config.receipt_ids),
        }
    }

    fn pool(&self) -> &SessionPool {
        match self {
            Self::Esme(account) => &account.pool,
            Self::Link(link) => &link.pool,
        }
    }

    /// Calls `read` with what a message from this peer is to be read by.
    pub(crate) fn reading<T>(&self, now: Timestamp, read: impl FnOnce(&Reading<'_>) -> T) -> T {
        match self {
            Self::Esme(account) => {
                let settings = account.settings.load();
                read(&Reading {
                    origin: account.pool.endpoint(),
                    account: &settings.owner,
                    text_coding: settings.config.text_coding,
                    now,
                })
            }
            Self::Link(link) => read(&Reading {
                origin: link.pool.endpoint(),
                account: &link.owner,
                text_coding: link.config.text_coding,
                now,
            }),
        }
    }

    /// A receipt about a message that we handed to this peer, if the message is one.
    pub(crate) fn remote_receipt(
        &self,
        esm_class: EsmClass,
        user_data: &[u8],
        tlvs: Tlvs<'_>,
    ) -> Option<RemoteReceipt> {
        match self {
            Self::Esme(_) => None,
            Self::Link(link) => {
                convert::remote_receipt(esm_class, user_data, tlvs, &link.name, link.config.receipt_ids)
            }
        }
    }

    /// The message that the peer calls by this id, and the account that it may ask as.
    pub(crate) fn message_of(&self, message_id: &[u8]) -> Option<(Name, MessageId)> {
        match self {
            Self::Esme(account) => {
                let settings = account.settings.load();
                let id = parse_id(message_id, settings.config.message_id_format)?;
                Some((settings.owner.clone(), id))
            }
            Self::Link(_) => None,
        }
    }

    /// The account that it may ask about; only an ESME has one.
    pub(crate) fn account(&self) -> Option<Arc<Settings>> {
        match self {
            Self::Esme(account) => Some(account.settings.load_full()),
            Self::Link(_) => None,
        }
    }

    /// How it is shown message ids.
    pub(crate) fn message_id_format(&self) -> MessageIdFormat {
        match self {
            Self::Esme(account) => account.settings.load().config.message_id_format,
            Self::Link(_) => MessageIdFormat::Decimal,
        }
    }
}
