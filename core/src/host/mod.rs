//! The seam for foreign languages: every command takes plain data, every event is pulled from a mailbox.
