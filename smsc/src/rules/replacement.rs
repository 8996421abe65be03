//! What may still be changed of a message that waits (SMPP 3.4 §4.10), and by what.

use crate::address::Address;
use crate::message::{Message, Mode, Replacement, Submission};
use crate::rejection::Rejection;
use crate::rules::Rules;
use crate::rules::admission::{CLOCK_TOLERANCE, admit_content};
use crate::stored::QueueEntry;
use crate::timestamp::Timestamp;

impl Rules {
    /// The message as `replacement` makes it. `None` if the request is not from the message's sender,
    /// or the message is none that can be changed.
    ///
    /// # Errors
    /// The rejection that a submission with these values would get.
    pub fn replace(
        &self,
        message: &Message,
        replacement: Replacement,
        now: Timestamp,
    ) -> Result<Option<Message>, Rejection> {
        if !is_changeable(message) || !self.is_source_of(message, &replacement.source) {
            return Ok(None);
        }
        if let Some(content) = &replacement.content {
            admit_content(content)?;
        }
        let deliver_after = match replacement.deliver_after {
            None => message.deliver_after,
            Some(wish) if wish + CLOCK_TOLERANCE < now => return Err(Rejection::Schedule("it is past")),
            Some(wish) => wish.max(now),
        };
        let expires_at = match replacement.validity {
            None => message.expires_at,
            Some(validity) => self.end_of(Some(validity), deliver_after.max(now), now)?,
        };
        if expires_at <= deliver_after {
            return Err(Rejection::Schedule("it is not before the end of the validity"));
        }
        Ok(Some(Message {
            content: replacement.content.unwrap_or_else(|| message.content.clone()),
            receipt: replacement.receipt,
            deliver_after,
            expires_at,
            ..message.clone()
        }))
    }

    /// Whether `submission`, which replaces what is present (SMPP 3.4 §5.2.18), replaces `message`.
    pub fn replaces(&self, submission: &Submission, message: &Message) -> bool {
        let destination = self.numbering.destination(&submission.destination);
        is_changeable(message)
            && submission.mode == Mode::StoreAndForward
            && submission.account == message.account
            && submission.origin == message.origin
            && submission.service_type == message.service_type
            && destination.is_ok_and(|destination| destination == message.destination)
            && submission.content.header.is_empty()
            && self.admit_source(submission).is_ok_and(|source| source == message.source)
    }

    /// The message that `submission` makes of the one that was present: all of it is new but what
    /// it is known by.
    ///
    /// # Errors
    /// The rejection of the submission.
    pub fn replace_whole(
        &self,
        present: &Message,
        submission: Submission,
        now: Timestamp,
    ) -> Result<Message, Rejection> {
        let (message, _) = self.admit(submission, present.id, now)?;
        Ok(Message { accepted_at: present.accepted_at, client_key: present.client_key.clone(), ..message })
    }

    fn is_source_of(&self, message: &Message, source: &Address) -> bool {
        let normal = self.numbering.source(source).ok();
        source.digits.is_empty() || normal.is_some_and(|normal| normal == message.source)
    }
}

/// A segment of a longer message cannot be meant by a replacement.
fn is_changeable(message: &Message) -> bool {
    message.mode == Mode::StoreAndForward
        && message.as_receipt().is_none()
        && message.content.header.is_empty()
}

/// How a message waits on that waited as `was`, now that it is `message`. What was tried before
/// keeps its time, unless a new one was asked for.
pub fn replaced_entry(was: &QueueEntry, old: &Message, message: &Message) -> QueueEntry {
    let mut waiting = QueueEntry { expires_at: message.expires_at, priority: message.priority, ..*was };
    if message.deliver_after != old.deliver_after {
        waiting.key.due = message.deliver_after;
    }
    waiting
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::endpoint::Endpoint;
    use crate::ids::MessageId;
    use crate::message::{Content, Validity};
    use crate::receipt::ReceiptRequest;
    use crate::rules::routing::directory::Directory;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn rules() -> Rules {
        let directory = Directory::default();
        directory.replace(|_| true, &[("15550001".into(), Endpoint::Platform)]);
        Rules { directory: Arc::new(directory), ..Rules::default() }
    }

    fn text(body: &'static [u8]) -> Content {
        Content { body: Bytes::from_static(body), ..Content::default() }
    }

    fn submission() -> Submission {
        Submission::new(
            Endpoint::Esme("acme".into()),
            Address::international("4915112345678"),
            Address::international("15550001"),
            text(b"old"),
        )
    }

    fn waiting() -> Message {
        rules().admit(submission(), MessageId::from_u64(7), NOW).unwrap().0
    }

    fn replaced(change: impl FnOnce(&mut Replacement)) -> Result<Option<Message>, Rejection> {
        let source = Address::international("4915112345678");
        let mut replacement = Replacement::new(source, ReceiptRequest::ALWAYS);
        change(&mut replacement);
        rules().replace(&waiting(), replacement, NOW + HOUR)
    }

    #[test]
    fn what_is_not_stated_stays() {
        let new = replaced(|_| ()).unwrap().unwrap();
        assert_eq!(new, Message { receipt: ReceiptRequest::ALWAYS, ..waiting() });
        let new = replaced(|replacement| replacement.content = Some(text(b"new"))).unwrap().unwrap();
        assert_eq!(new.content, text(b"new"));
        assert_eq!((new.id, new.expires_at), (waiting().id, waiting().expires_at));
    }

    #[test]
    fn times_are_those_that_a_submission_could_have() {
        let at = NOW + 3 * HOUR;
        let new = replaced(|replacement| replacement.deliver_after = Some(at)).unwrap().unwrap();
        assert_eq!((new.deliver_after, new.expires_at), (at, waiting().expires_at));
        let new = replaced(|replacement| replacement.validity = Some(Validity::For(HOUR))).unwrap().unwrap();
        assert_eq!(new.expires_at, NOW + 2 * HOUR);
        let far = Some(Validity::Until(NOW + 10_000 * HOUR));
        let new = replaced(|replacement| replacement.validity = far).unwrap().unwrap();
        assert_eq!(new.expires_at, NOW + HOUR + rules().validity_max);
        assert!(matches!(
            replaced(|replacement| replacement.deliver_after = Some(NOW)),
            Err(Rejection::Schedule(_))
        ));
        assert!(matches!(
            replaced(|replacement| replacement.validity = Some(Validity::Until(NOW))),
            Err(Rejection::Validity(_))
        ));
        let late = Some(waiting().expires_at + HOUR);
        assert!(matches!(
            replaced(|replacement| replacement.deliver_after = late),
            Err(Rejection::Schedule(_))
        ));
        let long = Some(Content { data_coding: 8, body: Bytes::from_static(b"odd"), ..Content::default() });
        assert!(matches!(replaced(|replacement| replacement.content = long), Err(Rejection::TooLong(_))));
    }

    #[test]
    fn only_the_sender_changes_its_message() {
        let asked_by = |source| replaced(|replacement| replacement.source = source).unwrap().is_some();
        assert!(asked_by(Address::default()), "it need not say who it is");
        assert!(asked_by(Address::international("004915112345678")), "in any form of the number");
        assert!(!asked_by(Address::international("4915112345679")));
        let nothing = Replacement::new(Address::default(), ReceiptRequest::NONE);
        for fixed in [
            Message { mode: Mode::Datagram, ..waiting() },
            Message { content: Content { header: Bytes::from_static(&[0]), ..text(b"x") }, ..waiting() },
        ] {
            assert_eq!(rules().replace(&fixed, nothing.clone(), NOW), Ok(None));
        }
    }

    #[test]
    fn what_is_present_is_replaced_by_its_like_alone() {
        let like = |change: fn(&mut Submission)| {
            let mut submission = Submission { content: text(b"new"), replaces: true, ..submission() };
            change(&mut submission);
            rules().replaces(&submission, &waiting())
        };
        assert!(like(|_| ()));
        assert!(!like(|submission| submission.service_type = "VMA".into()));
        assert!(!like(|submission| submission.source = Address::international("33123456789")));
        assert!(!like(|submission| submission.source = Address::default()), "no sender is not any sender");
        assert!(!like(|submission| submission.destination = Address::international("15550002")));
        assert!(!like(|submission| submission.origin = Endpoint::Esme("other".into())));
        assert!(!like(|submission| submission.account = "other".into()));
        assert!(!like(|submission| submission.mode = Mode::Datagram));
        assert!(!like(|submission| submission.content.header = Bytes::from_static(&[0])), "a segment");
    }

    #[test]
    fn a_message_that_replaces_another_is_known_as_that() {
        let present = Message { client_key: Some("order-1".into()), ..waiting() };
        let new = Submission { content: text(b"new"), priority: 2, ..submission() };
        let message = rules().replace_whole(&present, new, NOW + HOUR).unwrap();
        assert_eq!((message.id, message.accepted_at), (present.id, present.accepted_at));
        assert_eq!((message.content, message.priority), (text(b"new"), 2));
        assert_eq!(message.client_key, present.client_key);
        assert_eq!(message.expires_at, NOW + HOUR + rules().validity_default);
    }

    #[test]
    fn a_place_is_kept_unless_a_time_was_asked_for() {
        let old = waiting();
        let was = QueueEntry {
            attempts: 3,
            key: crate::stored::DueKey { due: NOW + HOUR, id: old.id },
            ..QueueEntry::of(&old, 9)
        };
        let new = Message { expires_at: NOW + 2 * HOUR, priority: 1, ..old.clone() };
        let waits = replaced_entry(&was, &old, &new);
        assert_eq!(waits, QueueEntry { expires_at: NOW + 2 * HOUR, priority: 1, ..was });
        let new = Message { deliver_after: NOW + 5 * HOUR, ..old.clone() };
        assert_eq!(replaced_entry(&was, &old, &new).key.due, NOW + 5 * HOUR);
    }
}
