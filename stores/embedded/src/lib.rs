//! The store in this process: one committer, group commit, an audit.
