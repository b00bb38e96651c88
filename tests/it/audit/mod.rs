//! The auditor of polls, `docs/audit/poll_audit.py`, on exports straight from the rules: what is whole
//! is confirmed, and what was altered is named.

use std::path::PathBuf;
use std::process::{Command, Output};

use playhouse_domain::poll::{self, Choice, Kind};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use self::sheet::{BALLOT, BODY, ELAPSED, HASH, KIND, NUMBER, Sheet, Told};
use self::stage::{Export, Stage, asks, held, held_in_secret, second_round};
use crate::server::seed;

mod sheet;
mod stage;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn run(mut command: Command) -> Output {
    let missing = |e| {
        panic!("the auditor needs python3, which cannot be started (apt-get install python3): {e}")
    };
    command.current_dir(root()).output().unwrap_or_else(missing)
}

/// Exports in a folder of their own, all read by one run of the auditor.
struct Desk {
    folder: tempfile::TempDir,
    files: Vec<PathBuf>,
}

impl Desk {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder can be made"), files: Vec::new() }
    }

    fn of(csv: impl AsRef<[u8]>) -> Self {
        let mut desk = Self::new();
        desk.put(csv);
        desk
    }

    fn put(&mut self, csv: impl AsRef<[u8]>) {
        let path = self.folder.path().join(format!("{}.csv", self.files.len()));
        std::fs::write(&path, csv).expect("an export is written");
        self.files.push(path);
    }

    /// What the auditor says of each file, and its exit status.
    fn audit(&self, options: &[&str]) -> (Vec<Value>, i32) {
        let mut command = Command::new("python3");
        command.arg("docs/audit/poll_audit.py").arg("--json").args(options).args(&self.files);
        let output = run(command);
        let told = String::from_utf8(output.stdout).expect("JSON is UTF-8");
        let told: Vec<Value> =
            told.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(told.len(), self.files.len(), "one report for each file; {errors}");
        (told, output.status.code().expect("it ends by itself"))
    }
}

/// A poll of every kind, the second round of one, and a secret one.
fn every_kind(chance: &mut StdRng, voters: u128) -> Vec<Export> {
    let quiz = Kind::Quiz { right: 2 };
    let kinds = [
        (Kind::Single, true),
        (Kind::Multiple { max: 3 }, false),
        (Kind::Rating, true),
        (Kind::Ranked, true),
        (Kind::Words { max: 3 }, true),
        (quiz, false),
    ];
    let mut exports: Vec<_> =
        kinds.map(|(kind, change)| held(chance, kind, change, voters)).into_iter().collect();
    exports.push(second_round(chance, voters));
    exports.push(held_in_secret(chance, voters));
    exports
}

#[test]
fn a_whole_export_of_every_kind_is_confirmed() {
    let chance = &mut StdRng::seed_from_u64(seed());
    for export in every_kind(chance, 250) {
        let desk = Desk::of(&export.csv);
        let receipts = desk.folder.path().join("receipts");
        let lines = export.receipts.iter().map(|r| format!("{}:{}\n", r.number, r.hash));
        std::fs::write(&receipts, format!("# all of them\n{}", lines.collect::<String>())).unwrap();
        let closing = export.closing.expect("it is closed").to_string();
        let options = ["--closing", &closing, "--receipts", receipts.to_str().unwrap()];
        let (told, status) = desk.audit(&options);
        assert_eq!((&told[0]["verdict"], status), (&"confirmed".into(), 0), "{}", told[0]);
        assert_eq!(told[0]["closing_hash"], closing);
        assert_eq!(told[0]["ballots"], 250);
        let checked = told[0]["receipts"].as_array().unwrap();
        assert_eq!(checked.len(), export.receipts.len());
        assert!(checked.iter().all(|receipt| receipt["state"] == "confirmed"));
    }
}

#[test]
fn run_offs_of_a_few_ballots_with_ties_and_lots_come_out_the_same() {
    let chance = &mut StdRng::seed_from_u64(seed());
    let mut desk = Desk::new();
    for voters in 0..80 {
        desk.put(held(chance, Kind::Ranked, true, voters % 9).csv);
    }
    let (told, status) = desk.audit(&[]);
    assert_eq!(status, 0, "{told:?}");
}

/// One after the other, everything that can be done to an export of which nobody noted anything.
fn alterations(chance: &mut StdRng, whole: &Sheet) -> Vec<(Sheet, Told)> {
    let (mut altered, len) = (Vec::new(), whole.records.len());
    let mut with = |alter: &mut dyn FnMut(&mut Sheet) -> Told| {
        let mut sheet = whole.clone();
        let told = alter(&mut sheet);
        altered.push((sheet, told));
    };
    let some = |chance: &mut StdRng| chance.random_range(3..len - 3);
    for place in [0, 1, 2, some(chance), some(chance), len - 2, len - 1] {
        for field in NUMBER..=HASH {
            with(&mut |sheet| sheet.flip(chance, place, field));
        }
    }
    for place in [0, 1, 2, some(chance), some(chance), len - 3, len - 2] {
        with(&mut |sheet| sheet.remove(place));
        let place = place.min(len - 3);
        with(&mut |sheet| sheet.remove_and_renumber(place));
        let other = chance.random_range(place + 1..len);
        with(&mut |sheet| sheet.swap(place, other));
        with(&mut |sheet| sheet.swap(place, place + 1));
        with(&mut |sheet| sheet.swap(place, len - 1));
        with(&mut |sheet| sheet.copy(place, len));
        with(&mut |sheet| sheet.copy(place, place + 2));
        with(&mut |sheet| sheet.copy(len - 1, place));
        // A ballot stands behind the opening, and before the closing.
        let (from, to) = (some(chance), chance.random_range(3..len));
        with(&mut |sheet| sheet.stuff(from, to));
        with(&mut |sheet| sheet.stuff(from, len));
    }
    altered
}

#[test]
fn every_flipped_removed_swapped_and_added_record_is_named() {
    let chance = &mut StdRng::seed_from_u64(seed());
    for export in every_kind(chance, 25) {
        let altered = alterations(chance, &Sheet::of(&export.csv));
        let mut desk = Desk::new();
        altered.iter().for_each(|(sheet, _)| desk.put(sheet.csv()));
        let (told, status) = desk.audit(&[]);
        assert_eq!(status, 1);
        for (told, (sheet, (what, record, line))) in told.iter().zip(&altered) {
            let fault = &told["faults"][0];
            let named = (&fault["what"], &fault["record"], &fault["line"]);
            let expected = (&(*what).into(), &(*record).into(), &(*line).into());
            assert_eq!(named, expected, "{told:#}\n{}", sheet.csv());
        }
    }
}

#[test]
fn a_log_whose_end_is_gone_is_not_confirmed() {
    let chance = &mut StdRng::seed_from_u64(seed());
    let export = held(chance, Kind::Single, true, 20);
    let mut sheet = Sheet::of(&export.csv);
    let last = sheet.number(sheet.records.len() - 1);
    sheet.records.pop();
    let desk = Desk::of(sheet.csv());
    let (told, status) = desk.audit(&[]);
    assert_eq!((&told[0]["verdict"], status), (&"unfinished".into(), 1));
    let (told, status) = desk.audit(&["--open"]);
    assert_eq!((&told[0]["verdict"], status), (&"open".into(), 0), "as far as it goes");
    let closing = export.closing.unwrap().to_string();
    let (told, status) = desk.audit(&["--open", "--closing", &closing]);
    assert_eq!((&told[0]["faults"][0]["record"], status), (&last.into(), 1), "{told:?}");

    sheet.records.truncate(10);
    let gone = export.receipts.iter().max_by_key(|receipt| receipt.number).unwrap();
    let receipt = format!("{}:{}", gone.number, gone.hash);
    let (told, status) = Desk::of(sheet.csv()).audit(&["--open", "--receipt", &receipt]);
    assert_eq!((&told[0]["faults"][0]["record"], status), (&gone.number.into(), 1), "{told:?}");
}

#[test]
fn no_byte_can_be_flipped_or_cut_off_unseen() {
    let chance = &mut StdRng::seed_from_u64(seed());
    let whole = held(chance, Kind::Words { max: 3 }, true, 12).csv.into_bytes();
    let mut desk = Desk::new();
    for _ in 0..200 {
        let mut flipped = whole.clone();
        flipped[chance.random_range(0..whole.len())] ^= 1 << chance.random_range(0..8);
        desk.put(flipped);
        // Without its last line end it is an export still.
        desk.put(&whole[..chance.random_range(0..whole.len() - 2)]);
    }
    let (told, status) = desk.audit(&[]);
    assert_eq!(status, 2, "the first line of some is gone");
    for told in told {
        let verdict = told["verdict"].as_str().unwrap();
        assert!(["altered", "unfinished", "unreadable"].contains(&verdict), "{told:#}");
        assert_eq!(verdict == "altered", told["faults"][0]["line"].is_u64(), "{told:#}");
    }
}

#[test]
fn whoever_makes_the_hashes_anew_is_found_by_the_closing_hash_and_by_receipts() {
    let chance = &mut StdRng::seed_from_u64(seed());
    let export = held(chance, Kind::Multiple { max: 3 }, false, 60);
    let mut sheet = Sheet::of(&export.csv);
    // Two ballots say what the other said, so that the sums stay as they are.
    let place = chance.random_range(3..40);
    let other = (place + 1..60).find(|n| sheet.records[*n][BODY] != sheet.records[place][BODY]);
    let body = std::mem::take(&mut sheet.records[place][BODY]);
    let other = &mut sheet.records[other.expect("not all say the same")][BODY];
    let other = std::mem::replace(other, body);
    sheet.records[place][BODY] = other;
    sheet.seal_from(place);
    let (desk, record) = (Desk::of(sheet.csv()), sheet.number(place));

    let (told, status) = desk.audit(&[]);
    assert_eq!((&told[0]["verdict"], status), (&"confirmed".into(), 0), "nobody noted anything");
    let closing = export.closing.unwrap().to_string();
    let (told, status) = desk.audit(&["--closing", &closing]);
    assert_eq!((&told[0]["faults"][0]["what"], status), (&"rewritten".into(), 1));
    let receipt = |number: u32| {
        let found = export.receipts.iter().find(|receipt| receipt.number == number).unwrap();
        format!("{}:{}", found.number, found.hash)
    };
    // Those who voted just before and just after can tell which one it was.
    let [before, after] = [record - 1, record].map(receipt);
    let (told, status) = desk.audit(&["--receipt", &before, "--receipt", &after]);
    let fault = &told[0]["faults"][0];
    assert_eq!((&fault["record"], &fault["to"]), (&record.into(), &record.into()), "{fault}");
    assert_eq!(status, 1);
    let states = [&told[0]["receipts"][0]["state"], &told[0]["receipts"][1]["state"]];
    assert_eq!(states, ["confirmed", "contradicted"]);
    // The receipt of anybody who voted later has another hash, too.
    let (told, _) = desk.audit(&["--closing", &closing, "--receipt", &receipt(record + 5)]);
    let fault = &told[0]["faults"][0];
    assert_eq!((&fault["record"], &fault["to"]), (&1.into(), &(record + 5).into()), "{fault}");
}

/// A record that says `body`, or what `alter` makes of it, in a log whose hashes are made anew.
fn forged(csv: &str, place: usize, alter: impl FnOnce(&mut sheet::Record)) -> String {
    let mut sheet = Sheet::of(csv);
    alter(&mut sheet.records[place]);
    sheet.seal_from(place);
    sheet.csv()
}

#[test]
fn a_record_that_breaks_the_polls_own_rules_is_named_though_its_hash_is_right() {
    let chance = &mut StdRng::seed_from_u64(3);
    let exports = every_kind(chance, 30);
    let [single, multiple, rating, _, words, quiz, ..] = &exports[..] else {
        panic!("every kind is there")
    };
    let says = |text: &str| {
        let text = text.to_owned();
        move |record: &mut sheet::Record| record[BODY] = text
    };
    let changes = Sheet::of(&single.csv).records.iter().position(|r| r[KIND] == "change");
    let changes = changes.expect("somebody voted again");
    let end = |export: &Export| Sheet::of(&export.csv).records.len() - 1;
    let change = |record: &mut sheet::Record| {
        record[KIND] = "change".into();
        record[BALLOT] = "2".into();
    };
    let cases = [
        (changes, "nobody cast", forged(&single.csv, changes, |r| r[BALLOT] = "9999".into())),
        (5, "does not allow", forged(&multiple.csv, 5, change)),
        (3, "option that there is not", forged(&multiple.csv, 3, says(r#"{"choice":[5]}"#))),
        (3, "not in order", forged(&multiple.csv, 3, says(r#"{"choice":[2,1]}"#))),
        (3, "names something twice", forged(&multiple.csv, 3, says(r#"{"choice":[1,1]}"#))),
        (3, "names 1 to 3", forged(&multiple.csv, 3, says(r#"{"choice":[0,1,2,3]}"#))),
        (3, "option that there is not", forged(&multiple.csv, 3, says(r#"{"choice":[0.0]}"#))),
        (1, "says something twice", forged(&quiz.csv, 1, says(r#"{"choice":[0],"choice":[1]}"#))),
        (1, "number, not 1", forged(&single.csv, 1, |r| r[BALLOT] = "1".into())),
        (1, "1 to 5", forged(&rating.csv, 1, says(r#"{"choice":[6]}"#))),
        (1, "one words", forged(&words.csv, 1, says(r#"{"choice":[1]}"#))),
        (1, "its name", forged(&single.csv, 1, says(r#"{"choice":[1],"name":"Ann"}"#))),
        (1, "not JSON", forged(&single.csv, 1, says(&"[".repeat(100_000)))),
        (20, "earlier record", forged(&quiz.csv, 20, |r| r[ELAPSED] = "0".into())),
        (1, "poll's time", forged(&quiz.csv, 1, |r| r[ELAPSED] = "60000".into())),
        (
            4,
            "only 'closed'",
            forged(&single.csv, 4, |r| {
                (r[KIND], r[BALLOT], r[ELAPSED]) = ("opened".into(), "0".into(), "0".into());
            }),
        ),
        (end(words), "add up to", forged(&words.csv, end(words), says(r#"{"ballots":30}"#))),
        (0, "what is asked", forged(&single.csv, 0, says("{}"))),
    ];
    let mut desk = Desk::new();
    cases.iter().for_each(|(_, _, csv)| desk.put(csv));
    for (told, (place, why, _)) in desk.audit(&[]).0.iter().zip(&cases) {
        let fault = &told["faults"][0];
        assert_eq!((&fault["what"], &fault["record"]), (&"wrong".into(), &(place + 1).into()));
        assert!(fault["message"].as_str().unwrap().contains(why), "{why}: {fault}");
    }

    let secret = forged(&single.csv, 0, |r| r[BODY] = r[BODY].replace("t\":false", "t\":true"));
    let (told, _) = Desk::of(secret).audit(&[]);
    let message = told[0]["faults"][0]["message"].as_str().unwrap();
    assert!(message.contains("a secret ballot has no time"), "{message}");
}

#[test]
fn what_is_no_export_is_said_to_be_none() {
    let mut desk = Desk::new();
    desk.put("");
    desk.put("name,vote\r\nann,yes\r\n");
    desk.put([0xff, 0xfe, 0]);
    desk.put(held(&mut StdRng::seed_from_u64(1), Kind::Rating, false, 3).csv.replace('\r', ""));
    desk.files.push(desk.folder.path().join("missing.csv"));
    let (told, status) = desk.audit(&[]);
    assert_eq!(status, 2);
    assert!(told.iter().all(|told| told["verdict"] == "unreadable"), "{told:?}");
}

/// The export that `docs/audit.md` takes apart.
fn example() -> Export {
    let mut asked = asks(Kind::Single, true);
    asked.title = "Where do we meet?".into();
    asked.options = vec!["Café \"Bohne\"".into(), "Park, if it is dry".into()];
    let mut stage = Stage::new(asked);
    stage.run(poll::Command::Open);
    for (ms, voter, option) in [(1200, 1, 0), (850, 2, 1), (40, 3, 1), (3000, 1, 1)] {
        stage.pass(ms);
        stage.vote(voter, Choice::Options(vec![option]), None);
    }
    let closing = stage.run(poll::Command::Close);
    stage.export(closing)
}

#[test]
fn the_example_of_the_docs_is_an_export_of_this_server() {
    let (made, path) = (example(), root().join("docs/audit/example.csv"));
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(kept, made.csv, "{}", path.display());
    let docs = std::fs::read_to_string(root().join("docs/audit.md")).unwrap();
    for line in made.csv.lines() {
        assert!(docs.contains(line), "docs/audit.md does not show {line}");
    }
}

#[test]
fn each_command_of_the_docs_says_what_they_show() {
    let docs = std::fs::read_to_string(root().join("docs/audit.md")).unwrap();
    let blocks = docs.split("```console\n").skip(1).map(|b| b.split("```").next().unwrap());
    let mut shown = 0;
    for block in blocks {
        let (line, expected) = block.split_once('\n').expect("a command, and what it says");
        let mut command = Command::new("sh");
        command.arg("-c").arg(line.strip_prefix("$ ").expect("a command begins with a $"));
        let output = run(command);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(said, expected, "{line}: {}", String::from_utf8_lossy(&output.stderr));
        shown += 1;
    }
    assert!(shown > 3, "the docs show how it is done");
}
