//! sendRoutingInfoForSM: the IMSI of a subscriber and the serving nodes (TS 29.002 §12.1).

use tcap::ber::{self, Element, Tag};

use crate::address::{AddressString, Imsi, Lmsi};
use crate::context::Version;
use crate::error::Error;
use crate::field::{Fields, Value, Writer};
use crate::value::{Octets, Opaque, enumerated};

enumerated! {
    /// SM-DeliveryNotIntended: the requester does not intend to deliver.
    SmDeliveryNotIntended {
        /// The IMSI is enough.
        OnlyImsiRequested = 0,
        /// The country and the network are enough.
        OnlyMccMncRequested = 1,
    }
}

/// RoutingInfoForSM-Arg.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RoutingInfoForSmArg {
    /// The number of the subscriber.
    pub msisdn: AddressString,
    /// sm-RP-PRI: try although the subscriber is known to be absent.
    pub sm_rp_pri: bool,
    /// The address of the centre, which the HLR alerts.
    pub service_centre_address: AddressString,
    /// A TeleserviceCode, in version 1 alone.
    pub teleservice: Option<Octets>,
    /// The requester supports two nodes. Without it no SGSN is returned. Version 3.
    pub gprs_support_indicator: bool,
    /// sm-RP-MTI: 0 for a SMS-DELIVER, 1 for a SMS-STATUS-REPORT. Version 3.
    pub sm_rp_mti: Option<u8>,
    /// sm-RP-SMEA: the originator as in the TPDU, 1 to 12 octets. Version 3.
    pub sm_rp_smea: Option<Octets>,
    /// Nothing will be delivered. Version 3.
    pub sm_delivery_not_intended: Option<SmDeliveryNotIntended>,
    /// The requester supports IP-SM-GW-Guidance. Version 3.
    pub ip_sm_gw_guidance_indicator: bool,
    /// The IMSI, when there is no MSISDN. Version 3.
    pub imsi: Option<Imsi>,
    /// The message is a trigger for a device. Version 3.
    pub t4_trigger_indicator: bool,
    /// Single delivery attempt: the HLR stores no message waiting data. Version 3.
    pub single_attempt_delivery: bool,
    /// CorrelationID, contents of the SEQUENCE. Version 3.
    pub correlation_id: Option<Opaque>,
    /// The requester supports SMSF addresses. Version 3.
    pub smsf_support_indicator: bool,
}

impl RoutingInfoForSmArg {
    pub(super) fn read(parameter: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::of(parameter)?;
        Ok(Self {
            msisdn: fields.take(Tag::context(0))?,
            sm_rp_pri: fields.take(Tag::context(1))?,
            service_centre_address: fields.take(Tag::context(2))?,
            teleservice: fields.find(Tag::context(5))?,
            gprs_support_indicator: fields.flag(Tag::context(7)),
            sm_rp_mti: fields.find(Tag::context(8))?,
            sm_rp_smea: fields.find(Tag::context(9))?,
            sm_delivery_not_intended: fields.find(Tag::context(10))?,
            ip_sm_gw_guidance_indicator: fields.flag(Tag::context(11)),
            imsi: fields.find(Tag::context(12))?,
            t4_trigger_indicator: fields.flag(Tag::context(14)),
            single_attempt_delivery: fields.flag(Tag::context(13)),
            correlation_id: fields.find(Tag::context(15))?,
            smsf_support_indicator: fields.flag(Tag::context(16)),
        })
    }

    pub(super) fn write(&self, version: Version) -> Result<Vec<u8>, Error> {
        let mut out = Writer::default();
        out.put(Tag::context(0), &self.msisdn)
            .put(Tag::context(1), &self.sm_rp_pri)
            .put(Tag::context(2), &self.service_centre_address);
        match version {
            Version::V1 => {
                out.put_some(Tag::context(5), &self.teleservice);
            }
            Version::V2 => {}
            Version::V3 => {
                out.flag(Tag::context(7), self.gprs_support_indicator)
                    .put_some(Tag::context(8), &self.sm_rp_mti)
                    .put_some(Tag::context(9), &self.sm_rp_smea)
                    .put_some(Tag::context(10), &self.sm_delivery_not_intended)
                    .flag(Tag::context(11), self.ip_sm_gw_guidance_indicator)
                    .put_some(Tag::context(12), &self.imsi)
                    .flag(Tag::context(14), self.t4_trigger_indicator)
                    .flag(Tag::context(13), self.single_attempt_delivery)
                    .put_some(Tag::context(15), &self.correlation_id)
                    .flag(Tag::context(16), self.smsf_support_indicator);
            }
        }
        out.sequence()
    }
}

const MSC: Tag = Tag::context(0);
const SGSN: Tag = Tag::context(1);

/// Additional-Number: a second or third node.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AdditionalNumber {
    /// An MSC.
    Msc(AddressString),
    /// An SGSN.
    Sgsn(AddressString),
}

impl AdditionalNumber {
    /// The number of the node.
    pub const fn number(&self) -> &AddressString {
        match self {
            Self::Msc(number) | Self::Sgsn(number) => number,
        }
    }
}

impl Value for AdditionalNumber {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        let number = Fields::inside(element)?.next()?;
        match number.tag {
            MSC => AddressString::read(&number).map(Self::Msc),
            SGSN => AddressString::read(&number).map(Self::Sgsn),
            _ => Err(Error::Mistyped("no Additional-Number")),
        }
    }

    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        let kind = match self {
            Self::Msc(_) => MSC,
            Self::Sgsn(_) => SGSN,
        };
        Writer::default().put(kind, self.number()).within(tag, out)
    }
}

/// LocationInfoWithLMSI: the nodes that serve the subscriber.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct LocationInfoWithLmsi {
    /// networkNode-Number: the MSC, or the SGSN if `gprs_node_indicator` is set.
    pub network_node_number: AddressString,
    /// The number above is a roaming number, which version 1 allows.
    pub roaming_number: bool,
    /// The local identity of the subscriber in the VLR.
    pub lmsi: Option<Lmsi>,
    /// The first number is that of an SGSN. Version 3, as all below.
    pub gprs_node_indicator: bool,
    /// The second node.
    pub additional_number: Option<AdditionalNumber>,
    /// The first node's Diameter address, contents of the SEQUENCE.
    pub network_node_diameter_address: Option<Opaque>,
    /// The second node's Diameter address.
    pub additional_network_node_diameter_address: Option<Opaque>,
    /// The third node.
    pub third_number: Option<AdditionalNumber>,
    /// The third node's Diameter address.
    pub third_network_node_diameter_address: Option<Opaque>,
    /// The first number is that of an IP-SM-GW or of a node of IMS.
    pub ims_node_indicator: bool,
    /// The SMSF of 3GPP access.
    pub smsf_3gpp_number: Option<AddressString>,
    /// The Diameter address of the SMSF of 3GPP access.
    pub smsf_3gpp_diameter_address: Option<Opaque>,
    /// The SMSF of other access.
    pub smsf_non_3gpp_number: Option<AddressString>,
    /// The Diameter address of the SMSF of other access.
    pub smsf_non_3gpp_diameter_address: Option<Opaque>,
    /// The first number is that of an SMSF of 3GPP access.
    pub smsf_3gpp_address_indicator: bool,
    /// The first number is that of an SMSF of other access.
    pub smsf_non_3gpp_address_indicator: bool,
}

impl LocationInfoWithLmsi {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        let mut fields = Fields::inside(element)?;
        let roaming = fields.take_if(Tag::context(0))?;
        Ok(Self {
            roaming_number: roaming.is_some(),
            network_node_number: match roaming {
                Some(number) => number,
                None => fields.take(Tag::context(1))?,
            },
            lmsi: fields.take_if(Tag::OCTET_STRING)?,
            gprs_node_indicator: fields.flag(Tag::context(5)),
            additional_number: fields.find(Tag::context(6))?,
            network_node_diameter_address: fields.find(Tag::context(7))?,
            additional_network_node_diameter_address: fields.find(Tag::context(8))?,
            third_number: fields.find(Tag::context(9))?,
            third_network_node_diameter_address: fields.find(Tag::context(10))?,
            ims_node_indicator: fields.flag(Tag::context(11)),
            smsf_3gpp_number: fields.find(Tag::context(12))?,
            smsf_3gpp_diameter_address: fields.find(Tag::context(13))?,
            smsf_non_3gpp_number: fields.find(Tag::context(14))?,
            smsf_non_3gpp_diameter_address: fields.find(Tag::context(15))?,
            smsf_3gpp_address_indicator: fields.flag(Tag::context(16)),
            smsf_non_3gpp_address_indicator: fields.flag(Tag::context(17)),
        })
    }

    /// Encodes the fields that `version` has.
    fn write(&self, version: Version) -> Writer {
        let mut out = Writer::default();
        let number = if self.roaming_number && version == Version::V1 { 0 } else { 1 };
        out.put(Tag::context(number), &self.network_node_number).put_some(Tag::OCTET_STRING, &self.lmsi);
        if version == Version::V3 {
            out.flag(Tag::context(5), self.gprs_node_indicator)
                .put_some(Tag::context(6), &self.additional_number)
                .put_some(Tag::context(7), &self.network_node_diameter_address)
                .put_some(Tag::context(8), &self.additional_network_node_diameter_address)
                .put_some(Tag::context(9), &self.third_number)
                .put_some(Tag::context(10), &self.third_network_node_diameter_address)
                .flag(Tag::context(11), self.ims_node_indicator)
                .put_some(Tag::context(12), &self.smsf_3gpp_number)
                .put_some(Tag::context(13), &self.smsf_3gpp_diameter_address)
                .put_some(Tag::context(14), &self.smsf_non_3gpp_number)
                .put_some(Tag::context(15), &self.smsf_non_3gpp_diameter_address)
                .flag(Tag::context(16), self.smsf_3gpp_address_indicator)
                .flag(Tag::context(17), self.smsf_non_3gpp_address_indicator);
        }
        out
    }
}

/// IP-SM-GW-Guidance: how long a delivery through an IP-SM-GW may take, in seconds (30 to 600).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IpSmGwGuidance {
    /// The least time to wait.
    pub minimum_delivery_time_value: u16,
    /// The time to wait.
    pub recommended_delivery_time_value: u16,
}

impl Value for IpSmGwGuidance {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        let mut fields = Fields::inside(element)?;
        Ok(Self {
            minimum_delivery_time_value: fields.take(Tag::INTEGER)?,
            recommended_delivery_time_value: fields.take(Tag::INTEGER)?,
        })
    }

    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        Writer::default()
            .put(Tag::INTEGER, &self.minimum_delivery_time_value)
            .put(Tag::INTEGER, &self.recommended_delivery_time_value)
            .within(tag, out)
    }
}

/// RoutingInfoForSM-Res.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct RoutingInfoForSmRes {
    /// The subscriber.
    pub imsi: Imsi,
    /// The serving nodes.
    pub location_info_with_lmsi: LocationInfoWithLmsi,
    /// mwd-Set: the centre is in the subscriber's message waiting data. Version 1 alone; later ones send
    /// informServiceCentre.
    pub mwd_set: Option<bool>,
    /// How long a delivery may take. Version 3.
    pub ip_sm_gw_guidance: Option<IpSmGwGuidance>,
}

impl RoutingInfoForSmRes {
    pub(super) fn read(parameter: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::of(parameter)?;
        let imsi = fields.take(Tag::OCTET_STRING)?;
        let Some(location) = fields.element(Tag::context(0)) else {
            return Err(Error::Mistyped("locationInfoWithLMSI is missing"));
        };
        Ok(Self {
            imsi,
            location_info_with_lmsi: LocationInfoWithLmsi::read(&location)?,
            mwd_set: fields.find(Tag::context(2))?,
            ip_sm_gw_guidance: fields.find(Tag::context(5))?,
        })
    }

    pub(super) fn write(&self, version: Version) -> Result<Vec<u8>, Error> {
        let mut out = Writer::default();
        out.put(Tag::OCTET_STRING, &self.imsi)
            .nest(Tag::context(0), &mut self.location_info_with_lmsi.write(version));
        match version {
            Version::V1 => out.put_some(Tag::context(2), &self.mwd_set),
            Version::V2 => &mut out,
            Version::V3 => out.put_some(Tag::context(5), &self.ip_sm_gw_guidance),
        }
        .sequence()
    }
}
