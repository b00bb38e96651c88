//! Passwords, tokens, sessions: everything about who is asking.
