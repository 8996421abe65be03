//! Who waits for answers, and what becomes of their requests when an association is lost.
//!
//! Nobody knows whether what an association had just taken has arrived, or whether its answer was
//! lost. MAP's own timers are long, since a phone may have to be found first: a request of the last
//! moment is given up soon after the loss instead, and everything older waits on for its answer, which
//! may come by another association.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use m3ua::LinkId;
use map::DialogueId;
use tokio::sync::oneshot;

use crate::confirmation::Confirmation;
use crate::stack::Asked;

/// What was sent so shortly before an association was lost is in doubt.
const DOUBT: Duration = Duration::from_secs(1);
/// How long the answer to what is in doubt may still come by another association.
const GRACE: Duration = Duration::from_millis(500);

type Reply = oneshot::Sender<Confirmation>;

/// Everybody who waits. As many as there are open dialogues of ours, which MAP bounds.
#[derive(Default)]
pub(crate) struct Waiting {
    open: HashMap<DialogueId, Waiter>,
    /// What is given up when, unless it is answered first; the earliest is first.
    doubtful: VecDeque<(Instant, DialogueId, Instant)>,
}

struct Waiter {
    reply: Reply,
    link: Option<LinkId>,
    sent_at: Instant,
}

impl Waiting {
    /// Somebody waits for the answer to what was asked.
    pub(crate) fn expect(&mut self, asked: Asked, reply: Reply, now: Instant) {
        self.open.insert(asked.dialogue, Waiter { reply, link: asked.link, sent_at: now });
    }

    /// Who waits for the answer in this dialogue. It no longer does.
    pub(crate) fn answered(&mut self, dialogue: DialogueId) -> Option<Reply> {
        self.open.remove(&dialogue).map(|waiter| waiter.reply)
    }

    /// An association is lost.
    pub(crate) fn lost(&mut self, link: LinkId, now: Instant) {
        let in_doubt = |waiter: &Waiter| {
            waiter.link == Some(link) && now.saturating_duration_since(waiter.sent_at) <= DOUBT
        };
        let due = now.checked_add(GRACE).unwrap_or(now);
        let lost = self.open.iter().filter(|(_, waiter)| in_doubt(waiter));
        self.doubtful.extend(lost.map(|(dialogue, waiter)| (due, *dialogue, waiter.sent_at)));
    }

    /// When [`Waiting::given_up`] has something to say, at the earliest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.doubtful.front().map(|(due, ..)| *due)
    }

    /// The next request that is given up by now.
    pub(crate) fn given_up(&mut self, now: Instant) -> Option<(DialogueId, Reply)> {
        while let Some((_, dialogue, sent_at)) = self.doubtful.pop_front_if(|(due, ..)| *due <= now) {
            // A dialogue that was answered may wait for the answer to another request by now.
            if self.open.get(&dialogue).is_some_and(|waiter| waiter.sent_at == sent_at) {
                return self.answered(dialogue).map(|reply| (dialogue, reply));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: LinkId = LinkId(0);

    fn ask(waiting: &mut Waiting, dialogue: u64, link: LinkId, now: Instant) {
        let (reply, _answer) = oneshot::channel();
        waiting.expect(Asked { dialogue: DialogueId(dialogue), link: Some(link) }, reply, now);
    }

    #[test]
    fn only_what_an_association_had_just_taken_is_given_up() {
        let start = tokio::time::Instant::now().into_std();
        let lost_at = start + 2 * DOUBT;
        let mut waiting = Waiting::default();
        ask(&mut waiting, 1, LINK, start);
        ask(&mut waiting, 2, LINK, lost_at);
        ask(&mut waiting, 3, LinkId(1), lost_at);
        ask(&mut waiting, 4, LINK, lost_at);
        ask(&mut waiting, 5, LINK, lost_at);
        waiting.lost(LINK, lost_at);
        // One is answered in time; another too, and asks for something else in the same dialogue.
        assert!(waiting.answered(DialogueId(4)).is_some());
        assert!(waiting.answered(DialogueId(5)).is_some());
        ask(&mut waiting, 5, LinkId(1), lost_at + GRACE / 2);
        assert_eq!(waiting.deadline(), Some(lost_at + GRACE));
        assert!(waiting.given_up(lost_at + GRACE / 2).is_none());
        let given_up = waiting.given_up(lost_at + GRACE).map(|(dialogue, _)| dialogue);
        assert_eq!(given_up, Some(DialogueId(2)));
        assert!(waiting.given_up(lost_at + GRACE).is_none());
        assert_eq!((waiting.deadline(), waiting.open.len()), (None, 3));
    }
}
