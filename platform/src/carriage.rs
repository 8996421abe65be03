//! What the network carries beside the text, as the seven headers of the SIP link say it.
//!
//! An application states it with the form fields `X-SMS-UDH`, `X-SMS-CODING`, `X-SMS-VALIDITY`,
//! `X-M-CLASS` and `X-REG-DELIVERY`, and is told of it by webhook parameters of the same names behind
//! `SipHeader_`. Any other `X-` field travels through unread.

use serde::{Deserialize, Serialize};
use sms::alphabet::{self, Shifts};
use sms::coding::{Alphabet, DataCoding, MessageClass};
use sms::header::{ReferenceWidth, UserDataHeader};
use sms::{segment, text, ucs2};
use smsc::message::Content;
use smsc::timestamp::Timestamp;

use crate::errors::Error;

/// What the network carries beside the text.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Carriage {
    /// The user data header with its length octet; empty when there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub header: Vec<u8>,
    /// The alphabet that the application asked for: 0 GSM 7 bit, 1 8 bit, 2 UCS2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coding: Option<u8>,
    /// TP-Message-Class, 0 to 3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<u8>,
    /// registered_delivery (SMPP 3.4 §5.2.17).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<u8>,
    /// The end of all attempts.
    #[serde(with = "crate::millis::optional", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The connection that an incoming message came by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// `X-` headers that mean nothing to us and travel on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
}

/// `X-` headers that one message may carry, and octets of one.
const HEADERS_MAX: usize = 32;
const HEADER_OCTETS_MAX: usize = 1024;

impl Carriage {
    /// Reads the `X-` fields of a request that came at `now`.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if a known one has no value that can be read, or there are too many.
    pub fn from_fields(
        fields: impl IntoIterator<Item = (String, String)>,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut carriage = Self::default();
        for (name, value) in fields {
            carriage.read_field(name, value, now)?;
        }
        Ok(carriage)
    }

    /// Whether there is nothing beside the text.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// What an incoming message carries.
    pub(crate) fn of_content(content: &Content) -> Self {
        let coding = DataCoding(content.data_coding);
        Self {
            header: content.header.to_vec(),
            coding: Some(number_of(coding.alphabet())),
            class: coding.class().map(|class| class as u8),
            ..Self::default()
        }
    }

    /// The webhook parameters, without their prefix `SipHeader_`.
    pub(crate) fn fields(&self, received_at: Timestamp) -> Vec<(String, String)> {
        let header = (!self.header.is_empty()).then(|| hex(&self.header));
        let time = date_time(received_at);
        let known = [
            ("X-SMS-UDH", header),
            ("X-SMS-CODING", self.coding.map(|number| number.to_string())),
            ("X-SMS-VALIDITY", self.expires_at.map(date_time)),
            ("X-M-CLASS", self.class.map(|number| number.to_string())),
            ("X-REG-DELIVERY", self.receipt.filter(|&octet| octet != 0).map(|number| number.to_string())),
            ("X-SMSC-ID", self.via.clone()),
            ("X-DELIVERY_TIME", Some(time.clone())),
            ("X-DELIVERY-TIME", Some(time)),
        ];
        let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        known.chain(self.headers.iter().cloned()).collect()
    }

    /// The text in the form that the network carries, with the number of segments it needs.
    ///
    /// # Errors
    /// [`Error::BodyNotCarried`] if it cannot be carried so.
    pub(crate) fn content(&self, body: &str, smart: bool) -> Result<(Content, u16), Error> {
        let mut header = match self.header.as_slice() {
            [] => UserDataHeader::new(),
            octets => UserDataHeader::decode(octets)
                .map_err(|_| Error::BodyNotCarried("the user data header is broken"))?,
        };
        let encoded = encode(body, self.coding, smart, header.shifts())?;
        if !encoded.shifts.eq(&header.shifts()) {
            header.set_shifts(encoded.shifts).map_err(|_| TOO_LONG)?;
        }
        let segments = segment::count(encoded.alphabet, &encoded.body, &header, ReferenceWidth::Eight)
            .map_err(|_| TOO_LONG)?;
        if segments > 1 && header.concatenation().is_some() {
            return Err(Error::BodyNotCarried("a segment of a longer message must fit into one"));
        }
        let class = self.class.map(MessageClass::from_bits);
        let content = Content {
            data_coding: DataCoding::of(encoded.alphabet).with_class(class).0,
            header: header.encode().into(),
            body: encoded.body.into(),
        };
        Ok((content, u16::try_from(segments).unwrap_or(u16::MAX)))
    }

    fn read_field(&mut self, name: String, value: String, now: Timestamp) -> Result<(), Error> {
        match name.to_ascii_uppercase().as_str() {
            "X-SMS-UDH" => {
                self.header = unhex(&value)
                    .filter(|octets| UserDataHeader::decode(octets).is_ok())
                    .ok_or(Error::InvalidParameter("X-SMS-UDH"))?;
            }
            "X-SMS-CODING" => self.coding = Some(number(&value, 2, "X-SMS-CODING")?),
            "X-SMS-VALIDITY" => {
                let moment = read_date_time(&value, now).filter(|&moment| moment > now);
                self.expires_at = Some(moment.ok_or(Error::InvalidParameter("X-SMS-VALIDITY"))?);
            }
            "X-M-CLASS" => self.class = Some(number(&value, 3, "X-M-CLASS")?),
            "X-REG-DELIVERY" => self.receipt = Some(number(&value, 31, "X-REG-DELIVERY")?),
            _ => {
                let clean = is_token(&name) && !value.chars().any(char::is_control);
                let fits = name.len() + value.len() <= HEADER_OCTETS_MAX && self.headers.len() < HEADERS_MAX;
                if !clean || !fits {
                    return Err(Error::InvalidParameter("X-"));
                }
                self.headers.push((name, value));
            }
        }
        Ok(())
    }
}

const TOO_LONG: Error = Error::BodyNotCarried("it needs more than 255 segments");

/// The text of an incoming message; of 8 bit data one character for each octet.
pub(crate) fn text_of(content: &Content) -> String {
    let header = UserDataHeader::decode(&content.header).unwrap_or_default();
    let alphabet = DataCoding(content.data_coding).alphabet();
    text::decode(alphabet, header.shifts(), &content.body)
        .unwrap_or_else(|| content.body.iter().copied().map(char::from).collect())
}

/// Segments that an incoming message took on the air, 1 if nobody can tell.
pub(crate) fn segments_of(content: &Content) -> u16 {
    let header = UserDataHeader::decode(&content.header).unwrap_or_default();
    let alphabet = DataCoding(content.data_coding).alphabet();
    let count = segment::count(alphabet, &content.body, &header, ReferenceWidth::Eight);
    count.ok().and_then(|count| u16::try_from(count).ok()).unwrap_or(1)
}

fn encode(body: &str, coding: Option<u8>, smart: bool, shifts: Shifts) -> Result<text::Encoded, Error> {
    let in_ucs2 =
        || text::Encoded { alphabet: Alphabet::Ucs2, shifts: Shifts::NONE, body: ucs2::encode(body) };
    match coding {
        Some(1) => {
            let octets: Result<Vec<u8>, _> = body.chars().map(u8::try_from).collect();
            let body = octets.map_err(|_| Error::BodyNotCarried("8 bit data is written in ISO 8859-1"))?;
            Ok(text::Encoded { alphabet: Alphabet::EightBit, shifts: Shifts::NONE, body })
        }
        Some(2) => Ok(in_ucs2()),
        _ if shifts != Shifts::NONE => Ok(match alphabet::encode(body, shifts) {
            Ok(body) => text::Encoded { alphabet: Alphabet::Gsm7, shifts, body },
            Err(_) => in_ucs2(),
        }),
        // What the default alphabet lacks goes as UCS2 even if 7 bit was asked for: no letter is lost.
        _ => text::encode(body, &text::Policy { look_alikes: smart, ..text::Policy::default() })
            .map_err(|_| Error::BodyNotCarried("a character has no coding")),
    }
}

fn number_of(alphabet: Alphabet) -> u8 {
    match alphabet {
        Alphabet::Gsm7 => 0,
        Alphabet::EightBit => 1,
        Alphabet::Ucs2 => 2,
    }
}

fn number(value: &str, max: u8, name: &'static str) -> Result<u8, Error> {
    value.trim().parse().ok().filter(|&number| number <= max).ok_or(Error::InvalidParameter(name))
}

/// Whether SIP and HTTP take it as the name of a header (RFC 9110 §5.6.2).
fn is_token(name: &str) -> bool {
    name.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_.!%*+`'~".contains(&octet))
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .trim()
        .chars()
        .map(|character| character.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// `yyyy-MM-dd HH:mm:ss` in UTC.
fn date_time(moment: Timestamp) -> String {
    let seconds = i64::try_from(moment.seconds()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds)
        .map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}

/// What [`date_time`] writes, RFC 3339, or seconds from now.
fn read_date_time(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(now + std::time::Duration::from_secs(seconds.into()));
    }
    let time = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let civil = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })?;
    u64::try_from(time.as_millisecond()).ok().map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn carriage(fields: &[(&str, &str)]) -> Result<Carriage, Error> {
        let owned = fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Carriage::from_fields(owned, NOW)
    }

    /// The example of the administration guide, and what SMPP makes of it.
    #[test]
    fn the_headers_of_the_link_have_their_meaning() {
        let carried = carriage(&[
            ("X-SMS-UDH", "06050413011301"),
            ("x-sms-coding", "1"),
            ("X-M-CLASS", "1"),
            ("X-Colour", "blue"),
        ])
        .unwrap();
        let (content, segments) = carried.content("\u{1}\u{ff}A", false).unwrap();
        assert_eq!(content.data_coding, 0x15);
        assert_eq!(&content.header[..], [6, 5, 4, 0x13, 1, 0x13, 1]);
        assert_eq!((&content.body[..], segments), (&[1, 0xff, b'A'][..], 1));
        assert_eq!(carried.headers, [("X-Colour".to_owned(), "blue".to_owned())]);
        let fields = Carriage::of_content(&content).fields(NOW);
        let field = |name: &str| fields.iter().find(|field| field.0 == name).map(|field| field.1.as_str());
        assert_eq!(field("X-SMS-UDH"), Some("06050413011301"));
        assert_eq!((field("X-SMS-CODING"), field("X-M-CLASS")), (Some("1"), Some("1")));
        assert_eq!(field("X-DELIVERY_TIME"), Some("2026-11-18 11:06:40"));
        assert_eq!(text_of(&content), "\u{1}\u{ff}A");
    }

    #[test]
    fn validity_is_read_in_every_form_and_lies_ahead() {
        for text in ["60", "2026-11-18 11:07:40", "2026-11-18T11:07:40Z"] {
            let moment = carriage(&[("X-SMS-VALIDITY", text)]).unwrap().expires_at;
            assert_eq!(moment, Some(Timestamp::from_millis(NOW.millis() + 60_000)), "{text}");
        }
        for text in ["0", "-5", "2020-01-01 00:00:00", "soon", ""] {
            assert!(carriage(&[("X-SMS-VALIDITY", text)]).is_err(), "{text}");
        }
    }

    #[test]
    fn a_field_that_cannot_be_read_is_refused() {
        let wrong = [
            ("X-SMS-UDH", "0605"),
            ("X-SMS-UDH", "zz"),
            ("X-SMS-UDH", "0"),
            ("X-SMS-CODING", "3"),
            ("X-M-CLASS", "4"),
            ("X-REG-DELIVERY", "yes"),
            ("X-A B", "c"),
            ("X-A", "line\r\nX-B: c"),
        ];
        for (name, value) in wrong {
            assert!(carriage(&[(name, value)]).is_err(), "{name}: {value}");
        }
    }

    #[test]
    fn field_60_segments_are_counted_as_the_network_does() {
        let count = |body: &str, smart| Carriage::default().content(body, smart).unwrap().1;
        assert_eq!((count(&"a".repeat(160), false), count(&"a".repeat(161), false)), (1, 2));
        assert_eq!((count(&"д".repeat(70), false), count(&"д".repeat(71), false)), (1, 2));
        let curly = "a".repeat(100) + "’";
        assert_eq!((count(&curly, false), count(&curly, true)), (2, 1));
        let seven = Carriage { coding: Some(0), ..Carriage::default() };
        assert_eq!(seven.content("д", false).unwrap().0.data_coding, 8, "no letter is lost");
    }
}
