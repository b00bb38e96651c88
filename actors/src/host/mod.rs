//! What a room does about each input: a state machine without I/O.
