//! What an ESME may still ask and change about messages that wait: answered from the store, and kept
//! over a restart.

use bytes::Bytes;
use smpp::pdu::{
    Address, Npi, QueryLastMsgs, QueryMsgDetails, QuerySm, RegisteredDelivery, ReplaceSm, Sm, Ton,
};
use smpp::{Header, MessageState, Pdu, Status, Tlvs};
use tokio::time::timeout;

use crate::harness::raw::{Raw, encoded};
use crate::harness::site::{Centre, LOAD, PASSWORD, Site};
use crate::harness::{PATIENCE, block_on};

const SOURCE: Address<'static> = Address { ton: Ton::INTERNATIONAL, npi: Npi::ISDN, addr: b"4915100000000" };

fn to(destination: &'static str, text: &'static [u8]) -> Sm<'static> {
    let destination = Address { addr: destination.as_bytes(), ..SOURCE };
    Sm { source: SOURCE, destination, short_message: text, ..Sm::default() }
}

/// The ESME of the account that submits.
struct Asking(Raw);

impl Asking {
    async fn bind(centre: &Centre) -> Self {
        Self(Raw::bind(centre.smpp, LOAD, PASSWORD).await)
    }

    async fn ask(&mut self, pdu: &Pdu<'_>) -> (Header, Bytes) {
        self.0.say(&encoded(pdu, 7)).await;
        self.0.pdu().await
    }

    async fn submit(&mut self, sm: Sm<'_>) -> String {
        let (header, body) = self.ask(&Pdu::SubmitSm(sm)).await;
        let Ok(Pdu::SubmitSmResp(resp)) = Pdu::decode(&header, &body) else { panic!("{header:?}") };
        String::from_utf8(resp.message_id.expect("an id").to_vec()).expect("digits")
    }

    async fn last(&mut self, num_of_msgs: u8) -> Vec<String> {
        let query = QueryLastMsgs { source: SOURCE, num_of_msgs, tlvs: Tlvs::NONE };
        let (header, body) = self.ask(&Pdu::QueryLastMsgs(query)).await;
        let Ok(Pdu::QueryLastMsgsResp(resp)) = Pdu::decode(&header, &body) else { panic!("{header:?}") };
        let ids = resp.message_ids.expect("ids");
        ids.iter().map(|id| String::from_utf8_lossy(id).into_owned()).collect()
    }

    async fn details(&mut self, id: &str) -> (Vec<u8>, MessageState, u8) {
        let query =
            QueryMsgDetails { message_id: id.as_bytes(), sm_length: 160, ..QueryMsgDetails::default() };
        let (header, body) = self.ask(&Pdu::QueryMsgDetails(query)).await;
        let Ok(Pdu::QueryMsgDetailsResp(resp)) = Pdu::decode(&header, &body) else { panic!("{header:?}") };
        let details = resp.details.expect("details");
        (details.short_message.to_vec(), details.message_state, details.registered_delivery.0)
    }

    async fn replace(&mut self, id: &str, change: ReplaceSm<'_>) -> Status {
        let change = ReplaceSm { message_id: id.as_bytes(), ..change };
        self.ask(&Pdu::ReplaceSm(change)).await.0.command_status
    }

    async fn state(&mut self, id: &str) -> MessageState {
        let query = QuerySm { message_id: id.as_bytes(), source: SOURCE, tlvs: Tlvs::NONE };
        let (header, body) = self.ask(&Pdu::QuerySm(query)).await;
        let Ok(Pdu::QuerySmResp(resp)) = Pdu::decode(&header, &body) else { panic!("{header:?}") };
        resp.message_state
    }
}

#[test]
fn field_52_what_waits_is_told_and_changed_and_stays_so() {
    let site = Site::new("", "");
    let centre = site.start();
    let (first, second) = block_on(async {
        let mut esme = Asking::bind(&centre).await;
        let first = esme.submit(to("491700000001", b"first")).await;
        let second = esme.submit(to("491700000002", b"second")).await;
        let third = esme.submit(to("491700000003", b"third")).await;
        assert_eq!(esme.last(2).await, [&third, &second].map(String::clone));
        assert_eq!(esme.details(&second).await, (b"second".to_vec(), MessageState::ENROUTE, 0));

        let change = ReplaceSm {
            source: SOURCE,
            registered_delivery: RegisteredDelivery(1),
            short_message: b"second, changed",
            ..ReplaceSm::default()
        };
        assert_eq!(esme.replace(&second, change).await, Status::ESME_ROK);
        let changed = (b"second, changed".to_vec(), MessageState::ENROUTE, 1);
        assert_eq!(esme.details(&second).await, changed);
        let stranger = Address { addr: b"4915100000001", ..SOURCE };
        let other = ReplaceSm { source: stranger, short_message: b"no", ..change };
        assert_eq!(esme.replace(&second, other).await, Status::ESME_RREPLACEFAIL);
        let past = ReplaceSm { schedule_delivery_time: b"200101000000000+", ..change };
        assert_eq!(esme.replace(&second, past).await, Status::ESME_RINVSCHED);
        assert_eq!(esme.details(&second).await, changed, "what was refused changed nothing");

        // A later time takes it out of the way; the end of that is not waited for here.
        let later = ReplaceSm { source: SOURCE, schedule_delivery_time: b"000001000000000R", ..change };
        assert_eq!(esme.replace(&third, later).await, Status::ESME_ROK);

        let again = Sm { replace_if_present_flag: 1, ..to("491700000001", b"first, again") };
        assert_eq!(esme.submit(again).await, first, "the message that was present");
        let new = Sm { replace_if_present_flag: 1, ..to("491700000004", b"fourth") };
        assert_ne!(esme.submit(new).await, first, "nothing was present");
        assert_eq!(esme.last(100).await.len(), 4);
        (first, second)
    });
    let (status, log) = centre.process.stop();
    assert!(status.success(), "{log}");

    let centre = site.start();
    block_on(async {
        let mut sink = centre.sink().await;
        let mut texts = Vec::new();
        while texts.len() < 3 {
            let came = timeout(PATIENCE, sink.next()).await.expect("in time").expect("the session lasts");
            texts.push(String::from_utf8(came.short_message.to_vec()).expect("text"));
        }
        texts.sort();
        assert_eq!(texts, ["first, again", "fourth", "second, changed"]);
        let mut esme = Asking(Raw::bind(centre.smpp, LOAD, PASSWORD).await);
        // The receipt that was asked for afterwards is the first thing that comes.
        let (header, body) = esme.0.pdu().await;
        let Ok(Pdu::DeliverSm(receipt)) = Pdu::decode(&header, &body) else { panic!("{header:?}") };
        assert!(receipt.short_message.starts_with(format!("id:{second} ").as_bytes()));
        let answer = Pdu::DeliverSmResp(smpp::pdu::SmResp::new(b""));
        esme.0.say(&encoded(&answer, header.sequence_number)).await;
        assert_eq!(esme.state(&first).await, MessageState::DELIVERED);
        let late = ReplaceSm { short_message: b"late", ..ReplaceSm::default() };
        assert_eq!(esme.replace(&first, late).await, Status::ESME_RREPLACEFAIL);
    });
    let (status, log) = centre.process.stop();
    assert!(status.success(), "{log}");
    let audit = site.audit();
    assert_eq!(audit.waiting, 1, "the one that was put off");
    assert_eq!(audit.accepted, audit.ended + audit.waiting);
}
