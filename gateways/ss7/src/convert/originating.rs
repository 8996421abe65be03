//! What a phone submits (SMS-SUBMIT) to a submission for the centre.

use bytes::Bytes;
use sms::status::FailureCause;
use sms::tpdu::Submit;
use sms::validity::Validity as TpValidity;
use smsc::address::Address;
use smsc::endpoint::Endpoint;
use smsc::message::{Content, Submission, Validity};
use smsc::names::Name;
use smsc::optional;
use smsc::receipt::ReceiptRequest;
use smsc::timestamp::Timestamp;

use super::address;

/// The phone that submits.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    /// The network that it is in.
    pub(crate) network: Name,
    /// The account that its messages belong to.
    pub(crate) account: Name,
    /// Its number.
    pub(crate) number: Address,
}

/// What the centre is asked to take over.
///
/// # Errors
/// TP-FCS for the phone, if the validity is none.
pub(crate) fn submission(
    submit: &Submit,
    sender: Sender,
    now: Timestamp,
) -> Result<Submission, FailureCause> {
    let validity = submit.validity.map(|validity| until(validity, now)).transpose()?.flatten();
    let header = &submit.user_data.header;
    let content = Content {
        data_coding: submit.data_coding.0,
        header: if header.is_empty() { Bytes::new() } else { Bytes::from(header.encode()) },
        body: Bytes::copy_from_slice(&submit.user_data.body),
    };
    let destination = address::inward(&submit.destination);
    let receipt = if submit.status_report_request { ReceiptRequest::ALWAYS } else { ReceiptRequest::NONE };
    Ok(Submission {
        account: sender.account,
        receipt,
        protocol_id: submit.protocol_identifier.0,
        reply_path: submit.reply_path,
        optional: optional::with_message_reference(u16::from(submit.message_reference)),
        validity: validity.map(Validity::Until),
        ..Submission::new(Endpoint::Ss7(sender.network), sender.number, destination, content)
    })
}

/// The end of a validity, if the phone set one.
fn until(validity: TpValidity, now: Timestamp) -> Result<Option<Timestamp>, FailureCause> {
    let accepted = i64::try_from(now.seconds()).unwrap_or(i64::MAX);
    let end = validity.expires(accepted).map_err(|_| match validity {
        TpValidity::Enhanced(_) => FailureCause::VPF_NOT_SUPPORTED,
        _ => FailureCause::VP_NOT_SUPPORTED,
    })?;
    Ok(end.map(|end| Timestamp::from_millis(u64::try_from(end).unwrap_or(0).saturating_mul(1000))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sms::tpdu::MobileOriginated;

    const NOW: Timestamp = Timestamp::from_millis(1_731_441_480_000);

    fn sender() -> Sender {
        Sender { network: "home".into(), account: "home".into(), number: Address::international("15550201") }
    }

    fn submit(hex: &str) -> Submit {
        let octets: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        match MobileOriginated::decode(&octets).unwrap() {
            MobileOriginated::Submit(submit) => submit,
            MobileOriginated::Command(_) => panic!("a command"),
        }
    }

    #[test]
    fn a_published_submit_becomes_a_submission() {
        // AT-command manuals print this one: to +46708251358, "hellohello", validity 4 days (0xAA).
        let taken =
            submission(&submit("11000B916407281553F80000AA0AE8329BFD4697D9EC37"), sender(), NOW).unwrap();
        assert_eq!(taken.destination, Address::international("46708251358"));
        assert_eq!(taken.origin, Endpoint::Ss7("home".into()));
        assert_eq!(&taken.content.body[..], b"hellohello");
        assert_eq!(taken.validity, Some(Validity::Until(NOW + std::time::Duration::from_secs(4 * 86_400))));
        assert_eq!(optional::message_reference(&taken.optional), Some(0));
        assert_eq!(taken.receipt, ReceiptRequest::NONE);
    }

    #[test]
    fn field_19_a_relative_validity_counts_from_acceptance() {
        for (octet, seconds) in
            [("8F", 12 * 3600), ("A7", 24 * 3600), ("A9", 3 * 86_400), ("FF", 63 * 7 * 86_400)]
        {
            let hex = format!("11000B916407281553F80000{octet}0AE8329BFD4697D9EC37");
            let taken = submission(&submit(&hex), sender(), NOW).unwrap();
            let end = NOW + std::time::Duration::from_secs(seconds);
            assert_eq!(taken.validity, Some(Validity::Until(end)), "{octet}");
        }
    }

    #[test]
    fn field_20_an_absolute_validity_honours_its_zone() {
        // 2026-11-25 20:30:00, five hours behind UTC: twenty quarters with the sign in bit 3.
        let hex = "19000B916407281553F80000621152020300 0A0AE8329BFD4697D9EC37".replace(' ', "");
        let taken = submission(&submit(&hex), sender(), NOW).unwrap();
        assert_eq!(taken.validity, Some(Validity::Until(Timestamp::from_millis(1_795_656_600_000))));
    }

    #[test]
    fn field_20_an_unknown_format_is_named_to_the_phone() {
        // An enhanced format with a reserved functionality indicator.
        let hex = "09000B916407281553F80000070000000000000AE8329BFD4697D9EC37";
        assert_eq!(submission(&submit(hex), sender(), NOW).unwrap_err(), FailureCause::VPF_NOT_SUPPORTED);
    }
}
