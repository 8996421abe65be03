//! What people see of a running process, and numbers that come and go while it runs.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::{self, Next};
use platform::Platform;
use smsc::address::Address;
use smsc::endpoint::Endpoint;
use smsc::names::Name;
use smsc::rules::Rules;

use super::System;

impl System {
    /// One line for each door.
    pub fn where_it_listens(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let smpp = self.smpp.iter().flat_map(|smpp| smpp.local_addresses().to_vec());
        lines.extend(smpp.map(|address| format!("smpp  {address}")));
        let sip = self.sip.iter().flat_map(|sip| sip.local_addresses());
        lines.extend(
            sip.map(|(transport, address)| format!("sip   {address} ({transport:?})").to_lowercase()),
        );
        let ss7 = self.ss7.iter().flat_map(gateway_ss7::Ss7Gateway::local_addresses);
        lines.extend(ss7.map(|(association, address)| format!("ss7   {address} ({association})")));
        lines.push(format!("http  http://{}", self.http));
        lines
    }

    /// Lets messages to the platform's numbers find it.
    pub(super) fn publish_numbers(&self, platform: &Platform) {
        publish(&self.centre.journey().rules().load(), &self.directory, platform);
    }

    /// Publishes the numbers again after each request that may have changed them.
    pub(super) fn follow_numbers(&self, api: Router, platform: &Arc<Platform>) -> Router {
        let (journey, directory) = (Arc::clone(self.centre.journey()), Arc::clone(&self.directory));
        let platform = Arc::clone(platform);
        api.layer(middleware::from_fn(move |request: Request, next: Next| {
            let (journey, directory) = (Arc::clone(&journey), Arc::clone(&directory));
            let platform = Arc::clone(&platform);
            async move {
                let changes =
                    request.method() != Method::GET && request.uri().path().contains("/IncomingPhoneNumbers");
                let response = next.run(request).await;
                if changes {
                    publish(&journey.rules().load(), &directory, &platform);
                }
                response
            }
        }))
    }
}

fn publish(rules: &Rules, directory: &smsc::rules::routing::directory::Directory, platform: &Platform) {
    let numbers: Vec<(Name, Endpoint)> = platform
        .owned_numbers()
        .into_iter()
        .filter_map(|number| {
            let address = Address { digits: number.as_str().into(), ..Address::default() };
            rules.numbering.destination(&address).ok().map(|address| (address.digits, Endpoint::Platform))
        })
        .collect();
    directory.replace(|owner| *owner == Endpoint::Platform, &numbers);
}
