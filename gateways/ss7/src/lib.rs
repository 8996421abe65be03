//! The mobile network: MAP over SIGTRAN, on sockets.
