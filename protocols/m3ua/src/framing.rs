//! Message boundaries in a TCP stream, by the common header (RFC 4666 §3.1).

use crate::{Error, MESSAGE_OCTETS_MAX};

/// The length, in octets, of the message at the head of a TCP stream.
///
/// `None` means that the header is incomplete; the length may exceed the octets received so far.
/// An error means that the stream is not M3UA and must be closed.
pub fn framed(octets: &[u8]) -> Result<Option<usize>, Error> {
    match octets.first() {
        None => return Ok(None),
        Some(1) => {}
        Some(&version) => return Err(Error::Version(version)),
    }
    let Some(&[_, _, _, _, a, b, c, d]) = octets.first_chunk::<8>() else { return Ok(None) };
    let length = usize::try_from(u32::from_be_bytes([a, b, c, d])).map_err(|_| Error::Length)?;
    if (8..=MESSAGE_OCTETS_MAX).contains(&length) { Ok(Some(length)) } else { Err(Error::Length) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_incomplete_header_has_no_length() {
        let aspup = [1, 0, 3, 1, 0, 0, 0, 8];
        for cut in 0..aspup.len() {
            assert_eq!(framed(&aspup[..cut]), Ok(None), "{cut}");
        }
        assert_eq!(framed(&aspup), Ok(Some(8)));
        assert_eq!(framed(&[1, 0, 3, 1, 0, 0, 0, 8, 1, 0]), Ok(Some(8)));
    }

    #[test]
    fn garbage_is_refused_at_once() {
        assert_eq!(framed(b"GET / HTTP/1.1"), Err(Error::Version(b'G')));
        assert_eq!(framed(&[1, 0, 3, 1, 0, 0, 0, 7]), Err(Error::Length));
        assert_eq!(framed(&[1, 0, 3, 1, 0, 1, 0, 0]), Ok(Some(MESSAGE_OCTETS_MAX)));
        assert_eq!(framed(&[1, 0, 3, 1, 0, 1, 0, 1]), Err(Error::Length));
        assert_eq!(framed(&[1, 0, 3, 1, 255, 255, 255, 255]), Err(Error::Length));
    }
}
