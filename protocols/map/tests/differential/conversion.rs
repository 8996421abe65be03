//! Conversion of `map` values to those of the crate `gsm_map`.

use bytes::Bytes;
use codec::address;
use codec::operations::report_sm;
use map::operation::{AdditionalNumber, SmDeliveryOutcome, SmRpDa, SmRpOa};
use map::{AddressString, Imsi, Opaque, SignalInfo, Time};

use super::theirs;

/// The contents of a SEQUENCE.
pub(crate) fn opaque(sequence: &[u8]) -> Opaque {
    let element = tcap::ber::Reader::new(sequence).next().unwrap().unwrap();
    Opaque(Bytes::copy_from_slice(element.content))
}

pub(crate) fn sequence(contents: &Opaque) -> Vec<u8> {
    let mut out = tcap::ber::Writer::new();
    out.constructed(tcap::ber::Tag::SEQUENCE, |inside| inside.raw(&contents.0));
    out.into_vec()
}

pub(crate) fn correlation(ours: &Opaque) -> theirs::CorrelationId {
    codec::decode(&sequence(ours)).unwrap()
}

pub(crate) fn diameter(ours: &Opaque) -> theirs::NetworkNodeDiameterAddress {
    codec::decode(&sequence(ours)).unwrap()
}

pub(crate) fn number(ours: &AddressString) -> theirs::AddressString {
    let (nature, plan) = (ours.nature_of_address.bits(), ours.numbering_plan.bits());
    address::isdn_address_string(&ours.digits, nature, plan).unwrap().into()
}

pub(crate) fn imsi(ours: &Imsi) -> theirs::Imsi {
    address::imsi(ours.digits()).unwrap().into()
}

pub(crate) fn flag(ours: bool) -> Option<()> {
    ours.then_some(())
}

pub(crate) fn time(ours: Time) -> theirs::Time {
    ours.0.to_be_bytes().to_vec().into()
}

pub(crate) fn text(ours: &SignalInfo) -> theirs::SignalInfo {
    ours.0.to_vec().into()
}

pub(crate) fn outcome(ours: SmDeliveryOutcome) -> report_sm::SmDeliveryOutcome {
    match ours {
        SmDeliveryOutcome::MemoryCapacityExceeded => report_sm::SmDeliveryOutcome::MemoryCapacityExceeded,
        SmDeliveryOutcome::AbsentSubscriber => report_sm::SmDeliveryOutcome::AbsentSubscriber,
        SmDeliveryOutcome::SuccessfulTransfer => report_sm::SmDeliveryOutcome::SuccessfulTransfer,
        SmDeliveryOutcome::Other(_) => panic!("theirs is closed"),
    }
}

pub(crate) fn additional(ours: &AdditionalNumber) -> theirs::AdditionalNumber {
    match ours {
        AdditionalNumber::Msc(msc) => theirs::AdditionalNumber::MscNumber(number(msc)),
        AdditionalNumber::Sgsn(sgsn) => theirs::AdditionalNumber::SgsnNumber(number(sgsn)),
    }
}

pub(crate) fn rp_da(ours: &SmRpDa) -> theirs::SmRpDa {
    match ours {
        SmRpDa::Imsi(value) => theirs::SmRpDa::Imsi(imsi(value)),
        SmRpDa::Lmsi(value) => theirs::SmRpDa::Lmsi(value.0.to_vec().into()),
        SmRpDa::ServiceCentreAddress(centre) => theirs::SmRpDa::ServiceCentreAddressDa(number(centre)),
        SmRpDa::None => theirs::SmRpDa::NoSmRpDa(()),
        SmRpDa::RoamingNumber(_) => panic!("not in version 3"),
    }
}

pub(crate) fn rp_oa(ours: &SmRpOa) -> theirs::SmRpOa {
    match ours {
        SmRpOa::Msisdn(msisdn) => theirs::SmRpOa::MsIsdn(number(msisdn)),
        SmRpOa::ServiceCentreAddress(centre) => theirs::SmRpOa::ServiceCentreAddressOa(number(centre)),
        SmRpOa::None => theirs::SmRpOa::NoSmRpOa(()),
    }
}
