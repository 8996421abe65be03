//! The keys by which messages are matched to transactions (RFC 3261 §17.1.3, §17.2.3).

use crate::error::Error;
use crate::header::Headers;
use crate::message::Request;

/// Parts cannot hold a line break, so that it separates them.
const BETWEEN: char = '\n';

/// The key under which a request's server transaction is found: branch, sent-by and
/// method; or, from an RFC 2543 element, all that its copies have in common.
pub(super) fn of_server(request: &Request, key: &mut String) -> Result<(), Error> {
    key.clear();
    let via = request.headers.via()?;
    let Some(branch) = via.branch_after_cookie() else { return of_rfc2543(request, key) };
    key.push_str(branch);
    key.push(BETWEEN);
    key.extend(via.host.chars().map(|character| character.to_ascii_lowercase()));
    key.push(BETWEEN);
    // With and without the default port is not the same sender: one sender writes it always alike.
    if let Some(port) = via.port {
        key.push_str(&port.to_string());
    }
    key.push(BETWEEN);
    key.push_str(request.method.as_str());
    Ok(())
}

fn of_rfc2543(request: &Request, key: &mut String) -> Result<(), Error> {
    let headers = &request.headers;
    let (from, to, cseq) = (headers.from()?, headers.to()?, headers.cseq()?);
    let via = headers.elements(crate::header::Name::Via).next().unwrap_or_default();
    let number = cseq.number.to_string();
    let parts = [
        "rfc2543",
        &request.uri,
        from.tag().unwrap_or_default(),
        to.tag().unwrap_or_default(),
        headers.call_id()?,
        &number,
        cseq.method,
        via,
    ];
    for part in parts {
        key.push_str(part);
        key.push(BETWEEN);
    }
    Ok(())
}

/// The key under which a request's or a response's client transaction is found:
/// branch and method.
pub(super) fn of_client(headers: &Headers, key: &mut String) -> Result<(), Error> {
    key.clear();
    let via = headers.via()?;
    key.push_str(via.branch_after_cookie().ok_or(Error::Malformed("branch"))?);
    key.push(BETWEEN);
    key.push_str(headers.cseq()?.method);
    Ok(())
}
