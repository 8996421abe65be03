//! SM-RP-DA and SM-RP-OA: destination and originating address of a short message (TS 29.002 §17.7.6).

use tcap::ber::Tag;

use crate::address::{AddressString, Imsi, Lmsi};
use crate::error::Error;
use crate::field::{Fields, Value, Writer};

const IMSI: Tag = Tag::context(0);
const LMSI: Tag = Tag::context(1);
const MSISDN: Tag = Tag::context(2);
const ROAMING_NUMBER: Tag = Tag::context(3);
const SERVICE_CENTRE_ADDRESS: Tag = Tag::context(4);
const NONE: Tag = Tag::context(5);

/// SM-RP-DA.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum SmRpDa {
    /// The subscriber.
    Imsi(Imsi),
    /// The subscriber by the local identity of the VLR.
    Lmsi(Lmsi),
    /// The subscriber by a roaming number, in version 1 alone.
    RoamingNumber(AddressString),
    /// The centre.
    ServiceCentreAddress(AddressString),
    /// noSM-RP-DA: the same as before in this dialogue.
    #[default]
    None,
}

impl SmRpDa {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let element = fields.next()?;
        match element.tag {
            IMSI => Imsi::read(&element).map(Self::Imsi),
            LMSI => Lmsi::read(&element).map(Self::Lmsi),
            ROAMING_NUMBER => AddressString::read(&element).map(Self::RoamingNumber),
            SERVICE_CENTRE_ADDRESS => AddressString::read(&element).map(Self::ServiceCentreAddress),
            NONE => Ok(Self::None),
            _ => Err(Error::Mistyped("no SM-RP-DA")),
        }
    }

    pub(super) fn write(&self, out: &mut Writer) {
        match self {
            Self::Imsi(imsi) => out.put(IMSI, imsi),
            Self::Lmsi(lmsi) => out.put(LMSI, lmsi),
            Self::RoamingNumber(number) => out.put(ROAMING_NUMBER, number),
            Self::ServiceCentreAddress(address) => out.put(SERVICE_CENTRE_ADDRESS, address),
            Self::None => out.flag(NONE, true),
        };
    }
}

/// SM-RP-OA.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum SmRpOa {
    /// The subscriber.
    Msisdn(AddressString),
    /// The centre.
    ServiceCentreAddress(AddressString),
    /// noSM-RP-OA: the same as before in this dialogue, or a subscriber without a number.
    #[default]
    None,
}

impl SmRpOa {
    pub(super) fn read(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let element = fields.next()?;
        match element.tag {
            MSISDN => AddressString::read(&element).map(Self::Msisdn),
            SERVICE_CENTRE_ADDRESS => AddressString::read(&element).map(Self::ServiceCentreAddress),
            NONE => Ok(Self::None),
            _ => Err(Error::Mistyped("no SM-RP-OA")),
        }
    }

    pub(super) fn write(&self, out: &mut Writer) {
        match self {
            Self::Msisdn(number) => out.put(MSISDN, number),
            Self::ServiceCentreAddress(address) => out.put(SERVICE_CENTRE_ADDRESS, address),
            Self::None => out.flag(NONE, true),
        };
    }
}
