//! The requests that each side may send in each kind of bind (SMPP 3.4 §2.3, table 2-1; SMPP 5.0 §2.4, table 2-1).

use super::Side;
use crate::command::CommandId;
use crate::pdu::BindKind;

/// Whether `sender` may make this request of its peer in a session bound as `kind`.
///
/// Commands of vendors are left to the two sides. The requests that open,
/// close and test a session are not checked here.
pub(super) const fn may_request(sender: Side, kind: BindKind, id: CommandId) -> bool {
    match (sender, id) {
        (Side::Centre, CommandId::DELIVER_SM | CommandId::ALERT_NOTIFICATION | CommandId::DATA_SM) => {
            kind.receives()
        }
        (Side::Centre, _) => id.is_vendor(),
        (Side::Esme, CommandId::DELIVER_SM | CommandId::ALERT_NOTIFICATION) => false,
        (Side::Esme, _) => kind.transmits() || id.is_vendor(),
    }
}
