//! replace_sm in two steps: it carries no data_coding, so the stored message is read first.

use smpp::pdu::ReplaceSm;
use smpp::tlv::Tag;
use smpp::{Frame, Header, Pdu, Status, Tlvs};
use smsc::message::{Replacement, Validity};
use smsc::ports::StoreError;
use smsc::receipt::ReceiptRequest;
use smsc::rejection::Rejection;
use smsc::stored::MessageDetails;

use super::work::{Completion, PendingReplace};
use super::{Moment, SessionTask};
use crate::{codes, convert};

impl SessionTask {
    /// Changes a message of the account that waits.
    pub(super) fn replace(
        &self,
        frame: &Frame<'_>,
        replace: &ReplaceSm<'_>,
        moment: &Moment,
    ) -> Result<(), Status> {
        let (account, id) = self.peer.message_of(replace.message_id).ok_or(codes::UNKNOWN_MESSAGE_ID)?;
        let text = new_text(replace)?;
        let source = convert::address(&replace.source).ok_or(codes::INVALID_SOURCE)?;
        let receipt = ReceiptRequest(replace.registered_delivery.0);
        let mut replacement = Replacement::new(source, receipt);
        replacement.deliver_after = convert::time(replace.schedule_delivery_time, moment.time)
            .map_err(|_| codes::INVALID_SCHEDULE)?;
        replacement.validity = convert::time(replace.validity_period, moment.time)
            .map_err(|_| codes::INVALID_VALIDITY)?
            .map(Validity::Until);
        let header = frame.header;
        let replacing = PendingReplace { header, account, id, replacement, text: frame.bytes_of(text) };
        if text.is_empty() {
            self.carry_out(replacing);
            return Ok(());
        }
        let asking = self.shared.centre.details(replacing.account.clone(), id);
        self.work.push(Box::pin(async move { Completion::ReplaceRead(Box::new(replacing), asking.await) }));
        Ok(())
    }

    /// The message is known: reads the text in its coding.
    pub(super) fn replace_read(
        &self,
        mut replacing: PendingReplace,
        details: Result<Option<MessageDetails>, StoreError>,
        moment: &Moment,
    ) {
        let status = match details {
            Ok(Some(MessageDetails { message, .. })) => {
                let read = self.peer.reading(moment.time, |reading| {
                    convert::replacement(&message.content, &replacing.text, reading.text_coding)
                });
                match read {
                    Ok(content) => {
                        replacing.replacement.content = Some(content);
                        return self.carry_out(replacing);
                    }
                    Err(status) => status,
                }
            }
            Ok(None) => codes::REPLACE_FAILED,
            Err(_) => codes::SYSTEM_ERROR,
        };
        let header = replacing.header;
        self.work.push(Box::pin(std::future::ready(Completion::Refused(header, status))));
    }

    pub(super) fn replaced(&mut self, header: &Header, outcome: Result<bool, Rejection>, moment: &Moment) {
        let status = match outcome {
            Ok(true) => {
                return self.answer(header, &Pdu::ReplaceSmResp(Tlvs::NONE), codes::OK, moment);
            }
            Ok(false) => codes::REPLACE_FAILED,
            Err(rejection) => codes::submit_status(&rejection),
        };
        self.session.refuse(header, status, moment.instant);
    }

    fn carry_out(&self, replacing: PendingReplace) {
        let PendingReplace { header, account, id, replacement, .. } = replacing;
        let changing = self.shared.centre.replace(account, id, replacement);
        self.work.push(Box::pin(async move { Completion::Replaced(header, changing.await) }));
    }
}

/// The new text; empty where the old one stays.
fn new_text<'a>(replace: &ReplaceSm<'a>) -> Result<&'a [u8], Status> {
    let payload = replace.tlvs.get(Tag::MESSAGE_PAYLOAD).is_some_and(|payload| !payload.value.is_empty());
    if payload && !replace.short_message.is_empty() {
        return Err(codes::CONFLICTING_PAYLOAD); // the standard does not define which of the two counts
    }
    let text = replace.user_data();
    if text.is_empty() && replace.sm_default_msg_id != 0 {
        return Err(codes::INVALID_DEFAULT_MESSAGE);
    }
    Ok(text)
}
