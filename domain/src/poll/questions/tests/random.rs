//! Random lives of questions: whatever is asked in whatever order, the invariants hold.

use std::time::Duration;

use proptest::prelude::*;

use super::super::*;
use super::{Stage, device, guest};
use crate::poll::tests::presenter;
use crate::room::Caller;

/// One step of a life. Voters are 0 to 3, questions 1 to 8.
fn step() -> impl Strategy<Value = (Caller, Command)> {
    let voter = || 0..4_u128;
    let question = || 1..9_u32;
    let ask = (voter(), 0..4_u8).prop_map(|(n, text)| {
        let (voter, text, name) = (device(n), format!("{text}?"), None);
        (guest(n), Command::Ask { voter, text, name })
    });
    let vote = (voter(), question(), any::<bool>())
        .prop_map(|(n, question, up)| (guest(n), Command::Vote { voter: device(n), question, up }));
    let show = (question(), any::<bool>())
        .prop_map(|(question, shown)| (presenter(), Command::Show { question, shown }));
    let answer = (question(), any::<bool>())
        .prop_map(|(question, answered)| (presenter(), Command::Answer { question, answered }));
    let modes = prop::sample::select(vec![Asking::Off, Asking::Open, Asking::Moderated]);
    let configure = (0..40_u64, modes).prop_map(|(version, mode)| {
        let (owner, voters) = (presenter().account().unwrap(), Voters::Device);
        (Caller::System, Command::Configure { version, owner, voters, mode })
    });
    let clear = Just((presenter(), Command::Clear));
    prop_oneof![8 => ask, 8 => vote, 4 => show, 2 => answer, 1 => configure, 1 => clear]
}

proptest! {
    #[test]
    fn any_life_keeps_what_must_hold(
        moderated: bool,
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut stage = Stage::new(if moderated { Asking::Moderated } else { Asking::Open });
        for (caller, command) in steps {
            stage.now = stage.now + Duration::from_millis(100);
            // A refusal is part of life; what must hold is checked after whatever happened.
            let _ = stage.ask(&caller, command);
        }
        stage.check_replay();
    }
}
