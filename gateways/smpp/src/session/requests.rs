//! What a peer asks of us: messages for the centre, and questions about them.

use smpp::pdu::{CancelSm, DataSm, Destination, QuerySm, Sm, SubmitMulti};
use smpp::{CommandId, Frame, Header, Pdu, Status};
use smsc::message::{Mode, Submission};

use super::answers::{Asked, Done, Refused};
use super::{Moment, Running};
use crate::convert::{self, Fields};

/// The messages of one batch, and which PDU each came in.
#[derive(Default)]
pub(super) struct Requests {
    submissions: Vec<Submission>,
    asked: Vec<Asked>,
    /// Transactional messages: their answers wait for a delivery, and nobody else's answer for them.
    apart: Vec<(Submission, Asked)>,
}

impl Running {
    /// Carries out one request, or refuses it.
    pub(super) fn request(&mut self, frame: &Frame<'_>, requests: &mut Requests, moment: &Moment) {
        let carried_out = match frame.decode() {
            Ok(Pdu::SubmitSm(sm)) => self.message(frame, &Fields::from(&sm), requests, moment),
            Ok(Pdu::DeliverSm(sm)) => self.delivered(frame, &sm, requests, moment),
            Ok(Pdu::DataSm(data_sm)) => self.data(frame, &data_sm, requests, moment),
            Ok(Pdu::SubmitMulti(multi)) => self.multi(frame, &multi, requests, moment),
            Ok(Pdu::QuerySm(query)) => self.query(&frame.header, &query),
            Ok(Pdu::QueryLastMsgs(query)) => self.query_last(&frame.header, &query),
            Ok(Pdu::QueryMsgDetails(query)) => self.query_details(&frame.header, &query),
            Ok(Pdu::ParamRetrieve(retrieve)) => self.retrieve(&frame.header, &retrieve, moment),
            Ok(Pdu::CancelSm(cancel)) => self.cancel(&frame.header, &cancel),
            Ok(Pdu::ReplaceSm(replace)) => self.replace(frame, &replace, moment),
            Ok(_) => Err(Status::ESME_RINVCMDID),
            Err(error) => {
                self.shared.stats.malformed.add(1);
                Err(error.status())
            }
        };
        if let Err(status) = carried_out {
            self.session.refuse(&frame.header, status, moment.instant);
        }
    }

    /// Hands the messages of a batch to the centre, all in one call.
    pub(super) fn submit(&mut self, requests: Requests) {
        let Requests { submissions, asked, apart } = requests;
        if !asked.is_empty() {
            self.accept(submissions, asked);
        }
        for (submission, asked) in apart {
            self.accept(vec![submission], vec![asked]);
        }
    }

    fn accept(&self, submissions: Vec<Submission>, asked: Vec<Asked>) {
        self.shared.stats.submissions.add(u64::try_from(submissions.len()).unwrap_or(0));
        let accepting = self.shared.centre.accept(submissions);
        self.work.push(Box::pin(async move { Done::Accepted(asked, accepting.await) }));
    }

    fn message(
        &self,
        frame: &Frame<'_>,
        fields: &Fields<'_>,
        requests: &mut Requests,
        moment: &Moment,
    ) -> Result<(), Status> {
        let submission =
            self.peer.reading(moment.time, |reading| convert::submission(frame, fields, reading));
        let submission = submission.inspect_err(|_| self.shared.stats.submissions_refused.add(1))?;
        let asked = Asked::one(&frame.header);
        if submission.mode == Mode::Transactional {
            requests.apart.push((submission, asked));
        } else {
            requests.submissions.push(submission);
            requests.asked.push(asked);
        }
        Ok(())
    }

    /// A deliver_sm of another centre: a message, or a receipt about one of ours.
    fn delivered(
        &self,
        frame: &Frame<'_>,
        sm: &Sm<'_>,
        requests: &mut Requests,
        moment: &Moment,
    ) -> Result<(), Status> {
        match self.peer.remote_receipt(sm.esm_class, sm.user_data(), sm.tlvs) {
            Some(receipt) => {
                self.remote_receipt(frame.header, receipt);
                Ok(())
            }
            None => self.message(frame, &Fields::from(sm), requests, moment),
        }
    }

    fn data(
        &self,
        frame: &Frame<'_>,
        data_sm: &DataSm<'_>,
        requests: &mut Requests,
        moment: &Moment,
    ) -> Result<(), Status> {
        match self.peer.remote_receipt(data_sm.esm_class, data_sm.user_data(), data_sm.tlvs) {
            Some(receipt) => {
                self.remote_receipt(frame.header, receipt);
                Ok(())
            }
            None => self.message(frame, &Fields::from(data_sm), requests, moment),
        }
    }

    fn remote_receipt(&self, header: Header, receipt: smsc::receipt::RemoteReceipt) {
        self.shared.stats.remote_receipts.add(1);
        let taking = self.shared.centre.remote_receipt(receipt);
        self.work.push(Box::pin(async move { Done::ReceiptTaken(header, taking.await) }));
    }

    /// One message to many. Each destination is a message of its own; the answer has room for one
    /// id only, which is that of the first, and names the destinations that were refused.
    fn multi(
        &self,
        frame: &Frame<'_>,
        multi: &SubmitMulti<'_>,
        requests: &mut Requests,
        moment: &Moment,
    ) -> Result<(), Status> {
        if multi.destinations.is_empty() {
            return Err(Status::ESME_RINVNUMDESTS);
        }
        let mut asked = Asked { count: 0, ..Asked::one(&frame.header) };
        let mut refused = Vec::new();
        let (mut accepted, mut addresses) = (Vec::new(), Vec::new());
        for destination in &multi.destinations {
            match destination {
                Destination::Address(address) => {
                    let fields = Fields::of_multi(multi, *address);
                    let submission = self
                        .peer
                        .reading(moment.time, |reading| convert::submission(frame, &fields, reading));
                    match submission {
                        Ok(submission) => {
                            accepted.push(submission);
                            addresses.push(Refused::new(address, Status::ESME_ROK));
                        }
                        Err(status) => refused.push(Refused::new(address, status)),
                    }
                }
                Destination::DistributionList(_) => return Err(Status::ESME_RINVDLNAME),
            }
        }
        asked.count = u16::try_from(accepted.len()).unwrap_or(u16::MAX);
        asked.multi = Some(Box::new((addresses, refused)));
        requests.submissions.append(&mut accepted);
        requests.asked.push(asked);
        Ok(())
    }

    fn query(&self, header: &Header, query: &QuerySm<'_>) -> Result<(), Status> {
        let (account, id) = self.peer.message_of(query.message_id).ok_or(Status::ESME_RINVMSGID)?;
        let asking = self.shared.centre.status(account, id);
        let header = *header;
        self.work.push(Box::pin(async move { Done::Queried(header, id, asking.await) }));
        Ok(())
    }

    /// Cancels one message. Without a message_id the standard cancels all that match the
    /// addresses, which the centre does not offer.
    fn cancel(&self, header: &Header, cancel: &CancelSm<'_>) -> Result<(), Status> {
        if cancel.message_id.is_empty() {
            return Err(Status::ESME_RCANCELFAIL);
        }
        let (account, id) = self.peer.message_of(cancel.message_id).ok_or(Status::ESME_RINVMSGID)?;
        let cancelling = self.shared.centre.cancel(account, id);
        let header = *header;
        self.work.push(Box::pin(async move { Done::Cancelled(header, cancelling.await) }));
        Ok(())
    }
}

/// Which command answers with an id of the message that it brought.
pub(super) const fn tells_id(command_id: CommandId) -> bool {
    !matches!(command_id, CommandId::DELIVER_SM)
}
