//! What is malformed harms no other session, and a wrong configuration is refused whole.

use smpp::pdu::BindKind;
use smpp::{CommandId, Status};
use tokio::time::timeout;

use crate::harness::process::run;
use crate::harness::raw::{Raw, submit};
use crate::harness::scratch::Scratch;
use crate::harness::site::{LOAD, PASSWORD, Site, number, to_sink};
use crate::harness::{PATIENCE, block_on};

#[test]
fn r33_a_malformed_pdu_does_not_end_another_session() {
    let site = Site::new("", "");
    let centre = site.start();
    block_on(async {
        let good = centre.load(BindKind::Transmitter).await;
        let mut sink = centre.sink().await;
        let whole = submit(&number(1), b"text", 7);
        let with_length = |length: u32| [&length.to_be_bytes(), &whole[4..]].concat();
        let length = u32::try_from(whole.len()).unwrap();
        let mut broken = vec![
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            with_length(0xffff_ffff),
            with_length(length - 3), // the text is cut, and three octets are left over
            whole[..whole.len() - 3].to_vec(), // and then it hangs up
            vec![0xff; 4096],
        ];
        broken.extend((0..16).map(with_length));
        for (serial, octets) in broken.iter().enumerate() {
            let mut bad = Raw::bind(centre.smpp, LOAD, PASSWORD).await;
            bad.say(octets).await;
            let text = format!("still here {serial}");
            good.submit(&to_sink(&number(2), &text)).await.expect("the other session works");
            let delivered =
                timeout(PATIENCE, sink.next()).await.expect("in time").expect("the sink is bound");
            assert_eq!(delivered.short_message, text.as_bytes());
        }
    });
    let (status, log) = centre.process.stop();
    assert!(status.success() && !log.contains("panicked"), "{log}");
}

#[test]
fn field_47_a_broken_length_is_answered_and_the_connection_closed() {
    let site = Site::new("", "");
    let centre = site.start();
    block_on(async {
        let mut bad = Raw::bind(centre.smpp, LOAD, PASSWORD).await;
        bad.say(&[0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 9]).await;
        assert_eq!(bad.answer().await, Some((CommandId::GENERIC_NACK, Status::ESME_RINVCMDLEN)));
        assert_eq!(bad.answer().await, None, "closed");
    });
}

#[test]
fn one_octet_at_a_time_is_a_pdu_all_the_same() {
    let site = Site::new("", "");
    let centre = site.start();
    block_on(async {
        let mut slow = Raw::bind(centre.smpp, LOAD, PASSWORD).await;
        for octet in submit(&number(1), b"slow", 9) {
            slow.say(&[octet]).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(slow.answer().await, Some((CommandId::SUBMIT_SM_RESP, Status::ESME_ROK)));
    });
}

#[test]
fn a_wrong_configuration_is_refused_whole_with_file_and_line() {
    let wrong = [
        ("node = 1\n\n[numbering]\ncuontry = 'DE'\n", 4, "did you mean `country`?"),
        ("roles = ['smsc']\nnode = 'one'\n", 2, "invalid type"),
        ("[[routes]]\nname = 'a'\ntargets = ['fax:1']\n", 3, "routes[0].targets"),
        ("[smpp]\nlisteners = [\n", 2, ""),
    ];
    for (text, line, expected) in wrong {
        let scratch = Scratch::new();
        let data = scratch.path().join("data");
        let file = scratch.write("fernpost.toml", text);
        let arguments = ["serve", "--config", file.to_str().unwrap(), "--data", data.to_str().unwrap()];
        let output = run(&arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{text}");
        let place = format!("{}:{line}: ", file.display());
        assert!(
            errors.contains(&place) && errors.contains(expected),
            "expected {place}{expected} in {errors}"
        );
        assert!(!data.exists(), "nothing was begun before it was refused");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let scratch = Scratch::new();
    let text = format!(
        "roles = ['smsc']\nhttp.listen = '127.0.0.1:0'\nsip.listeners = []\n\
         smpp.listeners = [{{ address = '{address}' }}]\n"
    );
    let file = scratch.write("fernpost.toml", &text);
    let data = scratch.path().join("data");
    let arguments = ["serve", "--config", file.to_str().unwrap(), "--data", data.to_str().unwrap()];
    let output = run(&arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(errors.contains(&address), "{errors}");
}
