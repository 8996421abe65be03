//! Requests of a peer: messages for the centre, query_sm and cancel_sm.

use smpp::pdu::{CancelSm, DataSm, Destination, QuerySm, Sm, SubmitMulti};
use smpp::{Frame, Header, Pdu, Status};
use smsc::message::{Mode, Submission};

use super::work::{Completion, DestinationStatus, SubmitBatch, SubmitRequest};
use super::{Moment, SessionTask};
use crate::codes;
use crate::convert::{self, Fields};

impl SessionTask {
    /// Carries out one request, or refuses it.
    pub(super) fn request(&mut self, frame: &Frame<'_>, batch: &mut SubmitBatch, moment: &Moment) {
        let carried_out = match frame.decode() {
            Ok(Pdu::SubmitSm(sm)) => self.message(frame, &Fields::from(&sm), batch, moment),
            Ok(Pdu::DeliverSm(sm)) => self.delivered(frame, &sm, batch, moment),
            Ok(Pdu::DataSm(data_sm)) => self.data(frame, &data_sm, batch, moment),
            Ok(Pdu::SubmitMulti(multi)) => self.multi(frame, &multi, batch, moment),
            Ok(Pdu::QuerySm(query)) => self.query(&frame.header, &query),
            Ok(Pdu::QueryLastMsgs(query)) => self.query_last(&frame.header, &query),
            Ok(Pdu::QueryMsgDetails(query)) => self.query_details(&frame.header, &query),
            Ok(Pdu::ParamRetrieve(retrieve)) => self.retrieve(&frame.header, &retrieve, moment),
            Ok(Pdu::CancelSm(cancel)) => self.cancel(&frame.header, &cancel),
            Ok(Pdu::ReplaceSm(replace)) => self.replace(frame, &replace, moment),
            Ok(_) => Err(codes::UNSUPPORTED_COMMAND),
            Err(error) => {
                self.shared.metrics.malformed.add(1);
                Err(error.status())
            }
        };
        if let Err(status) = carried_out {
            self.session.refuse(&frame.header, status, moment.instant);
        }
    }

    /// Hands the messages of a batch to the centre, all in one call.
    pub(super) fn submit(&mut self, batch: SubmitBatch) {
        let SubmitBatch { submissions, requests, transactional } = batch;
        if !requests.is_empty() {
            self.accept(submissions, requests);
        }
        for (submission, request) in transactional {
            self.accept(vec![submission], vec![request]);
        }
    }

    fn accept(&self, submissions: Vec<Submission>, requests: Vec<SubmitRequest>) {
        self.shared.metrics.submissions.add(u64::try_from(submissions.len()).unwrap_or(0));
        let accepting = self.shared.centre.accept(submissions);
        self.work.push(Box::pin(async move { Completion::Accepted(requests, accepting.await) }));
    }

    fn message(
        &self,
        frame: &Frame<'_>,
        fields: &Fields<'_>,
        batch: &mut SubmitBatch,
        moment: &Moment,
    ) -> Result<(), Status> {
        let submission =
            self.peer.reading(moment.time, |reading| convert::submission(frame, fields, reading));
        let submission = submission.inspect_err(|_| self.shared.metrics.submissions_refused.add(1))?;
        let request = SubmitRequest::one(&frame.header);
        if submission.mode == Mode::Transactional {
            batch.transactional.push((submission, request));
        } else {
            batch.submissions.push(submission);
            batch.requests.push(request);
        }
        Ok(())
    }

    /// A deliver_sm of another centre: a message, or a receipt about one of ours.
    fn delivered(
        &self,
        frame: &Frame<'_>,
        sm: &Sm<'_>,
        batch: &mut SubmitBatch,
        moment: &Moment,
    ) -> Result<(), Status> {
        match self.peer.remote_receipt(sm.esm_class, sm.user_data(), sm.tlvs) {
            Some(receipt) => {
                self.remote_receipt(frame.header, receipt);
                Ok(())
            }
            None => self.message(frame, &Fields::from(sm), batch, moment),
        }
    }

    fn data(
        &self,
        frame: &Frame<'_>,
        data_sm: &DataSm<'_>,
        batch: &mut SubmitBatch,
        moment: &Moment,
    ) -> Result<(), Status> {
        match self.peer.remote_receipt(data_sm.esm_class, data_sm.user_data(), data_sm.tlvs) {
            Some(receipt) => {
                self.remote_receipt(frame.header, receipt);
                Ok(())
            }
            None => self.message(frame, &Fields::from(data_sm), batch, moment),
        }
    }

    fn remote_receipt(&self, header: Header, receipt: smsc::receipt::RemoteReceipt) {
        self.shared.metrics.remote_receipts.add(1);
        let taking = self.shared.centre.remote_receipt(receipt);
        self.work.push(Box::pin(async move { Completion::RemoteReceipt(header, taking.await) }));
    }

    /// One message to many. Each destination is a message of its own; the answer has room for one
    /// id only, which is that of the first, and names the destinations that were refused.
    fn multi(
        &self,
        frame: &Frame<'_>,
        multi: &SubmitMulti<'_>,
        batch: &mut SubmitBatch,
        moment: &Moment,
    ) -> Result<(), Status> {
        if multi.destinations.is_empty() {
            return Err(codes::INVALID_DESTINATION_COUNT);
        }
        let mut request = SubmitRequest { count: 0, ..SubmitRequest::one(&frame.header) };
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
                            addresses.push(DestinationStatus::new(address, codes::OK));
                        }
                        Err(status) => refused.push(DestinationStatus::new(address, status)),
                    }
                }
                Destination::DistributionList(_) => return Err(codes::INVALID_DISTRIBUTION_LIST),
            }
        }
        request.count = u16::try_from(accepted.len()).unwrap_or(u16::MAX);
        request.multi = Some(Box::new((addresses, refused)));
        batch.submissions.append(&mut accepted);
        batch.requests.push(request);
        Ok(())
    }

    fn query(&self, header: &Header, query: &QuerySm<'_>) -> Result<(), Status> {
        let (account, id) = self.peer.message_of(query.message_id).ok_or(codes::UNKNOWN_MESSAGE_ID)?;
        let asking = self.shared.centre.status(account, id);
        let header = *header;
        self.work.push(Box::pin(async move { Completion::Queried(header, id, asking.await) }));
        Ok(())
    }

    /// Cancels one message. Without a message_id the standard cancels all that match the
    /// addresses, which the centre does not offer.
    fn cancel(&self, header: &Header, cancel: &CancelSm<'_>) -> Result<(), Status> {
        if cancel.message_id.is_empty() {
            return Err(codes::CANCEL_FAILED);
        }
        let (account, id) = self.peer.message_of(cancel.message_id).ok_or(codes::UNKNOWN_MESSAGE_ID)?;
        let cancelling = self.shared.centre.cancel(account, id);
        let header = *header;
        self.work.push(Box::pin(async move { Completion::Cancelled(header, cancelling.await) }));
        Ok(())
    }
}
