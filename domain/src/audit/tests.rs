//! What the trail promises.

use playhouse_protocol::codec;
use uuid::Uuid;

use super::*;
use crate::room::{Caller, Role, Seed};

fn deed(detail: &str) -> Deed {
    let by = By { account: Some(AccountId(Uuid::from_u128(7))), name: "admin".into() };
    let about = Some("showing:1".into());
    Deed { by, act: What::RoomRewind, about, detail: detail.into() }
}

fn ask(trail: &mut Audit, caller: &Caller, command: Command) -> Result<Vec<RowChange>, Refusal> {
    let (now, seed) = (Timestamp::from_ms(5), Seed::derive(&[b"any"]));
    let cx = Cx { now, room: &room(), caller, seed, revision: 0 };
    let effects = trail.decide(&cx, command)?;
    let mut rows = Vec::new();
    for event in effects.events {
        trail.apply(now, &event);
        rows.extend(trail.row_changes(&event));
    }
    Ok(rows)
}

fn row(rows: &[RowChange]) -> serde_json::Value {
    let [RowChange { value: Some(json), .. }] = rows else { panic!("one row: {rows:?}") };
    serde_json::from_str(json).unwrap()
}

#[test]
fn an_act_is_taken_down_before_it_is_done_and_its_outcome_once_afterwards() {
    let (mut trail, system) = (Audit::default(), Caller::System);
    let begun = row(&ask(&mut trail, &system, Command::Begin(deed("to record 7"))).unwrap());
    assert_eq!((&begun["id"], &begun["outcome"]), (&1.into(), &"begun".into()));
    assert_eq!((&begun["act"], &begun["by"]["name"]), (&"room.rewind".into(), &"admin".into()));
    let refused = Command::End { id: 1, refused: Some("not_quarantined".into()) };
    let ended = row(&ask(&mut trail, &system, refused).unwrap());
    assert_eq!((&ended["outcome"], &ended["code"]), (&"refused".into(), &"not_quarantined".into()));
    let again = Command::End { id: 1, refused: None };
    assert_eq!(ask(&mut trail, &system, again), Ok(vec![]), "the first outcome holds");
    let unknown = Command::End { id: 2, refused: None };
    assert_eq!(ask(&mut trail, &system, unknown).unwrap_err().code, "not_found");
}

#[test]
fn nobody_but_the_server_writes_the_trail() {
    let admin = Caller::Account { id: AccountId(Uuid::nil()), role: Role::Admin };
    for caller in [admin, Caller::Nobody] {
        let refused = ask(&mut Audit::default(), &caller, Command::Begin(deed("x"))).unwrap_err();
        assert_eq!(refused.code, "forbidden");
    }
}

#[test]
fn what_is_taken_down_is_one_line_within_bounds() {
    let long = format!("a\n{}", "b".repeat(10_000));
    let rows = ask(&mut Audit::default(), &Caller::System, Command::Begin(deed(&long))).unwrap();
    let detail = row(&rows)["detail"].as_str().unwrap().to_owned();
    assert_eq!((detail.len(), detail.contains('\n')), (DETAIL_MAX, false));
}

#[test]
fn the_newest_acts_are_kept_and_rows_are_dropped_with_the_others() {
    let mut trail = Audit::default();
    let event = Event::Begun(deed("x"));
    (0..KEPT_MAX).for_each(|_| trail.apply(Timestamp::ZERO, &event));
    assert_eq!(trail.row_changes(&event).len(), 1);
    trail.apply(Timestamp::ZERO, &event);
    let rows = trail.row_changes(&event);
    assert_eq!((rows[0].key.as_str(), &rows[0].value), (key(1).as_str(), &None));
    let view = trail.view(Timestamp::ZERO, &Audience::Presenter).unwrap();
    assert_eq!(
        (view.kept as u64, view.oldest, view.newest),
        (KEPT_MAX, Some(2), Some(KEPT_MAX + 1))
    );
    assert_eq!(trail.rows().len() as u64, KEPT_MAX);
    assert_eq!(trail.view(Timestamp::ZERO, &Audience::Public), None);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What schema 1 stores, byte for byte: a record that was written must be read for ever.
#[test]
fn events_have_the_bytes_that_schema_1_gave_them() {
    let begun = Event::Begun(deed("to 7"));
    let line = Deed {
        by: By { account: None, name: "command line".into() },
        act: What::KeysRotate,
        about: None,
        detail: String::new(),
    };
    let ended = Event::Ended { id: 300, refused: Some("rewrite_refused".into()) };
    for (event, golden) in [
        (begun, BEGUN),
        (Event::Begun(line), LINE),
        (ended, ENDED),
        (Event::Ended { id: 1, refused: None }, "010100"),
    ] {
        assert_eq!(hex(&codec::encode(&event)), golden, "{event:?}");
        assert_eq!(codec::decode::<Event>(&codec::encode(&event)).unwrap(), event);
    }
}

const BEGUN: &str =
    "000110000000000000000000000000000000070561646d696e03010973686f77696e673a3104746f2037";
const LINE: &str = "00000c636f6d6d616e64206c696e65080000";
const ENDED: &str = "01fb2c01010f726577726974655f72656675736564";
