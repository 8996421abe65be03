//! All ways out of the centre, behind one door: each endpoint belongs to one gateway.

use std::sync::{Arc, OnceLock};

use smsc::delivery::{Capabilities, Delivery, DeliveryAck};
use smsc::endpoint::Endpoint;
use smsc::failure::Failure;
use smsc::future::BoxFuture;
use smsc::ports::Gateways;

/// The gateways of this process. They need the centre and the centre needs them, so they are
/// put in after both exist; until then no endpoint is connected.
#[derive(Default)]
pub struct GatewayRegistry {
    /// ESMEs and other centres.
    pub smpp: OnceLock<Arc<dyn Gateways>>,
    /// SIP peers and users.
    pub sip: OnceLock<Arc<dyn Gateways>>,
    /// Mobile networks.
    pub ss7: OnceLock<Arc<dyn Gateways>>,
    /// The messaging platform of this process.
    pub platform: OnceLock<Arc<dyn Gateways>>,
}

impl GatewayRegistry {
    fn gateway(&self, endpoint: &Endpoint) -> Option<&Arc<dyn Gateways>> {
        match endpoint {
            Endpoint::Esme(_) | Endpoint::Smpp(_) => self.smpp.get(),
            Endpoint::SipPeer(_) | Endpoint::SipUser(_) => self.sip.get(),
            Endpoint::Ss7(_) => self.ss7.get(),
            Endpoint::Platform => self.platform.get(),
            Endpoint::Operator => None,
        }
    }
}

impl Gateways for GatewayRegistry {
    fn available(&self, endpoint: &Endpoint) -> usize {
        self.gateway(endpoint).map_or(0, |gateway| gateway.available(endpoint))
    }

    fn deliver(
        &self,
        endpoint: &Endpoint,
        delivery: Delivery,
    ) -> BoxFuture<'static, Result<DeliveryAck, Failure>> {
        match self.gateway(endpoint) {
            Some(gateway) => gateway.deliver(endpoint, delivery),
            None => Box::pin(std::future::ready(Err(Failure::NoPeer))),
        }
    }

    fn capabilities(&self, endpoint: &Endpoint) -> Capabilities {
        let nobody = Capabilities { open_per_destination: 1, reassembled: false, sends_receipts: false };
        self.gateway(endpoint).map_or(nobody, |gateway| gateway.capabilities(endpoint))
    }
}
