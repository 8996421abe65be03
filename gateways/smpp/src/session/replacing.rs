//! replace_sm: in two steps, since it does not say in which coding its text is, and that is known
//! from the message alone.

use bytes::Bytes;
use smpp::pdu::ReplaceSm;
use smpp::tlv::Tag;
use smpp::{Frame, Header, Pdu, Status, Tlvs};
use smsc::ids::MessageId;
use smsc::message::Validity;
use smsc::names::Name;
use smsc::ports::StoreError;
use smsc::stored::MessageDetails;
use smsc::receipt::ReceiptRequest;
use smsc::rejection::Rejection;
use smsc::message::Replacement;

use super::answers::Done;
use super::{Moment, Running};
use crate::codes;
use crate::convert;

/// A replace_sm whose message is being looked up.
pub(super) struct Replacing {
    header: Header,
    account: Name,
    id: MessageId,
    replacement: Replacement,
    text: Bytes,
}

impl Running {
    /// Changes a message of the account that waits.
    pub(super) fn replace(
        &self,
        frame: &Frame<'_>,
        replace: &ReplaceSm<'_>,
        moment: &Moment,
    ) -> Result<(), Status> {
        let (account, id) = self.peer.message_of(replace.message_id).ok_or(Status::ESME_RINVMSGID)?;
        let text = new_text(replace)?;
        let source = convert::address(&replace.source).ok_or(Status::ESME_RINVSRCADR)?;
        let receipt = ReceiptRequest(replace.registered_delivery.0);
        let mut replacement = Replacement::new(source, receipt);
        replacement.deliver_after =
            convert::time(replace.schedule_delivery_time, moment.time).map_err(|_| Status::ESME_RINVSCHED)?;
        replacement.validity = convert::time(replace.validity_period, moment.time)
            .map_err(|_| Status::ESME_RINVEXPIRY)?
            .map(Validity::Until);
        let header = frame.header;
        let replacing = Replacing { header, account, id, replacement, text: frame.bytes_of(text) };
        if text.is_empty() {
            self.carry_out(replacing);
            return Ok(());
        }
        let asking = self.shared.centre.details(replacing.account.clone(), id);
        self.work.push(Box::pin(async move { Done::ReplaceRead(Box::new(replacing), asking.await) }));
        Ok(())
    }

    /// The message is known: reads the text in its coding.
    pub(super) fn replace_read(
        &self,
        mut replacing: Replacing,
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
            Ok(None) => Status::ESME_RREPLACEFAIL,
            Err(_) => Status::ESME_RSYSERR,
        };
        let header = replacing.header;
        self.work.push(Box::pin(std::future::ready(Done::Refused(header, status))));
    }

    pub(super) fn replaced(&mut self, header: &Header, outcome: Result<bool, Rejection>, moment: &Moment) {
        let status = match outcome {
            Ok(true) => {
                return self.answer(header, &Pdu::ReplaceSmResp(Tlvs::NONE), Status::ESME_ROK, moment);
            }
            Ok(false) => Status::ESME_RREPLACEFAIL,
            Err(rejection) => codes::submit_status(&rejection),
        };
        self.session.refuse(header, status, moment.instant);
    }

    fn carry_out(&self, replacing: Replacing) {
        let Replacing { header, account, id, replacement, .. } = replacing;
        let changing = self.shared.centre.replace(account, id, replacement);
        self.work.push(Box::pin(async move { Done::Replaced(header, changing.await) }));
    }
}

/// The new text; empty where the old one stays.
fn new_text<'a>(replace: &ReplaceSm<'a>) -> Result<&'a [u8], Status> {
    let payload = replace.tlvs.get(Tag::MESSAGE_PAYLOAD).is_some_and(|payload| !payload.value.is_empty());
    if payload && !replace.short_message.is_empty() {
        return Err(Status::ESME_RTLVNOTALLWD); // which of the two counts, nobody can know
    }
    let text = replace.user_data();
    if text.is_empty() && replace.sm_default_msg_id != 0 {
        return Err(Status::ESME_RINVDFTMSGID);
    }
    Ok(text)
}
