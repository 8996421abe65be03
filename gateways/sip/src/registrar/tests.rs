use super::*;
use sip::{Method, Name, Request};

const NOW: Timestamp = Timestamp::from_millis(1_795_453_509_000);

fn registrar() -> Registrar {
    let user = User { user: "alice".into(), number: "+4915112345678".into(), ..User::default() };
    Registrar::new(&[user], &config::Registration { contacts_max: 2, ..config::Registration::default() })
}

fn hop(id: u64) -> (Hop, Transport) {
    let source = "192.0.2.1:5060".parse().unwrap();
    (Hop { way: Way::Connection(ConnectionId(id)), source }, Transport::Tcp)
}

/// The contacts after a REGISTER with this CSeq, Contact and Expires; or the status.
fn register(registrar: &Registrar, cseq: u32, contact: &str, expires: &str) -> Result<Vec<String>, u16> {
    let mut request = Request::new(Method::Register, "sip:smsc");
    request.headers.push(Name::To, "<sip:alice@smsc>");
    request.headers.push(Name::From, "<sip:alice@smsc>;tag=1");
    request.headers.push(Name::CallId, "one");
    request.headers.push(Name::CSeq, format_args!("{cseq} REGISTER"));
    for (name, value) in [(Name::Contact, contact), (Name::Expires, expires)] {
        if !value.is_empty() {
            request.headers.push(name, value);
        }
    }
    let request = Registration::parse(&request, registrar.lifetimes()).map_err(|_| 400_u16)?;
    let account = registrar.by_party("4915112345678").unwrap();
    let bindings = registrar.register(account, &request, hop(u64::from(cseq)), NOW);
    let bindings = bindings.map_err(|refusal| refusal.status.code())?;
    Ok(bindings.into_iter().map(|each| each.contact).collect())
}

#[test]
fn several_contacts_come_and_go() {
    let registrar = registrar();
    assert_eq!(register(&registrar, 1, "<sip:a@192.0.2.1>", "60"), Ok(vec!["sip:a@192.0.2.1".into()]));
    assert_eq!(register(&registrar, 2, "<sip:a@192.0.2.2>", "60").unwrap().len(), 2);
    assert_eq!(register(&registrar, 3, "<sip:a@192.0.2.3>", "60"), Err(403), "no room for a third");
    assert_eq!(register(&registrar, 4, "", "").unwrap().len(), 2, "a query changes nothing");
    let left = register(&registrar, 5, "<sip:a@192.0.2.1>;expires=0", "60");
    assert_eq!(left, Ok(vec!["sip:a@192.0.2.2".into()]));
    assert_eq!(register(&registrar, 6, "*", "0"), Ok(Vec::new()));
    assert_eq!(register(&registrar, 7, "*", "60"), Err(400));
}

#[test]
fn an_old_register_changes_nothing() {
    let registrar = registrar();
    register(&registrar, 5, "<sip:a@192.0.2.1>", "60").unwrap();
    assert_eq!(register(&registrar, 4, "<sip:a@192.0.2.1>", "0"), Err(400));
    assert_eq!(registrar.by_party("4915112345678").unwrap().bindings(NOW).len(), 1);
}

#[test]
fn bindings_end_with_their_time_or_their_connection() {
    let registrar = registrar();
    let account = registrar.by_party("4915112345678").unwrap();
    register(&registrar, 1, "<sip:a@192.0.2.1>", "60").unwrap();
    assert!(account.bindings(NOW + Duration::from_secs(60)).is_empty());
    registrar.remove_connection(ConnectionId(9));
    assert_eq!(account.bindings(NOW).len(), 1);
    registrar.remove_connection(ConnectionId(1));
    assert!(account.bindings(NOW).is_empty());
}

#[test]
fn a_user_is_found_by_name_and_by_number() {
    let registrar = registrar();
    for uri in ["sip:alice@smsc", "sip:+4915112345678@smsc;user=phone", "tel:+49-151-12345678"] {
        assert!(registrar.named(&Uri::parse(uri).unwrap()).is_some(), "{uri}");
    }
    assert!(registrar.named(&Uri::parse("sip:bob@smsc").unwrap()).is_none());
}
