//! Links and groups as they are served: each link has a lane and a pace, each group
//! chooses among its links.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use smpp::session::{Config, Side};
use smsc::failure::Failure;
use smsc::endpoint::Endpoint;
use smsc::names::Name;
use smsc::delivery::Delivery;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use crate::account::read_password;
use crate::config::{self, MessageIdFormat, Secret};
use crate::convert::Shape;
use crate::lane::{Lane, Outcome};
use crate::pace::Pace;
use crate::{Error, tls};

/// One link and what hangs on it.
pub(crate) struct Link {
    /// As it was configured.
    pub(crate) config: config::Link,
    /// Its name, under which receipts are matched.
    pub(crate) name: Name,
    /// The account that messages from it belong to.
    pub(crate) owner: Name,
    /// Turns true when the link is to end.
    pub(crate) ending: watch::Sender<bool>,
    /// Its sessions.
    pub(crate) lane: Arc<Lane>,
    /// How fast it may go.
    pub(crate) pace: Mutex<Pace>,
    /// How it wants its messages.
    pub(crate) shape: Shape,
    /// Our password there.
    pub(crate) password: Secret,
    /// TLS towards it.
    pub(crate) connector: Option<TlsConnector>,
}

impl Link {
    fn new(config: config::Link, groups: Vec<Endpoint>) -> Result<Arc<Self>, Error> {
        let name = Name::from(config.name.as_str());
        let shape = Shape {
            submits: true,
            text_coding: config.text_coding,
            long_messages: config.long_messages,
            optional_parameters: config.optional_parameters,
            forward_validity: config.forward_validity,
            message_id_format: MessageIdFormat::Decimal,
            receipt_text_octets: 20,
            receipt_offset_minutes: 0,
        };
        Ok(Arc::new(Self {
            lane: Lane::new(Endpoint::Smpp(name.clone()), groups),
            ending: watch::Sender::new(false),
            pace: Mutex::new(Pace::new(config.messages_per_second, Instant::now())),
            password: read_password(&config.password, config.password_file.as_deref())?,
            connector: config.tls.as_ref().map(tls::connector).transpose()?,
            owner: config.owner().into(),
            shape,
            name,
            config,
        }))
    }

    /// Ends it: sessions unbind and are not bound again.
    pub(crate) fn end(&self) {
        self.ending.send_replace(true);
        self.lane.sessions().iter().for_each(|session| session.unbind());
    }

    /// Limits and timers of a session of this link.
    pub(crate) fn session(&self, bind_timeout: Duration, response_timeout: Duration) -> Config {
        let seconds = u64::from(self.config.enquire_link_seconds);
        Config {
            version_max: self.config.version.into(),
            window_sent_max: usize::from(self.config.window),
            window_received_max: usize::from(self.config.window).max(100),
            bind_timeout,
            enquire_link_interval: (seconds > 0).then(|| Duration::from_secs(seconds)),
            response_timeout,
            ..Config::new(Side::Esme)
        }
    }
}

/// Links that serve one destination together.
pub(crate) struct Group {
    /// By rank, then in the order of the configuration.
    members: Vec<Member>,
}

struct Member {
    rank: u8,
    weight: u16,
    link: Arc<Link>,
}

impl Group {
    /// Its links, those of the first rank first.
    pub(crate) fn links(&self) -> impl Iterator<Item = &Arc<Link>> {
        self.members.iter().map(|member| &member.link)
    }

    /// The links that serve now: those of the first rank in which one is bound.
    fn serving(&self) -> impl Iterator<Item = &Member> {
        let first = self.members.iter().find(|member| member.link.lane.is_connected());
        let rank = first.map(|member| member.rank);
        self.members.iter().filter(move |member| rank.is_none_or(|rank| member.rank == rank))
    }

    /// How many more deliveries the serving links take.
    pub(crate) fn available(&self) -> usize {
        self.serving().map(|member| member.link.lane.available()).sum()
    }

    /// Hands a delivery to the serving link that is furthest below its share.
    pub(crate) fn send(&self, delivery: Delivery) -> Result<oneshot::Receiver<Outcome>, Failure> {
        let with_room = self.serving().filter(|member| member.link.lane.available() > 0);
        // Load per weight, in thousandths.
        let load =
            |member: &&Member| (member.link.lane.open() + 1) * 1000 / usize::from(member.weight.max(1));
        let next = with_room.min_by_key(load);
        next.ok_or(Failure::NoPeer).and_then(|member| member.link.lane.send(delivery))
    }
}

/// All links and groups, by name.
#[derive(Default)]
pub(crate) struct Links {
    /// Every link.
    pub(crate) links: HashMap<Name, Arc<Link>>,
    /// Every group.
    pub(crate) groups: HashMap<Name, Arc<Group>>,
}

impl Links {
    /// These links and groups, password and certificate files read. A link of `before` that is
    /// configured as it was stays the same link.
    pub(crate) fn new(
        before: &Self,
        links: &[config::Link],
        groups: &[config::Group],
    ) -> Result<Self, Error> {
        config::Link::check_all(links, groups)?;
        let links = links.iter().map(|link| {
            let holds = |group: &&config::Group| group.members.iter().any(|member| member.link == link.name);
            let within = groups.iter().filter(holds).map(|group| Endpoint::Smpp(group.name.as_str().into()));
            let within: Vec<Endpoint> = within.collect();
            match before.links.get(link.name.as_str()) {
                Some(same) if same.config == *link && same.lane.groups() == within => Ok(same.clone()),
                _ => Link::new(link.clone(), within),
            }
        });
        let links: Vec<Arc<Link>> = links.collect::<Result<_, Error>>()?;
        let links: HashMap<Name, Arc<Link>> =
            links.into_iter().map(|link| (link.name.clone(), link)).collect();
        let groups = groups.iter().map(|group| {
            let member = |member: &config::Member| {
                let link = links.get(member.link.as_str())?.clone();
                Some(Member { rank: member.rank, weight: member.weight, link })
            };
            let mut members: Vec<_> = group.members.iter().filter_map(member).collect();
            members.sort_by_key(|member| member.rank);
            (Name::from(group.name.as_str()), Arc::new(Group { members }))
        });
        let groups = groups.collect();
        Ok(Self { links, groups })
    }
}
