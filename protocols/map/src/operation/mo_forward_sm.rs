//! mo-forwardSM: a message from a subscriber (TS 29.002 §12.2). Before version 3 it is forwardSM.

use tcap::ber::Tag;

use super::report_sm_delivery_status::SmDeliveryOutcome;
use super::sm_rp::{SmRpDa, SmRpOa};
use crate::address::Imsi;
use crate::context::Version;
use crate::error::Error;
use crate::field::{Fields, Writer};
use crate::value::{Opaque, SignalInfo};

/// MO-ForwardSM-Arg.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MoForwardSmArg {
    /// The centre.
    pub sm_rp_da: SmRpDa,
    /// The subscriber.
    pub sm_rp_oa: SmRpOa,
    /// The TPDU: a SMS-SUBMIT or a SMS-COMMAND.
    pub sm_rp_ui: SignalInfo,
    /// moreMessagesToSend, which forwardSM of version 2 has and mo-forwardSM has not.
    pub more_messages_to_send: bool,
    /// The subscriber's IMSI. Version 3, as all below.
    pub imsi: Option<Imsi>,
    /// CorrelationID, contents of the SEQUENCE.
    pub correlation_id: Option<Opaque>,
    /// The outcome of a delivery by an IP-SM-GW.
    pub sm_delivery_outcome: Option<SmDeliveryOutcome>,
}

impl MoForwardSmArg {
    pub(super) fn read(parameter: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::of(parameter)?;
        Ok(Self {
            sm_rp_da: SmRpDa::read(&mut fields)?,
            sm_rp_oa: SmRpOa::read(&mut fields)?,
            sm_rp_ui: fields.take(Tag::OCTET_STRING)?,
            more_messages_to_send: fields.flag(Tag::NULL),
            imsi: fields.find(Tag::OCTET_STRING)?,
            correlation_id: fields.find(Tag::context(0))?,
            sm_delivery_outcome: fields.find(Tag::context(1))?,
        })
    }

    pub(super) fn write(&self, version: Version) -> Result<Vec<u8>, Error> {
        let mut out = Writer::default();
        self.sm_rp_da.write(&mut out);
        self.sm_rp_oa.write(&mut out);
        out.put(Tag::OCTET_STRING, &self.sm_rp_ui);
        if version == Version::V3 {
            out.put_some(Tag::OCTET_STRING, &self.imsi)
                .put_some(Tag::context(0), &self.correlation_id)
                .put_some(Tag::context(1), &self.sm_delivery_outcome);
        }
        if version == Version::V2 {
            out.flag(Tag::NULL, self.more_messages_to_send);
        }
        out.sequence()
    }
}
