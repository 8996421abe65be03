//! Digest: the examples of RFC 7616 and RFC 2617, and the verification on a server.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of tests may fail as tests do")]

use std::time::Duration;

use sip::digest::{Algorithm, Challenge, Credentials, Login, Nonces, Qop, Secret, Verdict, Verifier};
use sip::{Headers, Name};

/// RFC 7616 §3.9.1, both answers; the password is "Circle of Life".
const RFC_7616: &str = r#"Digest username="Mufasa", realm="http-auth@example.org",
 uri="/dir/index.html", algorithm=ALGORITHM,
 nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001,
 cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth,
 response="RESPONSE", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS""#;

fn rfc_7616(algorithm: &str, response: &str) -> Credentials {
    let value = RFC_7616.replace('\n', "").replace("ALGORITHM", algorithm).replace("RESPONSE", response);
    Credentials::parse(&value).unwrap().unwrap()
}

#[test]
fn rfc_7616_examples_verify() {
    for (algorithm, response) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ] {
        let credentials = rfc_7616(algorithm, response);
        assert!(credentials.is_proof_of(Secret::Password("Circle of Life"), "GET", b""), "{algorithm}");
        assert!(!credentials.is_proof_of(Secret::Password("circle of life"), "GET", b""));
        assert!(!credentials.is_proof_of(Secret::Password("Circle of Life"), "PUT", b""));
        let ha1 = credentials.algorithm.ha1("Mufasa", "http-auth@example.org", "Circle of Life");
        assert!(credentials.is_proof_of(Secret::Ha1(&ha1), "GET", b""));
    }
}

/// RFC 7616 §3.9.2 with the response of erratum 4897: the one in the text was not
/// made with SHA-512/256.
#[test]
fn rfc_7616_sha_512_256_example_verifies() {
    let challenge = Challenge::parse(
        r#"Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true"#,
    );
    let challenge = challenge.unwrap().unwrap();
    let login = Login { username: "Jäsøn Doe", secret: Secret::Password("Secret, or not?") };
    let answer =
        challenge.answer(login, "GET", "/doe.json", b"", "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", 1);
    assert_eq!(answer.response, "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
}

/// RFC 2617 §3.5, and the same user without qop as RFC 2069 has it.
#[test]
fn rfc_2617_example_is_answered() {
    let challenge = Challenge::parse(
        r#"Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41""#,
    );
    let mut challenge = challenge.unwrap().unwrap();
    assert!(challenge.auth && challenge.auth_int && !challenge.stale);
    assert_eq!(challenge.algorithm, Algorithm::Md5);
    let login = Login { username: "Mufasa", secret: Secret::Password("Circle Of Life") };
    let answer = challenge.answer(login, "GET", "/dir/index.html", b"", "0a4f113b", 1);
    assert_eq!(answer.response, "6629fae49393a05397450978507c4ef1");
    challenge.auth = false;
    challenge.auth_int = false;
    let answer = challenge.answer(login, "GET", "/dir/index.html", b"", "0a4f113b", 1);
    assert_eq!(answer.response, "670fd8c2df070c60b045671b8b24ff02");
    assert_eq!((answer.qop, answer.count, answer.cnonce), (None, None, None));
}

/// Made with another implementation of the hashes (Python's hashlib) by the formulas of
/// RFC 7616 §3.4.2 and §3.4.3; the RFC has no example of them.
#[test]
fn session_algorithms_and_auth_int_follow_the_formulas() {
    let nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
    let login = Login { username: "bob", secret: Secret::Password("zanzibar") };
    for (algorithm, response) in [
        ("MD5-sess", "d9e8e5dc7110f8457a3421b391bffe79"),
        ("SHA-256-sess", "af3cc3067f1ea693e0d4a4ebb68d162455eea05a5db5fde01bb1afbed3de8a0a"),
        ("SHA-512-256-sess", "edce162aa037209bab5467a2e3f4133bf97a5b9bd15d54030dd0c1573c3b371a"),
    ] {
        let value =
            format!(r#"Digest realm="biloxi.com", nonce="{nonce}", qop="auth", algorithm={algorithm}"#);
        let challenge = Challenge::parse(&value).unwrap().unwrap();
        let answer = challenge.answer(login, "MESSAGE", "sip:bob@biloxi.com", b"", "0a4f113b", 1);
        assert_eq!(answer.response, response, "{algorithm}");
    }
    let value = format!(r#"Digest realm="biloxi.com", nonce="{nonce}", qop="auth-int""#);
    let challenge = Challenge::parse(&value).unwrap().unwrap();
    let answer = challenge.answer(login, "INVITE", "sip:bob@biloxi.com", b"v=0\r\n", "0a4f113b", 1);
    assert_eq!(answer.response, "77226bb823dc077c1ad3537415667bae");
}

#[test]
fn header_fields_round_trip() {
    let nonces = Nonces::new([7; 32], Duration::from_secs(300));
    let verifier = Verifier::new("ex\"ample", [Algorithm::Sha512_256Sess], nonces, 10);
    let mut challenge = verifier.challenges(1000, 1, true).next().unwrap();
    challenge.opaque = Some("o".to_owned());
    assert_eq!(Challenge::parse(&challenge.to_string()), Ok(Some(challenge.clone())));
    let login = Login { username: "a,b\"c", secret: Secret::Password("p") };
    let answer = challenge.answer(login, "MESSAGE", "sip:x", b"", "beef", 0xab);
    assert_eq!(Credentials::parse(&answer.to_string()), Ok(Some(answer.clone())));
    assert!(!format!("{answer:?}").contains("a,b"));
}

#[test]
fn the_right_field_is_found_among_several() {
    let mut headers = Headers::new();
    headers.push(Name::WwwAuthenticate, r#"Digest realm="r", nonce="n", algorithm=AKAv1-MD5"#);
    headers.push(Name::WwwAuthenticate, r#"Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256"#);
    headers.push(Name::WwwAuthenticate, r#"Digest realm="r", nonce="n", qop="auth", algorithm=MD5"#);
    let challenge = Challenge::first_supported(&headers, Name::WwwAuthenticate).unwrap();
    assert_eq!(challenge.algorithm, Algorithm::Sha256);
    let login = Login { username: "alice", secret: SECRET };
    headers.push(Name::Authorization, "Bearer abc");
    for realm in ["other", "r"] {
        let challenge = Challenge { realm: realm.to_owned(), ..challenge.clone() };
        headers.push(Name::Authorization, challenge.answer(login, "MESSAGE", "sip:b", b"", "c", 1));
    }
    let found = Credentials::for_realm(&headers, Name::Authorization, "r").unwrap();
    assert!(found.realm == "r" && found.is_proof_of(SECRET, "MESSAGE", b""));
    assert!(Credentials::for_realm(&headers, Name::ProxyAuthorization, "r").is_none());
}

#[test]
fn unknown_schemes_and_algorithms_are_no_credentials() {
    assert_eq!(Credentials::parse("NoOneKnowsThisScheme opaque-data=here"), Ok(None));
    assert_eq!(Challenge::parse(r#"Digest realm="r", nonce="n", algorithm=AKAv1-MD5"#), Ok(None));
    for incomplete in [
        r#"Digest username="u""#,
        r#"Digest username="u", realm="r", nonce="n", uri="u", response="x", qop=auth"#,
        r#"Digest username="u", realm="r", nonce="n", uri="u", response="x", qop=auth, nc=1, cnonce="c""#,
        r#"Digest username="u", realm="r", nonce="n", uri="u", response="x", algorithm=MD5-sess"#,
        "Digest",
    ] {
        assert!(Credentials::parse(incomplete).is_err(), "{incomplete}");
    }
}

const SECRET: Secret<'static> = Secret::Password("secret");

fn verifier(nonces_max: usize) -> Verifier {
    let nonces = Nonces::new([7; 32], Duration::from_secs(300));
    Verifier::new("fernpost", [Algorithm::Sha256, Algorithm::Md5], nonces, nonces_max)
}

fn answer(challenge: &Challenge, count: u32) -> Credentials {
    let login = Login { username: "alice", secret: SECRET };
    challenge.answer(login, "REGISTER", "sip:fernpost", b"", "c0ffee", count)
}

#[test]
fn a_use_of_a_nonce_counts_once() {
    let mut verifier = verifier(10);
    let challenge = verifier.challenges(1000, 1, false).next().unwrap();
    let mut verify = |count, now| verifier.verify(&answer(&challenge, count), SECRET, "REGISTER", b"", now);
    assert_eq!(verify(1, 1000), Verdict::Accepted);
    assert_eq!(verify(1, 1000), Verdict::Stale); // a replay
    assert_eq!(verify(3, 1001), Verdict::Accepted);
    assert_eq!(verify(2, 1001), Verdict::Accepted); // overtaken
    assert_eq!(verify(2, 1001), Verdict::Stale);
    assert_eq!(verify(200, 1001), Verdict::Accepted);
    assert_eq!(verify(136, 1001), Verdict::Stale); // too far behind the highest count
    assert_eq!(verify(137, 1001), Verdict::Accepted);
    assert_eq!(verify(0, 1001), Verdict::Stale);
    assert_eq!(verify(201, 1301), Verdict::Stale); // older than 300 s
}

#[test]
fn what_is_not_ours_is_refused() {
    let mut verifier = verifier(10);
    let challenge = verifier.challenges(1000, 1, false).next().unwrap();
    let good = answer(&challenge, 1);
    let mut check =
        |credentials: &Credentials, secret, method| verifier.verify(credentials, secret, method, b"", 1000);
    assert_eq!(check(&good, Secret::Password("wrong"), "REGISTER"), Verdict::Refused);
    assert_eq!(check(&good, SECRET, "MESSAGE"), Verdict::Refused);
    for forged in ["", "00", &"0".repeat(64), &challenge.nonce.replace('0', "1")] {
        let forged = Challenge { nonce: forged.to_owned(), ..challenge.clone() };
        assert_eq!(check(&answer(&forged, 1), SECRET, "REGISTER"), Verdict::Refused, "{forged}");
    }
    let other = Challenge { algorithm: Algorithm::Md5Sess, ..challenge.clone() };
    assert_eq!(check(&answer(&other, 1), SECRET, "REGISTER"), Verdict::Refused);
    let old_style = Challenge { auth: false, ..challenge.clone() };
    assert_eq!(check(&answer(&old_style, 1), SECRET, "REGISTER"), Verdict::Refused);
    let other = Challenge { realm: "other".to_owned(), ..challenge };
    assert_eq!(check(&answer(&other, 1), SECRET, "REGISTER"), Verdict::Refused);
    assert_eq!(check(&good, SECRET, "REGISTER"), Verdict::Accepted);
}

#[test]
fn a_nonce_without_its_counts_is_stale() {
    let mut verifier = verifier(2);
    let challenges: Vec<_> =
        (0..3).map(|n| verifier.challenges(1000 + n, n, false).next().unwrap()).collect();
    for challenge in &challenges {
        assert_eq!(verifier.verify(&answer(challenge, 1), SECRET, "REGISTER", b"", 1003), Verdict::Accepted);
    }
    // The first nonce made room for the third; a replay of it must not pass.
    assert_eq!(verifier.verify(&answer(&challenges[0], 1), SECRET, "REGISTER", b"", 1003), Verdict::Stale);
    assert_eq!(verifier.verify(&answer(&challenges[2], 2), SECRET, "REGISTER", b"", 1003), Verdict::Accepted);
}

#[test]
fn auth_int_covers_the_body() {
    let challenge = Challenge::parse(r#"Digest realm="r", nonce="n", qop="auth-int", algorithm=SHA-256"#);
    let login = Login { username: "alice", secret: SECRET };
    let answer = challenge.unwrap().unwrap().answer(login, "MESSAGE", "sip:b", b"body", "c", 1);
    assert_eq!(answer.qop, Some(Qop::AuthInt));
    assert!(answer.is_proof_of(SECRET, "MESSAGE", b"body"));
    assert!(!answer.is_proof_of(SECRET, "MESSAGE", b"Body"));
}
