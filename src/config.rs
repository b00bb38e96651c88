//! Every setting: default, unit, reason; from file, environment and flags.
