//! reportSM-DeliveryStatus: the outcome of a delivery, for the HLR's message waiting data (TS 29.002 §12.3).

use tcap::ber::Tag;

use crate::address::{AddressString, Imsi};
use crate::context::Version;
use crate::error::Error;
use crate::field::{Fields, Value, Writer, whole};
use crate::value::{Opaque, enumerated};

enumerated! {
    /// SM-DeliveryOutcome.
    SmDeliveryOutcome {
        /// The phone's memory is full: the HLR alerts the centre when it has free memory.
        MemoryCapacityExceeded = 0,
        /// The subscriber is absent: the HLR alerts the centre when the subscriber is present.
        AbsentSubscriber = 1,
        /// The message was delivered: the HLR clears the flags.
        SuccessfulTransfer = 2,
    }
}

/// ReportSM-DeliveryStatusArg. A diagnostic is a value of TS 23.040 §3.3.2, 0 to 255.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ReportSmDeliveryStatusArg {
    /// The number of the subscriber.
    pub msisdn: AddressString,
    /// The address of the centre, which the HLR alerts.
    pub service_centre_address: AddressString,
    /// The outcome; optional in version 1.
    pub sm_delivery_outcome: Option<SmDeliveryOutcome>,
    /// Why the subscriber is absent. Version 3, as all below.
    pub absent_subscriber_diagnostic_sm: Option<u8>,
    /// The centre supports two outcomes.
    pub gprs_support_indicator: bool,
    /// The first outcome is that of the SGSN.
    pub delivery_outcome_indicator: bool,
    /// The outcome at the SGSN, beside that of the MSC.
    pub additional_sm_delivery_outcome: Option<SmDeliveryOutcome>,
    /// Why the subscriber is absent at the SGSN.
    pub additional_absent_subscriber_diagnostic_sm: Option<u8>,
    /// An IP-SM-GW reports.
    pub ip_sm_gw_indicator: bool,
    /// The outcome in IMS.
    pub ip_sm_gw_sm_delivery_outcome: Option<SmDeliveryOutcome>,
    /// Why the subscriber is absent in IMS.
    pub ip_sm_gw_absent_subscriber_diagnostic_sm: Option<u8>,
    /// The IMSI, when there is no MSISDN.
    pub imsi: Option<Imsi>,
    /// Single delivery attempt: the HLR stores no message waiting data.
    pub single_attempt_delivery: bool,
    /// CorrelationID, contents of the SEQUENCE.
    pub correlation_id: Option<Opaque>,
    /// The first outcome is that of the SMSF of 3GPP access.
    pub smsf_3gpp_delivery_outcome_indicator: bool,
    /// The outcome at the SMSF of 3GPP access.
    pub smsf_3gpp_delivery_outcome: Option<SmDeliveryOutcome>,
    /// Why the subscriber is absent there.
    pub smsf_3gpp_absent_subscriber_diag_sm: Option<u8>,
    /// The first outcome is that of the SMSF of other access.
    pub smsf_non_3gpp_delivery_outcome_indicator: bool,
    /// The outcome at the SMSF of other access.
    pub smsf_non_3gpp_delivery_outcome: Option<SmDeliveryOutcome>,
    /// Why the subscriber is absent there.
    pub smsf_non_3gpp_absent_subscriber_diag_sm: Option<u8>,
}

impl ReportSmDeliveryStatusArg {
    pub(super) fn read(parameter: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::of(parameter)?;
        Ok(Self {
            msisdn: fields.take(Tag::OCTET_STRING)?,
            service_centre_address: fields.take(Tag::OCTET_STRING)?,
            sm_delivery_outcome: fields.take_if(Tag::ENUMERATED)?,
            absent_subscriber_diagnostic_sm: fields.find(Tag::context(0))?,
            gprs_support_indicator: fields.flag(Tag::context(2)),
            delivery_outcome_indicator: fields.flag(Tag::context(3)),
            additional_sm_delivery_outcome: fields.find(Tag::context(4))?,
            additional_absent_subscriber_diagnostic_sm: fields.find(Tag::context(5))?,
            ip_sm_gw_indicator: fields.flag(Tag::context(6)),
            ip_sm_gw_sm_delivery_outcome: fields.find(Tag::context(7))?,
            ip_sm_gw_absent_subscriber_diagnostic_sm: fields.find(Tag::context(8))?,
            imsi: fields.find(Tag::context(9))?,
            single_attempt_delivery: fields.flag(Tag::context(10)),
            correlation_id: fields.find(Tag::context(11))?,
            smsf_3gpp_delivery_outcome_indicator: fields.flag(Tag::context(12)),
            smsf_3gpp_delivery_outcome: fields.find(Tag::context(13))?,
            smsf_3gpp_absent_subscriber_diag_sm: fields.find(Tag::context(14))?,
            smsf_non_3gpp_delivery_outcome_indicator: fields.flag(Tag::context(15)),
            smsf_non_3gpp_delivery_outcome: fields.find(Tag::context(16))?,
            smsf_non_3gpp_absent_subscriber_diag_sm: fields.find(Tag::context(17))?,
        })
    }

    pub(super) fn write(&self, version: Version) -> Result<Vec<u8>, Error> {
        let mut out = Writer::default();
        out.put(Tag::OCTET_STRING, &self.msisdn)
            .put(Tag::OCTET_STRING, &self.service_centre_address)
            .put_some(Tag::ENUMERATED, &self.sm_delivery_outcome);
        if version == Version::V3 {
            out.put_some(Tag::context(0), &self.absent_subscriber_diagnostic_sm)
                .flag(Tag::context(2), self.gprs_support_indicator)
                .flag(Tag::context(3), self.delivery_outcome_indicator)
                .put_some(Tag::context(4), &self.additional_sm_delivery_outcome)
                .put_some(Tag::context(5), &self.additional_absent_subscriber_diagnostic_sm)
                .flag(Tag::context(6), self.ip_sm_gw_indicator)
                .put_some(Tag::context(7), &self.ip_sm_gw_sm_delivery_outcome)
                .put_some(Tag::context(8), &self.ip_sm_gw_absent_subscriber_diagnostic_sm)
                .put_some(Tag::context(9), &self.imsi)
                .flag(Tag::context(10), self.single_attempt_delivery)
                .put_some(Tag::context(11), &self.correlation_id)
                .flag(Tag::context(12), self.smsf_3gpp_delivery_outcome_indicator)
                .put_some(Tag::context(13), &self.smsf_3gpp_delivery_outcome)
                .put_some(Tag::context(14), &self.smsf_3gpp_absent_subscriber_diag_sm)
                .flag(Tag::context(15), self.smsf_non_3gpp_delivery_outcome_indicator)
                .put_some(Tag::context(16), &self.smsf_non_3gpp_delivery_outcome)
                .put_some(Tag::context(17), &self.smsf_non_3gpp_absent_subscriber_diag_sm);
        }
        out.sequence()
    }
}

/// ReportSM-DeliveryStatusRes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ReportSmDeliveryStatusRes {
    /// storedMSISDN: the number under which the HLR stores the subscriber. Not in version 1.
    pub stored_msisdn: Option<AddressString>,
}

impl ReportSmDeliveryStatusRes {
    /// Version 2 has the bare number, version 3 a SEQUENCE; some nodes mix the two.
    pub(super) fn read(parameter: Option<&[u8]>) -> Result<Self, Error> {
        let Some(parameter) = parameter else { return Ok(Self::default()) };
        let element = whole(parameter)?;
        let stored_msisdn = match element.tag {
            Tag::OCTET_STRING => Some(AddressString::read(&element)?),
            _ => Fields::of(parameter)?.take_if(Tag::OCTET_STRING)?,
        };
        Ok(Self { stored_msisdn })
    }

    pub(super) fn write(&self, version: Version) -> Result<Option<Vec<u8>>, Error> {
        let Some(number) = &self.stored_msisdn else { return Ok(None) };
        let mut out = Writer::default();
        out.put(Tag::OCTET_STRING, number);
        match version {
            Version::V1 => Ok(None),
            Version::V2 => out.fields().map(Some),
            Version::V3 => out.sequence().map(Some),
        }
    }
}
