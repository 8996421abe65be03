//! MAP: the short message procedures, without input or output.
