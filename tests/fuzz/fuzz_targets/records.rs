//! What a match keeps: the log of its inputs and the checkpoint of its world.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use playhouse_domain::games::find;
use playhouse_domain::games::replay::{Head, Replay};

static HEAD: LazyLock<Head> = LazyLock::new(|| {
    let kind = find("arena").expect("arena is a game");
    let settings = kind.settings(None).expect("a game has settings of its own");
    Head { game: kind.name().to_owned(), rules: kind.rules(), settings, seed: 7 }
});

/// How many ticks of a log are played: a byte stands for many.
const TICKS_MAX: u32 = 300;

fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    if which % 2 == 0 {
        let mut replay = Replay::open(&HEAD, bytes).expect("the match itself is sound");
        while replay.world().tick() < TICKS_MAX && matches!(replay.play_tick(), Ok(true)) {}
    } else {
        let _ = find("arena").expect("arena is a game").restore(bytes);
    }
});
