//! Pending invocations: requests without an answer yet, and their fate when an association is lost.
//!
//! A request that an association had just taken may have arrived or not, and its answer may be lost. MAP's own timers are long, since a phone may have to be found first: a request of the last
//! moment is given up soon after the loss instead, and everything older waits on for its answer, which
//! may come by another association.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use m3ua::LinkId;
use map::DialogueId;
use tokio::sync::oneshot;

use crate::signalling::confirmation::Confirmation;
use crate::signalling::stack::SentRequest;

/// What was sent so shortly before an association was lost is in doubt.
const DOUBT: Duration = Duration::from_secs(1);
/// How long the answer to what is in doubt may still come by another association.
const GRACE: Duration = Duration::from_millis(500);

type Reply = oneshot::Sender<Confirmation>;

/// Requests without an answer. As many as there are open dialogues of ours, which MAP bounds.
#[derive(Default)]
pub(crate) struct PendingInvocations {
    open: HashMap<DialogueId, PendingInvocation>,
    /// What is given up when, unless it is answered first; the earliest is first.
    doubtful: VecDeque<(Instant, DialogueId, Instant)>,
}

struct PendingInvocation {
    reply: Reply,
    link: Option<LinkId>,
    sent_at: Instant,
}

impl PendingInvocations {
    /// Adds a request that was sent.
    pub(crate) fn expect(&mut self, request: SentRequest, reply: Reply, now: Instant) {
        self.open.insert(request.dialogue, PendingInvocation { reply, link: request.link, sent_at: now });
    }

    /// Removes the request of this dialogue, and returns its reply channel.
    pub(crate) fn take(&mut self, dialogue: DialogueId) -> Option<Reply> {
        self.open.remove(&dialogue).map(|invocation| invocation.reply)
    }

    /// An association is lost.
    pub(crate) fn lost(&mut self, link: LinkId, now: Instant) {
        let in_doubt = |invocation: &PendingInvocation| {
            invocation.link == Some(link) && now.saturating_duration_since(invocation.sent_at) <= DOUBT
        };
        let due = now.checked_add(GRACE).unwrap_or(now);
        let lost = self.open.iter().filter(|(_, invocation)| in_doubt(invocation));
        self.doubtful.extend(lost.map(|(dialogue, invocation)| (due, *dialogue, invocation.sent_at)));
    }

    /// When [`PendingInvocations::take_expired`] returns a request, at the earliest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.doubtful.front().map(|(due, ..)| *due)
    }

    /// The next request that is given up by now.
    pub(crate) fn take_expired(&mut self, now: Instant) -> Option<(DialogueId, Reply)> {
        while let Some((_, dialogue, sent_at)) = self.doubtful.pop_front_if(|(due, ..)| *due <= now) {
            // A dialogue that was answered may wait for the answer to another request by now.
            if self.open.get(&dialogue).is_some_and(|invocation| invocation.sent_at == sent_at) {
                return self.take(dialogue).map(|reply| (dialogue, reply));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: LinkId = LinkId(0);

    fn ask(pending: &mut PendingInvocations, dialogue: u64, link: LinkId, now: Instant) {
        let (reply, _answer) = oneshot::channel();
        pending.expect(SentRequest { dialogue: DialogueId(dialogue), link: Some(link) }, reply, now);
    }

    #[test]
    fn only_what_an_association_had_just_taken_is_given_up() {
        let start = tokio::time::Instant::now().into_std();
        let lost_at = start + 2 * DOUBT;
        let mut pending = PendingInvocations::default();
        ask(&mut pending, 1, LINK, start);
        ask(&mut pending, 2, LINK, lost_at);
        ask(&mut pending, 3, LinkId(1), lost_at);
        ask(&mut pending, 4, LINK, lost_at);
        ask(&mut pending, 5, LINK, lost_at);
        pending.lost(LINK, lost_at);
        // One is answered in time; another too, and its dialogue sends a further request.
        assert!(pending.take(DialogueId(4)).is_some());
        assert!(pending.take(DialogueId(5)).is_some());
        ask(&mut pending, 5, LinkId(1), lost_at + GRACE / 2);
        assert_eq!(pending.deadline(), Some(lost_at + GRACE));
        assert!(pending.take_expired(lost_at + GRACE / 2).is_none());
        let take_expired = pending.take_expired(lost_at + GRACE).map(|(dialogue, _)| dialogue);
        assert_eq!(take_expired, Some(DialogueId(2)));
        assert!(pending.take_expired(lost_at + GRACE).is_none());
        assert_eq!((pending.deadline(), pending.open.len()), (None, 3));
    }
}
