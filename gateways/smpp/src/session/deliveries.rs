//! Requests that a session sends: the deliveries of the centre, as window and pace allow.

use std::task::{Context, Poll};

use smpp::CommandId;
use smpp::session::{Input, State};
use smsc::failure::Failure;
use tokio::time::Instant;

use super::{COMMANDS_AT_ONCE, SessionTask, UNWRITTEN_MAX};
use crate::convert::{self, Outgoing};
use crate::pool::Command;

impl SessionTask {
    /// Takes the commands that have arrived and sends what the window allows.
    pub(super) fn poll_commands(&mut self, cx: &mut Context<'_>) -> bool {
        let mut progress = false;
        let mut fresh = std::mem::take(&mut self.fresh);
        while let Poll::Ready(1..) = self.commands.poll_recv_many(cx, &mut fresh, COMMANDS_AT_ONCE) {
            progress = true;
            for command in fresh.drain(..) {
                self.take_command(command);
            }
        }
        self.fresh = fresh;
        if self.jobs.has_waiting() && self.pace_due.is_none() {
            progress |= self.send_waiting();
        }
        progress
    }

    fn take_command(&mut self, command: Command) {
        match command {
            Command::Unbind => {
                self.session.handle(Input::Unbind, Instant::now().into_std());
                self.take_outputs();
            }
            Command::Deliver(_, answer) if !matches!(self.session.state(), State::Bound(_)) => {
                self.jobs.refuse(answer, Failure::NoPeer);
            }
            Command::Deliver(delivery, answer) => {
                let shape = self.peer.shape(self.session.version());
                match Outgoing::new(&delivery.message, &shape) {
                    Ok(outgoing) => self.jobs.insert(delivery, outgoing, answer),
                    Err(failure) => self.jobs.refuse(answer, failure),
                }
            }
        }
    }

    /// Writes parts until the window, the pace or the buffer is full.
    fn send_waiting(&mut self) -> bool {
        let now = Instant::now();
        let shape = self.peer.shape(self.session.version());
        let command = if shape.submits { CommandId::SUBMIT_SM } else { CommandId::DELIVER_SM };
        let mut sent = false;
        while self.session.window_room() > 0 && self.out.len() < UNWRITTEN_MAX {
            let Some((token, part, job)) = self.jobs.front() else { break };
            if let Err(due) = self.peer.pace(now) {
                self.pace_due = Some(due);
                break;
            }
            let number = u64::try_from(token).unwrap_or(u64::MAX);
            let Ok(sequence_number) = self.session.request(command, number, now.into_std()) else { break };
            let context = convert::Context {
                message: &job.delivery.message,
                shape: &shape,
                sequence_number,
                receipt_wanted: job.delivery.receipt_wanted,
            };
            match job.outgoing.write(part, &context, &mut self.scratch, &mut self.out) {
                Ok(()) => self.jobs.sent(),
                Err(failure) => {
                    self.session.cancel(sequence_number);
                    self.jobs.unsendable(failure);
                }
            }
            sent = true;
        }
        sent
    }
}
