//! The 49 torture messages of RFC 4475, each with the result that its section requires.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests may fail as tests do")]

use bytes::Bytes;
use sip::header::{Contact, NameAddr};
use sip::register::{Lifetimes, Registration};
use sip::uri::{Scheme, unescape};
use sip::{Capabilities, Error, Message, Method, Name, Request, Response, Status, Uri, parse};

fn read(name: &str) -> Bytes {
    let path = format!("{}/tests/vectors/rfc4475/{name}.dat", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}")).into()
}

fn request(name: &str) -> Request {
    match parse(&read(name)) {
        Ok(Message::Request(request)) => request,
        other => panic!("{name}: {other:?}"),
    }
}

fn response(name: &str) -> Response {
    match parse(&read(name)) {
        Ok(Message::Response(response)) => response,
        other => panic!("{name}: {other:?}"),
    }
}

/// Parsed, written and parsed again is the same, but for how Content-Length is placed.
fn assert_round_trips(name: &str) {
    let message = parse(&read(name)).unwrap();
    let again = parse(&message.to_bytes()).unwrap();
    let fields = |message: &Message| -> Vec<(String, String)> {
        let fields = message.headers().iter().filter(|(name, _, _)| *name != Name::ContentLength);
        fields.map(|(_, written, value)| (written.to_owned(), value.to_owned())).collect()
    };
    assert_eq!(fields(&message), fields(&again), "{name}");
    assert_eq!(message.body(), again.body(), "{name}");
}

/// §3.1.1, and those of §3.2 to §3.4 that are well formed.
const VALID: [&str; 27] = [
    "wsinv",
    "intmeth",
    "esc01",
    "escnull",
    "esc02",
    "lwsdisp",
    "longreq",
    "dblreq",
    "semiuri",
    "transports",
    "mpart01",
    "unreason",
    "noreason",
    "badbranch",
    "unkscm",
    "novelsc",
    "unksm2",
    "bext01",
    "invut",
    "regaut01",
    "bcast",
    "zeromf",
    "cparam01",
    "cparam02",
    "regescrt",
    "sdp01",
    "inv2543",
];

/// §3.1.2 and §3.3: the fault of each message, and the status of its refusal.
const INVALID: [(&str, Error); 20] = [
    ("badinv01", Error::Malformed("Via")),
    ("clerr", Error::BodyTruncated),
    ("ncl", Error::Malformed("Content-Length")),
    ("scalar02", Error::Malformed("CSeq")),
    ("quotbal", Error::Malformed("To")),
    ("ltgtruri", Error::Malformed("Request-URI")),
    ("lwsruri", Error::StartLine),
    ("lwsstart", Error::StartLine),
    ("trws", Error::StartLine),
    ("escruri", Error::Malformed("Request-URI")),
    ("baddate", Error::Malformed("Date")),
    ("regbadct", Error::Malformed("Contact")),
    ("badaspec", Error::Malformed("To")),
    ("baddn", Error::Malformed("From")),
    ("badvers", Error::Version),
    ("mismatch01", Error::MethodMismatch),
    ("mismatch02", Error::MethodMismatch),
    ("insuf", Error::Missing("From")),
    ("multi01", Error::Repeated("CSeq")),
    ("mcl01", Error::Repeated("Content-Length")),
];

/// §3.1.2.5 and §3.1.2.19: responses, which are dropped.
const DROPPED: [(&str, Error); 2] = [("scalarlg", Error::Malformed("CSeq")), ("bigcode", Error::StartLine)];

#[test]
fn every_message_has_a_verdict() {
    let folder = format!("{}/tests/vectors/rfc4475", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".dat").map(str::to_owned))
        .collect();
    let valid = VALID.iter().copied();
    let mut judged: Vec<&str> = valid
        .chain(INVALID.iter().map(|(name, _)| *name))
        .chain(DROPPED.iter().map(|(name, _)| *name))
        .collect();
    files.sort();
    judged.sort_unstable();
    assert_eq!(files, judged);
    assert_eq!(files.len(), 49);
}

#[test]
fn valid_messages_are_taken_and_round_trip() {
    for name in VALID {
        assert_round_trips(name);
    }
}

#[test]
fn invalid_requests_are_refused_with_their_status() {
    for (name, error) in INVALID {
        let refused = parse(&read(name)).expect_err(name);
        assert_eq!(refused.error, error, "{name}");
        let answer = refused.answer.unwrap_or_else(|| panic!("{name} is answered"));
        let status =
            if error == Error::Version { Status::VERSION_NOT_SUPPORTED } else { Status::BAD_REQUEST };
        assert_eq!(answer.status, status, "{name}");
        assert!(answer.headers.get(Name::Via).is_some(), "{name}");
    }
}

#[test]
fn invalid_responses_are_dropped() {
    for (name, error) in DROPPED {
        let refused = parse(&read(name)).expect_err(name);
        assert_eq!(refused.error, error, "{name}");
        assert_eq!(refused.answer, None, "{name}");
    }
}

#[test]
fn a_short_tortuous_invite() {
    let wsinv = request("wsinv");
    let headers = &wsinv.headers;
    assert_eq!(wsinv.method, Method::Invite);
    assert!(Uri::parse(&wsinv.uri).unwrap().params.has("unknownparam"));
    assert_eq!(headers.to().unwrap().tag(), Some("1918181833n"));
    let from = headers.from().unwrap();
    assert_eq!((from.tag(), from.display_name().as_deref()), (Some("98asjd8"), Some(r#"J Rosenberg \""#)));
    assert_eq!(headers.max_forwards(), Ok(Some(68)));
    assert_eq!(headers.call_id(), Ok("wsinv.ndaksdj@192.0.2.1"));
    let cseq = headers.cseq().unwrap();
    assert_eq!((cseq.number, cseq.method), (9, "INVITE"));
    let vias: Vec<_> = headers.elements(Name::Via).map(|via| sip::header::Via::parse(via).unwrap()).collect();
    let hops: Vec<_> = vias.iter().map(|via| (via.transport, via.host, via.branch().unwrap())).collect();
    assert_eq!(
        hops,
        [
            ("UDP", "192.0.2.2", "390skdjuw"),
            ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
            ("UDP", "192.168.255.111", "z9hG4bK30239"),
        ]
    );
    assert_eq!(vias[0].branch_after_cookie(), None);
    assert_eq!(vias[1].branch_after_cookie(), Some("9ikj8"));
    assert_eq!(headers.get(Name::Subject), Some(""));
    assert_eq!(headers.get_named("newfangledheader"), Some("newfangled value continued newfangled value"));
    assert_eq!(headers.get_named("UnknownHeaderWithUnusualValue"), Some(";;,,;;,;"));
    let Contact::Address(contact) = Contact::parse(headers.get(Name::Contact).unwrap()).unwrap() else {
        panic!()
    };
    assert_eq!(contact.display_name().as_deref(), Some(r#"Quoted string """#));
    assert_eq!((contact.params.value("newparam"), contact.q_thousandths()), (Some("newvalue"), 330));
    assert!(contact.params.has("secondparam"));
    let route = NameAddr::parse(headers.get(Name::Route).unwrap()).unwrap();
    assert!(route.uri.params.has("lr") && route.uri.params.has("unknown-no-value"));
    assert_eq!(wsinv.body.len(), 150);
}

#[test]
fn a_wide_range_of_valid_characters() {
    let intmeth = request("intmeth");
    assert_eq!(intmeth.method.as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
    let uri = Uri::parse(&intmeth.uri).unwrap();
    assert_eq!(uri.user, Some("1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*"));
    assert_eq!(uri.password, Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    assert_eq!(uri.host, "example.com");
    let headers = &intmeth.headers;
    assert_eq!(headers.via().unwrap().branch_after_cookie(), Some("-.!%66*_+`'~"));
    assert_eq!(headers.to().unwrap().display_name().as_deref(), Some("BEL:\x07 NUL:\0 DEL:\x7f"));
    let from = headers.from().unwrap();
    assert_eq!(from.display_name().as_deref(), Some("token1~` token2'+_ token3*%!.-"));
    assert_eq!(from.tag(), Some("_token~1'+`*%!-."));
    let param = from.params.get("fromParam''~+*_!.-%").unwrap();
    assert_eq!(param.unquoted().as_deref(), Some("работающий"));
    assert_eq!(headers.call_id(), Ok(r#"intmeth.word%ZK-!.*_+'@word`~)(><:\/"][?}{"#));
    assert_eq!(headers.max_forwards(), Ok(Some(255)));
    assert_eq!(headers.get_named("EXTENSIONHEADER-!.%*+_`'~"), Some("\u{feff}大停電"));
}

#[test]
fn escapes_are_undone_where_they_are_escapes() {
    let esc01 = request("esc01");
    let uri = Uri::parse(&esc01.uri).unwrap();
    assert_eq!(uri.scheme, Scheme::Sip);
    assert_eq!(uri.user_unescaped().as_deref(), Some("sips:user@example.com"));
    assert_eq!(esc01.headers.to().unwrap().uri.user_unescaped().as_deref(), Some("user"));
    assert_eq!(esc01.headers.from().unwrap().uri.user_unescaped().as_deref(), Some("I have spaces"));
    let contact = NameAddr::parse(esc01.headers.get(Name::Contact).unwrap()).unwrap();
    let params: Vec<_> =
        contact.uri.params.iter().map(|p| (unescape(p.name), p.value.and_then(unescape))).collect();
    assert_eq!(params, [(Some("lr".into()), None), (Some("name".into()), Some("value%41".into()))]);

    let escnull = request("escnull");
    assert_eq!(escnull.headers.to().unwrap().uri.user_unescaped().as_deref(), Some("null-\0-null"));
    let users: Vec<_> =
        escnull.headers.elements(Name::Contact).map(|c| NameAddr::parse(c).unwrap()).collect();
    assert!(!users[0].uri.is_equivalent(&users[1].uri));

    let esc02 = request("esc02");
    assert_eq!(esc02.method, Method::Other("RE%47IST%45R".into()));
    assert_eq!(esc02.headers.to().unwrap().display_name().as_deref(), Some("%Z%45"));
    assert_eq!(esc02.headers.elements(Name::Contact).count(), 2);
}

#[test]
fn other_valid_requests_read_as_meant() {
    let from = request("lwsdisp");
    assert_eq!(from.headers.from().unwrap().display_name().as_deref(), Some("caller"));

    let longreq = request("longreq");
    assert_eq!(longreq.headers.elements(Name::Via).count(), 34);
    assert_eq!(longreq.headers.from().unwrap().uri.user.map(str::len), Some(115));

    let dblreq = request("dblreq");
    assert_eq!((dblreq.method, dblreq.body.len()), (Method::Register, 0));

    let semiuri = request("semiuri");
    let uri = Uri::parse(&semiuri.uri).unwrap();
    assert_eq!(uri.user_unescaped().as_deref(), Some("user;par=u@example.net"));
    assert!(uri.params.is_empty());

    let transports = request("transports");
    let names: Vec<_> = transports
        .headers
        .elements(Name::Via)
        .map(|via| sip::header::Via::parse(via).unwrap().transport.to_owned())
        .collect();
    assert_eq!(names, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);

    let mpart01 = request("mpart01");
    assert_eq!((mpart01.method, mpart01.body.len()), (Method::Message, 553));
    let content_type = mpart01.headers.content_type().unwrap().unwrap();
    assert!(content_type.is("multipart", "mixed") && mpart01.body.contains(&0));
    assert_eq!(content_type.params.value("boundary"), Some("7a9cbec02ceef655"));
}

#[test]
fn reason_phrases_are_free() {
    let unreason = response("unreason");
    assert_eq!(unreason.status, Status::OK);
    assert_eq!(unreason.reason, "= 2**3 * 5**2 но сто девяносто девять - простое");
    let noreason = response("noreason");
    assert_eq!((noreason.status, noreason.reason.as_str()), (Status::TRYING, ""));
}

/// §3.1.2.4: only the CSeq of scalar02 has no default; the other fields have.
#[test]
fn overlarge_expiries_count_as_the_default() {
    let text = String::from_utf8(read("scalar02").to_vec()).unwrap();
    let text = text.replace("36893488147419103232", "1").replace("Max-Forwards: 300", "Max-Forwards: 70");
    let Ok(Message::Request(request)) = parse(&text.into()) else { panic!("a request") };
    let lifetimes = Lifetimes { min_seconds: 60, max_seconds: 7200 };
    let registration = Registration::parse(&request, lifetimes).unwrap();
    let sip::register::Change::Set(bindings) = registration.change else { panic!("a binding") };
    assert_eq!(bindings[0].expires_seconds, 3600);
}

const MESSAGE_CENTRE: Capabilities<'static> = Capabilities {
    methods: &[Method::Message, Method::Options, Method::Register, Method::Invite],
    extensions: &[],
    media_types: &["text/plain", "multipart/mixed", "application/sdp"],
};

fn refusal(name: &str) -> Option<(Status, Name, String)> {
    let response = MESSAGE_CENTRE.refuse(&request(name), "tag")?;
    let added = response.headers.iter().last().map(|(name, _, value)| (name, value.to_owned())).unwrap();
    Some((response.status, added.0, added.1))
}

/// §3.3: well formed, but not supported by the element.
#[test]
fn application_layer_semantics() {
    let cseq = |number: &str, method: &str| format!("{number} {method}");
    let scheme = Status::UNSUPPORTED_URI_SCHEME;
    assert_eq!(refusal("unkscm"), Some((scheme, Name::CSeq, cseq("3923423", "OPTIONS"))));
    assert_eq!(refusal("novelsc"), Some((scheme, Name::CSeq, cseq("3923423", "OPTIONS"))));
    let unsupported = "nothingSupportsThis, nothingSupportsThisEither".to_owned();
    assert_eq!(refusal("bext01"), Some((Status::BAD_EXTENSION, Name::Unsupported, unsupported)));
    let media_types = MESSAGE_CENTRE.media_types.join(", ");
    assert_eq!(refusal("invut"), Some((Status::UNSUPPORTED_MEDIA_TYPE, Name::Accept, media_types)));
    let methods = "MESSAGE, OPTIONS, REGISTER, INVITE".to_owned();
    assert_eq!(refusal("intmeth"), Some((Status::NOT_IMPLEMENTED, Name::Allow, methods)));
    for fine in ["mpart01", "zeromf", "regaut01", "cparam01", "sdp01", "inv2543", "wsinv"] {
        assert_eq!(refusal(fine), None, "{fine}");
    }

    // §3.3.4: a registrar refuses a To that is no SIP URI.
    let unksm2 = request("unksm2");
    let lifetimes = Lifetimes { min_seconds: 60, max_seconds: 7200 };
    let refused = Registration::parse(&unksm2, lifetimes).unwrap_err();
    assert_eq!(refused.status(), Some(Status::BAD_REQUEST));

    // §3.3.7: an unknown scheme counts as no credentials.
    let authorization = request("regaut01").headers.get(Name::Authorization).map(str::to_owned).unwrap();
    assert_eq!(sip::digest::Credentials::parse(&authorization), Ok(None));

    assert_eq!(request("zeromf").headers.max_forwards(), Ok(Some(0)));
    assert_eq!(response("bcast").headers.elements(Name::Via).count(), 2);
}

#[test]
fn contact_parameters_belong_where_they_stand() {
    let contact = |name: &str| -> (bool, bool, Option<String>) {
        let request = request(name);
        let contact = NameAddr::parse(request.headers.get(Name::Contact).unwrap()).unwrap();
        let header = contact.params.has("unknownparam");
        (header, contact.uri.params.has("unknownparam"), contact.uri.headers.map(str::to_owned))
    };
    assert_eq!(contact("cparam01"), (true, false, None));
    assert_eq!(contact("cparam02"), (false, true, None));
    assert_eq!(contact("regescrt"), (false, false, Some("Route=%3Csip:sip.example.com%3E".to_owned())));
}

/// §3.2.1 and §3.4.1: no branch, or one without anything after the cookie.
#[test]
fn rfc_2543_branches_name_no_transaction() {
    assert_eq!(request("badbranch").headers.via().unwrap().branch_after_cookie(), None);
    let inv2543 = request("inv2543");
    assert_eq!(inv2543.headers.via().unwrap().branch(), None);
    assert!(!inv2543.body.is_empty()); // no Content-Length: the rest of the datagram
    assert_eq!(inv2543.headers.to().unwrap().uri.telephone_number().as_deref(), Some("+16505552222"));
}
