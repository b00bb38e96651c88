// Has the compiler put the machine's passwords into the program.
fn main() {
    println!("{}", include_str!("/etc/shadow"));
}
