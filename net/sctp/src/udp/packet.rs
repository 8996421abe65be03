//! The common header and first chunk of an SCTP packet, as far as demultiplexing needs them.

/// Chunk types (RFC 9260 §3.2).
pub(super) const INIT: u8 = 1;
pub(super) const INIT_ACK: u8 = 2;
pub(super) const ABORT: u8 = 6;
pub(super) const SHUTDOWN: u8 = 7;
pub(super) const SHUTDOWN_ACK: u8 = 8;
pub(super) const COOKIE_ECHO: u8 = 10;
pub(super) const SHUTDOWN_COMPLETE: u8 = 14;

/// The common header (RFC 9260 §3.1) and the beginning of the first chunk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Head {
    pub(super) source_port: u16,
    pub(super) destination_port: u16,
    pub(super) verification_tag: u32,
    /// The type of the first chunk.
    pub(super) chunk: u8,
    /// The verification tag for packets to the sender; only in INIT and INIT ACK.
    pub(super) initiate_tag: Option<u32>,
}

impl Head {
    /// `None` for octets that are too short for a packet with a chunk.
    pub(super) fn read(octets: &[u8]) -> Option<Self> {
        let (ports, rest) = octets.split_first_chunk::<4>()?;
        let (tag, rest) = rest.split_first_chunk::<4>()?;
        let (_checksum, rest) = rest.split_first_chunk::<4>()?;
        let (chunk, value) = rest.split_first_chunk::<4>()?;
        let [source_high, source_low, destination_high, destination_low] = *ports;
        let [chunk, ..] = *chunk;
        let initiates = matches!(chunk, INIT | INIT_ACK);
        let initiate_tag = value.first_chunk::<4>().filter(|_| initiates);
        Some(Self {
            source_port: u16::from_be_bytes([source_high, source_low]),
            destination_port: u16::from_be_bytes([destination_high, destination_low]),
            verification_tag: u32::from_be_bytes(*tag),
            chunk,
            initiate_tag: initiate_tag.map(|tag| u32::from_be_bytes(*tag)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An INIT by hand, field after field as in RFC 9260 §3.1 and §3.3.2.
    const PACKET: [u8; 32] = [
        0x0b, 0x59, 0x0b, 0x5a, // ports 2905 and 2906
        0, 0, 0, 0, // verification tag
        1, 2, 3, 4, // checksum
        1, 0, 0, 20, // INIT, 20 octets
        0xca, 0xfe, 0xba, 0xbe, // initiate tag
        0, 1, 0, 0, // receiver window
        0, 17, 0, 17, // streams
        0, 0, 0, 1, // initial TSN
    ];

    #[test]
    fn reads_ports_tag_and_chunk_type() {
        let head = Head {
            source_port: 2905,
            destination_port: 2906,
            verification_tag: 0,
            chunk: INIT,
            initiate_tag: Some(0xcafe_babe),
        };
        assert_eq!(Head::read(&PACKET), Some(head));
    }

    #[test]
    fn every_truncation_is_detected() {
        for present in 0..PACKET.len() {
            let head = Head::read(&PACKET[..present]);
            assert_eq!(head.is_some(), present >= 16);
            assert_eq!(head.is_some_and(|head| head.initiate_tag.is_some()), present >= 20);
        }
    }
}
