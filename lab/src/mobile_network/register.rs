//! All subscribers of the network, found by number, by IMSI or by LMSI.

use std::collections::{HashMap, VecDeque};

use super::settings::{NodeKind, PhoneSettings, Settings};
use super::subscriber::{
    DeliveryOutcome, Refusal, RoutingInfo, RoutingInfoRequest, Subscriber, WaitingStatus,
};

/// Alerts that may be queued; more are dropped.
const ALERTS_MAX: usize = 100_000;

/// MCC and MNC of IMSIs that are made from numbers: a test network.
const TEST_NETWORK: &str = "00101";
/// The same for phones of the sink.
const SINK_NETWORK: &str = "00102";

/// The subscribers.
#[derive(Debug, Default)]
pub struct Register {
    subscribers: Vec<Subscriber>,
    by_number: HashMap<String, usize>,
    by_imsi: HashMap<String, usize>,
    sink: Option<Sink>,
    alerts: VecDeque<Alert>,
}

#[derive(Debug)]
struct Sink {
    prefix: String,
    msc: String,
}

/// An alertServiceCentre that is due.
#[derive(Clone, Eq, PartialEq)]
pub struct Alert {
    /// MSISDN.
    pub number: String,
    /// The service centre to alert.
    pub service_centre: String,
}

/// How mt-forwardSM identifies a subscriber.
#[derive(Clone, Copy, Debug)]
pub enum SubscriberIdentity<'a> {
    /// By IMSI.
    Imsi(&'a str),
    /// By the identity that the VLR gave.
    Lmsi([u8; 4]),
}

/// Where a message is delivered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DeliveryTarget {
    /// A phone's inbox.
    Inbox,
    /// The sink, which counts it.
    Sink,
}

impl Register {
    /// The phones of `settings`, switched on.
    pub fn new(settings: &Settings) -> Self {
        let msc = settings.nodes.iter().find(|node| node.kind == NodeKind::Msc);
        let msc = msc.map(|node| node.global_title.clone()).unwrap_or_default();
        let sink = settings.sink_prefix.clone().map(|prefix| Sink { prefix, msc: msc.clone() });
        let mut register = Self { sink, ..Self::default() };
        for phone in &settings.phones {
            register.add(phone, &msc);
        }
        register
    }

    /// Adds a phone, or replaces the one with its number.
    pub fn add(&mut self, phone: &PhoneSettings, msc_default: &str) {
        let number = digits(&phone.number);
        let imsi = if phone.imsi.is_empty() { imsi(TEST_NETWORK, number) } else { phone.imsi.clone() };
        let msc = if phone.msc.is_empty() { msc_default } else { &phone.msc };
        let mut subscriber = Subscriber::new(number, &imsi, msc);
        subscriber.sgsn.clone_from(&phone.sgsn);
        let place = self.by_number.get(number).copied().unwrap_or(self.subscribers.len());
        subscriber.lmsi = phone.has_lmsi.then(|| u32::try_from(place + 1).unwrap_or(u32::MAX).to_be_bytes());
        self.by_number.insert(number.to_owned(), place);
        self.by_imsi.insert(imsi, place);
        match self.subscribers.get_mut(place) {
            Some(known) => *known = subscriber,
            None => self.subscribers.push(subscriber),
        }
    }

    /// The phone with this number, digits with or without `+`.
    pub fn phone(&self, number: &str) -> Option<&Subscriber> {
        self.subscribers.get(*self.by_number.get(digits(number))?)
    }

    /// The phone with this number, mutable.
    pub fn phone_mut(&mut self, number: &str) -> Option<&mut Subscriber> {
        self.subscribers.get_mut(*self.by_number.get(digits(number))?)
    }

    /// All phones.
    pub fn phones(&self) -> &[Subscriber] {
        &self.subscribers
    }

    /// The phone of an identity, if it has a record.
    pub fn visitor_mut(&mut self, identity: SubscriberIdentity<'_>) -> Option<&mut Subscriber> {
        match identity {
            SubscriberIdentity::Imsi(imsi) => self.subscribers.get_mut(*self.by_imsi.get(imsi)?),
            SubscriberIdentity::Lmsi(lmsi) => {
                self.subscribers.iter_mut().find(|each| each.lmsi == Some(lmsi))
            }
        }
    }

    /// The HLR's result of sendRoutingInfoForSM, and the status for informServiceCentre.
    pub fn routing(
        &mut self,
        number: &str,
        request: RoutingInfoRequest<'_>,
    ) -> (Result<RoutingInfo, Refusal>, Option<WaitingStatus>) {
        if let Some(phone) = self.phone_mut(number) {
            return phone.routing(request);
        }
        let sink = self.sink.as_ref().filter(|sink| digits(number).starts_with(&sink.prefix));
        let routing = sink.map(|sink| RoutingInfo {
            imsi: imsi(SINK_NETWORK, digits(number)),
            lmsi: None,
            node: sink.msc.clone(),
            node_is_sgsn: false,
            additional: None,
        });
        (routing.ok_or(Refusal::UnknownSubscriber), None)
    }

    /// The HLR's result of reportSM-DeliveryStatus.
    pub fn report(
        &mut self,
        number: &str,
        service_centre: &str,
        outcome: DeliveryOutcome,
        via_sgsn: bool,
    ) -> Result<(), Refusal> {
        let phone = self.phone_mut(number).ok_or(Refusal::UnknownSubscriber)?;
        let mut due = Vec::new();
        let answer = phone.report(service_centre, outcome, via_sgsn, &mut due);
        self.queue_alerts(number, due);
        answer
    }

    /// The result of mt-forwardSM at `node`.
    pub fn deliver(
        &mut self,
        node: &str,
        identity: SubscriberIdentity<'_>,
        tpdu: &[u8],
    ) -> Result<DeliveryTarget, Refusal> {
        if let Some(phone) = self.visitor_mut(identity) {
            return phone.deliver(node, tpdu).map(|()| DeliveryTarget::Inbox);
        }
        match identity {
            SubscriberIdentity::Imsi(imsi) if self.sink.is_some() && imsi.starts_with(SINK_NETWORK) => {
                Ok(DeliveryTarget::Sink)
            }
            _ => Err(Refusal::UnidentifiedSubscriber),
        }
    }

    /// Changes a phone, and queues the alerts that become due; `None` without such a phone.
    pub fn update<T>(
        &mut self,
        number: &str,
        change: impl FnOnce(&mut Subscriber, &mut Vec<String>) -> T,
    ) -> Option<T> {
        let phone = self.phone_mut(number)?;
        let mut due = Vec::new();
        let result = change(phone, &mut due);
        self.queue_alerts(number, due);
        Some(result)
    }

    /// The next alert to send.
    pub fn next_alert(&mut self) -> Option<Alert> {
        self.alerts.pop_front()
    }

    fn queue_alerts(&mut self, number: &str, service_centres: Vec<String>) {
        let number = digits(number);
        let due = service_centres
            .into_iter()
            .map(|service_centre| Alert { number: number.to_owned(), service_centre });
        self.alerts.extend(due);
        self.alerts.truncate(ALERTS_MAX);
    }
}

impl std::fmt::Debug for Alert {
    /// Without the number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Alert").field("service_centre", &self.service_centre).finish_non_exhaustive()
    }
}

/// A number without its leading `+`.
pub fn digits(number: &str) -> &str {
    number.trim_start_matches('+')
}

/// An IMSI of 15 digits: the network, then the last ten digits of the number.
fn imsi(network: &str, number: &str) -> String {
    let tail = number.get(number.len().saturating_sub(10)..).unwrap_or(number);
    format!("{network}{tail:0>10}")
}

#[cfg(test)]
mod tests {
    use sms::tpdu::Deliver;

    use super::*;

    const CENTRE: &str = "15550001000";

    fn register(sink_prefix: Option<&str>) -> Register {
        Register::new(&Settings { sink_prefix: sink_prefix.map(str::to_owned), ..Settings::default() })
    }

    fn request() -> RoutingInfoRequest<'static> {
        RoutingInfoRequest {
            is_priority: false,
            gprs_support: false,
            single_attempt: false,
            service_centre: CENTRE,
        }
    }

    #[test]
    fn a_phone_is_found_by_number_and_imsi() {
        let mut register = register(None);
        let imsi = register.routing("15550201", request()).0.unwrap().imsi;
        assert_eq!(imsi, "001010015550201");
        assert_eq!(register.visitor_mut(SubscriberIdentity::Imsi(&imsi)).unwrap().number, "15550201");
        assert_eq!(register.phone("+15550201").unwrap().imsi, imsi);
        assert_eq!(register.routing("15550999", request()).0, Err(Refusal::UnknownSubscriber));
        let refused = register.deliver("15550000002", SubscriberIdentity::Imsi("001010000000000"), &[]);
        assert_eq!(refused, Err(Refusal::UnidentifiedSubscriber));
    }

    #[test]
    fn a_phone_is_found_by_the_lmsi_of_its_vlr() {
        let mut register = register(None);
        let phone = PhoneSettings { has_lmsi: true, ..PhoneSettings::new("+15550204") };
        register.add(&phone, "15550000002");
        let lmsi = register.routing("15550204", request()).0.unwrap().lmsi.unwrap();
        let tpdu = Deliver::default().encode().unwrap();
        let deliver = |register: &mut Register, lmsi| {
            register.deliver("15550000002", SubscriberIdentity::Lmsi(lmsi), &tpdu)
        };
        assert_eq!(deliver(&mut register, lmsi), Ok(DeliveryTarget::Inbox));
        register.phone_mut("15550204").unwrap().roam("15550000003", None);
        assert_eq!(deliver(&mut register, lmsi), Err(Refusal::UnidentifiedSubscriber));
    }

    #[test]
    fn numbers_of_the_sink_need_no_record() {
        let mut register = register(Some("4917"));
        let routing = register.routing("491700000042", request()).0.unwrap();
        assert_eq!(routing.imsi, "001021700000042");
        let delivered = register.deliver(&routing.node, SubscriberIdentity::Imsi(&routing.imsi), &[]);
        assert_eq!(delivered, Ok(DeliveryTarget::Sink));
    }

    #[test]
    fn a_phone_that_is_on_again_makes_alerts_due_in_order() {
        let mut register = register(None);
        register.update("15550201", |phone, _| phone.off()).unwrap();
        for centre in [CENTRE, "1999"] {
            register.report("15550201", centre, DeliveryOutcome::AbsentSubscriber, false).unwrap();
        }
        register.update("+15550201", Subscriber::on).unwrap();
        let due: Vec<_> = std::iter::from_fn(|| register.next_alert()).collect();
        let centres: Vec<_> = due.iter().map(|alert| alert.service_centre.as_str()).collect();
        assert_eq!(centres, [CENTRE, "1999"]);
        assert!(due.iter().all(|alert| alert.number == "15550201"));
        assert!(register.update("15550999", |_, _| ()).is_none());
    }
}
