//! Who is at the other end of a session: an account of ours, or another centre.

use std::sync::Arc;

use smpp::pdu::EsmClass;
use smpp::{Status, Tlvs, Version};
use smsc::ids::MessageId;
use smsc::names::Name;
use smsc::timestamp::Timestamp;
use smsc::ports::Centre;
use smsc::receipt::RemoteReceipt;
use tokio::time::Instant;

use crate::account::{Account, Settings};
use crate::codes;
use crate::config::MessageIdFormat;
use crate::convert::{self, Reading, Shape, parse_id};
use crate::lane::Lane;
use crate::link::Link;

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
    pub(crate) fn freed(&self, centre: &dyn Centre) {
        self.lane().freed(centre);
    }

    /// The peer answered a message of ours with this status. Until when its lane is held, if the
    /// peer asks for a pause.
    pub(crate) fn heard(&self, status: Status, now: Instant) -> Option<Instant> {
        let Self::Link(link) = self else { return None };
        if status.is_ok() {
            link.pace.lock().succeeded(now);
        }
        if !codes::slows_link(status) {
            return None;
        }
        let until = link.pace.lock().throttled(now)?;
        link.lane.hold();
        Some(until)
    }

    /// The pause is over.
    pub(crate) fn resume(&self, centre: &dyn Centre) {
        self.lane().resume(centre);
    }

    /// Takes the right to send a message, or says when to ask again.
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

    fn lane(&self) -> &Lane {
        match self {
            Self::Esme(account) => &account.lane,
            Self::Link(link) => &link.lane,
        }
    }

    /// Calls `read` with what a message from this peer is to be read by.
    pub(crate) fn reading<T>(&self, now: Timestamp, read: impl FnOnce(&Reading<'_>) -> T) -> T {
        match self {
            Self::Esme(account) => {
                let settings = account.settings.load();
                read(&Reading {
                    origin: account.lane.endpoint(),
                    account: &settings.owner,
                    text_coding: settings.config.text_coding,
                    now,
                })
            }
            Self::Link(link) => read(&Reading {
                origin: link.lane.endpoint(),
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
