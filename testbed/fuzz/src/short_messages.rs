//! Fuzz targets for short messages: TPDUs, RPDUs, user data headers, septets.

use sms::alphabet::{self, Language, Shifts};
use sms::coding::Alphabet;
use sms::header::{Reference, ReferenceWidth, UserDataHeader};
use sms::rpdu::Rpdu;
use sms::tpdu::{DeliverReport, MobileOriginated, MobileTerminated, SubmitReport};
use sms::{packing, segment, ucs2};

/// Reads, writes, reads again: the same.
fn stable<T: PartialEq>(
    octets: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, sms::Error>,
    encode: impl Fn(&T) -> Result<Vec<u8>, sms::Error>,
) {
    if let Ok(read) = decode(octets) {
        let again = encode(&read).and_then(|written| decode(&written));
        assert!(again.is_ok_and(|again| again == read), "a value that was read is written differently");
    }
}

/// A TPDU in either direction, and each report.
pub(crate) fn tpdu(octets: &[u8]) {
    stable(octets, MobileOriginated::decode, |read| match read {
        MobileOriginated::Submit(submit) => {
            let _ = submit.validity.map(|validity| validity.expires(i64::MAX));
            let _ = submit.user_data.text(submit.data_coding);
            submit.encode()
        }
        MobileOriginated::Command(command) => command.encode(),
    });
    stable(octets, MobileTerminated::decode, |read| match read {
        MobileTerminated::Deliver(deliver) => {
            let _ = (deliver.user_data.text(deliver.data_coding), deliver.timestamp.to_unix());
            deliver.encode()
        }
        MobileTerminated::StatusReport(report) => report.encode(),
    });
    stable(octets, DeliverReport::decode_in_ack, DeliverReport::encode);
    stable(octets, DeliverReport::decode_in_error, DeliverReport::encode);
    stable(octets, SubmitReport::decode_in_ack, SubmitReport::encode);
    stable(octets, SubmitReport::decode_in_error, SubmitReport::encode);
}

/// An RPDU, and the TPDU in it.
pub(crate) fn rpdu(octets: &[u8]) {
    stable(octets, Rpdu::decode, Rpdu::encode);
}

/// A user data header in front of a text.
pub(crate) fn udh(octets: &[u8]) {
    let Ok((header, rest)) = UserDataHeader::split(octets) else { return };
    let encoded = header.encode();
    assert!(encoded.len() == header.encoded_len());
    assert!(header.is_empty() || UserDataHeader::decode(&encoded).as_ref() == Ok(&header));
    assert!(header.without_concatenation().concatenation().is_none());
    let _ = (header.ports(), header.shifts(), header.special_sms().count());
    let _ = segment::count(Alphabet::Ucs2, rest, &header, ReferenceWidth::Eight);
}

/// Septets, packed and unpacked, in every language; UCS2; segments.
pub(crate) fn gsm7(octets: &[u8]) {
    for shifts in Language::ALL.map(Shifts::both) {
        assert!(alphabet::decode(octets, shifts).chars().count() <= octets.len());
    }
    for (count, fill_bits) in [(7, 3), (octets.len(), 6), (octets.len() * 8 / 7, 0)] {
        if let Ok(septets) = packing::unpack(octets, fill_bits, count) {
            let again = packing::unpack(&packing::pack(&septets, fill_bits), fill_bits, count);
            assert!(again == Ok(septets));
        }
    }
    let text = ucs2::decode(octets);
    assert!(ucs2::decode(&ucs2::encode(&text)) == text);
    for alphabet in [Alphabet::Gsm7, Alphabet::EightBit, Alphabet::Ucs2] {
        let split = segment::split(alphabet, octets, &UserDataHeader::new(), Reference::Sixteen(9));
        if let Ok(segments) = split {
            assert!(segments.iter().flat_map(|each| &each.body).eq(octets), "segments hold another text");
        }
    }
}
