//! SCCP connectionless, without input or output.
