//! Pages of a list: which one was asked for, and the envelope it travels in.

use platform::{Error, Position, Sid};
use serde_json::{Value, json};

use super::Fields;

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
    let filters = query.iter().filter(|(name, _)| !matches!(*name, "PageSize" | "Page" | "PageToken"));
    for (name, value) in filters {
        encoded.append_pair(name, value);
    }
    encoded.append_pair("PageSize", &size.to_string()).append_pair("Page", &number.to_string());
    if position != Position::Newest {
        encoded.append_pair("PageToken", &token(position));
    }
    format!("{path}?{}", encoded.finish())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(encoded: &str) -> Fields {
        Fields::parse(encoded.as_bytes())
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
}
