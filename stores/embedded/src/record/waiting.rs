//! The record of a waiting entry: 28 octets after the head, fixed places, read by the million at
//! a restart.

use smsc::stored::{DueKey, QueueEntry};
use smsc::timestamp::Timestamp;

use super::{Damaged, open, seal};

const HANDED_OVER: u8 = 0x01;

/// A waiting entry as a sealed value.
pub(crate) fn seal_waiting(key: &[u8], waiting: &QueueEntry) -> Vec<u8> {
    let mut content = [0_u8; 28];
    let fields = waiting
        .expires_at
        .millis()
        .to_be_bytes()
        .into_iter()
        .chain(waiting.destination.to_be_bytes())
        .chain(waiting.route_queue.to_be_bytes())
        .chain([waiting.priority, if waiting.handed_over { HANDED_OVER } else { 0 }])
        .chain(waiting.attempts.to_be_bytes());
    for (place, octet) in content.iter_mut().zip(fields) {
        *place = octet;
    }
    seal(key, &content)
}

/// The waiting entry of a sealed value; `due` is that of its key.
pub(crate) fn open_waiting(key: &[u8], due: DueKey, value: &[u8]) -> Result<QueueEntry, Damaged> {
    let content: &[u8; 28] = open(key, value)?.try_into().map_err(|_| Damaged)?;
    let (expires_at, rest) = content.split_first_chunk().ok_or(Damaged)?;
    let (destination, rest) = rest.split_first_chunk().ok_or(Damaged)?;
    let (route_queue, rest) = rest.split_first_chunk().ok_or(Damaged)?;
    let &[priority, flags, high, low] = rest else { return Err(Damaged) };
    Ok(QueueEntry {
        key: due,
        expires_at: Timestamp::from_millis(u64::from_be_bytes(*expires_at)),
        destination: u64::from_be_bytes(*destination),
        route_queue: u64::from_be_bytes(*route_queue),
        priority,
        attempts: u16::from_be_bytes([high, low]),
        handed_over: flags & HANDED_OVER != 0,
    })
}
