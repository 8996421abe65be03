//! Associations that carry signalling: SCTP of the kernel, SCTP over UDP, and TCP in their place.
