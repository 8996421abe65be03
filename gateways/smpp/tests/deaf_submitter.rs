//! A submitter that reads nothing: its messages wait until their answers could be written.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests and what they share may fail"
)]

mod rig;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use gateway_smpp::config::BindType;
use rig::{Esme, Rig, with_receipt};
use smpp::pdu::BindKind;
use smpp::tlv::Tlvs;
use smpp::{CommandId, Pdu, Status, Tag};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};

const OK: Status = Status::ESME_ROK;

/// The submitter asks on and on and reads nothing, until its connection takes no more answers.
#[tokio::test]
async fn field_41_no_receipt_while_its_submit_sm_resp_cannot_be_written() {
    let rig = Rig::with(|config| {
        config.write_seconds = 60;
        config.accounts[0].window = 10_000;
        config.accounts[0].bind_types.push(BindType::Receiver);
    });
    let mut receiver = rig.connect().await;
    assert_eq!(receiver.bind(BindKind::Receiver, "acme", "secret").await, OK);
    let mut sink = rig.bound("sink").await;
    tokio::spawn(async move {
        while let Some(came) = sink.next_or_end().await {
            sink.answer(&came, OK).await;
        }
    });
    let (mut submitter, asking) = deaf(&rig).await;

    let accepted = accepted_and_no_more(&rig).await;
    let started = rig.centre.started.load(Ordering::Relaxed);
    assert!(started > 0, "the first answers were written");
    assert!(started < accepted, "{started} of {accepted} went off; the last answers are not written");
    let mut early = HashSet::new();
    for _ in 0..started {
        let receipt = receiver.next().await;
        early.insert(receipt.sm().tlvs.get(Tag::RECEIPTED_MESSAGE_ID).unwrap().c_octets().to_vec());
        receiver.answer(&receipt, OK).await;
    }
    assert!(receiver.silent(Duration::from_millis(200)).await, "a receipt overtook its submit_sm_resp");

    asking.store(false, Ordering::Relaxed);
    let mut answered = Vec::new();
    while answered.len() < accepted {
        let came = submitter.next().await;
        if came.header.command_id == CommandId::SUBMIT_SM_RESP {
            answered.push(came.id().into_bytes());
        }
    }
    assert!(answered[..started].iter().all(|id| early.contains(id)));
    for _ in started..accepted {
        let receipt = receiver.next().await;
        receiver.answer(&receipt, OK).await;
    }
}

/// A transmitter of acme that sends until the flag is cleared: after each submit_sm many
/// enquire_link PDUs, so that the responses fill its connection.
async fn deaf(rig: &Rig) -> (Esme, Arc<AtomicBool>) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut esme = Esme::over(socket.connect(rig.address()).await.unwrap());
    assert_eq!(esme.bind(BindKind::Transmitter, "acme", "secret").await, OK);
    let mut chunk = BytesMut::new();
    Pdu::SubmitSm(with_receipt(b"x")).encode(2, OK, &mut chunk).unwrap();
    for sequence in 3..67 {
        Pdu::EnquireLink(Tlvs::NONE).encode(sequence, OK, &mut chunk).unwrap();
    }
    let stream = esme.stream.into_std().unwrap();
    let mut write = TcpStream::from_std(stream.try_clone().unwrap()).unwrap();
    let asking = Arc::new(AtomicBool::new(true));
    let goes_on = asking.clone();
    tokio::spawn(async move {
        while goes_on.load(Ordering::Relaxed) {
            write.write_all(&chunk).await.unwrap();
        }
    });
    (Esme::over(TcpStream::from_std(stream).unwrap()), asking)
}

/// Waits until the centre has got nothing for a while. Returns how much it has got.
async fn accepted_and_no_more(rig: &Rig) -> usize {
    let mut before = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(400)).await;
        let accepted = rig.centre.accepted.lock().len();
        if accepted > 0 && accepted == before {
            return accepted;
        }
        before = accepted;
    }
}
