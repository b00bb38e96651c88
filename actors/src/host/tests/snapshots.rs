//! What the host promises about snapshots and about what is kept behind them.

use std::time::Duration;

use playhouse_domain::time::Timestamp;

use super::counter::Command::{Add, Pad, Read};
use super::rig::{Rig, Told};
use crate::journal::Keep;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn what_is_kept_is_as_old_as_the_kind_says() {
    let mut rig = Rig::new();
    rig.now = Timestamp::from_ms(0) + 5 * DAY;
    (0..10).for_each(|_| drop(rig.ask(None, &Add(1))));
    let newest = rig.disk.last().expect("records are there").at;
    assert_eq!(rig.keep, Some(Keep::Since(Timestamp::from_ms(0) + 3 * DAY)));
    assert_eq!(newest, Timestamp::from_ms(0) + 5 * DAY);
}

#[test]
fn a_large_state_is_snapshotted_away_from_the_room_which_goes_on() {
    let mut rig = Rig::new();
    rig.ask(None, &Pad(200_000));
    (0..9).for_each(|_| drop(rig.ask(None, &Add(1))));
    assert_eq!((rig.elsewhere.clone(), rig.snapshots.len()), (vec![10], 0));
    (0..20).for_each(|_| drop(rig.ask(None, &Add(1))));
    assert_eq!(rig.elsewhere, [10], "one at a time");
    rig.snapshot_elsewhere();
    assert_eq!(rig.snapshots[0].seq, 10, "as of the record it was asked for");
    rig.ask(None, &Add(1));
    assert_eq!(rig.elsewhere.len(), 0, "as many bytes as the last one had lie between two");
    rig.crash();
    assert!(matches!(rig.ask(Some("k"), &Read), Told::Answer(_, Ok(30))));
}

#[test]
fn a_snapshot_made_away_from_the_room_is_the_one_it_would_have_made() {
    let (mut here, mut elsewhere) = (Rig::new(), Rig::new());
    for rig in [&mut here, &mut elsewhere] {
        rig.ask(Some("first"), &Add(7));
    }
    elsewhere.ask(None, &Pad(200_000));
    here.ask(None, &Pad(0));
    for rig in [&mut here, &mut elsewhere] {
        (0..7).for_each(|n| drop(rig.ask(Some(&format!("k{n}")), &Add(1))));
    }
    // The newest pad is what the state holds: now both hold the same.
    elsewhere.ask(None, &Pad(0));
    here.ask(None, &Pad(0));
    elsewhere.snapshot_elsewhere();
    assert_eq!(here.snapshots, elsewhere.snapshots);
}
