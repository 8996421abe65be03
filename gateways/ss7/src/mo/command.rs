//! SMS-COMMAND of a phone about a message of its own (TS 23.040 §9.2.2.4).

use map::operation::ForwardSmRes;
use map::{MapError, Response, SmDeliveryFailureCause};
use sms::status::FailureCause;
use sms::tpdu::CommandType;
use smsc::endpoint::Endpoint;
use smsc::ports::{Centre, StoreError};
use smsc::stored::ReferenceQuery;
use smsc::timestamp::Timestamp;

use crate::codes;
use crate::convert::{self, Sender};

/// A command, ready to be carried out.
#[derive(Debug)]
pub(crate) struct Command {
    request: sms::tpdu::Command,
    sender: Sender,
    endpoint: Endpoint,
}

impl Command {
    pub(crate) fn new(request: sms::tpdu::Command, sender: Sender, endpoint: Endpoint) -> Self {
        Self { request, sender, endpoint }
    }

    /// Carries the command out.
    ///
    /// # Errors
    /// The error that the phone gets.
    pub(crate) async fn carry_out(self, centre: &dyn Centre, now: Timestamp) -> Result<Response, MapError> {
        let refused = |cause| {
            let failed = SmDeliveryFailureCause::EquipmentProtocolError;
            codes::delivery_failure(failed, cause, codes::report_timestamp(now))
        };
        let store_failed = |_: StoreError| codes::system_failure();
        let query = ReferenceQuery {
            submitter: self.endpoint,
            source: self.sender.number,
            destination: convert::address_inward(&self.request.destination),
            reference: u16::from(self.request.message_number),
        };
        let account = self.sender.account;
        let done = match self.request.command_type {
            CommandType::ENQUIRY => {
                let Some(id) = centre.find_by_reference(query).await.map_err(store_failed)? else {
                    return Err(refused(FailureCause::COMMAND_CANNOT_BE_ACTIONED));
                };
                let reference = u16::from(self.request.message_reference);
                centre.send_status_report(account, id, reference).await.map_err(store_failed)?
            }
            CommandType::DELETE => {
                let Some(id) = centre.find_by_reference(query).await.map_err(store_failed)? else {
                    return Err(refused(FailureCause::COMMAND_CANNOT_BE_ACTIONED));
                };
                centre.cancel(account, id).await.map_err(store_failed)?
            }
            _ => return Err(refused(FailureCause::COMMAND_UNSUPPORTED)),
        };
        if done {
            Ok(Response::MoForwardSm(ForwardSmRes::default()))
        } else {
            Err(refused(FailureCause::COMMAND_CANNOT_BE_ACTIONED))
        }
    }
}
