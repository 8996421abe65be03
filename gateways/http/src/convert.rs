//! Forms, queries and JSON to the platform's words, and its records to JSON. Pure.
//!
//! Names, order and spelling of fields are Twilio's; numbers travel as strings where its do.

use platform::ports::Method;
use platform::{
    Account, Callback, Carriage, Error, Filter, Message, NewMessage, NumberChange, PhoneNumber, Position,
    Sid, Update,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smsc::message::Timestamp;

use crate::dates;

/// The version that every resource names.
const API_VERSION: &str = "2010-04-01";

/// Fields of a form or a query, in their order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// The first field of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|field| field.0 == name).map(|field| field.1.as_str())
    }

    fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    fn method(&self, name: &'static str) -> Result<Option<Method>, Error> {
        let read = |text: &str| Method::parse(text).ok_or(Error::InvalidParameter(name));
        self.get(name).filter(|text| !text.is_empty()).map(read).transpose()
    }

    /// The `X-` fields, and ours by the names of their headers.
    fn carriage(&self, now: Timestamp) -> Result<Carriage, Error> {
        let named = self.0.iter().filter_map(|(name, value)| {
            let header = match name.as_str() {
                "Smsc.Udh" => "X-SMS-UDH",
                "Smsc.Class" => "X-M-CLASS",
                _ if name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("X-")) => name,
                _ => return None,
            };
            Some((header.to_owned(), value.clone()))
        });
        Carriage::from_fields(named, now)
    }
}

/// The form of `POST …/Messages`.
pub(crate) fn new_message(fields: &Fields, now: Timestamp) -> Result<NewMessage, Error> {
    let present = |name: &str| fields.owned(name).filter(|value| !value.is_empty());
    Ok(NewMessage {
        to: fields.owned("To"),
        from: fields.owned("From"),
        body: fields.owned("Body"),
        messaging_service: present("MessagingServiceSid"),
        content_sid: present("ContentSid"),
        has_media: present("MediaUrl").is_some(),
        is_scheduled: present("ScheduleType").is_some() || present("SendAt").is_some(),
        status_callback: fields.owned("StatusCallback").map(post),
        validity_seconds: present("ValidityPeriod"),
        smart_encoded: fields.is_true("SmartEncoded"),
        carriage: fields.carriage(now)?,
    })
}

/// The form of `POST …/Messages/{SM}`: an empty body or a cancellation, one of them.
pub(crate) fn update(fields: &Fields) -> Result<Update, Error> {
    match (fields.get("Body"), fields.get("Status")) {
        (Some(""), None) => Ok(Update::Redact),
        (None, Some("canceled")) => Ok(Update::Cancel),
        _ => Err(Error::InvalidUpdate),
    }
}

/// The form of `POST …/IncomingPhoneNumbers`.
pub(crate) fn number_change(fields: &Fields) -> Result<NumberChange, Error> {
    Ok(NumberChange {
        friendly_name: fields.owned("FriendlyName"),
        sms_url: fields.owned("SmsUrl"),
        sms_method: fields.method("SmsMethod")?,
        sms_fallback_url: fields.owned("SmsFallbackUrl"),
        sms_fallback_method: fields.method("SmsFallbackMethod")?,
        status_callback: fields.owned("StatusCallback"),
    })
}

fn post(url: String) -> Callback {
    Callback { url, method: Method::Post }
}

/// Which page of a list was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct PageRequest {
    pub(crate) size: usize,
    pub(crate) number: usize,
    pub(crate) position: Position,
}

/// `PageSize`, `Page` and `PageToken`.
pub(crate) fn page_request(query: &Fields) -> Result<PageRequest, Error> {
    let number = |name: &'static str, default: usize| match query.get(name) {
        None | Some("") => Ok(default),
        Some(text) => text.parse().map_err(|_| Error::InvalidPage),
    };
    let position = match query.get("PageToken").filter(|token| !token.is_empty()) {
        None => Position::Newest,
        Some(token) => read_token(token).ok_or(Error::InvalidPage)?,
    };
    let size = number("PageSize", 50)?.clamp(1, 1000);
    Ok(PageRequest { size, number: number("Page", 0)?.min(1_000_000), position })
}

/// `To`, `From` and `DateSent`; the last one as a day, or with `<` and `>`, both of which include it.
pub(crate) fn filter(query: &Fields) -> Result<Filter, Error> {
    let span = |name| {
        let read = |text: &str| dates::read(text).ok_or(Error::InvalidParameter("DateSent"));
        query.get(name).filter(|text| !text.is_empty()).map(read).transpose()
    };
    let (on, until, from) = (span("DateSent")?, span("DateSent<")?, span("DateSent>")?);
    let present = |name| query.owned(name).filter(|value| !value.is_empty());
    Ok(Filter {
        to: present("To"),
        from: present("From"),
        sent_from: on.or(from).map(|span| span.start),
        sent_until: on.or(until).map(|span| span.end),
    })
}

fn token(position: Position) -> String {
    match position {
        Position::Newest => String::new(),
        Position::Below(sid) => format!("PA{sid}"),
        Position::Above(sid) => format!("PB{sid}"),
    }
}

fn read_token(token: &str) -> Option<Position> {
    let (kind, sid) = token.split_at_checked(2)?;
    let sid = Sid::parse(Sid::MESSAGE, sid)?;
    match kind {
        "PA" => Some(Position::Below(sid)),
        "PB" => Some(Position::Above(sid)),
        _ => None,
    }
}

/// A message as v2010 shows it.
#[derive(Serialize)]
pub(crate) struct MessageJson<'a> {
    account_sid: String,
    api_version: &'static str,
    body: &'a str,
    date_created: String,
    date_sent: Option<String>,
    date_updated: String,
    direction: &'static str,
    error_code: Option<u32>,
    error_message: Option<&'static str>,
    from: &'a str,
    messaging_service_sid: Option<&'a str>,
    num_media: &'static str,
    num_segments: String,
    price: Option<&'a str>,
    price_unit: Option<&'a str>,
    sid: String,
    status: &'static str,
    subresource_uris: SubresourceUris,
    to: &'a str,
    uri: String,
}

#[derive(Serialize)]
struct SubresourceUris {
    media: String,
}

impl<'a> From<&'a Message> for MessageJson<'a> {
    fn from(message: &'a Message) -> Self {
        let path = format!("/{API_VERSION}/Accounts/{}/Messages/{}", message.account, message.sid);
        Self {
            account_sid: message.account.to_string(),
            api_version: API_VERSION,
            body: &message.body,
            date_created: dates::rfc2822(message.created_at),
            date_sent: message.sent_at.map(dates::rfc2822),
            date_updated: dates::rfc2822(message.updated_at),
            direction: message.direction.as_str(),
            error_code: message.error,
            error_message: message.error.map(platform::errors::text_of),
            from: &message.from,
            messaging_service_sid: None,
            num_media: "0",
            num_segments: message.segments.to_string(),
            price: None,
            price_unit: None,
            sid: message.sid.to_string(),
            status: message.status.as_str(),
            subresource_uris: SubresourceUris { media: format!("{path}/Media.json") },
            to: &message.to,
            uri: format!("{path}.json"),
        }
    }
}

/// The pages around one, each as far as there is one.
pub(crate) struct Around {
    pub(crate) next: Option<Position>,
    pub(crate) previous: Option<Position>,
}

/// The envelope of a v2010 list; `key` names the array. No other key may stand in it.
pub(crate) fn envelope(
    path: &str,
    query: &Fields,
    request: PageRequest,
    key: &str,
    records: Vec<Value>,
    around: &Around,
) -> Value {
    let uri = |number: usize, position: Position| page_uri(path, query, request.size, number, position);
    let start = request.number * request.size;
    let end = (start + records.len()).saturating_sub(1).max(start);
    let next = around.next.map(|position| uri(request.number + 1, position));
    let previous = around.previous.map(|position| uri(request.number.saturating_sub(1), position));
    let mut envelope = json!({
        "end": end,
        "first_page_uri": uri(0, Position::Newest),
        "next_page_uri": next,
        "page": request.number,
        "page_size": request.size,
        "previous_page_uri": previous,
        "start": start,
        "uri": uri(request.number, request.position),
    });
    if let Some(object) = envelope.as_object_mut() {
        object.insert(key.to_owned(), Value::Array(records));
    }
    envelope
}

/// The filters belong into the URI of a page: the libraries do not send them again.
fn page_uri(path: &str, query: &Fields, size: usize, number: usize, position: Position) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    let filters =
        query.0.iter().filter(|(name, _)| !matches!(name.as_str(), "PageSize" | "Page" | "PageToken"));
    for (name, value) in filters {
        encoded.append_pair(name, value);
    }
    encoded.append_pair("PageSize", &size.to_string()).append_pair("Page", &number.to_string());
    if position != Position::Newest {
        encoded.append_pair("PageToken", &token(position));
    }
    format!("{path}?{}", encoded.finish())
}

/// A phone number as v2010 shows it.
pub(crate) fn number_json(number: &PhoneNumber) -> Value {
    let routing = &number.routing;
    let date = |millis| dates::rfc2822(Timestamp::from_millis(millis));
    json!({
        "sid": number.sid.to_string(),
        "account_sid": number.account.to_string(),
        "friendly_name": number.friendly_name,
        "phone_number": number.phone_number,
        "sms_url": routing.sms_url,
        "sms_method": routing.sms_method.as_str(),
        "sms_fallback_url": routing.sms_fallback_url,
        "sms_fallback_method": routing.sms_fallback_method.as_str(),
        "sms_application_sid": "",
        "status_callback": routing.status_callback,
        "status_callback_method": "POST",
        "capabilities": { "voice": false, "sms": true, "mms": false, "fax": false },
        "address_requirements": "none",
        "beta": false,
        "origin": "hosted",
        "status": "in-use",
        "api_version": API_VERSION,
        "date_created": date(number.created_ms),
        "date_updated": date(number.updated_ms),
        "uri": format!("/{API_VERSION}/Accounts/{}/IncomingPhoneNumbers/{}.json", number.account, number.sid),
    })
}

/// An account as v2010 shows it. Only its own holder gets here, so the token may be shown.
pub(crate) fn account_json(account: &Account) -> Value {
    let date = dates::rfc2822(Timestamp::from_millis(account.created_ms));
    let path = format!("/{API_VERSION}/Accounts/{}", account.sid);
    json!({
        "sid": account.sid.to_string(),
        "owner_account_sid": account.sid.to_string(),
        "friendly_name": account.friendly_name,
        "status": account.status.as_str(),
        "type": "Full",
        "auth_token": account.auth_token,
        "date_created": date,
        "date_updated": date,
        "uri": format!("{path}.json"),
        "subresource_uris": {
            "messages": format!("{path}/Messages.json"),
            "incoming_phone_numbers": format!("{path}/IncomingPhoneNumbers.json"),
        },
    })
}

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
            status_callback: self.status_url.map(post),
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

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn fields(encoded: &str) -> Fields {
        Fields::parse(encoded.as_bytes())
    }

    #[test]
    fn reads_a_form_as_either_library_writes_it() {
        let python = "To=%2B4915112345678&From=ACME&Body=a+b%26c&ProvideFeedback=true&SmartEncoded=True";
        let node = "To=%2B4915112345678&From=ACME&Body=a%20b%26c&SmartEncoded=true";
        for form in [python, node] {
            let new = new_message(&fields(form), NOW).unwrap();
            assert_eq!(new.to.as_deref(), Some("+4915112345678"));
            assert_eq!((new.body.as_deref(), new.smart_encoded), (Some("a b&c"), true));
        }
        let extras = new_message(&fields("X-SMS-CODING=2&x-colour=blue&Smsc.Class=0"), NOW).unwrap().carriage;
        assert_eq!((extras.coding, extras.class), (Some(2), Some(0)));
        assert_eq!(extras.headers, [("x-colour".to_owned(), "blue".to_owned())]);
        assert!(new_message(&fields("X-SMS-CODING=9"), NOW).is_err());
    }

    #[test]
    fn an_update_is_one_thing() {
        assert_eq!(update(&fields("Body=")), Ok(Update::Redact));
        assert_eq!(update(&fields("Status=canceled")), Ok(Update::Cancel));
        for wrong in ["", "Body=x", "Body=&Status=canceled", "Status=sent"] {
            assert_eq!(update(&fields(wrong)), Err(Error::InvalidUpdate), "{wrong}");
        }
    }

    #[test]
    fn a_date_filter_includes_both_ends() {
        let day = filter(&fields("DateSent=2023-08-24")).unwrap();
        let both = filter(&fields("DateSent%3E=2023-08-24&DateSent%3C=2023-08-24T00%3A00%3A00Z")).unwrap();
        assert_eq!(day, both);
        assert_eq!(day.sent_until.unwrap().since(day.sent_from.unwrap()).as_secs(), 86_400);
        assert!(filter(&fields("DateSent=soon")).is_err());
    }

    #[test]
    fn pages_carry_their_filters_and_nothing_unexpected() {
        let query = fields("To=%2B49151&DateSent%3E=2023-08-24&PageSize=2&Page=1");
        let request = page_request(&query).unwrap();
        let sid = Sid::new(Sid::MESSAGE, [1; 16]);
        let around = Around { next: Some(Position::Below(sid)), previous: None };
        let list = envelope("/x/Messages.json", &query, request, "messages", vec![Value::Null], &around);
        let expected = "/x/Messages.json?To=%2B49151&DateSent%3E=2023-08-24&PageSize=2&Page=2&PageToken=PASM01010101010101010101010101010101";
        assert_eq!(list["next_page_uri"], expected);
        let again = page_request(&fields(expected.split_once('?').unwrap().1)).unwrap();
        assert_eq!(again, PageRequest { size: 2, number: 2, position: Position::Below(sid) });
        assert_eq!(list["previous_page_uri"], Value::Null);
        assert_eq!((list["start"].as_u64(), list["end"].as_u64()), (Some(2), Some(2)));
        let keys: Vec<_> = list.as_object().unwrap().keys().map(String::as_str).collect();
        let allowed = "end first_page_uri messages next_page_uri page page_size previous_page_uri start uri";
        assert_eq!(keys, allowed.split(' ').collect::<Vec<_>>());
        for wrong in
            ["PageSize=x", "Page=-1", "PageToken=PA", "PageToken=PCSM01010101010101010101010101010101"]
        {
            assert!(page_request(&fields(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(page_request(&fields("PageSize=5000")).unwrap().size, 1000);
    }

    #[test]
    fn the_plain_door_refuses_what_it_does_not_know() {
        assert!(PlainNew::parse(br#"{"from":"a","to":"b","text":"c"}"#).is_ok());
        for wrong in [&b""[..], b"[]", br#"{"from":"a"}"#, br#"{"from":"a","to":"b","text":"c","txt":1}"#] {
            assert!(PlainNew::parse(wrong).is_err());
        }
    }
}
