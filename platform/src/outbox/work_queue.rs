//! The work queue of the outbox: what is due, in memory, as a bounded window on the table.
//!
//! The outbox in the store is the truth. A queue holds the SIDs of what is due there, at most
//! [`WAITING_MAX`] of them; what does not fit is left out, and found again by reading the outbox from
//! where the last reading stopped. A platform that has just opened has left everything out.
//!
//! Each SID is worked on by one at a time, and each group (an account) by a limited number, so that one
//! slow application does not stop the others.

use std::collections::{HashMap, VecDeque};
use std::task::Poll;

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;

use crate::sid::Sid;

/// SIDs that one queue holds, about 100 octets each.
const WAITING_MAX: usize = 100_000;

/// One kind of work.
pub(crate) struct WorkQueue {
    state: Mutex<State>,
    waker: AtomicWaker,
    working_max: usize,
}

struct State {
    phases: HashMap<Sid, Phase>,
    groups: HashMap<Sid, Group>,
    /// Groups that have something waiting and room to work on it, each once.
    ready: VecDeque<Sid>,
    gap: Gap,
}

#[derive(Default)]
struct Group {
    waiting: VecDeque<Sid>,
    working: usize,
    is_ready: bool,
    is_held: bool,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Phase {
    Waiting { group: Sid },
    Working { group: Sid, again: bool },
}

/// What the outbox holds and the queue does not.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Gap {
    /// Entries above this SID have been left out; `None` when the queue knows all of them.
    above: Option<[u8; 16]>,
    /// So have some below it.
    behind: bool,
    /// A reading of the outbox is in progress.
    is_read: bool,
    /// Something was left out since that reading began.
    fresh: bool,
}

/// Below every SID.
const START: [u8; 16] = [0; 16];

impl WorkQueue {
    /// A queue that has to read the outbox first; `working_max` of one group at a time.
    pub(crate) fn new(working_max: usize) -> Self {
        let gap = Gap { above: Some(START), ..Gap::default() };
        let state = State { phases: HashMap::new(), groups: HashMap::new(), ready: VecDeque::new(), gap };
        Self { state: Mutex::new(state), waker: AtomicWaker::new(), working_max }
    }

    /// Something new in the outbox. It is durable already.
    pub(crate) fn add(&self, sid: Sid, group: Sid) {
        let mut state = self.state.lock();
        // While there is a gap, all but its reader stay out of its way to keep the order.
        let is_left_out = state.gap.above.is_some() || state.phases.len() >= WAITING_MAX;
        match state.phases.get_mut(&sid) {
            Some(Phase::Waiting { .. }) => {}
            Some(Phase::Working { again, .. }) => *again = true,
            None if is_left_out => state.leave_out(sid),
            None => state.push(sid, group, self.working_max),
        }
        drop(state);
        self.waker.wake();
    }

    /// Takes up to `max` SIDs to work on; each comes back by [`WorkQueue::done`].
    pub(crate) fn take(&self, max: usize) -> Vec<Sid> {
        let mut state = self.state.lock();
        let mut taken = Vec::new();
        while taken.len() < max {
            let Some(sid) = state.pop(self.working_max) else { break };
            taken.push(sid);
        }
        taken
    }

    /// Reserves a SID that is not in work, and returns whether it was waiting; `None` if it is in work.
    pub(crate) fn claim(&self, sid: Sid, group: Sid) -> Option<bool> {
        let mut state = self.state.lock();
        let before = state.phases.get(&sid).copied();
        if matches!(before, Some(Phase::Working { .. })) {
            return None;
        }
        state.phases.insert(sid, Phase::Working { group, again: false });
        state.groups.entry(group).or_default().working += 1;
        Some(before.is_some())
    }

    /// Gives a SID back. With `again`, or if it was added meanwhile, it is due once more.
    pub(crate) fn done(&self, sid: Sid, again: bool) {
        let mut state = self.state.lock();
        let Some(Phase::Working { group, again: added }) = state.phases.get(&sid).copied() else { return };
        state.phases.remove(&sid);
        if let Some(group) = state.groups.get_mut(&group) {
            group.working = group.working.saturating_sub(1);
        }
        if again || added {
            state.push(sid, group, self.working_max);
        } else {
            state.settle(group, self.working_max);
        }
        drop(state);
        self.waker.wake();
    }

    /// Gives SIDs back that could not be worked on, to the front and in their order.
    pub(crate) fn put_back(&self, sids: &[Sid]) {
        let mut state = self.state.lock();
        for &sid in sids.iter().rev() {
            let Some(Phase::Working { group, .. }) = state.phases.get(&sid).copied() else { continue };
            state.phases.insert(sid, Phase::Waiting { group });
            let entry = state.groups.entry(group).or_default();
            entry.working = entry.working.saturating_sub(1);
            entry.waiting.push_front(sid);
            state.settle(group, self.working_max);
        }
        drop(state);
        self.waker.wake();
    }

    /// Leaves a group alone until it is released.
    pub(crate) fn hold(&self, group: Sid) {
        self.state.lock().groups.entry(group).or_default().is_held = true;
    }

    /// Ends [`WorkQueue::hold`].
    pub(crate) fn release(&self, group: Sid) {
        let mut state = self.state.lock();
        if let Some(held) = state.groups.get_mut(&group) {
            held.is_held = false;
        }
        state.settle(group, self.working_max);
    }

    /// Whether it is in work now.
    pub(crate) fn is_working(&self, sid: Sid) -> bool {
        matches!(self.state.lock().phases.get(&sid), Some(Phase::Working { .. }))
    }

    /// SIDs that wait in memory.
    pub(crate) fn len(&self) -> usize {
        self.state.lock().phases.len()
    }

    /// Ready when there is something to take, or a gap to read and room for it. One task waits at a time.
    pub(crate) async fn ready(&self) {
        std::future::poll_fn(|context| {
            self.waker.register(context.waker());
            let state = self.state.lock();
            let readable = state.gap.above.is_some() && !state.gap.is_read && state.has_room();
            if !state.ready.is_empty() || readable { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Begins to read the gap, if there is one and room for more: the SID to read above. Ends with
    /// [`WorkQueue::read`].
    pub(crate) fn begin_reading(&self) -> Option<[u8; 16]> {
        let mut state = self.state.lock();
        if state.gap.is_read || !state.has_room() {
            return None;
        }
        let above = state.gap.above?;
        state.gap.is_read = true;
        state.gap.fresh = false;
        Some(above)
    }

    /// What was read: SIDs with their groups, in the order of the outbox; none at its end.
    pub(crate) fn read(&self, entries: &[(Sid, Sid)]) {
        let mut state = self.state.lock();
        for &(sid, group) in entries {
            match state.phases.get_mut(&sid) {
                // Its claimant may leave it due, so it is looked at once more.
                Some(Phase::Working { again, .. }) => *again = true,
                Some(Phase::Waiting { .. }) => {}
                None => state.push(sid, group, self.working_max),
            }
        }
        let gap = &mut state.gap;
        gap.is_read = false;
        match entries.last() {
            Some((last, _)) => gap.above = Some(last.octets()),
            None if gap.fresh => {}
            None if gap.behind => *gap = Gap { above: Some(START), ..Gap::default() },
            None => gap.above = None,
        }
        drop(state);
        self.waker.wake();
    }

    /// The outbox could not be read; the next reading starts at the same SID.
    pub(crate) fn reading_failed(&self) {
        self.state.lock().gap.is_read = false;
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.phases.len() < WAITING_MAX / 2
    }

    fn leave_out(&mut self, sid: Sid) {
        let position = *self.gap.above.get_or_insert(START);
        if sid.octets() <= position {
            self.gap.behind = true;
        }
        self.gap.fresh = true;
    }

    fn push(&mut self, sid: Sid, group: Sid, working_max: usize) {
        self.phases.insert(sid, Phase::Waiting { group });
        self.groups.entry(group).or_default().waiting.push_back(sid);
        self.settle(group, working_max);
    }

    fn pop(&mut self, working_max: usize) -> Option<Sid> {
        while let Some(name) = self.ready.pop_front() {
            let Some(group) = self.groups.get_mut(&name) else { continue };
            group.is_ready = false;
            if group.is_held {
                continue;
            }
            let found = group.waiting.pop_front();
            // A claimed SID left its place in the queue behind.
            let due = found.filter(|sid| self.phases.get(sid) == Some(&Phase::Waiting { group: name }));
            if let Some(sid) = due {
                group.working += 1;
                self.phases.insert(sid, Phase::Working { group: name, again: false });
            }
            self.settle(name, working_max);
            if due.is_some() {
                return due;
            }
        }
        None
    }

    /// Puts a group among the ready ones if it is, and forgets it when it is empty.
    fn settle(&mut self, name: Sid, working_max: usize) {
        let Some(group) = self.groups.get_mut(&name) else { return };
        if group.waiting.is_empty() {
            if group.working == 0 && !group.is_ready && !group.is_held {
                self.groups.remove(&name);
            }
        } else if !group.is_ready && !group.is_held && group.working < working_max {
            group.is_ready = true;
            self.ready.push_back(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: Sid = Sid::new(Sid::ACCOUNT, [7; 16]);

    fn sid(number: u8) -> Sid {
        Sid::new(Sid::MESSAGE, [number; 16])
    }

    fn opened(working_max: usize) -> WorkQueue {
        let queue = WorkQueue::new(working_max);
        assert_eq!(queue.begin_reading(), Some(START));
        queue.read(&[]);
        queue
    }

    #[test]
    fn works_in_order_and_on_each_once() {
        let queue = opened(10);
        for number in 1..=3 {
            queue.add(sid(number), GROUP);
            queue.add(sid(number), GROUP);
        }
        assert_eq!(queue.take(2), [sid(1), sid(2)]);
        queue.add(sid(1), GROUP);
        queue.done(sid(1), false);
        queue.put_back(&[sid(2)]);
        assert_eq!(queue.take(9), [sid(2), sid(3), sid(1)]);
        for number in 1..=3 {
            queue.done(sid(number), false);
        }
        assert_eq!((queue.take(9), queue.len()), (vec![], 0));
    }

    #[test]
    fn one_group_leaves_room_for_the_others() {
        let other = Sid::new(Sid::ACCOUNT, [8; 16]);
        let queue = opened(1);
        queue.add(sid(1), GROUP);
        queue.add(sid(2), GROUP);
        queue.add(sid(3), other);
        assert_eq!(queue.take(9), [sid(1), sid(3)]);
        queue.done(sid(1), false);
        assert_eq!(queue.take(9), [sid(2)]);
    }

    #[test]
    fn a_held_group_waits_and_keeps_its_order() {
        let other = Sid::new(Sid::ACCOUNT, [8; 16]);
        let queue = opened(10);
        for number in 1..=2 {
            queue.add(sid(number), GROUP);
        }
        let taken = queue.take(9);
        queue.hold(GROUP);
        queue.put_back(&taken);
        queue.add(sid(3), other);
        queue.add(sid(4), GROUP);
        assert_eq!(queue.take(9), [sid(3)]);
        queue.release(GROUP);
        assert_eq!(queue.take(9), [sid(1), sid(2), sid(4)]);
    }

    #[test]
    fn a_claimed_sid_is_nobody_elses() {
        let queue = opened(10);
        queue.add(sid(1), GROUP);
        assert_eq!(queue.claim(sid(1), GROUP), Some(true));
        assert_eq!(queue.claim(sid(1), GROUP), None);
        assert_eq!(queue.take(9), []);
        queue.done(sid(1), false);
        assert_eq!(queue.take(9), []);
    }

    #[test]
    fn what_is_left_out_while_the_outbox_is_read_is_read_too() {
        let queue = WorkQueue::new(10);
        assert_eq!(queue.begin_reading(), Some(START));
        queue.add(sid(9), GROUP); // durable after the reader looked
        queue.read(&[(sid(5), GROUP)]);
        assert_eq!(queue.begin_reading(), Some([5; 16]));
        queue.add(sid(3), GROUP); // behind the reader
        queue.add(sid(10), GROUP);
        queue.read(&[]);
        assert_eq!(queue.begin_reading(), Some([5; 16]), "something fresh came while it was read");
        queue.read(&[(sid(9), GROUP), (sid(10), GROUP)]);
        assert_eq!(queue.begin_reading(), Some([10; 16]));
        queue.read(&[]);
        assert_eq!(queue.begin_reading(), Some(START), "something was left out behind");
        queue.read(&[(sid(3), GROUP), (sid(5), GROUP)]);
        queue.begin_reading().unwrap();
        queue.read(&[]);
        assert_eq!(queue.begin_reading(), None);
        assert_eq!(queue.take(9), [sid(5), sid(9), sid(10), sid(3)]);
    }
}
