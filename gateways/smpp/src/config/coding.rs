//! How a peer writes text, and what it does with a long one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What data_coding 0, "the default alphabet of the centre", means to a peer.
///
/// The standard leaves it open (SMPP 3.4 §5.2.19), and peers differ.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TextCoding {
    /// GSM 7 bit default alphabet, one septet in each octet.
    #[default]
    Gsm7,
    /// ISO-8859-1.
    Latin1,
    /// ASCII; anything else goes as UCS2.
    Ascii,
    /// UTF-8.
    Utf8,
}

/// How a message longer than one segment is given to a peer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LongMessages {
    /// As segments with a user data header, which every peer understands.
    #[default]
    Split,
    /// Whole: in short_message up to 254 octets, else in message_payload. Split for a
    /// peer of version 3.3, which has no message_payload.
    Payload,
}
