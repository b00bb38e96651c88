//! The cells that snakes have, told as numbers: what the page's own walk along a body in JavaScript is held to, and
//! what this one is.
//!
//! After a change of the rules: `PLAYHOUSE_TEST_UPDATE=1 cargo test -p playhouse-domain --test bodies`.

mod node;

use playhouse_domain::games::snakes::schema::{
    COILED, FOODS, HEAD, PLAYERS_MAX, SCHEMA, SCORES, bend_of, head, place_of_bend,
};
use playhouse_domain::games::snakes::snake::{Ground, cells};
use playhouse_domain::games::{Bot, Happenings, Seat, SeatInput, Sight, find};
use playhouse_protocol::game::table::Entity;
use playhouse_protocol::game::{EntitySet, Table, ViewTick};
use serde_json::{Value, json};

/// The cells of the snake in `seat`, from what is told.
fn body(table: &Table, size: u8, seat: u16, of: Entity<'_>) -> Vec<(u8, u8)> {
    let tick = table.tick();
    let around = |at: i32| (at.rem_euclid(2 * i32::from(size)) / 2) as u8;
    let half = (tick % 2) as i32;
    let [x, y] = [(head::X, head::VX), (head::Y, head::VY)]
        .map(|(at, by)| around(of.fields[at] + half * of.fields[by]));
    let bend = |n: u8| {
        let (slot, field) = place_of_bend(seat, n);
        bend_of(table.get(slot)?.fields, field)
    };
    let ground = Ground { size, walls: false };
    let (length, newest) = (of.fields[head::LENGTH] as u8, of.fields[head::NEWEST] as u8);
    cells(ground, tick.div_ceil(2) as u8, ((x, y), length), newest, bend).collect()
}

/// Bots for a minute and a half, of which every 150th state is told.
fn vectors() -> Value {
    let (kind, size) = (find("snakes").unwrap(), 40);
    let settings =
        kind.settings(Some(r#"{"size":40,"walls":false,"food":60,"length":96}"#)).unwrap();
    let mut world = kind.open(&settings, 4).unwrap();
    let mut bots: Vec<Box<dyn Bot>> =
        (0..5).map(|seat| kind.bot(&settings, Seat(seat), 8).unwrap()).collect();
    (0..5).for_each(|seat| world.enter(Seat(seat)));
    let (mut table, mut happened) = (Table::new(&SCHEMA), Happenings::new());
    let seen = EntitySet::below(SCHEMA.entities_max);
    let mut states = Vec::new();
    for tick in 0..1800_u32 {
        let act = |(seat, bot): (u16, &mut Box<dyn Bot>)| {
            let input = bot.act(&Sight::new(Seat(seat), tick, &table, &seen));
            SeatInput { seat: Seat(seat), input, view: ViewTick::default() }
        };
        let inputs: Vec<_> = (0..).zip(&mut bots).map(act).collect();
        happened.clear();
        world.step(&inputs, &mut happened);
        world.write(&mut table);
        if tick % 149 == 148 {
            states.push(state(&table, size));
        }
    }
    json!({ "size": size, "seats": PLAYERS_MAX, "scores": SCORES, "food": FOODS, "states": states })
}

fn state(table: &Table, size: u8) -> Value {
    let told = table.iter().filter(|(_, entity)| [HEAD, COILED].contains(&entity.kind));
    let entities: Vec<_> = told.map(|(slot, entity)| json!([slot, entity.fields])).collect();
    let heads = table.iter().filter(|(_, entity)| entity.kind == HEAD);
    let bodies: Vec<_> = heads
        .map(|(seat, of)| json!({ "seat": seat, "cells": body(table, size, seat, of) }))
        .collect();
    json!({ "tick": table.tick(), "entities": entities, "bodies": bodies })
}

#[test]
fn the_page_finds_the_cells_that_snakes_have() {
    let is = vectors();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/games/snakes/bodies.json");
    if std::env::var_os("PLAYHOUSE_TEST_UPDATE").is_some() {
        std::fs::write(file, format!("{is}\n")).unwrap();
        return;
    }
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert!(stored == is, "bodies changed: raise the rules' version and update the vectors");
    node::holds("snakes.test.mjs", &stored);
}
