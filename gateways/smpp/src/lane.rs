//! The way to one endpoint: the sessions that can take its messages now.
//!
//! Load is shared over all receiving sessions: by destination, so that each keeps its
//! order, and else to the one with the most room. Rooms are counters, so the only lock is a short read lock on the list.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::RwLock;
use smsc::failure::Failure;
use smsc::endpoint::Endpoint;
use smsc::names::Name;
use smsc::delivery::{Delivery, DeliveryAck};
use smsc::ports::Centre;
use tokio::sync::{mpsc, oneshot};

use crate::stats::SessionInfo;

/// What the answer to a delivery is.
pub(crate) type Outcome = Result<DeliveryAck, Failure>;

/// What a session is told by the rest of the gateway.
pub(crate) enum Order {
    /// Hand this over, and say how it went.
    Deliver(Delivery, oneshot::Sender<Outcome>),
    /// Finish what is in flight, then unbind.
    Unbind,
}

/// Room in a session's queue for orders that are no deliveries.
const ORDERS_MAX: usize = 4;

/// One session, as others see it.
pub(crate) struct Handle {
    /// Its name in traces.
    pub(crate) via: Name,
    /// What status pages show.
    pub(crate) info: SessionInfo,
    orders: mpsc::Sender<Order>,
    /// Deliveries that it has taken and not answered.
    taken: AtomicUsize,
    window: usize,
    receives: bool,
    /// It unbinds and takes nothing more.
    retired: AtomicBool,
}

impl Handle {
    /// A session with this window, and where its orders arrive.
    pub(crate) fn new(info: SessionInfo, window: u16, receives: bool) -> (Arc<Self>, mpsc::Receiver<Order>) {
        let window = usize::from(window);
        let (orders, arriving) = mpsc::channel(window + ORDERS_MAX);
        let via = info.via.clone();
        (
            Arc::new(Self {
                via,
                info,
                orders,
                taken: AtomicUsize::new(0),
                window,
                receives,
                retired: AtomicBool::new(false),
            }),
            arriving,
        )
    }

    /// How many more deliveries it takes.
    pub(crate) fn available(&self) -> usize {
        if !self.is_open() {
            return 0;
        }
        self.window.saturating_sub(self.taken.load(Ordering::Relaxed))
    }

    /// Whether it takes deliveries at all.
    fn is_open(&self) -> bool {
        self.receives && !self.retired.load(Ordering::Relaxed) && !self.orders.is_closed()
    }

    /// It takes nothing more.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Relaxed);
    }

    /// Deliveries that it has not answered.
    pub(crate) fn open(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    /// Asks it to unbind.
    pub(crate) fn unbind(&self) {
        self.retire();
        // A full queue cannot be: deliveries leave room for it. A closed one is over already.
        let _over = self.orders.try_send(Order::Unbind);
    }

    /// `count` deliveries have ended.
    pub(crate) fn release(&self, count: usize) {
        self.taken.fetch_sub(count, Ordering::Relaxed);
    }

    fn reserve(&self) -> bool {
        let take = |taken| (taken < self.window).then_some(taken + 1);
        self.receives && self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }
}

/// All sessions of one endpoint.
pub(crate) struct Lane {
    endpoint: Endpoint,
    /// Groups that it belongs to; they open with it.
    groups: Vec<Endpoint>,
    sessions: RwLock<Vec<Arc<Handle>>>,
    /// Somebody saw no room here and waits for [`Centre::opened`].
    awaited: AtomicBool,
    /// A peer that throttles closes the whole lane for a while.
    held: AtomicBool,
}

impl Lane {
    /// A lane without sessions.
    pub(crate) fn new(endpoint: Endpoint, groups: Vec<Endpoint>) -> Arc<Self> {
        Arc::new(Self {
            endpoint,
            groups,
            sessions: RwLock::new(Vec::new()),
            awaited: AtomicBool::new(false),
            held: AtomicBool::new(false),
        })
    }

    /// Whom it leads to.
    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// How many more deliveries it takes. Who sees 0 is told when that changes.
    pub(crate) fn available(&self) -> usize {
        let room = self.room_now();
        if room > 0 {
            return room;
        }
        self.awaited.store(true, Ordering::SeqCst);
        // A place may have become free before the flag was up.
        self.room_now()
    }

    fn room_now(&self) -> usize {
        if self.held.load(Ordering::SeqCst) {
            return 0;
        }
        self.sessions.read().iter().map(|session| session.available()).sum()
    }

    /// The groups that it belongs to.
    pub(crate) fn groups(&self) -> &[Endpoint] {
        &self.groups
    }

    /// Whether a session is bound that can take messages.
    pub(crate) fn is_connected(&self) -> bool {
        self.sessions.read().iter().any(|session| session.is_open())
    }

    /// Deliveries that are under way.
    pub(crate) fn open(&self) -> usize {
        self.sessions.read().iter().map(|session| session.open()).sum()
    }

    /// Hands a delivery to a session.
    ///
    /// # Errors
    /// [`Failure::NoPeer`] if no session has room; [`Centre::opened`] follows.
    pub(crate) fn send(&self, delivery: Delivery) -> Result<oneshot::Receiver<Outcome>, Failure> {
        let refused = |lane: &Self| {
            lane.awaited.store(true, Ordering::SeqCst);
            Failure::NoPeer
        };
        let sessions = self.sessions.read();
        let Some(session) = choose(&sessions, &delivery.message.destination.digits) else {
            return Err(refused(self));
        };
        let (answer, outcome) = oneshot::channel();
        if session.orders.try_send(Order::Deliver(delivery, answer)).is_err() {
            session.release(1);
            return Err(refused(self));
        }
        Ok(outcome)
    }

    /// Places have become free.
    pub(crate) fn freed(&self, centre: &dyn Centre) {
        if self.awaited.load(Ordering::SeqCst)
            && self.room_now() > 0
            && self.awaited.swap(false, Ordering::SeqCst)
        {
            self.opened(centre);
        }
    }

    /// Closes the lane until [`Lane::resume`].
    pub(crate) fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    /// Opens a held lane.
    pub(crate) fn resume(&self, centre: &dyn Centre) {
        if self.held.swap(false, Ordering::SeqCst) {
            self.freed(centre);
        }
    }

    /// Sessions of this endpoint.
    pub(crate) fn sessions(&self) -> Vec<Arc<Handle>> {
        self.sessions.read().clone()
    }

    /// How many sessions there are.
    pub(crate) fn len(&self) -> usize {
        self.sessions.read().len()
    }

    fn opened(&self, centre: &dyn Centre) {
        std::iter::once(&self.endpoint).chain(&self.groups).for_each(|endpoint| centre.endpoint_available(endpoint));
    }
}

/// Reserves a place: one destination's messages keep to one session, and so to their order, as long
/// as that has room; else the one with the most room takes them.
fn choose<'a>(sessions: &'a [Arc<Handle>], destination: &Name) -> Option<&'a Arc<Handle>> {
    let receiving = || sessions.iter().filter(|session| session.is_open());
    let count = u64::try_from(receiving().count()).unwrap_or(1).max(1);
    let place = usize::try_from(smsc::hashing::hash(destination) % count).unwrap_or(0);
    let usual = receiving().nth(place).filter(|session| session.reserve());
    usual.or_else(|| {
        let roomiest = sessions
            .iter()
            .filter(|session| session.available() > 0)
            .max_by_key(|session| session.available());
        roomiest.filter(|session| session.reserve())
    })
}

/// A session's place in its lane, for as long as its task runs.
pub(crate) struct Seat {
    lane: Arc<Lane>,
    handle: Arc<Handle>,
    centre: Arc<dyn Centre>,
}

impl Seat {
    /// Puts a bound session into its lane, and tells the centre if it takes deliveries.
    pub(crate) fn take(lane: &Arc<Lane>, handle: Arc<Handle>, centre: &Arc<dyn Centre>) -> Self {
        let receives = handle.receives;
        lane.sessions.write().push(handle.clone());
        if receives {
            lane.awaited.store(false, Ordering::SeqCst);
            lane.opened(&**centre);
        }
        Self { lane: lane.clone(), handle, centre: centre.clone() }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.lane.sessions.write().retain(|other| !Arc::ptr_eq(other, &self.handle));
        // It may have been the one that was to open a held lane again.
        self.lane.resume(&*self.centre);
    }
}
