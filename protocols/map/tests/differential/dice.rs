//! Seeded generator of field values for the differential tests.

use map::operation::SmDeliveryOutcome;
use map::{AddressString, Imsi, NatureOfAddress, NumberingPlan, Opaque, SignalInfo, Time};

use super::conversion::opaque;
use super::theirs;

/// A generator for one case. Every optional field may be present or absent.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit
    }

    pub(crate) fn octet(&mut self, limit: u64) -> u8 {
        self.below(limit).try_into().unwrap()
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    pub(crate) fn some<T>(&mut self, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.flag() { Some(value(self)) } else { None }
    }

    pub(crate) fn octets(&mut self, least: u64, most: u64) -> Vec<u8> {
        (0..least + self.below(most - least + 1)).map(|_| self.octet(256)).collect()
    }

    pub(crate) fn digits(&mut self, least: u64, most: u64) -> String {
        let count = least + self.below(most - least + 1);
        (0..count).map(|_| char::from(b'0' + self.octet(10))).collect()
    }

    pub(crate) fn address(&mut self) -> AddressString {
        AddressString {
            nature_of_address: [NatureOfAddress::International, NatureOfAddress::National]
                [usize::from(self.flag())],
            numbering_plan: [NumberingPlan::Isdn, NumberingPlan::LandMobile][usize::from(self.flag())],
            digits: self.digits(1, 15).into(),
        }
    }

    pub(crate) fn imsi(&mut self) -> Imsi {
        Imsi::new(&self.digits(6, 15))
    }

    pub(crate) fn outcome(&mut self) -> SmDeliveryOutcome {
        SmDeliveryOutcome::from(self.octet(3))
    }

    pub(crate) fn any(&mut self) -> u8 {
        self.octet(256)
    }

    pub(crate) fn time(&mut self) -> Time {
        Time(self.below(1 << 32).try_into().unwrap())
    }

    pub(crate) fn text(&mut self) -> SignalInfo {
        SignalInfo(self.octets(1, 200).into())
    }

    /// A CorrelationID.
    pub(crate) fn correlation(&mut self) -> Opaque {
        let their = theirs::CorrelationId {
            hlr_id: self.some(|dice| dice.octets(3, 6).into()),
            sip_uri_a: None,
            sip_uri_b: self.octets(4, 30).into(),
        };
        opaque(&codec::encode(&their).unwrap())
    }

    pub(crate) fn diameter(&mut self) -> Opaque {
        let their = theirs::NetworkNodeDiameterAddress {
            diameter_name: self.octets(9, 60).into(),
            diameter_realm: self.octets(9, 60).into(),
        };
        opaque(&codec::encode(&their).unwrap())
    }
}
