//! REGISTER requests (RFC 3261 §10.3).

use std::time::Instant;

use sip::header::Date;
use sip::register::{self, Registration};
use sip::{Request, Status, Transport};
use smsc::timestamp::Timestamp;

use super::TransactionTask;
use super::batch::ReplyPath;
use crate::auth::Identity;
use crate::codes::Refusal;
use crate::registrar::Account;
use crate::transport::Hop;

impl TransactionTask {
    pub(super) fn handle_register(
        &mut self,
        reply_path: ReplyPath,
        request: &Request,
        identity: Identity,
        way: (Hop, Transport),
        now: Instant,
    ) {
        let context = self.context.clone();
        let account = match identity {
            Identity::User(at) => context.registrar.account(at),
            Identity::Peer(_) => None,
        };
        let is_own = |account: &&Account| {
            let target = request.headers.to().ok().and_then(|to| context.registrar.named(&to.uri));
            target.is_some_and(|target| target.config.user == account.config.user)
        };
        let Some(account) = account.filter(is_own) else {
            let refusal = Refusal::new(Status::FORBIDDEN, "Not your address of record");
            return self.refuse(reply_path, request, refusal, now);
        };
        let lifetimes = context.registrar.lifetimes();
        let registration = match Registration::parse(request, lifetimes) {
            Ok(registration) => registration,
            Err(sip::Error::IntervalTooBrief) => {
                return self.respond(reply_path, &register::too_brief(request, &self.tag(), lifetimes), now);
            }
            Err(error) => {
                let status = error.status().unwrap_or(Status::BAD_REQUEST);
                return self.refuse(reply_path, request, Refusal::new(status, ""), now);
            }
        };
        let time = context.now();
        match context.registrar.register(account, &registration, way, time) {
            Err(refusal) => self.refuse(reply_path, request, refusal, now),
            Ok(bindings) => {
                let left = |until: Timestamp| u32::try_from(until.since(time).as_secs()).unwrap_or(u32::MAX);
                let bound = bindings.iter().map(|each| (each.contact.as_str(), left(each.expires_at)));
                let response = register::bindings(request, &self.tag(), bound, Date(time.seconds()));
                self.respond(reply_path, &response, now);
                if !bindings.is_empty() {
                    self.pump(now);
                    context.centre.endpoint_available(&account.sender.endpoint);
                }
            }
        }
    }
}
