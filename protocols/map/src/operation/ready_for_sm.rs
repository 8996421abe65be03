//! readyForSM: a node reports to the HLR that a subscriber is reachable (TS 29.002 §12.4). In version 1
//! it is noteSubscriberPresent, an IMSI alone.

use tcap::ber::Tag;

use crate::address::Imsi;
use crate::context::Version;
use crate::error::Error;
use crate::field::{Fields, Value, Writer, whole};
use crate::value::{Time, enumerated};

enumerated! {
    /// AlertReason.
    AlertReason {
        /// The phone is present.
        MsPresent = 0,
        /// The phone has free memory.
        MemoryAvailable = 1,
    }
}

/// ReadyForSM-Arg.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReadyForSmArg {
    /// The subscriber.
    pub imsi: Imsi,
    /// The reason; version 1 has only the presence of the phone.
    pub alert_reason: AlertReason,
    /// The reporting node is an SGSN. Version 3, as all below.
    pub alert_reason_indicator: bool,
    /// The reporting node is an SMSF or a node of IMS.
    pub additional_alert_reason_indicator: bool,
    /// Until when the phone can be reached.
    pub maximum_ue_availability_time: Option<Time>,
}

impl ReadyForSmArg {
    pub(super) fn read(parameter: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::of(parameter)?;
        Ok(Self {
            imsi: fields.take(Tag::context(0))?,
            alert_reason: fields.take(Tag::ENUMERATED)?,
            alert_reason_indicator: fields.flag(Tag::NULL),
            additional_alert_reason_indicator: fields.flag(Tag::context(1)),
            maximum_ue_availability_time: fields.find(Tag::OCTET_STRING)?,
        })
    }

    /// The argument of noteSubscriberPresent.
    pub(super) fn read_note(parameter: &[u8]) -> Result<Self, Error> {
        let element = whole(parameter)?;
        if element.tag != Tag::OCTET_STRING {
            return Err(Error::Mistyped("no IMSI"));
        }
        Ok(Self {
            imsi: Imsi::read(&element)?,
            alert_reason: AlertReason::MsPresent,
            alert_reason_indicator: false,
            additional_alert_reason_indicator: false,
            maximum_ue_availability_time: None,
        })
    }

    pub(super) fn write(&self, version: Version) -> Result<Vec<u8>, Error> {
        let mut out = Writer::default();
        if version == Version::V1 {
            return out.put(Tag::OCTET_STRING, &self.imsi).fields();
        }
        out.put(Tag::context(0), &self.imsi).put(Tag::ENUMERATED, &self.alert_reason);
        if version == Version::V3 {
            out.flag(Tag::NULL, self.alert_reason_indicator)
                .flag(Tag::context(1), self.additional_alert_reason_indicator)
                .put_some(Tag::OCTET_STRING, &self.maximum_ue_availability_time);
        }
        out.sequence()
    }
}
