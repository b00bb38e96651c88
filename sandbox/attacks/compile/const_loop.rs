// Computes for ever while it is compiled.
#![allow(long_running_const_eval)]
const fn count(mut n: u64) -> u64 {
    loop {
        n = n.wrapping_add(1);
        if n == 0 {
            return n;
        }
    }
}
const FOR_EVER: u64 = count(1);
fn main() {
    println!("{FOR_EVER}");
}
