//! Whether a submission may become a message, and what it becomes.

use std::sync::Arc;
use std::time::Duration;

use sms::coding::DataCoding;
use sms::header::{ReferenceWidth, UserDataHeader};
use sms::segment;

use crate::ids::MessageId;
use crate::message::{Content, Kind, Message, Mode, Submission, Validity};
use crate::rejection::Rejection;
use crate::rules::Rules;
use crate::rules::routing::table::Route;
use crate::timestamp::Timestamp;

/// A scheduled time this little in the past is "now": clocks differ.
pub(crate) const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

impl Rules {
    /// Turns a submission into a message with a route, or rejects it.
    pub fn admit(
        &self,
        submission: Submission,
        id: MessageId,
        now: Timestamp,
    ) -> Result<(Message, Arc<Route>), Rejection> {
        let destination =
            self.numbering.destination(&submission.destination).map_err(Rejection::Destination)?;
        let source = self.admit_source(&submission)?;
        admit_content(&submission.content)?;
        let (deliver_after, expires_at) = self.admit_times(&submission, now)?;
        let route = self
            .route(&submission.origin, &submission.account, &destination.digits)
            .ok_or(Rejection::NoRoute)?;
        let unchanged = source == submission.source && destination == submission.destination;
        let presented = (!unchanged).then(|| Box::new((submission.source, submission.destination)));
        let message = Message {
            id,
            origin: submission.origin,
            account: submission.account,
            source,
            destination,
            presented,
            route: route.name.clone(),
            content: submission.content,
            mode: submission.mode,
            receipt: submission.receipt,
            priority: submission.priority.min(3),
            protocol_id: submission.protocol_id,
            reply_path: submission.reply_path,
            service_type: submission.service_type,
            optional: submission.optional,
            accepted_at: now,
            deliver_after,
            expires_at,
            client_key: submission.client_key,
            headers: submission.headers,
            kind: Kind::Ordinary,
        };
        Ok((message, route))
    }

    pub(crate) fn admit_source(&self, submission: &Submission) -> Result<crate::address::Address, Rejection> {
        let account = self.account(&submission.account);
        let mut source = self.numbering.source(&submission.source).map_err(Rejection::Source)?;
        if source.digits.is_empty() {
            source = account.source_default.clone().ok_or(Rejection::Source("there is none"))?;
        }
        let allowed = account.source_pattern.as_ref().is_none_or(|pattern| {
            pattern.find(&source.digits).is_some_and(|found| found.len() == source.digits.len())
        });
        if allowed { Ok(source) } else { Err(Rejection::Source("not one of this account's senders")) }
    }

    /// Not before, and not after.
    fn admit_times(
        &self,
        submission: &Submission,
        now: Timestamp,
    ) -> Result<(Timestamp, Timestamp), Rejection> {
        let deliver_after = match submission.deliver_after {
            Some(wish) if wish + CLOCK_TOLERANCE < now => return Err(Rejection::Schedule("it is past")),
            Some(_) if submission.mode != Mode::StoreAndForward => {
                return Err(Rejection::Schedule("only stored messages can be scheduled"));
            }
            Some(wish) => wish.max(now),
            None => now,
        };
        let expires_at = self.end_of(submission.validity, deliver_after, now)?;
        if expires_at <= deliver_after {
            return Err(Rejection::Schedule("it is not before the end of the validity"));
        }
        Ok((deliver_after, expires_at))
    }

    /// The end of all attempts of a message that is first tried at `deliver_after`.
    pub(crate) fn end_of(
        &self,
        validity: Option<Validity>,
        deliver_after: Timestamp,
        now: Timestamp,
    ) -> Result<Timestamp, Rejection> {
        Ok(match validity {
            None => deliver_after + self.validity_default,
            Some(Validity::For(span)) if span.is_zero() => deliver_after + self.validity_default,
            Some(Validity::For(span)) => now + span.min(deliver_after.since(now) + self.validity_max),
            Some(Validity::Until(end)) if end <= now => return Err(Rejection::Validity("it is past")),
            Some(Validity::Until(end)) => end.min(deliver_after + self.validity_max),
        })
    }
}

/// The header must be whole and the body must fit into the segments that there may be.
pub(crate) fn admit_content(content: &Content) -> Result<(), Rejection> {
    let coding = DataCoding(content.data_coding);
    let header = if content.header.is_empty() {
        UserDataHeader::new()
    } else {
        UserDataHeader::decode(&content.header).map_err(|_| Rejection::Header("an element does not fit"))?
    };
    let alphabet = coding.alphabet();
    if alphabet == sms::coding::Alphabet::Ucs2 && content.body.len() % 2 == 1 {
        return Err(Rejection::TooLong("UCS2 needs an even number of octets"));
    }
    if content.body.len() <= segment::capacity(alphabet, content.header.len()) {
        return Ok(());
    }
    if header.concatenation().is_some() {
        return Err(Rejection::TooLong("a segment holds 140 octets with its header"));
    }
    segment::count(alphabet, &content.body, &header, ReferenceWidth::Sixteen)
        .map(|_| ())
        .map_err(|_| Rejection::TooLong("more than 255 segments"))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::address::Address;
    use crate::endpoint::Endpoint;
    use crate::rules::routing::directory::Directory;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn rules() -> Rules {
        let directory = Directory::default();
        directory.replace(|_| true, &[("15550001".into(), Endpoint::Platform)]);
        Rules { directory: Arc::new(directory), ..Rules::default() }
    }

    fn submission() -> Submission {
        let content = Content { body: Bytes::from_static(b"hello"), ..Content::default() };
        Submission::new(
            Endpoint::Esme("acme".into()),
            Address::international("4915112345678"),
            Address::international("15550001"),
            content,
        )
    }

    fn admit(change: impl FnOnce(&mut Submission)) -> Result<Message, Rejection> {
        let mut submission = submission();
        change(&mut submission);
        rules().admit(submission, MessageId::from_u64(1), NOW).map(|(message, _)| message)
    }

    #[test]
    fn a_plain_submission_is_tried_for_three_days() {
        let message = admit(|_| ()).unwrap();
        assert_eq!(message.expires_at, NOW + Duration::from_secs(72 * 3600));
        assert_eq!(message.deliver_after, NOW);
        assert_eq!(message.presented, None);
        assert_eq!(message.route, "platform");
    }

    #[test]
    fn what_nothing_leads_to_is_refused_at_submission() {
        let refused = admit(|submission| submission.destination = Address::international("33123456789"));
        assert_eq!(refused, Err(Rejection::NoRoute));
    }

    #[test]
    fn the_form_of_the_submitter_is_kept_beside_the_normal_one() {
        let message =
            admit(|submission| submission.destination = Address::international("0015550001")).unwrap();
        assert_eq!(message.destination, Address::international("15550001"));
        assert_eq!(message.presented_destination().digits, "0015550001");
    }

    #[test]
    fn field_45_times_in_the_past_are_refused() {
        let past = NOW - Duration::from_secs(3600);
        let refused = admit(|submission| submission.validity = Some(Validity::Until(past)));
        assert!(matches!(refused, Err(Rejection::Validity(_))));
        let refused = admit(|submission| submission.deliver_after = Some(past));
        assert!(matches!(refused, Err(Rejection::Schedule(_))));
        let just_now = NOW - Duration::from_secs(30);
        assert_eq!(admit(|submission| submission.deliver_after = Some(just_now)).unwrap().deliver_after, NOW);
    }

    #[test]
    fn a_longer_validity_than_the_maximum_is_reduced() {
        let wish = Duration::from_secs(1000 * 3600);
        let message = admit(|submission| submission.validity = Some(Validity::For(wish))).unwrap();
        assert_eq!(message.expires_at, NOW + Duration::from_secs(240 * 3600));
    }

    #[test]
    fn a_schedule_beyond_the_validity_is_refused() {
        let refused = admit(|submission| {
            submission.deliver_after = Some(NOW + Duration::from_secs(7200));
            submission.validity = Some(Validity::For(Duration::from_secs(3600)));
        });
        assert!(matches!(refused, Err(Rejection::Schedule(_))));
    }

    #[test]
    fn field_15_a_broken_header_is_refused() {
        for header in [&[5_u8, 0, 3, 1, 2][..], &[3, 0, 9, 1], &[1, 0]] {
            let refused = admit(|submission| submission.content.header = Bytes::copy_from_slice(header));
            assert!(matches!(refused, Err(Rejection::Header(_))), "{header:?}");
        }
    }

    #[test]
    fn a_segment_over_140_octets_is_refused() {
        let refused = admit(|submission| {
            submission.content.header = Bytes::from_static(&[5, 0, 3, 1, 2, 1]);
            submission.content.body = Bytes::from(vec![b'a'; 154]);
        });
        assert!(matches!(refused, Err(Rejection::TooLong(_))));
        let taken = admit(|submission| {
            submission.content.header = Bytes::from_static(&[5, 0, 3, 1, 2, 1]);
            submission.content.body = Bytes::from(vec![b'a'; 153]);
        });
        assert!(taken.is_ok());
    }

    #[test]
    fn an_account_may_be_held_to_its_senders() {
        let mut rules = rules();
        let pattern = regex::Regex::new("49[0-9]+").unwrap();
        rules.account_default.source_pattern = Some(pattern);
        assert!(rules.admit(submission(), MessageId::from_u64(1), NOW).is_ok());
        let mut other = submission();
        other.source = Address::international("33612345678");
        let refused = rules.admit(other, MessageId::from_u64(1), NOW);
        assert!(matches!(refused, Err(Rejection::Source(_))));
    }
}
