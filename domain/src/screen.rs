//! A screen: its seats, and its schedule, in which no two showings overlap.
