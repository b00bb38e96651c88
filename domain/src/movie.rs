//! A movie and what is said about it.
