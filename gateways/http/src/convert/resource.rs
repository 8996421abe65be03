//! Resources as v2010 shows them.

use platform::{Account, Message, PhoneNumber};
use serde::Serialize;
use serde_json::{Value, json};
use smsc::timestamp::Timestamp;

use crate::dates;

/// The version that every resource names.
const API_VERSION: &str = "2010-04-01";

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
