//! The arena's page against the arena's rules: its step of an avatar, and a whole match in which it plays its own
//! avatar ahead. The page of a tournament against the rules of a table, the playground against those of a job.

mod node;

use std::collections::VecDeque;
use std::fmt::Write;

use playhouse_domain::duty::DutyId;
use playhouse_domain::games::{Bot, Happenings, Hears, Seat, SeatInput, Sight, World, find};
use playhouse_domain::judge::job::{Case, Compile, End, Event, Job, Ran, Stream, room};
use playhouse_domain::judge::{File, Submission, Test, Verdict};
use playhouse_domain::room::{Audience, Rules, Ticket};
use playhouse_domain::time::Timestamp;
use playhouse_protocol::game::{
    Cache, ClientPeer, EntitySet, Input, Micros, PeerConfig, Ring, ServerPeer, ViewTick,
};
use playhouse_protocol::ids::{AccountId, JobId};
use serde_json::{Value, json};
use uuid::Uuid;

/// How long a datagram takes, either way: a round trip of 120 ms.
const DELAY_US: u64 = 60_000;

/// Who plays through the page; the others are bots.
const SEAT: Seat = Seat(2);

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Datagrams on their way, each with when it arrives.
#[derive(Default)]
struct Way(VecDeque<(u64, Vec<u8>)>);

impl Way {
    fn send(&mut self, now: Micros, datagram: Vec<u8>) {
        self.0.push_back((now.0 + DELAY_US, datagram));
    }

    fn arrived(&mut self, now: Micros) -> Option<Vec<u8>> {
        let (at, _) = self.0.front()?;
        if *at > now.0 {
            return None;
        }
        self.0.pop_front().map(|(_, datagram)| datagram)
    }
}

/// A match of five bots, one of which is played as a page would be: through both ends of the protocol.
struct Match {
    world: Box<dyn World>,
    bots: Vec<(Seat, Box<dyn Bot>)>,
    player: Box<dyn Bot>,
    ring: Ring,
    cache: Cache,
    server: ServerPeer,
    client: ClientPeer,
    up: Way,
    down: Way,
    happened: Happenings,
    record: Vec<Value>,
}

impl Match {
    fn new(settings: &str) -> Self {
        let kind = find("arena").expect("there is an arena");
        let settings = kind.settings(Some(settings)).expect("they are settings");
        let mut world = kind.open(&settings, 11).expect("they are settings");
        (0..5).for_each(|seat| world.enter(Seat(seat)));
        let bot = |seat| kind.bot(&settings, seat, 5).expect("they are settings");
        let others = [0, 1, 3, 4].map(Seat);
        let schema = kind.schema();
        Self {
            world,
            bots: others.into_iter().map(|seat| (seat, bot(seat))).collect(),
            player: bot(SEAT),
            ring: Ring::new(schema),
            cache: Cache::new(),
            server: ServerPeer::new(schema, 1, PeerConfig::default()),
            client: ClientPeer::new(schema, 1, 0, Micros(0)),
            up: Way::default(),
            down: Way::default(),
            happened: Happenings::new(),
            record: Vec::new(),
        }
    }

    fn tick(&mut self, now: Micros) {
        let tick = self.world.tick() + 1;
        let input = self.server.close_input(now, tick);
        let mut inputs = vec![SeatInput { seat: SEAT, input: input.input, view: input.view }];
        if let Some(newest) = self.ring.newest() {
            for (seat, bot) in &mut self.bots {
                let mut seen = EntitySet::EMPTY;
                self.world.visible(*seat, &mut seen);
                let input = bot.act(&Sight::new(*seat, tick - 1, newest, &seen));
                inputs.push(SeatInput { seat: *seat, input, view: ViewTick { tick, frac: 0 } });
            }
        }
        inputs.sort_by_key(|input| input.seat);
        self.happened.clear();
        self.world.step(&inputs, &mut self.happened);
        self.world.write(self.ring.begin(tick));
        for happening in self.happened.all() {
            if matches!(happening.hears, Hears::All | Hears::One(SEAT)) {
                self.server.push_event(tick, &happening.event);
            }
        }
        self.tell(now);
    }

    fn tell(&mut self, now: Micros) {
        let (mut seen, mut out) = (EntitySet::EMPTY, Vec::new());
        self.world.visible(SEAT, &mut seen);
        let world = &self.world;
        let urgency = |slot| world.priority(SEAT, slot);
        let mut frame = self.cache.begin(&self.ring);
        self.server.encode(now, &mut frame, &seen, &urgency, &mut out);
        self.down.send(now, out);
    }

    /// One millisecond.
    fn pass(&mut self, now: Micros) {
        while let Some(datagram) = self.up.arrived(now) {
            self.server.receive(now, &datagram).expect("it is as it was sent");
        }
        if now.0 / self.world.kind().schema().tick_us() > u64::from(self.world.tick()) {
            self.tick(now);
        }
        while let Some(datagram) = self.down.arrived(now) {
            self.client.receive(now, &datagram).expect("it is as it was sent");
            self.record.push(json!({ "at": now.0, "down": hex(&datagram) }));
        }
        let mut given = false;
        while let Some(tick) = self.client.input_due(now) {
            let (input, view) = (self.choose(tick), self.client.view(now));
            self.client.push_input(tick, input, view);
            let schema = self.world.kind().schema();
            let values = [0, 1, 2].map(|at| schema.input_value(input, at));
            self.record.push(json!({ "at": now.0, "input": tick, "action": values }));
            given = true;
        }
        if given {
            let mut out = Vec::new();
            self.client.encode(now, &mut out);
            self.record.push(json!({ "at": now.0, "up": hex(&out) }));
            self.up.send(now, out);
        }
    }

    /// What a bot would do that sees what the page has.
    fn choose(&mut self, tick: u32) -> Input {
        let seen = *self.client.world().present();
        self.player.act(&Sight::new(SEAT, tick, self.client.world(), &seen))
    }
}

#[test]
fn the_page_moves_an_avatar_as_the_rules_do() {
    node::holds("arena.test.mjs", &Value::Null);
}

#[test]
fn the_page_of_a_tournament_takes_changes_in_and_sorts_its_table_as_the_rules_do() {
    node::holds("bracket.test.mjs", &Value::Null);
}

#[test]
fn the_page_plays_its_own_avatar_ahead_and_is_never_wrong_where_nothing_is_lost() {
    let mut game = Match::new(r#"{"map":"yard"}"#);
    for ms in 0..60_000 {
        game.pass(Micros::from_ms(ms));
    }
    let kind = game.world.kind();
    let vectors = json!({ "kind": { "schema": kind.schema(), "scenery": kind.scenery(),
            "rules": kind.rules(), "players_max": kind.players_max() },
        "seat": SEAT, "map": "yard", "record": game.record });
    node::holds("own.test.mjs", &vectors);
}

/// A job that is interrupted while it runs, and one that is held against tests: what its channel tells.
fn job_steps() -> Vec<Vec<Value>> {
    let ran = |verdict| Ran {
        verdict,
        exit_code: Some(0),
        signal: None,
        cpu_us: 1500,
        wall_us: 2250,
        peak_memory_bytes: 4096,
        message: Some("said".into()),
    };
    let compiled = || {
        let ran = ran(Verdict::Accepted);
        Event::Compiled(Some(Box::new(Compile { cached: false, ran, output: "warning".into() })))
    };
    let printed = |stream, text: &str| Event::Printed { stream, bytes: text.into() };
    let case = |name: &str, points, verdict| {
        let (stdout, stderr) = (Some("4".into()), None);
        let case = Case { name: name.into(), points, ran: ran(verdict), stdout, stderr };
        Event::CaseDone(Box::new(case))
    };
    let judged = |verdict, score| {
        let (message, tier) = (Some("said".into()), Some("full".into()));
        Event::Judged(End { verdict, message, score, tier })
    };
    let mut tested = Submission::run("c", "main.c", "int main(void) { return 0; }");
    let test = |name: &str| Test {
        name: name.into(),
        stdin: "2".into(),
        expected: "4".into(),
        points: 5,
        hidden: false,
    };
    tested.tests = vec![test("1"), test("2")];
    let run = vec![
        Event::Started,
        Event::TakenUp,
        compiled(),
        printed(Stream::Stdout, "a"),
        printed(Stream::Stderr, "b"),
        Event::TakenUp,
        Event::Compiled(None),
        printed(Stream::Stdout, "é"),
        printed(Stream::Stdout, "c\n"),
        case("run", 0, Verdict::Accepted),
        judged(Verdict::Accepted, 0),
        Event::LeftQueue(DutyId(3)),
    ];
    let held = vec![
        Event::Started,
        Event::TakenUp,
        compiled(),
        case("1", 5, Verdict::Accepted),
        case("2", 0, Verdict::WrongAnswer),
        judged(Verdict::WrongAnswer, 5),
    ];
    let alone = Submission::run("python", "main.py", "print(1)");
    [(alone, run), (tested, held)].map(|(submission, events)| followed(submission, events)).into()
}

/// After each of `events` what the job's owner sees, and what the channel told.
fn followed(submission: Submission, events: Vec<Event>) -> Vec<Value> {
    let owner = AccountId(Uuid::from_u128(1));
    let mut job = Job::new(&room(JobId(Uuid::from_u128(7))));
    let (submission, settles) = (Box::new(submission), Ticket(Uuid::from_u128(2)));
    let first = Event::Submitted { owner: Some(owner), submission, settles };
    let mut steps = Vec::new();
    for (n, event) in (1..).zip(std::iter::once(first).chain(events)) {
        let at = Timestamp::from_ms(1_000_000_000 + n);
        job.apply(at, &event);
        let audience = Audience::Own(owner);
        let (view, change) = (job.view(at, &audience), job.change(&event, &audience));
        steps.push(json!({ "view": view, "change": change }));
    }
    steps
}

#[test]
fn the_playground_follows_a_job_and_names_files_as_the_rules_do() {
    let takes = |names: &[&str]| {
        let mut submission = Submission::run("c", "main.c", "");
        let file = |name: &&str| File { name: (*name).to_owned(), content: "x".into() };
        submission.files = names.iter().map(file).collect();
        submission.check().is_ok()
    };
    let (long, longer) = ("a".repeat(128), "a".repeat(129));
    let names = [
        "main.c",
        "src/a-b/x.h",
        "a+b_c.py",
        "1/2/3/4/5/6/7/8",
        "1/2/3/4/5/6/7/8/9",
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "..",
        ".a",
        "a/../b",
        "-o",
        "a/-x",
        "a b",
        "a\nb",
        "a\n",
        "ä.c",
        "@a",
        "a\\b",
        &long,
        &longer,
    ];
    let pairs =
        [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a", "ab"), ("a/b", "a/c"), ("b.c", "a.c")];
    let vectors = json!({
        "jobs": job_steps(),
        "names": names.map(|name| json!([name, takes(&[name])])),
        "pairs": pairs.map(|(name, other)| json!([name, other, takes(&[other, name])])),
        "verdicts": Verdict::ALL,
    });
    node::holds("playground.test.mjs", &vectors);
}
