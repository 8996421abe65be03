//! Who is at the other end of a session: an account of ours, or another centre.

use std::sync::Arc;

use smpp::pdu::EsmClass;
use smpp::{Status, Tlvs, Version};
use smsc::message::{MessageId, Name, Timestamp};
use smsc::ports::Centre;
use smsc::receipt::RemoteReceipt;
use tokio::time::Instant;

use crate::account::Account;
use crate::config::MessageIdFormat;
use crate::convert::{Reading, Shape, parse_id};

/// The other end of a session.
pub(crate) enum Peer {
    /// An ESME that bound to us. The shape is for the version that it speaks.
    Esme(Arc<Account>),
}

impl Peer {
    /// The form that it wants its messages in.
    pub(crate) fn shape(&self, version: Version) -> Shape {
        match self {
            Self::Esme(account) => account.settings.load().shape.clone().for_version(version),
        }
    }

    /// Places have become free.
    pub(crate) fn freed(&self, centre: &dyn Centre) {
        match self {
            Self::Esme(account) => account.lane.freed(centre),
        }
    }

    /// The peer answered a message of ours with this status.
    pub(crate) fn heard(&self, _status: Status, _now: Instant, _centre: &dyn Centre) {}

    /// A held link may go on.
    pub(crate) fn resume(&self, _now: Instant, _centre: &dyn Centre) {}

    /// Whether a message may be sent now, or when it may.
    pub(crate) fn pace(&self, _now: Instant) -> Result<(), Instant> {
        Ok(())
    }

    /// The form in which the peer's id of a message is kept.
    pub(crate) fn remote_id(&self, _message_id: &[u8]) -> Option<Name> {
        None
    }

    /// Calls `read` with what a message from this peer is to be read by.
    pub(crate) fn reading<T>(&self, now: Timestamp, read: impl FnOnce(&Reading<'_>) -> T) -> T {
        match self {
            Self::Esme(account) => {
                let settings = account.settings.load();
                read(&Reading {
                    origin: account.lane.party(),
                    account: &settings.owner,
                    text_coding: settings.config.text_coding,
                    now,
                })
            }
        }
    }

    /// A receipt about a message that we handed to this peer, if the message is one.
    pub(crate) fn remote_receipt(
        &self,
        _esm_class: EsmClass,
        _user_data: &[u8],
        _tlvs: Tlvs<'_>,
    ) -> Option<RemoteReceipt> {
        match self {
            Self::Esme(_) => None,
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
        }
    }

    /// How it is shown message ids.
    pub(crate) fn message_id_format(&self) -> MessageIdFormat {
        match self {
            Self::Esme(account) => account.settings.load().config.message_id_format,
        }
    }
}
