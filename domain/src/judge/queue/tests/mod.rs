//! Tests of the queue. `stage`: a queue in the hand of a test. `stories`: who comes, who starts. `random`: what
//! holds whatever happens.

mod random;
mod stage;
mod stories;
