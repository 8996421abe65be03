//! A message as the API shows it, and the life of its status.

use serde::{Deserialize, Serialize};
use smsc::timestamp::Timestamp;

use crate::carriage::Carriage;
use crate::ports::Method;
use crate::sid::Sid;

/// One message of an account, in either direction.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Message {
    /// Its name.
    pub sid: Sid,
    /// Whose it is.
    pub account: Sid,
    /// Which way it goes.
    pub direction: Direction,
    /// Where it stands.
    pub status: Status,
    /// The sender: E.164 with `+`, a short code, or letters.
    pub from: String,
    /// The receiver, likewise.
    pub to: String,
    /// The text; of 8 bit data one character for each octet (ISO 8859-1).
    pub body: String,
    /// Segments that it needs on the air.
    pub segments: u16,
    /// When it was created.
    #[serde(with = "crate::millis")]
    pub created_at: Timestamp,
    /// When anything about it changed last.
    #[serde(with = "crate::millis")]
    pub updated_at: Timestamp,
    /// When the centre took it; of an incoming one, when the centre received it.
    #[serde(with = "crate::millis::optional", default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// Error number of the dictionary, once it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<u32>,
    /// What the network carries beside the text.
    #[serde(default, skip_serializing_if = "Carriage::is_plain")]
    pub carriage: Carriage,
    /// Whom to tell about changes of the status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_callback: Option<Callback>,
    /// Seconds that the application lets it wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity_seconds: Option<u32>,
    /// The centre's own id of the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centre_id: Option<String>,
    /// Status callbacks asked for so far; numbers them, so that they are made in order.
    #[serde(default)]
    pub callbacks: u8,
}

impl std::fmt::Debug for Message {
    /// Neither body nor whole numbers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Message({} {:?} {:?})", self.sid, self.direction, self.status)
    }
}

/// A URL of an application with the method to call it by.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
pub struct Callback {
    /// As configured, with its fragment.
    pub url: String,
    /// POST unless the application chose otherwise.
    #[serde(default)]
    pub method: Method,
}

/// Which way a message goes, and why.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// To the application.
    Inbound,
    /// From the application, by the REST API.
    OutboundApi,
    /// From the application, as an answer in TwiML.
    OutboundReply,
}

impl Direction {
    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
            Self::OutboundReply => "outbound-reply",
        }
    }
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Durable here, not yet at the centre.
    Queued,
    /// On its way to the centre. Shown, never stored: after a crash nobody knows.
    Sending,
    /// The centre has it.
    Sent,
    /// It arrived.
    Delivered,
    /// It was refused or lost on its way.
    Undelivered,
    /// It never left the platform.
    Failed,
    /// Its sender took it back in time.
    Canceled,
    /// It came in.
    Received,
}

impl Status {
    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Received => "received",
        }
    }

    /// Whether nothing comes after it.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Delivered | Self::Undelivered | Self::Failed | Self::Canceled | Self::Received)
    }

    /// Whether `next` may follow. A status never goes backwards, and nothing follows the last one.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Queued, Self::Sending | Self::Sent | Self::Failed | Self::Canceled)
                | (Self::Sending, Self::Sent | Self::Failed)
                | (Self::Sent, Self::Delivered | Self::Undelivered)
        )
    }

    /// Whether the application is told when a message gets there.
    pub const fn is_called_back(self) -> bool {
        matches!(self, Self::Sent | Self::Delivered | Self::Undelivered | Self::Failed | Self::Canceled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Status; 8] = [
        Status::Queued,
        Status::Sending,
        Status::Sent,
        Status::Delivered,
        Status::Undelivered,
        Status::Failed,
        Status::Canceled,
        Status::Received,
    ];

    #[test]
    fn field_60_a_status_never_goes_backwards() {
        let mut reached = vec![(Status::Queued, 0)];
        while let Some((status, steps)) = reached.pop() {
            assert!(steps < 4, "{status:?} is on a circle");
            let next = ALL.into_iter().filter(|&next| status.may_become(next));
            let before = reached.len();
            reached.extend(next.map(|next| (next, steps + 1)));
            assert_eq!(reached.len() == before, status.is_final(), "{status:?}");
        }
    }
}
