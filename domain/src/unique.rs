//! Unique names: a room named after the unique thing, and the saga that claims it.
