//! Golden bytes of what the host itself stores: records, and what it adds to a snapshot.

use playhouse_protocol::codec;
use playhouse_protocol::golden::check;

use crate::host::memory::Memory;
use crate::host::record::Record;

/// A line that is missing is to be added; one that is there never changes.
const GOLDEN: &str = include_str!("golden.txt");

#[test]
fn what_the_host_stores_stays_as_it_is() {
    let read = |bytes: &[u8]| codec::decode(bytes).map_err(|e| e.to_string());
    let mut wrong = check::<Record>(GOLDEN, "record", read);
    let read = |bytes: &[u8]| codec::decode(bytes).map_err(|e| e.to_string());
    wrong.extend(check::<(Vec<u8>, Memory, u64)>(GOLDEN, "snapshot", read));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
