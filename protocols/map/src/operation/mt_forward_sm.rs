//! mt-forwardSM: a message for a subscriber (TS 29.002 §12.9). Before version 3 it is forwardSM.

use tcap::ber::Tag;

use super::sm_rp::{SmRpDa, SmRpOa};
use crate::address::AddressString;
use crate::context::Version;
use crate::error::Error;
use crate::field::{Fields, Writer};
use crate::value::{Opaque, SignalInfo, Time};

/// MT-ForwardSM-Arg.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct MtForwardSmArg {
    /// The subscriber.
    pub sm_rp_da: SmRpDa,
    /// The centre.
    pub sm_rp_oa: SmRpOa,
    /// The TPDU: a SMS-DELIVER or a SMS-STATUS-REPORT.
    pub sm_rp_ui: SignalInfo,
    /// Another message follows in this dialogue. Not in version 1.
    pub more_messages_to_send: bool,
    /// smDeliveryTimer: timer of the sender, 30 to 600 seconds. Version 3, as all below.
    pub sm_delivery_timer: Option<u16>,
    /// smDeliveryStartTime: when the sender started the timer.
    pub sm_delivery_start_time: Option<Time>,
    /// smsOverIP-OnlyIndicator: deliver over IP only.
    pub sms_over_ip_only_indicator: bool,
    /// CorrelationID, contents of the SEQUENCE.
    pub correlation_id: Option<Opaque>,
    /// maximumRetransmissionTime: the latest time of a retransmission.
    pub maximum_retransmission_time: Option<Time>,
    /// The number of the gateway that an MME or SGSN may alert.
    pub sms_gmsc_address: Option<AddressString>,
    /// The Diameter address of that gateway, contents of the SEQUENCE.
    pub sms_gmsc_diameter_address: Option<Opaque>,
}

impl MtForwardSmArg {
    pub(super) fn read(parameter: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::of(parameter)?;
        Ok(Self {
            sm_rp_da: SmRpDa::read(&mut fields)?,
            sm_rp_oa: SmRpOa::read(&mut fields)?,
            sm_rp_ui: fields.take(Tag::OCTET_STRING)?,
            more_messages_to_send: fields.flag(Tag::NULL),
            sm_delivery_timer: fields.find(Tag::INTEGER)?,
            sm_delivery_start_time: fields.find(Tag::OCTET_STRING)?,
            sms_over_ip_only_indicator: fields.flag(Tag::context(0)),
            correlation_id: fields.find(Tag::context(1))?,
            maximum_retransmission_time: fields.find(Tag::context(2))?,
            sms_gmsc_address: fields.find(Tag::context(3))?,
            sms_gmsc_diameter_address: fields.find(Tag::context(4))?,
        })
    }

    pub(super) fn write(&self, version: Version) -> Result<Vec<u8>, Error> {
        let mut out = Writer::default();
        self.sm_rp_da.write(&mut out);
        self.sm_rp_oa.write(&mut out);
        let more = self.more_messages_to_send && version != Version::V1;
        out.put(Tag::OCTET_STRING, &self.sm_rp_ui).flag(Tag::NULL, more);
        if version == Version::V3 {
            out.put_some(Tag::INTEGER, &self.sm_delivery_timer)
                .put_some(Tag::OCTET_STRING, &self.sm_delivery_start_time)
                .flag(Tag::context(0), self.sms_over_ip_only_indicator)
                .put_some(Tag::context(1), &self.correlation_id)
                .put_some(Tag::context(2), &self.maximum_retransmission_time)
                .put_some(Tag::context(3), &self.sms_gmsc_address)
                .put_some(Tag::context(4), &self.sms_gmsc_diameter_address);
        }
        out.sequence()
    }
}

/// MT-ForwardSM-Res and MO-ForwardSM-Res. Before version 3 a result has no parameter.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ForwardSmRes {
    /// The TPDU: the SMS-DELIVER-REPORT or SMS-SUBMIT-REPORT of a success. Version 3.
    pub sm_rp_ui: Option<SignalInfo>,
}

impl ForwardSmRes {
    pub(super) fn read(parameter: Option<&[u8]>) -> Result<Self, Error> {
        let Some(parameter) = parameter else { return Ok(Self::default()) };
        Ok(Self { sm_rp_ui: Fields::of(parameter)?.take_if(Tag::OCTET_STRING)? })
    }

    pub(super) fn write(&self, version: Version) -> Result<Option<Vec<u8>>, Error> {
        match &self.sm_rp_ui {
            Some(ui) if version == Version::V3 => {
                Writer::default().put(Tag::OCTET_STRING, ui).sequence().map(Some)
            }
            _ => Ok(None),
        }
    }
}
