//! A showing: one movie on one screen at one time, and who has which seat.
