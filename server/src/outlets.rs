//! All ways out of the centre, behind one door: each party belongs to one gateway.

use std::sync::{Arc, OnceLock};

use smsc::failure::Failure;
use smsc::message::Party;
use smsc::ports::{Delivery, Gateways, Handover, Promise, Wishes};

/// The gateways of this process. They need the centre and the centre needs them, so they are
/// put in after both exist; until then nobody is connected.
#[derive(Default)]
pub struct Outlets {
    /// ESMEs and other centres.
    pub smpp: OnceLock<Arc<dyn Gateways>>,
    /// SIP peers and users.
    pub sip: OnceLock<Arc<dyn Gateways>>,
    /// Mobile networks.
    pub ss7: OnceLock<Arc<dyn Gateways>>,
    /// The messaging platform of this process.
    pub platform: OnceLock<Arc<dyn Gateways>>,
}

impl Outlets {
    fn gateway(&self, party: &Party) -> Option<&Arc<dyn Gateways>> {
        match party {
            Party::Esme(_) | Party::Smpp(_) => self.smpp.get(),
            Party::SipPeer(_) | Party::SipUser(_) => self.sip.get(),
            Party::Ss7(_) => self.ss7.get(),
            Party::Platform => self.platform.get(),
            Party::Operator => None,
        }
    }
}

impl Gateways for Outlets {
    fn room(&self, party: &Party) -> usize {
        self.gateway(party).map_or(0, |gateway| gateway.room(party))
    }

    fn deliver(&self, party: &Party, delivery: Delivery) -> Promise<'static, Result<Handover, Failure>> {
        match self.gateway(party) {
            Some(gateway) => gateway.deliver(party, delivery),
            None => Box::pin(std::future::ready(Err(Failure::NoPeer))),
        }
    }

    fn wishes(&self, party: &Party) -> Wishes {
        let nobody = Wishes { open_per_destination: 1, reassembled: false, sends_receipts: false };
        self.gateway(party).map_or(nobody, |gateway| gateway.wishes(party))
    }
}
