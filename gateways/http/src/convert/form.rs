//! What an application asks for, in forms and queries.

use platform::ports::Method;
use platform::{Callback, Carriage, Error, Filter, NewMessage, NumberChange, Update};
use smsc::timestamp::Timestamp;

use crate::dates;

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

    /// All of them, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
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
}
