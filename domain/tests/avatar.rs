//! One player's step, told as numbers: `avatar.json` is what the page's own step in JavaScript is held to,
//! and what this one is.
//!
//! After a change of the rules: `PLAYHOUSE_TEST_UPDATE=1 cargo test -p playhouse-domain --test avatar`.

use playhouse_domain::games::arena::avatar::{Body, RELOAD, RELOAD_RAPID, STEPS};
use playhouse_domain::games::arena::ground::{Map, RADIUS};
use playhouse_domain::games::arena::schema::Action;
use playhouse_domain::games::arena::trig;
use serde_json::{Value, json};

/// Numbers that nobody would guess: splitmix64.
struct Chance(u64);

impl Chance {
    fn draw(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }
}

/// Somebody who goes about on `map` for 90 ticks, mostly into walls.
fn walk(map: Map, seed: u64) -> Value {
    let mut chance = Chance(seed);
    let mut draw = |below: u64| chance.draw(below);
    let (x, y) = map.ground().spawn(seed);
    let reload = if seed.is_multiple_of(2) { RELOAD } else { RELOAD_RAPID };
    let start = Body { x, y, ready: 5, ..Body::default() };
    let (mut body, mut action) = (start, Action::default());
    let (mut actions, mut states) = (Vec::new(), Vec::new());
    for tick in 1..=90 {
        if draw(6) == 0 {
            action.go = draw(20) as u8;
        }
        action.aim = (u64::from(action.aim) + draw(40)) as u16 % 1024;
        action.fire = draw(3) > 0;
        let fired = body.step(map.ground(), action, tick, reload);
        actions.push(json!([action.go, action.aim, u8::from(action.fire)]));
        let Body { x, y, vx, vy, aim, ready } = body;
        states.push(json!([x, y, vx, vy, aim, ready, u8::from(fired)]));
    }
    let first = [start.x, start.y, 0, 0, 0, start.ready as i32];
    json!({ "map": map, "reload": reload, "start": first, "actions": actions, "states": states })
}

/// Everything that a second step has to agree with.
fn vectors() -> String {
    let sines: Vec<_> = (0..=256).map(trig::sin).collect();
    let rows = |map: Map| map.text().lines().collect::<Vec<_>>();
    let walks: Vec<_> =
        Map::ALL.iter().flat_map(|map| (0..6).map(|seed| walk(*map, seed))).collect();
    let about = json!({
        "about": "x, y, vx, vy in cm (a tick), aim in 1024ths of a turn; state: x y vx vy aim ready fired; \
                  action: go aim fire; the first tick is 1",
    });
    let mut lines = vec![format!("{{\n\"about\": {},", about["about"])];
    lines.push(format!("\"cell\": 256, \"radius\": {RADIUS}, \"one\": {},", trig::ONE));
    lines.push(format!("\"sines\": {},", json!(sines)));
    lines.push(format!("\"steps\": {},", json!(STEPS)));
    let maps = json!({ "yard": rows(Map::Yard), "open": rows(Map::Open) });
    lines.push(format!("\"maps\": {maps},\n\"walks\": ["));
    let walks: Vec<_> = walks.iter().map(Value::to_string).collect();
    lines.push(walks.join(",\n"));
    lines.push("]\n}\n".to_owned());
    lines.join("\n")
}

#[test]
fn the_step_is_as_its_vectors_say() {
    let is = vectors();
    if std::env::var_os("PLAYHOUSE_TEST_UPDATE").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/games/arena/avatar.json");
        std::fs::write(file, &is).unwrap();
        return;
    }
    let stored = include_str!("../src/games/arena/avatar.json");
    let [vectors, now] = [stored, &is].map(|text| serde_json::from_str::<Value>(text).unwrap());
    assert!(vectors == now, "the step changed: raise the rules' version and update the vectors");
    let walks = vectors["walks"].as_array().unwrap();
    let stopped = |walk: &&Value| {
        let still = |state: &Value| state[2] == 0 && state[3] != 0;
        walk["states"].as_array().unwrap().iter().any(still)
    };
    assert!(walks.iter().filter(stopped).count() > 3, "some slide along walls");
}
