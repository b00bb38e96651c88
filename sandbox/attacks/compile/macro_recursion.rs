// Doubles its own text with every step.
#![recursion_limit = "1000000"]
macro_rules! twice {
    ($($text:tt)*) => { twice!($($text)* $($text)* x) };
}
fn main() {
    twice!(x);
}
