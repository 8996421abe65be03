//! The lab's mobile network: simulated, on loopback, with phones that the command line and HTTP drive.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use gateway_ss7::config::{ApplicationServer, Association, Network, Ss7Config, Transport};
use lab::mobile_network::{MobileNetwork, PhoneSettings, Settings};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::setup::port;
use crate::clock;

/// Where the network's signalling gateway listens, before an offset is added.
const SIGNALLING_PORT: u16 = 2905;
/// Where its phones are driven by HTTP.
const PHONES_PORT: u16 = 8095;
/// Its UDP port for SCTP.
const UDP_PORT: u16 = 9899;

/// The network's name in routes: `ss7:lab`.
pub const NETWORK: &str = "lab";
/// What the numbers of its phones begin with.
pub const PHONE_PREFIX: &str = "+1555020";
/// The phone by which the lab shows its flows.
pub const SHOW_PHONE: &str = "+15550203";
/// All phones: two are yours.
const PHONES: [&str; 3] = ["+15550201", "+15550202", SHOW_PHONE];

const ROUTING_CONTEXT: u32 = 100;
const POINT_CODE: u32 = 1;
const PEER_POINT_CODE: u32 = 2;
const GLOBAL_TITLE: &str = "15550001000";

/// What stands at the other end of the association.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Choice {
    /// The simulated network, over TCP.
    #[default]
    Tcp,
    /// The simulated network, over SCTP in UDP.
    SctpOverUdp,
    /// No peer yet: the centre tries again and again until a signalling gateway is there.
    Absent,
}

/// The running network, and where its phones are driven.
pub struct Phones {
    /// The network.
    pub network: MobileNetwork,
    /// Its HTTP door.
    address: SocketAddr,
}

/// Where the phones of a lab are driven, as it is written down for the command line.
#[derive(Deserialize, Serialize)]
pub struct PhonesDoor {
    /// `http://HOST:PORT`.
    pub base_url: String,
}

impl PhonesDoor {
    /// Where a lab writes it down.
    pub fn path(data: &Path) -> PathBuf {
        data.join("phones.json")
    }

    /// Reads the door of a running lab.
    pub fn read(data: &Path) -> io::Result<Self> {
        Ok(serde_json::from_str(&std::fs::read_to_string(Self::path(data))?)?)
    }
}

impl Phones {
    /// Starts the network and its door, and writes the door down.
    pub async fn start(choice: Choice, offset: u16, data: &Path) -> io::Result<Option<Self>> {
        let transport = match choice {
            Choice::Tcp => sctp::Transport::Tcp,
            Choice::SctpOverUdp => sctp::Transport::OverUdp,
            Choice::Absent => return Ok(None),
        };
        let settings = Settings {
            transport,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, port(SIGNALLING_PORT, offset)?)),
            tuning: sctp::Tuning { udp_port_local: Some(port(UDP_PORT, offset)?), ..sctp::Tuning::default() },
            routing_context: Some(ROUTING_CONTEXT),
            point_code: PEER_POINT_CODE,
            peer_point_code: POINT_CODE,
            global_title: GLOBAL_TITLE.to_owned(),
            phones: PHONES.map(PhoneSettings::new).to_vec(),
            seed: u64::from_le_bytes(clock::random()),
            ..Settings::default()
        };
        let network = MobileNetwork::start(&settings)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port(PHONES_PORT, offset)?)).await?;
        let address = listener.local_addr()?;
        let router = network.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let door = PhonesDoor { base_url: format!("http://{address}") };
        std::fs::write(PhonesDoor::path(data), serde_json::to_string(&door)?)?;
        Ok(Some(Self { network, address }))
    }

    /// The phones, for scripts.
    pub fn describe(&self) -> Vec<Value> {
        let phones = PHONES.iter().filter_map(|number| self.network.phone(number)?.state());
        phones
            .map(|phone| {
                let digits = phone.number.trim_start_matches('+');
                json!({
                    "number": format!("+{digits}"),
                    "imsi": phone.imsi,
                    "url": format!("http://{}/phones/{digits}", self.address),
                })
            })
            .collect()
    }
}

/// The centre's side of the network.
pub fn config(choice: Choice, offset: u16) -> io::Result<Ss7Config> {
    let mut association = Association {
        name: "gateway".to_owned(),
        transport: if choice == Choice::SctpOverUdp { Transport::SctpUdp } else { Transport::Tcp },
        remote: vec![SocketAddr::from((Ipv4Addr::LOCALHOST, port(SIGNALLING_PORT, offset)?))],
        application_servers: vec![NETWORK.to_owned()],
        reconnect_seconds_max: 1,
        ..Association::default()
    };
    association.tuning.udp_port = port(UDP_PORT, offset)?;
    Ok(Ss7Config {
        networks: vec![Network {
            name: NETWORK.to_owned(),
            point_code: POINT_CODE,
            global_title: GLOBAL_TITLE.to_owned(),
            gateways: vec![PEER_POINT_CODE],
            ..Network::default()
        }],
        application_servers: vec![ApplicationServer {
            name: NETWORK.to_owned(),
            network: NETWORK.to_owned(),
            routing_context: Some(ROUTING_CONTEXT),
            ..ApplicationServer::default()
        }],
        associations: vec![association],
        ..Ss7Config::default()
    })
}

/// The association, for scripts: where the signalling gateway is, or has to be.
pub fn describe(config: &Ss7Config) -> Value {
    let gateway = config.associations.first().and_then(|association| association.remote.first());
    json!({
        "host": gateway.map(|address| address.ip().to_string()),
        "port": gateway.map(SocketAddr::port),
        "routing_context": ROUTING_CONTEXT,
        "point_code": POINT_CODE,
        "peer_point_code": PEER_POINT_CODE,
        "global_title": GLOBAL_TITLE,
    })
}
