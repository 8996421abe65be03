//! What the centre said, on its way back to the peer.

use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::StreamExt;
use smpp::pdu::{QuerySmResp, SmResp, SubmitMultiResp, UnsuccessSme};
use smpp::{CommandId, Header, MessageState, Pdu, Status, Tag, TlvBuffer, Tlvs};
use smsc::ids::MessageId;
use smsc::ports::{Acceptance, StoreError};
use smsc::stored::{MessageDetails, MessageStatus};
use smsc::rejection::Rejection;

use super::replacing::Replacing;
use super::requests::tells_id;
use super::{Moment, Running};
use crate::codes;
use crate::convert::{IdText, final_date};

/// One request that brought messages.
pub(super) struct Asked {
    pub(super) header: Header,
    /// How many messages it brought.
    pub(super) count: u16,
    /// Of submit_multi: where each message goes, and which destinations were refused before.
    pub(super) multi: Option<Box<(Vec<Refused>, Vec<Refused>)>>,
}

impl Asked {
    pub(super) const fn one(header: &Header) -> Self {
        Self { header: *header, count: 1, multi: None }
    }
}

/// A destination of submit_multi and what became of it.
pub(super) struct Refused {
    ton: smpp::pdu::Ton,
    npi: smpp::pdu::Npi,
    digits: Bytes,
    status: Status,
}

impl Refused {
    pub(super) fn new(address: &smpp::pdu::Address<'_>, status: Status) -> Self {
        Self { ton: address.ton, npi: address.npi, digits: Bytes::copy_from_slice(address.addr), status }
    }

    fn on_wire(&self) -> UnsuccessSme<'_> {
        UnsuccessSme {
            address: smpp::pdu::Address { ton: self.ton, npi: self.npi, addr: &self.digits },
            error_status_code: self.status,
        }
    }
}

/// Something that the centre has finished.
pub(super) enum Done {
    /// Messages were taken over or refused.
    Accepted(Vec<Asked>, Acceptance),
    /// query_sm.
    Queried(Header, MessageId, Result<Option<MessageStatus>, StoreError>),
    /// query_last_msgs.
    Newest(Header, Result<Vec<MessageId>, StoreError>),
    /// query_msg_details, and how much of the text was asked for.
    Detailed(Header, u8, Result<Option<MessageDetails>, StoreError>),
    /// replace_sm: the message as it is before.
    ReplaceRead(Box<Replacing>, Result<Option<MessageDetails>, StoreError>),
    /// replace_sm.
    Replaced(Header, Result<bool, Rejection>),
    /// Something that has to be refused.
    Refused(Header, Status),
    /// cancel_sm.
    Cancelled(Header, Result<bool, StoreError>),
    /// Another centre's receipt.
    ReceiptTaken(Header, Result<bool, StoreError>),
}

impl Running {
    /// Writes the answers that are ready.
    pub(super) fn poll_work(&mut self, cx: &mut Context<'_>) -> bool {
        let mut progress = false;
        while let Poll::Ready(Some(done)) = self.work.poll_next_unpin(cx) {
            progress = true;
            let moment = self.moment();
            match done {
                Done::Accepted(asked, acceptance) => self.accepted(asked, acceptance, &moment),
                Done::Queried(header, id, status) => self.queried(&header, id, &status, &moment),
                Done::Newest(header, ids) => self.newest(&header, &ids, &moment),
                Done::Detailed(header, sm_length, details) => {
                    self.detailed(&header, sm_length, &details, &moment);
                }
                Done::ReplaceRead(replacing, details) => self.replace_read(*replacing, details, &moment),
                Done::Replaced(header, outcome) => self.replaced(&header, outcome, &moment),
                Done::Refused(header, status) => self.session.refuse(&header, status, moment.instant),
                Done::Cancelled(header, Ok(true)) => {
                    self.answer(&header, &Pdu::CancelSmResp(Tlvs::NONE), Status::ESME_ROK, &moment);
                }
                Done::Cancelled(header, Ok(false)) => {
                    self.session.refuse(&header, Status::ESME_RCANCELFAIL, moment.instant);
                }
                Done::ReceiptTaken(header, Ok(_)) => {
                    self.answer(&header, &message_resp(header.command_id, b""), Status::ESME_ROK, &moment);
                }
                Done::ReceiptTaken(header, Err(_)) => {
                    self.session.refuse(&header, Status::ESME_RX_T_APPN, moment.instant);
                }
                Done::Cancelled(header, Err(_)) => {
                    self.session.refuse(&header, Status::ESME_RSYSERR, moment.instant);
                }
            }
        }
        if progress {
            self.take_outputs();
        }
        progress
    }

    fn accepted(&mut self, asked: Vec<Asked>, acceptance: Acceptance, moment: &Moment) {
        let mut answers = acceptance.answers.into_iter();
        for request in asked {
            match request.multi {
                None => match answers.next() {
                    Some(Ok(id)) => self.accepted_one(&request.header, id, moment),
                    Some(Err(rejection)) => self.rejected(&request.header, &rejection, moment),
                    // The centre broke its promise of an answer for each; nothing was promised to the peer.
                    None => self.session.refuse(&request.header, Status::ESME_RSYSERR, moment.instant),
                },
                Some(destinations) => {
                    let own: Vec<_> = answers.by_ref().take(usize::from(request.count)).collect();
                    self.accepted_many(&request.header, *destinations, &own, moment);
                }
            }
        }
        self.starts.push(acceptance.start);
    }

    fn accepted_one(&mut self, header: &Header, id: MessageId, moment: &Moment) {
        let text = IdText::new(id, self.peer.message_id_format());
        let id = if tells_id(header.command_id) { text.octets() } else { b"" };
        self.answer(header, &message_resp(header.command_id, id), Status::ESME_ROK, moment);
    }

    fn rejected(&mut self, header: &Header, rejection: &Rejection, moment: &Moment) {
        self.shared.stats.submissions_refused.add(1);
        if header.command_id == CommandId::DELIVER_SM {
            return self.session.refuse(header, codes::deliver_status(rejection), moment.instant);
        }
        let status = codes::submit_status(rejection);
        match rejection {
            Rejection::DeliveryFailed(failure) if self.session.version().has_tlvs() => {
                let mut tlvs = TlvBuffer::new();
                tlvs.push_u8(Tag::DELIVERY_FAILURE_REASON, codes::delivery_failure_reason(failure));
                let resp = SmResp { message_id: Some(b""), tlvs: tlvs.as_tlvs() };
                let pdu = match header.command_id {
                    CommandId::DATA_SM => Pdu::DataSmResp(resp),
                    _ => Pdu::SubmitSmResp(resp),
                };
                self.answer(header, &pdu, status, moment);
            }
            _ => self.session.refuse(header, status, moment.instant),
        }
    }

    fn accepted_many(
        &mut self,
        header: &Header,
        (mut sent, mut refused): (Vec<Refused>, Vec<Refused>),
        answers: &[Result<MessageId, Rejection>],
        moment: &Moment,
    ) {
        let mut first = None;
        for (destination, answer) in sent.iter_mut().zip(answers) {
            match answer {
                Ok(id) => first = first.or(Some(*id)),
                Err(rejection) => destination.status = codes::submit_status(rejection),
            }
        }
        refused.extend(sent.into_iter().filter(|destination| !destination.status.is_ok()));
        self.shared.stats.submissions_refused.add(u64::try_from(refused.len()).unwrap_or(0));
        let Some(first) = first else {
            let status = refused.first().map_or(Status::ESME_RSUBMITFAIL, |destination| destination.status);
            return self.session.refuse(header, status, moment.instant);
        };
        let text = IdText::new(first, self.peer.message_id_format());
        let resp = SubmitMultiResp {
            message_id: Some(text.octets()),
            unsuccess_smes: refused.iter().map(Refused::on_wire).collect(),
            tlvs: Tlvs::NONE,
        };
        self.answer(header, &Pdu::SubmitMultiResp(resp), Status::ESME_ROK, moment);
    }

    fn queried(
        &mut self,
        header: &Header,
        id: MessageId,
        status: &Result<Option<MessageStatus>, StoreError>,
        moment: &Moment,
    ) {
        let status = match status {
            Ok(Some(status)) => status,
            Ok(None) => return self.session.refuse(header, Status::ESME_RQUERYFAIL, moment.instant),
            Err(_) => return self.session.refuse(header, Status::ESME_RSYSERR, moment.instant),
        };
        let text = IdText::new(id, self.peer.message_id_format());
        let done = status.done_at.and_then(final_date);
        let resp = QuerySmResp {
            message_id: Some(text.octets()),
            final_date: done.as_ref().map_or(&[], |text| text.as_slice()),
            message_state: MessageState(status.state.number()),
            error_code: status.error,
            tlvs: Tlvs::NONE,
        };
        self.answer(header, &Pdu::QuerySmResp(resp), Status::ESME_ROK, moment);
    }

    pub(super) fn answer(&mut self, header: &Header, pdu: &Pdu<'_>, status: Status, moment: &Moment) {
        if pdu.encode(header.sequence_number, status, &mut self.out).is_err() {
            return self.session.refuse(header, Status::ESME_RSYSERR, moment.instant);
        }
        self.session.answered(moment.instant);
    }
}

/// The response that tells `id`, by the command that it answers.
const fn message_resp(command_id: CommandId, id: &[u8]) -> Pdu<'_> {
    match command_id {
        CommandId::DELIVER_SM => Pdu::DeliverSmResp(SmResp::new(id)),
        CommandId::DATA_SM => Pdu::DataSmResp(SmResp::new(id)),
        _ => Pdu::SubmitSmResp(SmResp::new(id)),
    }
}
