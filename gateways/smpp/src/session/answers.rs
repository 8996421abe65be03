//! Responses to a peer, from the results of calls to the centre.

use std::task::{Context, Poll};

use futures_util::StreamExt;
use smpp::pdu::{QuerySmResp, SmResp, SubmitMultiResp};
use smpp::{CommandId, Header, MessageState, Pdu, Status, Tag, TlvBuffer, Tlvs};
use smsc::ids::MessageId;
use smsc::ports::{Acceptance, StoreError};
use smsc::rejection::Rejection;
use smsc::stored::MessageStatus;

use super::work::{Completion, DestinationStatus, SubmitRequest};
use super::{Moment, SessionTask};
use crate::codes;
use crate::convert::{IdText, final_date};

impl SessionTask {
    /// Writes the answers that are ready.
    pub(super) fn poll_work(&mut self, cx: &mut Context<'_>) -> bool {
        let mut progress = false;
        while let Poll::Ready(Some(completion)) = self.work.poll_next_unpin(cx) {
            progress = true;
            let moment = self.moment();
            match completion {
                Completion::Accepted(requests, acceptance) => self.accepted(requests, acceptance, &moment),
                Completion::Queried(header, id, status) => self.queried(&header, id, &status, &moment),
                Completion::Newest(header, ids) => self.newest(&header, &ids, &moment),
                Completion::Detailed(header, sm_length, details) => {
                    self.detailed(&header, sm_length, &details, &moment);
                }
                Completion::ReplaceRead(replacing, details) => {
                    self.replace_read(*replacing, details, &moment);
                }
                Completion::Replaced(header, outcome) => self.replaced(&header, outcome, &moment),
                Completion::Refused(header, status) => self.session.refuse(&header, status, moment.instant),
                Completion::Cancelled(header, Ok(true)) => {
                    self.answer(&header, &Pdu::CancelSmResp(Tlvs::NONE), codes::OK, &moment);
                }
                Completion::Cancelled(header, Ok(false)) => {
                    self.session.refuse(&header, codes::CANCEL_FAILED, moment.instant);
                }
                Completion::RemoteReceipt(header, Ok(_)) => {
                    self.answer(&header, &message_resp(header.command_id, b""), codes::OK, &moment);
                }
                Completion::RemoteReceipt(header, Err(_)) => {
                    self.session.refuse(&header, codes::RECEIPT_NOT_STORED, moment.instant);
                }
                Completion::Cancelled(header, Err(_)) => {
                    self.session.refuse(&header, codes::SYSTEM_ERROR, moment.instant);
                }
            }
        }
        if progress {
            self.take_outputs();
        }
        progress
    }

    fn accepted(&mut self, requests: Vec<SubmitRequest>, acceptance: Acceptance, moment: &Moment) {
        let mut answers = acceptance.answers.into_iter();
        for request in requests {
            match request.multi {
                None => match answers.next() {
                    Some(Ok(id)) => self.accepted_one(&request.header, id, moment),
                    Some(Err(rejection)) => self.rejected(&request.header, &rejection, moment),
                    // The centre broke its promise of an answer for each; nothing was promised to the peer.
                    None => self.session.refuse(&request.header, codes::SYSTEM_ERROR, moment.instant),
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
        let id = if returns_id(header.command_id) { text.octets() } else { b"" };
        self.answer(header, &message_resp(header.command_id, id), codes::OK, moment);
    }

    fn rejected(&mut self, header: &Header, rejection: &Rejection, moment: &Moment) {
        self.shared.metrics.submissions_refused.add(1);
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
        (mut sent, mut refused): (Vec<DestinationStatus>, Vec<DestinationStatus>),
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
        self.shared.metrics.submissions_refused.add(u64::try_from(refused.len()).unwrap_or(0));
        let Some(first) = first else {
            let status = refused.first().map_or(codes::SUBMIT_FAILED, |destination| destination.status);
            return self.session.refuse(header, status, moment.instant);
        };
        let text = IdText::new(first, self.peer.message_id_format());
        let resp = SubmitMultiResp {
            message_id: Some(text.octets()),
            unsuccess_smes: refused.iter().map(DestinationStatus::on_wire).collect(),
            tlvs: Tlvs::NONE,
        };
        self.answer(header, &Pdu::SubmitMultiResp(resp), codes::OK, moment);
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
            Ok(None) => return self.session.refuse(header, codes::QUERY_FAILED, moment.instant),
            Err(_) => return self.session.refuse(header, codes::SYSTEM_ERROR, moment.instant),
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
        self.answer(header, &Pdu::QuerySmResp(resp), codes::OK, moment);
    }

    pub(super) fn answer(&mut self, header: &Header, pdu: &Pdu<'_>, status: Status, moment: &Moment) {
        if pdu.encode(header.sequence_number, status, &mut self.out).is_err() {
            return self.session.refuse(header, codes::SYSTEM_ERROR, moment.instant);
        }
        self.session.answered(moment.instant);
    }
}

/// The response with `id` to this command.
const fn message_resp(command_id: CommandId, id: &[u8]) -> Pdu<'_> {
    match command_id {
        CommandId::DELIVER_SM => Pdu::DeliverSmResp(SmResp::new(id)),
        CommandId::DATA_SM => Pdu::DataSmResp(SmResp::new(id)),
        _ => Pdu::SubmitSmResp(SmResp::new(id)),
    }
}

/// Whether the response to this command carries a message_id.
const fn returns_id(command_id: CommandId) -> bool {
    !matches!(command_id, CommandId::DELIVER_SM)
}
