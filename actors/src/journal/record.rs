//! The bytes of a frame and of a snapshot.
