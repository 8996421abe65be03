//! One bound session, in one task.
//!
//! Each turn takes everything that is ready: reads what is there and decodes every
//! complete PDU of it, hands all submissions to the centre in one call, collects the
//! answers and the deliveries that have come meanwhile, and writes all of it with one
//! write. Reading goes on while the centre is busy; the window bounds how far.
//!
//! The rules of the protocol are those of [`smpp::Session`]; here are only sockets and
//! queues. The start guards of accepted messages are dropped after the write that
//! carries their answers, so that no receipt overtakes its submit_sm_resp.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use smpp::session::{Input, Output, Reason, State, Verdict};
use smpp::{CommandId, Frame, Framing, Pdu};
use smsc::failure::Failure;
use smsc::names::Name;
use smsc::timestamp::Timestamp;
use smsc::future::BoxFuture;
use smsc::ports::StartGuard;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};

mod answers;
mod deliveries;
mod jobs;
mod questions;
mod replacing;
mod requests;

use answers::Done;
use jobs::Jobs;

use crate::convert::Scratch;
use crate::gateway::Shared;
use crate::lane::{Handle, Order};
use crate::peer::Peer;
use crate::stream::Stream;

/// Octets to be written at which we stop making more: a peer that does not read gets no further.
const UNWRITTEN_MAX: usize = 128 * 1024;
/// The least and the most octets that one read asks for.
const READ_MIN: usize = 512;
const READ_MAX: usize = 64 * 1024;
/// Orders taken at once.
const ORDERS_AT_ONCE: usize = 64;

/// Why a session is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// By the rules of the protocol.
    Closed(Reason),
    /// The connection broke or was closed.
    Lost,
    /// The peer took no octets for too long.
    Stalled,
}

/// A bound session.
pub(crate) struct Bound {
    /// The connection.
    pub(crate) stream: Stream,
    /// The rules.
    pub(crate) session: smpp::Session,
    /// Whose it is.
    pub(crate) peer: Peer,
    /// Octets that came behind the bind.
    pub(crate) inbox: BytesMut,
    /// What others know of it.
    pub(crate) handle: Arc<Handle>,
    /// Where its orders arrive.
    pub(crate) orders: mpsc::Receiver<Order>,
}

/// A session in its task.
pub(crate) struct Running {
    shared: Arc<Shared>,
    peer: Peer,
    handle: Arc<Handle>,
    stream: Stream,
    session: smpp::Session,
    framing: Framing,
    inbox: BytesMut,
    read_size: usize,
    out: BytesMut,
    /// Dropped when `out` has been written.
    starts: Vec<StartGuard>,
    /// What the centre is doing for this session.
    work: FuturesUnordered<BoxFuture<'static, Done>>,
    orders: mpsc::Receiver<Order>,
    fresh: Vec<Order>,
    jobs: Jobs,
    scratch: Scratch,
    closing: Option<Reason>,
    /// TLS may hold octets back that were written to it.
    unflushed: bool,
    /// When a peer that takes nothing is given up.
    write_due: Option<Instant>,
    /// When the link's pace allows the next message.
    pace_due: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

/// Runs a session to its end.
pub(crate) async fn run(shared: Arc<Shared>, bound: Bound) -> End {
    let mut running = Running::new(shared, bound);
    running.take_inbox();
    let end = std::future::poll_fn(|cx| running.turn(cx)).await;
    running.finish(end).await;
    end
}

impl Running {
    fn new(shared: Arc<Shared>, bound: Bound) -> Self {
        let Bound { stream, session, peer, inbox, handle, orders } = bound;
        Self {
            shared,
            peer,
            handle,
            stream,
            session,
            framing: Framing::default(),
            inbox,
            read_size: READ_MIN,
            out: BytesMut::new(),
            starts: Vec::new(),
            work: FuturesUnordered::new(),
            orders,
            fresh: Vec::new(),
            jobs: Jobs::default(),
            scratch: Scratch::default(),
            closing: None,
            unflushed: false,
            write_due: None,
            pace_due: None,
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }

    /// Does all that can be done now. Ready when the session is over.
    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        loop {
            let mut progress = false;
            if self.closing.is_none() {
                progress |= match self.poll_read(cx) {
                    Poll::Ready(Ok(())) => true,
                    Poll::Ready(Err(end)) => return Poll::Ready(end),
                    Poll::Pending => false,
                };
                progress |= self.poll_work(cx);
                progress |= self.poll_orders(cx);
            }
            self.settle();
            progress |= match self.poll_write(cx) {
                Poll::Ready(Ok(wrote)) => wrote,
                Poll::Ready(Err(end)) => return Poll::Ready(end),
                Poll::Pending => false,
            };
            if let Some(reason) = self.closing
                && self.out.is_empty()
                && !self.unflushed
            {
                return Poll::Ready(End::Closed(reason));
            }
            progress |= match self.poll_timer(cx) {
                Poll::Ready(Ok(())) => true,
                Poll::Ready(Err(end)) => return Poll::Ready(end),
                Poll::Pending => false,
            };
            if !progress {
                return Poll::Pending;
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        if self.out.len() >= UNWRITTEN_MAX {
            return Poll::Pending;
        }
        self.inbox.reserve(self.read_size);
        let read = {
            let reading = pin!(self.stream.read_buf(&mut self.inbox));
            std::task::ready!(reading.poll(cx))
        };
        let Ok(octets @ 1..) = read else { return Poll::Ready(Err(End::Lost)) };
        if octets >= self.read_size {
            self.read_size = (self.read_size * 4).min(READ_MAX);
        } else if octets < self.read_size / 8 {
            self.read_size = (self.read_size / 2).max(READ_MIN);
        }
        self.take_inbox();
        Poll::Ready(Ok(()))
    }

    /// Decodes every complete PDU that has come.
    fn take_inbox(&mut self) {
        let batch = self.framing.take(&mut self.inbox);
        let moment = self.moment();
        let mut requests = requests::Requests::default();
        for frame in batch.frames() {
            match self.session.received(&frame.header, moment.instant) {
                Verdict::Request => self.request(&frame, &mut requests, &moment),
                Verdict::Response { token, .. } => self.response(&frame, token, &moment),
                Verdict::Refused(smpp::Status::ESME_RTHROTTLED) => self.shared.stats.window_overflows.add(1),
                _ => {}
            }
        }
        self.submit(requests);
        if let Some(fault) = batch.fault() {
            self.shared.stats.malformed.add(1);
            self.session.handle(Input::BadLength(fault), moment.instant);
        }
        self.take_outputs();
    }

    /// The peer's answer to a delivery of ours.
    fn response(&mut self, frame: &Frame<'_>, token: u64, moment: &Moment) {
        let status = frame.header.command_status;
        let result = match crate::codes::failure(status) {
            None => Ok(self.remote_id(frame)),
            Some(_) if frame.header.command_id == CommandId::GENERIC_NACK => {
                Err(Failure::PeerMisbehaved("generic_nack to a message"))
            }
            Some(failure) => Err(failure),
        };
        if let Some(until) = self.peer.heard(status, moment.tokio) {
            self.pace_due = Some(until);
        }
        if result.is_ok() {
            self.shared.stats.deliveries.add(1);
        } else {
            self.shared.stats.deliveries_failed.add(1);
        }
        self.jobs.answered(token, result, &self.handle.via);
    }

    fn remote_id(&self, frame: &Frame<'_>) -> Option<Name> {
        match frame.decode() {
            Ok(Pdu::SubmitSmResp(resp) | Pdu::DataSmResp(resp)) => self.peer.remote_id(resp.message_id?),
            _ => None,
        }
    }

    /// Does what the rules of the session ask for.
    fn take_outputs(&mut self) {
        while let Some(output) = self.session.poll() {
            match output {
                Output::Send(header) => header.encode(&mut self.out),
                Output::Unanswered { token } => {
                    self.shared.stats.deliveries_failed.add(1);
                    let is_over = self.session.state() == State::Closed;
                    let failure = if is_over { Failure::NoPeer } else { Failure::Timeout };
                    self.jobs.answered(token, Err(failure), &self.handle.via);
                }
                Output::Close(reason) => self.closing = Some(reason),
            }
        }
    }

    /// Places that became free in this turn are told to the centre once.
    fn settle(&mut self) {
        if !matches!(self.session.state(), State::Bound(_)) {
            self.handle.retire();
        }
        let ended = self.jobs.take_ended();
        if ended > 0 {
            self.handle.release(ended);
            self.peer.freed(&*self.shared.centre);
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, End>> {
        if self.out.is_empty() && !self.unflushed {
            self.starts.clear();
            return Poll::Ready(Ok(false));
        }
        while !self.out.is_empty() {
            let wrote = {
                let writing = pin!(self.stream.write_buf(&mut self.out));
                writing.poll(cx)
            };
            match wrote {
                Poll::Ready(Ok(1..)) => (self.unflushed, self.write_due) = (true, None),
                Poll::Ready(_) => return Poll::Ready(Err(End::Lost)),
                Poll::Pending => return self.unwritten(),
            }
        }
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Ready(Ok(())) => (self.unflushed, self.write_due) = (false, None),
            Poll::Ready(Err(_)) => return Poll::Ready(Err(End::Lost)),
            Poll::Pending => return self.unwritten(),
        }
        self.starts.clear();
        Poll::Ready(Ok(true))
    }

    /// The peer takes nothing now; it has until `write_due`.
    fn unwritten(&mut self) -> Poll<Result<bool, End>> {
        let due = Instant::now() + self.shared.write_timeout;
        self.write_due.get_or_insert(due);
        Poll::Pending
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let session_due = self.session.deadline().map(Instant::from_std);
        let dues = [session_due, self.write_due, self.pace_due];
        let Some(due) = dues.into_iter().flatten().min() else { return Poll::Pending };
        // Deadlines mostly move away: a timer that rings early costs less than one set for each PDU.
        if self.timer.is_elapsed() || due < self.timer.deadline() {
            self.timer.as_mut().reset(due);
        }
        std::task::ready!(self.timer.as_mut().poll(cx));
        let now = Instant::now();
        if self.write_due.is_some_and(|due| due <= now) {
            self.shared.stats.stalled.add(1);
            return Poll::Ready(Err(End::Stalled));
        }
        if self.pace_due.is_some_and(|due| due <= now) {
            self.pace_due = None;
            self.peer.resume(&*self.shared.centre);
        }
        if session_due.is_some_and(|due| due <= now) {
            self.session.handle(Input::Tick, now.into_std());
            self.take_outputs();
            self.shrink();
        }
        Poll::Ready(Ok(()))
    }

    /// Gives back what a burst left behind.
    fn shrink(&mut self) {
        if self.inbox.is_empty() && self.read_size == READ_MIN {
            self.inbox = BytesMut::new();
        }
        if self.out.is_empty() {
            self.out = BytesMut::new();
        }
    }

    /// Ends what is open. Messages that the centre is taking over are still taken over.
    async fn finish(mut self, end: End) {
        self.session.handle(Input::Lost, Instant::now().into_std());
        self.orders.close();
        self.take_outputs();
        self.jobs.abandon();
        while let Ok(order) = self.orders.try_recv() {
            if let Order::Deliver(_, answer) = order {
                self.jobs.refuse(answer, Failure::NoPeer);
            }
        }
        self.settle();
        self.starts.clear();
        if !self.work.is_empty() {
            let mut work = std::mem::take(&mut self.work);
            tokio::spawn(async move { while work.next().await.is_some() {} });
        }
        if end != End::Stalled {
            let closing = tokio::time::timeout(self.shared.write_timeout, self.stream.shutdown());
            // The peer may be gone already.
            let _closed = closing.await;
        }
    }

    fn moment(&self) -> Moment {
        let tokio = Instant::now();
        Moment { tokio, instant: tokio.into_std(), time: (self.shared.clock)() }
    }
}

/// One reading of the clocks for all of a batch.
struct Moment {
    tokio: Instant,
    instant: std::time::Instant,
    time: Timestamp,
}
