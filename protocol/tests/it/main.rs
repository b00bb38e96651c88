//! The game protocol as its users meet it.

mod counting;
mod hostile;
mod links;
mod pair;
mod peers;
mod reference;
mod steady;
mod wire;
