//! Ancillary data of a message on the socket: stream and payload protocol (RFC 6458 §5.3).

/// `SCTP_SNDINFO` and `SCTP_RCVINFO`.
const SNDINFO: i32 = 2;
const RCVINFO: i32 = 3;

/// Octets of `struct cmsghdr`: a length as wide as an address, level and kind.
const HEADER: usize = size_of::<usize>() + 8;

/// Octets of `struct sctp_sndinfo`, and the least of `struct sctp_rcvinfo` that we read.
const SNDINFO_OCTETS: usize = 16;
const RCVINFO_OCTETS: usize = 12;

/// Stream and payload protocol of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct MessageInfo {
    pub(super) stream: u16,
    pub(super) payload_protocol: u32,
}

impl MessageInfo {
    /// Encodes a control message with `struct sctp_sndinfo`.
    pub(super) fn to_sndinfo(self) -> Vec<u8> {
        let mut control = Vec::with_capacity(HEADER + SNDINFO_OCTETS);
        control.extend((HEADER + SNDINFO_OCTETS).to_ne_bytes());
        control.extend(libc::IPPROTO_SCTP.to_ne_bytes());
        control.extend(SNDINFO.to_ne_bytes());
        control.extend(self.stream.to_ne_bytes());
        control.extend([0; 2]); // flags: in order
        // The kernel copies it to the wire as it is.
        control.extend(self.payload_protocol.to_be_bytes());
        control.extend([0; 8]); // context and association
        control
    }

    /// Reads `struct sctp_rcvinfo` among the control messages of a received message.
    pub(super) fn from_rcvinfo(mut control: &[u8]) -> Option<Self> {
        loop {
            let (length, rest) = control.split_first_chunk::<{ size_of::<usize>() }>()?;
            let (level, rest) = rest.split_first_chunk::<4>()?;
            let (kind, _) = rest.split_first_chunk::<4>()?;
            let length = usize::from_ne_bytes(*length);
            let value = control.get(HEADER..length)?;
            let level_and_kind = (i32::from_ne_bytes(*level), i32::from_ne_bytes(*kind));
            if level_and_kind == (libc::IPPROTO_SCTP, RCVINFO) && value.len() >= RCVINFO_OCTETS {
                return Some(Self {
                    stream: u16::from_ne_bytes(*value.first_chunk::<2>()?),
                    payload_protocol: u32::from_be_bytes(*value.get(8..)?.first_chunk::<4>()?),
                });
            }
            control = control.get(length.next_multiple_of(size_of::<usize>())..)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: MessageInfo = MessageInfo { stream: 7, payload_protocol: 3 };

    fn control(kind: i32, value: &[u8]) -> Vec<u8> {
        let mut control = (HEADER + value.len()).to_ne_bytes().to_vec();
        control.extend(libc::IPPROTO_SCTP.to_ne_bytes());
        control.extend(kind.to_ne_bytes());
        control.extend(value);
        control.resize(control.len().next_multiple_of(size_of::<usize>()), 0);
        control
    }

    fn received() -> Vec<u8> {
        let mut value = 7_u16.to_ne_bytes().to_vec();
        value.extend([9, 9, 0, 0, 0, 0]); // SSN, flags, a gap
        value.extend([0, 0, 0, 3]);
        value.extend([8; 16]); // TSNs, context, association
        control(RCVINFO, &value)
    }

    #[test]
    fn the_control_message_is_as_long_as_the_c_macros_make_it() {
        let control = INFO.to_sndinfo();
        assert_eq!(control.len(), HEADER + size_of::<libc::sctp_sndinfo>());
        assert_eq!(HEADER, size_of::<libc::cmsghdr>());
        assert_eq!(control[HEADER..HEADER + 2], 7_u16.to_ne_bytes());
        assert_eq!(control[HEADER + 4..HEADER + 8], [0, 0, 0, 3]);
    }

    #[test]
    fn rcvinfo_is_found_behind_other_control_messages() {
        assert_eq!(MessageInfo::from_rcvinfo(&received()), Some(INFO));
        let mut behind = control(1, &[0; 3]);
        behind.extend(received());
        assert_eq!(MessageInfo::from_rcvinfo(&behind), Some(INFO));
    }

    #[test]
    fn truncations_and_wrong_lengths_yield_nothing() {
        let control = received();
        for present in 0..HEADER + 24 {
            assert_eq!(MessageInfo::from_rcvinfo(&control[..present]), None);
        }
        for length in [0, 1, HEADER, usize::MAX] {
            let mut wrong = control.clone();
            wrong[..size_of::<usize>()].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(MessageInfo::from_rcvinfo(&wrong), None);
        }
    }
}
