//! Receipts, both ways.

use super::*;

fn a_receipt(state: State, error: u8) -> Message {
    let receipt = Receipt {
        about: MessageId::from_u64(7),
        state,
        error,
        submitted_at: NOW,
        done_at: NOW + Duration::from_secs(60),
        excerpt: Bytes::from_static(b"Hello"),
        excerpt_coding: 0,
        client_key: None,
    };
    let to = Endpoint::SipPeer("connect".into());
    Message { kind: Kind::Receipt { to, receipt: Box::new(receipt) }, ..message(0, &[], b"") }
}

#[test]
fn rule_receipts_are_messages_with_a_marker() {
    let request = sent(a_receipt(State::Undeliverable, 8));
    assert_eq!(get(&request, "X-SMS-TYPE"), Some("receipt"));
    assert_eq!(get(&request, "X-SMS-MSG-ID"), Some("0000000000000000007"));
    assert_eq!(get(&request, "X-SMS-STATE"), Some("UNDELIV"));
    assert_eq!(get(&request, "X-SMS-ERR"), Some("008"));
    let text = "id:0000000000000000007 sub:001 dlvrd:000 submit date:2611231705 done date:2611231706 \
                stat:UNDELIV err:008 text:Hello";
    assert_eq!(str::from_utf8(&request.body), Ok(text));
}

#[test]
fn a_peers_receipt_is_read_from_headers_or_text() {
    let read = |extra: &str, body: &str| {
        let receipt = read_receipt(&request("sip:+1@smsc", extra, body.as_bytes()), "connect")?;
        Some((receipt.remote_ids[0].to_string(), receipt.state, receipt.error))
    };
    let all = "X-SMS-TYPE: receipt\r\nX-SMS-MSG-ID: 77\r\nX-SMS-STATE: UNDELIV\r\nX-SMS-ERR: 008\r\n";
    assert_eq!(read(all, ""), Some(("77".into(), State::Undeliverable, 8)));
    let text = "id:abc sub:001 dlvrd:001 submit date:1 done date:2 stat:DELIVRD err:000 text:id:";
    assert_eq!(read("", text), Some(("abc".into(), State::Delivered, 0)));
    assert_eq!(
        read("X-SMS-MSG-ID: 1\r\nX-SMS-STATE: delivered\r\n", ""),
        Some(("1".into(), State::Delivered, 0))
    );
    assert_eq!(
        read("X-SMS-MSG-ID: 1\r\nX-SMS-STATE: 5\r\n", ""),
        Some(("1".into(), State::Undeliverable, 0))
    );
    for (extra, body) in [
        ("", ""),
        ("X-SMS-MSG-ID: 1\r\n", ""),
        ("X-SMS-STATE: DELIVRD\r\n", ""),
        ("X-SMS-MSG-ID: 1\r\nX-SMS-STATE: odd\r\n", ""),
    ] {
        assert_eq!(read(extra, body), None);
    }
}

#[test]
fn every_state_is_read_as_it_is_written() {
    for state in State::ALL {
        let written = sent(a_receipt(state, 3));
        let mut headers_lost = written.clone();
        headers_lost.headers.remove_named("X-SMS-STATE");
        for request in [written, headers_lost] {
            assert_eq!(read_receipt(&request, "x").unwrap().state, state);
        }
    }
}
