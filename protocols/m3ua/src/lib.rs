//! M3UA: ASP, IPSP and SGP, without input or output.
