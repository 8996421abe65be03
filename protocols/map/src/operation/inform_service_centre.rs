//! informServiceCentre: the HLR's message waiting data of a subscriber (TS 29.002 §12.6).

use tcap::ber::{self, Element, Tag};

use crate::address::AddressString;
use crate::context::Version;
use crate::error::Error;
use crate::field::{Fields, Value, Writer};

/// MW-Status: the flags of the message waiting data.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MwStatus {
    /// The address of this centre is not in the message waiting data.
    pub sc_address_not_included: bool,
    /// MNRF: not reachable by the MSC.
    pub mnrf_set: bool,
    /// MCEF: the phone's memory is full.
    pub mcef_set: bool,
    /// MNRG: not reachable by the SGSN.
    pub mnrg_set: bool,
    /// MNR5G: not reachable by the SMSF of 3GPP access.
    pub mnr5g_set: bool,
    /// MNR5GN3G: not reachable by the SMSF of other access.
    pub mnr5gn3g_set: bool,
}

impl MwStatus {
    /// Whether any flag is set, which a successful delivery clears.
    pub const fn has_flag(self) -> bool {
        self.mnrf_set || self.mcef_set || self.mnrg_set || self.mnr5g_set || self.mnr5gn3g_set
    }
}

impl Value for MwStatus {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        let (_, &[bits, ..]) = element.bit_string()? else {
            return Err(Error::Mistyped("MW-Status is too short"));
        };
        let bit = |number: u8| bits << number & 0x80 != 0;
        Ok(Self {
            sc_address_not_included: bit(0),
            mnrf_set: bit(1),
            mcef_set: bit(2),
            mnrg_set: bit(3),
            mnr5g_set: bit(4),
            mnr5gn3g_set: bit(5),
        })
    }

    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        let bit = |set: bool, number: u8| if set { 0x80 >> number } else { 0 };
        let bits = bit(self.sc_address_not_included, 0)
            | bit(self.mnrf_set, 1)
            | bit(self.mcef_set, 2)
            | bit(self.mnrg_set, 3)
            | bit(self.mnr5g_set, 4)
            | bit(self.mnr5gn3g_set, 5);
        // Six bits, the least that the type allows: two of the octet are unused.
        out.bit_string(tag, 2, &[bits]);
        Ok(())
    }
}

/// InformServiceCentreArg.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct InformServiceCentreArg {
    /// storedMSISDN: the number under which the HLR stores the subscriber.
    pub stored_msisdn: Option<AddressString>,
    /// The flags of the message waiting data.
    pub mw_status: Option<MwStatus>,
    /// Diagnostic of the MSC. Version 3, as all below.
    pub absent_subscriber_diagnostic_sm: Option<u8>,
    /// Diagnostic of the SGSN.
    pub additional_absent_subscriber_diagnostic_sm: Option<u8>,
    /// Diagnostic of the SMSF of 3GPP access.
    pub smsf_3gpp_absent_subscriber_diagnostic_sm: Option<u8>,
    /// Diagnostic of the SMSF of other access.
    pub smsf_non_3gpp_absent_subscriber_diagnostic_sm: Option<u8>,
}

impl InformServiceCentreArg {
    pub(super) fn read(parameter: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::of(parameter)?;
        Ok(Self {
            stored_msisdn: fields.take_if(Tag::OCTET_STRING)?,
            mw_status: fields.take_if(Tag::BIT_STRING)?,
            absent_subscriber_diagnostic_sm: fields.find(Tag::INTEGER)?,
            additional_absent_subscriber_diagnostic_sm: fields.find(Tag::context(0))?,
            smsf_3gpp_absent_subscriber_diagnostic_sm: fields.find(Tag::context(1))?,
            smsf_non_3gpp_absent_subscriber_diagnostic_sm: fields.find(Tag::context(2))?,
        })
    }

    pub(super) fn write(&self, version: Version) -> Result<Vec<u8>, Error> {
        let mut out = Writer::default();
        out.put_some(Tag::OCTET_STRING, &self.stored_msisdn).put_some(Tag::BIT_STRING, &self.mw_status);
        if version == Version::V3 {
            out.put_some(Tag::INTEGER, &self.absent_subscriber_diagnostic_sm)
                .put_some(Tag::context(0), &self.additional_absent_subscriber_diagnostic_sm)
                .put_some(Tag::context(1), &self.smsf_3gpp_absent_subscriber_diagnostic_sm)
                .put_some(Tag::context(2), &self.smsf_non_3gpp_absent_subscriber_diagnostic_sm);
        }
        out.sequence()
    }
}
