//! Seven-bit packing of the GSM default alphabet (3GPP TS 23.038 §6.1.2.1).
//!
//! Eight septets travel in seven octets, least significant bit first. In the
//! octets alone a last septet of zero ("@") looks like padding, so the
//! caller always carries the septet count (TP-UDL) beside them.

use crate::error::Truncated;

/// Octets that `count` septets need behind `fill_bits`.
pub const fn packed_len(count: usize, fill_bits: u32) -> usize {
    (count * 7 + fill_bits as usize).div_ceil(8)
}

/// Bits between the end of a header of `header_octets` and the next septet
/// boundary, 0 to 6 (TS 23.040 §9.2.3.24).
pub const fn fill_bits(header_octets: usize) -> u32 {
    // Each header octet has one bit more than a septet, so the gap shrinks by one bit.
    match header_octets % 7 {
        0 => 0,
        1 => 6,
        2 => 5,
        3 => 4,
        4 => 3,
        5 => 2,
        _ => 1,
    }
}

/// Packs `septets` into octets; `fill_bits` (0 to 6) leaves room after a header.
///
/// A user data header ends on an octet boundary, but the text after it starts
/// on the next septet boundary (TS 23.040 §9.2.3.24). The gap is `fill_bits`.
pub fn pack(septets: &[u8], fill_bits: u32) -> Vec<u8> {
    let mut octets = Vec::with_capacity(packed_len(septets.len(), fill_bits));
    pack_into(&mut octets, septets, fill_bits);
    octets
}

/// Packs as [`pack`] does, behind what `octets` holds already.
pub fn pack_into(octets: &mut Vec<u8>, septets: &[u8], fill_bits: u32) {
    let mut window = 0_u64;
    let mut held = fill_bits.min(7); // bits waiting in `window`
    let (groups, rest) = septets.as_chunks::<8>();
    for group in groups {
        let bits = group.iter().rev().fold(0_u64, |bits, &septet| bits << 7 | u64::from(septet & 0x7f));
        window |= bits << held;
        let [low @ .., _] = window.to_le_bytes();
        octets.extend_from_slice(&low);
        window >>= 56;
    }
    for &septet in rest {
        window |= u64::from(septet & 0x7f) << held;
        held += 7;
        if held >= 8 {
            octets.push(window.to_le_bytes()[0]);
            window >>= 8;
            held -= 8;
        }
    }
    if held > 0 {
        octets.push(window.to_le_bytes()[0]);
    }
}

/// Unpacks `count` septets, or returns how many octets are missing.
pub fn unpack(octets: &[u8], fill_bits: u32, count: usize) -> Result<Vec<u8>, Truncated> {
    let fill_bits = fill_bits.min(7);
    let needed = packed_len(count, fill_bits);
    let octets = octets.get(..needed).ok_or(Truncated { needed, present: octets.len() })?;
    let mut septets = Vec::with_capacity(count + 8);
    let (mut window, mut held, octets) = match octets.split_first() {
        Some((&first, rest)) if fill_bits > 0 => (u64::from(first >> fill_bits), 8 - fill_bits, rest),
        _ => (0, 0, octets),
    };
    let (groups, rest) = octets.as_chunks::<7>();
    for &[a, b, c, d, e, f, g] in groups {
        window |= u64::from_le_bytes([a, b, c, d, e, f, g, 0]) << held;
        septets.extend((0..8).map(|n| (window >> (n * 7)).to_le_bytes()[0] & 0x7f));
        window >>= 56;
    }
    let mut rest = rest.iter();
    while septets.len() < count {
        if held < 7 {
            window |= u64::from(rest.next().copied().unwrap_or(0)) << held;
            held += 8;
        }
        septets.push(window.to_le_bytes()[0] & 0x7f);
        window >>= 7;
        held -= 7;
    }
    septets.truncate(count);
    Ok(septets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of the SMS-SUBMIT `0011000B916407281553F80000AA0AE8329BFD4697D9EC37`,
    /// the example of AT-command manuals.
    const HELLOHELLO: [u8; 9] = [0xe8, 0x32, 0x9b, 0xfd, 0x46, 0x97, 0xd9, 0xec, 0x37];

    #[test]
    fn packs_and_unpacks_the_published_vector() {
        assert_eq!(pack(b"hellohello", 0), HELLOHELLO);
        assert_eq!(unpack(&HELLOHELLO, 0, 10).unwrap(), b"hellohello");
    }

    #[test]
    fn field_09_seven_spare_bits_are_no_at_sign() {
        let octets = [0x61, 0xf1, 0x98, 0x5c, 0x36, 0x9f, 0x01];
        assert_eq!(pack(b"abcdefg", 0), octets);
        assert_eq!(unpack(&octets, 0, 7).unwrap(), b"abcdefg");
        assert_eq!(unpack(&octets, 0, 8).unwrap(), b"abcdefg\0");
    }

    #[test]
    fn fill_bits_reach_the_next_septet() {
        for header in 0..=140 {
            assert_eq!((header * 8 + fill_bits(header) as usize) % 7, 0, "header of {header}");
            assert!(fill_bits(header) < 7);
        }
    }

    #[test]
    fn every_length_and_fill_matches_the_definition_bit_by_bit() {
        for fill in 0..7_u32 {
            for count in 0..=160_usize {
                let septets: Vec<u8> = (0..count).map(|n| u8::try_from(n * 37 % 128).unwrap()).collect();
                let octets = pack(&septets, fill);
                assert_eq!(octets.len(), packed_len(count, fill));
                let bit = |n: usize| octets[n / 8] >> (n % 8) & 1;
                let expected = |n: usize| (0..7).fold(0, |acc, i| acc | bit(n * 7 + fill as usize + i) << i);
                assert_eq!(septets, (0..count).map(expected).collect::<Vec<u8>>());
                assert_eq!(unpack(&octets, fill, count).unwrap(), septets);
            }
        }
    }

    #[test]
    fn refuses_every_truncation() {
        for present in 0..HELLOHELLO.len() {
            let refused = unpack(&HELLOHELLO[..present], 0, 10);
            assert_eq!(refused, Err(Truncated { needed: 9, present }));
        }
    }
}
