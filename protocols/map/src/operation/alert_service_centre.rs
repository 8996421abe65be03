//! alertServiceCentre: the HLR reports that a subscriber is reachable (TS 29.002 §12.5). In version 1 it
//! is alertServiceCentreWithoutResult, of class 4.

use tcap::ber::Tag;

use crate::address::{AddressString, Imsi};
use crate::context::Version;
use crate::error::Error;
use crate::field::{Fields, Writer};
use crate::value::{Opaque, Time, enumerated};

enumerated! {
    /// SmsGmsc-Alert-Event: why a gateway is alerted.
    SmsGmscAlertEvent {
        /// The phone is reachable.
        MsAvailableForMtSms = 0,
        /// The phone is served by another node.
        MsUnderNewServingNode = 1,
    }
}

/// AlertServiceCentreArg.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AlertServiceCentreArg {
    /// The number of the subscriber.
    pub msisdn: AddressString,
    /// The centre to alert.
    pub service_centre_address: AddressString,
    /// The IMSI, when there is no MSISDN. Not in version 1, as all below.
    pub imsi: Option<Imsi>,
    /// CorrelationID, contents of the SEQUENCE.
    pub correlation_id: Option<Opaque>,
    /// Until when the phone can be reached.
    pub maximum_ue_availability_time: Option<Time>,
    /// Why a gateway is alerted.
    pub sms_gmsc_alert_event: Option<SmsGmscAlertEvent>,
    /// The Diameter address of the gateway, contents of the SEQUENCE.
    pub sms_gmsc_diameter_address: Option<Opaque>,
    /// The new SGSN.
    pub new_sgsn_number: Option<AddressString>,
    /// The new SGSN's Diameter address.
    pub new_sgsn_diameter_address: Option<Opaque>,
    /// The new MME.
    pub new_mme_number: Option<AddressString>,
    /// The new MME's Diameter address.
    pub new_mme_diameter_address: Option<Opaque>,
    /// The new MSC.
    pub new_msc_number: Option<AddressString>,
}

impl AlertServiceCentreArg {
    pub(super) fn read(parameter: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::of(parameter)?;
        Ok(Self {
            msisdn: fields.take(Tag::OCTET_STRING)?,
            service_centre_address: fields.take(Tag::OCTET_STRING)?,
            imsi: fields.find(Tag::OCTET_STRING)?,
            correlation_id: fields.find(Tag::SEQUENCE)?,
            maximum_ue_availability_time: fields.find(Tag::context(0))?,
            sms_gmsc_alert_event: fields.find(Tag::context(1))?,
            sms_gmsc_diameter_address: fields.find(Tag::context(2))?,
            new_sgsn_number: fields.find(Tag::context(3))?,
            new_sgsn_diameter_address: fields.find(Tag::context(4))?,
            new_mme_number: fields.find(Tag::context(5))?,
            new_mme_diameter_address: fields.find(Tag::context(6))?,
            new_msc_number: fields.find(Tag::context(7))?,
        })
    }

    pub(super) fn write(&self, version: Version) -> Result<Vec<u8>, Error> {
        let mut out = Writer::default();
        out.put(Tag::OCTET_STRING, &self.msisdn).put(Tag::OCTET_STRING, &self.service_centre_address);
        if version != Version::V1 {
            out.put_some(Tag::OCTET_STRING, &self.imsi)
                .put_some(Tag::SEQUENCE, &self.correlation_id)
                .put_some(Tag::context(0), &self.maximum_ue_availability_time)
                .put_some(Tag::context(1), &self.sms_gmsc_alert_event)
                .put_some(Tag::context(2), &self.sms_gmsc_diameter_address)
                .put_some(Tag::context(3), &self.new_sgsn_number)
                .put_some(Tag::context(4), &self.new_sgsn_diameter_address)
                .put_some(Tag::context(5), &self.new_mme_number)
                .put_some(Tag::context(6), &self.new_mme_diameter_address)
                .put_some(Tag::context(7), &self.new_msc_number);
        }
        out.sequence()
    }
}
