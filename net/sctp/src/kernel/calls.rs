//! SCTP system calls without a safe wrapper. All `unsafe` code of the workspace is here.

#![allow(unsafe_code, reason = "options and notifications of SCTP have no safe wrapper")]

use std::io;
use std::os::fd::AsRawFd;
use std::ptr;

use socket2::Socket;
use tokio::io::unix::AsyncFd;

/// Size of the buffer for control messages; `SCTP_RCVINFO` takes 44.
pub(super) const CONTROL_OCTETS: u8 = 128;

/// A buffer for control messages, aligned as the kernel writes them. Zeros follow the last of them.
#[repr(align(8))]
pub(super) struct ControlBuffer(pub(super) [u8; CONTROL_OCTETS as usize]);

/// The result of one `recvmsg`.
pub(super) struct ReceiveResult {
    /// Octets in the buffer.
    pub(super) octets: usize,
    /// The message ends here (`MSG_EOR`).
    pub(super) complete: bool,
    /// It is a notification (`MSG_NOTIFICATION`).
    pub(super) notification: bool,
}

/// Registers a socket with the runtime.
pub(super) fn register(socket: Socket) -> io::Result<AsyncFd<Socket>> {
    // SAFETY: a `Socket` owns its descriptor, gives always the same one, and closes it only when it
    // is dropped, which `AsyncFd` does after it has stopped watching.
    let socket = unsafe { AsyncFd::register(socket) };
    socket.map_err(io::Error::from)
}

/// `setsockopt` at the level of SCTP.
pub(super) fn set_option(socket: &Socket, name: i32, value: &[u8]) -> io::Result<()> {
    let length = libc::socklen_t::try_from(value.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    // SAFETY: the descriptor is open as long as `socket` is borrowed, and the kernel reads `length`
    // octets at `value`, which are initialised and borrowed for the whole call.
    let result = unsafe {
        libc::setsockopt(socket.as_raw_fd(), libc::IPPROTO_SCTP, name, value.as_ptr().cast(), length)
    };
    // `SCTP_SOCKOPT_CONNECTX` returns the number of the association.
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// `getsockopt` at the level of SCTP; returns how many octets of `value` were written.
pub(super) fn get_option(socket: &Socket, name: i32, value: &mut [u8]) -> io::Result<usize> {
    let capacity = libc::socklen_t::try_from(value.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut length = capacity;
    // SAFETY: the descriptor is open as long as `socket` is borrowed. The kernel writes at most
    // `length` octets at `value`, which is exactly as long and borrowed exclusively, and the number
    // of them at `length`, which lives on this stack.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_SCTP,
            name,
            value.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(usize::try_from(length.min(capacity)).unwrap_or(value.len()))
}

/// `recvmsg`, with its control messages.
pub(super) fn receive(
    socket: &Socket,
    buffer: &mut [u8],
    control: &mut ControlBuffer,
) -> io::Result<ReceiveResult> {
    control.0.fill(0);
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: `msghdr` is plain data of integers and pointers, for which all zeros is a value.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_name = ptr::null_mut();
    header.msg_iov = &raw mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = CONTROL_OCTETS.into();
    // SAFETY: the descriptor is open as long as `socket` is borrowed. `header` points to one part,
    // which is `buffer` with its length, and to `control` with its length; all of them are borrowed
    // exclusively and outlive the call.
    let result = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, 0) };
    let octets = usize::try_from(result).map_err(|_| io::Error::last_os_error())?;
    Ok(ReceiveResult {
        octets: octets.min(buffer.len()),
        complete: header.msg_flags & libc::MSG_EOR != 0,
        notification: header.msg_flags & libc::MSG_NOTIFICATION != 0,
    })
}
