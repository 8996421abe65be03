//! Socket addresses in the kernel's form: packed `sockaddr_in` and `sockaddr_in6`.

use std::net::SocketAddr;

/// Encodes addresses for bindx and connectx.
pub(super) fn packed(addresses: &[SocketAddr]) -> Vec<u8> {
    addresses.iter().flat_map(encoded).collect()
}

fn encoded(address: &SocketAddr) -> Vec<u8> {
    let family = match address {
        SocketAddr::V4(_) => libc::AF_INET,
        SocketAddr::V6(_) => libc::AF_INET6,
    };
    // Both families are small numbers.
    let family = u16::try_from(family).unwrap_or_default();
    let mut octets = Vec::with_capacity(28);
    octets.extend(family.to_ne_bytes());
    octets.extend(address.port().to_be_bytes());
    match address {
        SocketAddr::V4(address) => {
            octets.extend(address.ip().octets());
            octets.extend([0; 8]);
        }
        SocketAddr::V6(address) => {
            octets.extend(address.flowinfo().to_be_bytes());
            octets.extend(address.ip().octets());
            octets.extend(address.scope_id().to_ne_bytes());
        }
    }
    octets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_the_sizes_of_the_c_structures() {
        let (ipv4, ipv6) = ("192.0.2.1:2905".parse().unwrap(), "[2001:db8::1]:2905".parse().unwrap());
        assert_eq!(packed(&[ipv4]).len(), size_of::<libc::sockaddr_in>());
        assert_eq!(packed(&[ipv6]).len(), size_of::<libc::sockaddr_in6>());
        let both = packed(&[ipv4, ipv6]);
        assert_eq!(both[2..8], [0x0b, 0x59, 192, 0, 2, 1]);
        assert_eq!(both[18..20], [0x0b, 0x59]);
        assert_eq!(both[24..28], [0x20, 0x01, 0x0d, 0xb8]);
    }
}
