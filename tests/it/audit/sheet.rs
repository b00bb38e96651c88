//! An export in the hands of somebody who alters it.

use rand::Rng;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};

/// A record's fields, in the order of the export.
pub(super) type Record = [String; 7];

/// The places of a record's fields.
pub(super) const NUMBER: usize = 0;
pub(super) const KIND: usize = 1;
pub(super) const BALLOT: usize = 2;
pub(super) const ELAPSED: usize = 3;
pub(super) const BODY: usize = 4;
const NONCE: usize = 5;
pub(super) const HASH: usize = 6;

/// On which line of an export its first record stands: behind the head, and the hash before it.
const FIRST_LINE: usize = 3;

/// An export taken apart.
#[derive(Clone)]
pub(super) struct Sheet {
    /// The first two lines.
    pub(super) head: String,
    pub(super) records: Vec<Record>,
}

/// What an alteration must be called, of which record, on which line.
pub(super) type Told = (&'static str, u32, usize);

impl Sheet {
    pub(super) fn of(csv: &str) -> Self {
        let mut lines = csv.split_inclusive("\r\n");
        let head = lines.by_ref().take(FIRST_LINE - 1).collect();
        Self { head, records: lines.map(record).collect() }
    }

    pub(super) fn csv(&self) -> String {
        let line = |[number, kind, ballot, elapsed, body, nonce, hash]: &Record| {
            let body = body.replace('"', "\"\"");
            format!("{number},{kind},{ballot},{elapsed},\"{body}\",{nonce},{hash}\r\n")
        };
        format!("{}{}", self.head, self.records.iter().map(line).collect::<String>())
    }

    pub(super) fn number(&self, place: usize) -> u32 {
        self.records[place][NUMBER].parse().unwrap()
    }

    /// The hash that the record at `place` follows on.
    fn before(&self, place: usize) -> String {
        match place.checked_sub(1) {
            Some(before) => self.records[before][HASH].clone(),
            None => self.head.trim_end().rsplit(',').next().unwrap().to_owned(),
        }
    }

    /// Makes the hash of the record at `place` anew.
    pub(super) fn seal(&mut self, place: usize) {
        let before = self.before(place);
        let [number, kind, ballot, elapsed, body, nonce, hash] = &mut self.records[place];
        let lines = format!(
            "playhouse poll record 1\n{before}\n{number}\n{kind}\n{ballot}\n{elapsed}\n{body}\n{nonce}"
        );
        *hash = Sha256::digest(lines).iter().map(|byte| format!("{byte:02x}")).collect();
    }

    /// Makes every hash anew from `place` on, as somebody does who can.
    pub(super) fn seal_from(&mut self, place: usize) {
        (place..self.records.len()).for_each(|place| self.seal(place));
    }

    /// Another character somewhere in the field `field` of the record at `place`.
    pub(super) fn flip(&mut self, chance: &mut StdRng, place: usize, field: usize) -> Told {
        let told = ("altered", self.number(place), place + FIRST_LINE);
        let text = &mut self.records[place][field];
        let mut chars: Vec<char> = text.chars().collect();
        let at = chance.random_range(0..chars.len());
        let others: Vec<char> =
            "0123456789abcdefZ\",\n\r☃\u{0}".chars().filter(|c| *c != chars[at]).collect();
        chars[at] = others[chance.random_range(0..others.len())];
        *text = chars.into_iter().collect();
        told
    }

    /// Takes the record at `place` out, which is not the last one.
    pub(super) fn remove(&mut self, place: usize) -> Told {
        let told = ("removed", self.number(place), place + FIRST_LINE);
        self.records.remove(place);
        told
    }

    /// The same, and hides the hole: those behind it get other numbers.
    pub(super) fn remove_and_renumber(&mut self, place: usize) -> Told {
        let told = self.remove(place);
        for record in &mut self.records[place..] {
            record[NUMBER] = (record[NUMBER].parse::<u32>().unwrap() - 1).to_string();
        }
        told
    }

    pub(super) fn swap(&mut self, first: usize, second: usize) -> Told {
        self.records.swap(first, second);
        ("swapped", self.number(second), first + FIRST_LINE)
    }

    /// Puts a copy of the record at `from` before `place`.
    pub(super) fn copy(&mut self, from: usize, place: usize) -> Told {
        self.records.insert(place, self.records[from].clone());
        ("added", self.number(place), place + FIRST_LINE)
    }

    /// Puts a new ballot like that at `from` before `place`, with the number and the hash that fit.
    pub(super) fn stuff(&mut self, from: usize, place: usize) -> Told {
        let mut record = self.records[from].clone();
        let number = self.number(0) + place as u32;
        record[NUMBER] = number.to_string();
        record[KIND] = "vote".to_owned();
        record[BALLOT] = number.to_string();
        record[ELAPSED] = self.records[place - 1][ELAPSED].clone();
        // Another ballot, also if it stands where the one that it is like does.
        record[NONCE] = "0123456789abcdef".repeat(2);
        self.records.insert(place, record);
        self.seal(place);
        ("added", number, place + FIRST_LINE)
    }
}

fn record(line: &str) -> Record {
    let line = line.strip_suffix("\r\n").expect("a line of an export ends so");
    let mut front = line.splitn(5, ',');
    let mut next = || front.next().expect("an export has seven fields").to_owned();
    let [number, kind, ballot, elapsed, back] = [next(), next(), next(), next(), next()];
    let mut back = back.rsplitn(3, ',');
    let mut next = || back.next().expect("an export has seven fields").to_owned();
    let [hash, nonce, body] = [next(), next(), next()];
    let body = body[1..body.len() - 1].replace("\"\"", "\"");
    [number, kind, ballot, elapsed, body, nonce, hash]
}
