//! The plain JSON door: what it takes and what it shows.

use platform::ports::Method;
use platform::{Callback, Carriage, Error, Message, NewMessage};
use serde::Deserialize;
use serde_json::{Value, json};
use smsc::timestamp::Timestamp;

use crate::dates;

/// The body of `POST /v1/messages`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlainNew {
    from: String,
    to: String,
    text: String,
    status_url: Option<String>,
    validity_seconds: Option<u32>,
    /// Hexadecimal, with its length octet.
    header: Option<String>,
    /// 0 GSM 7 bit, 1 8 bit, 2 UCS2.
    coding: Option<u8>,
    /// 0 to 3.
    class: Option<u8>,
}

impl PlainNew {
    /// Reads the body of a request.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Error> {
        // serde's text may quote the body, which nobody but its sender should see; its sender does.
        serde_json::from_slice(body).map_err(|error| Error::BadRequest(error.to_string()))
    }

    /// The request in the platform's words.
    pub(crate) fn into_new(self, now: Timestamp) -> Result<NewMessage, Error> {
        let number = |number: Option<u8>| number.map(|number| number.to_string());
        let headers = [
            ("X-SMS-UDH", self.header),
            ("X-SMS-CODING", number(self.coding)),
            ("X-M-CLASS", number(self.class)),
        ];
        let headers = headers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Ok(NewMessage {
            to: Some(self.to),
            from: Some(self.from),
            body: Some(self.text),
            status_callback: self.status_url.map(|url| Callback { url, method: Method::Post }),
            validity_seconds: self.validity_seconds.map(|seconds| seconds.to_string()),
            carriage: Carriage::from_fields(headers, now)?,
            ..NewMessage::default()
        })
    }
}

/// A message as `/v1/messages` shows it.
pub(crate) fn plain_json(message: &Message) -> Value {
    json!({
        "id": message.sid.to_string(),
        "direction": message.direction.as_str(),
        "from": message.from,
        "to": message.to,
        "text": message.body,
        "status": message.status.as_str(),
        "segments": message.segments,
        "created_at": dates::rfc3339(message.created_at),
        "sent_at": message.sent_at.map(dates::rfc3339),
        "error_code": message.error,
        "error_message": message.error.map(platform::errors::text_of),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_door_refuses_what_it_does_not_know() {
        assert!(PlainNew::parse(br#"{"from":"a","to":"b","text":"c"}"#).is_ok());
        for wrong in [&b""[..], b"[]", br#"{"from":"a"}"#, br#"{"from":"a","to":"b","text":"c","txt":1}"#] {
            assert!(PlainNew::parse(wrong).is_err());
        }
    }
}
