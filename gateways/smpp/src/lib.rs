//! SMPP on sockets: the server that ESMEs bind to and the binds to other centres.
