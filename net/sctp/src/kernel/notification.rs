//! Notifications of the kernel about an association (RFC 6458 §6.1).

const ASSOC_CHANGE: u16 = 0x8001;
const SHUTDOWN_EVENT: u16 = 0x8005;

/// A notification that changes the state of the association.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Notification {
    /// `SCTP_COMM_LOST` and `SCTP_CANT_STR_ASSOC`: it is lost. The socket's error is the reason.
    Lost,
    /// `SCTP_RESTART`: the peer restarted it.
    Restarted,
    /// `SCTP_SHUTDOWN_COMP`: it has ended in good order.
    Ended,
    /// `SCTP_SHUTDOWN_EVENT`: the peer has begun to shut down.
    PeerShutsDown,
}

impl Notification {
    /// `None` for all other notifications, and for truncated ones.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let (kind, rest) = octets.split_first_chunk::<2>()?;
        match u16::from_ne_bytes(*kind) {
            SHUTDOWN_EVENT => Some(Self::PeerShutsDown),
            // Flags and length come before the state.
            ASSOC_CHANGE => match u16::from_ne_bytes(*rest.get(6..)?.first_chunk::<2>()?) {
                1 | 4 => Some(Self::Lost),
                2 => Some(Self::Restarted),
                3 => Some(Self::Ended),
                _ => None,
            },
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(state: u16) -> Vec<u8> {
        let mut octets = ASSOC_CHANGE.to_ne_bytes().to_vec();
        octets.extend([0; 2]);
        octets.extend(20_u32.to_ne_bytes());
        octets.extend(state.to_ne_bytes());
        octets.resize(20, 0);
        octets
    }

    #[test]
    fn states_are_read_as_the_kernels_header_numbers_them() {
        let states: Vec<_> = (0..6).map(|state| Notification::read(&change(state))).collect();
        let (lost, ended) = (Some(Notification::Lost), Some(Notification::Ended));
        assert_eq!(states, [None, lost, Some(Notification::Restarted), ended, lost, None]);
    }

    #[test]
    fn truncations_yield_nothing() {
        let lost = change(1);
        for present in 0..10 {
            assert_eq!(Notification::read(&lost[..present]), None);
        }
    }
}
