//! The guide `docs/your-own-game.md` leads to a game: what it says is compiled here, and its bots play it.

mod node;

use playhouse_domain::games::*;
use playhouse_protocol::game::{EntitySet, Schema, Table, ViewTick};
use serde_json::json;

#[allow(unreachable_pub)]
#[path = "../../docs/your-own-game/gather.rs"]
mod gather;

use gather::Gather;

const GUIDE: &str = include_str!("../../docs/your-own-game.md");

/// How many lines the whole game has at most: rules, bots, page, and what registers it.
const LINES: usize = 100;

/// The guide's blocks of code in the language `of`.
fn blocks(of: &str) -> Vec<&'static str> {
    let begins = format!("```{of}\n");
    GUIDE.split(begins.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// How many lines of `code` say something.
fn lines(code: &str) -> usize {
    let says = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    code.lines().filter(says).count()
}

#[test]
fn the_guide_has_the_code_that_is_compiled_and_it_has_fewer_than_a_hundred_lines() {
    let rust = blocks("rust");
    assert_eq!(rust[0], include_str!("../../docs/your-own-game/gather.rs"));
    assert_eq!(blocks("js"), [include_str!("../../docs/your-own-game/gather.js")]);
    let all = rust.iter().chain(&blocks("js")).map(|code| lines(code)).sum::<usize>();
    println!("the guide's game has {all} lines");
    assert!(all < LINES, "{all} lines");
}

/// The match after so many ticks of its bots, at most.
fn played(seats: u16, seed: u64, ticks: u32) -> Gather {
    let mut game = Gather::new(&NoSettings {}, seed);
    (0..seats).for_each(|seat| game.enter(Seat(seat)));
    let bot = |seat| Gather::bot(&NoSettings {}, Seat(seat), seed);
    let mut bots: Vec<_> = (0..seats).map(bot).collect();
    let (mut table, mut happened) = (Table::new(Gather::SCHEMA), Happenings::new());
    for tick in 0..ticks {
        game.write(&mut table);
        let act = |(seat, bot): (u16, &mut Box<dyn Bot>)| {
            let mut seen = EntitySet::EMPTY;
            game.visible(Seat(seat), &mut seen);
            let input = bot.act(&Sight::new(Seat(seat), tick, &table, &seen));
            SeatInput { seat: Seat(seat), input, view: ViewTick::default() }
        };
        let inputs: Vec<_> = (0..).zip(&mut bots).map(act).collect();
        happened.clear();
        game.step(&inputs, &mut happened);
        if game.outcome().is_some() {
            break;
        }
    }
    game
}

#[test]
fn its_bots_play_it_to_the_end_the_same_way_each_time() {
    for seed in [1, 7, 12] {
        let (game, again) = (played(4, seed, 3000), played(4, seed, 3000));
        let outcome = game.outcome().expect("somebody has ten coins");
        assert_eq!((outcome.standings.len(), outcome.standings[0].score), (4, 10));
        assert_eq!(game.view_hash(None), again.view_hash(None));
    }
}

#[test]
fn it_goes_on_from_what_is_stored_of_it() {
    let game = played(3, 5, 40);
    let stored = serde_json::to_string(&game).unwrap();
    let mut other: Gather = serde_json::from_str(&stored).unwrap();
    let mut game = game;
    for game in [&mut game, &mut other] {
        game.leave(Seat(1));
        game.step(&[], &mut Happenings::new());
    }
    assert_eq!(game.view_hash(None), other.view_hash(None));
    assert!(!game.has(Seat(1)) && game.has(Seat(2)) && !game.has(Seat(100)));
}

#[test]
fn its_page_shows_what_is_told_and_says_what_its_player_does() {
    let game = played(2, 3, 60);
    let mut table = Table::new(Gather::SCHEMA);
    game.write(&mut table);
    let told: Vec<_> = table
        .iter()
        .map(|(slot, it)| json!([slot, { "kind": it.kind, "generation": 0, "fields": it.fields }]))
        .collect();
    let schema: &Schema = Gather::SCHEMA;
    let coins: Vec<_> = (0..2).map(|seat| table.get(seat).unwrap().fields[2]).collect();
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/your-own-game/gather.js");
    let vectors = json!({ "schema": schema, "told": told, "coins": coins, "page": page });
    node::holds("own_game.test.mjs", &vectors);
}
