//! A job that is being judged, for those who watch it, feed it, or call it off.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, PipeReader, PipeWriter, Write};

use parking_lot::{Condvar, Mutex};
use playhouse_domain::judge::job::{SHOWN_BYTES_MAX, Stream};
use playhouse_protocol::ids::AccountId;

/// How much input may wait for a program that does not read, in bytes. 64 KiB: what a pipe holds.
pub const STDIN_BYTES_MAX: usize = 64 * 1024;

/// Why a job is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It was called off, or its room wants no more of this attempt.
    Unwanted,
    /// The server stops.
    Stopping,
    /// It took too long in all.
    Late,
}

/// A job that is being judged.
#[derive(Debug)]
pub struct Run {
    /// Whose it is.
    pub owner: Option<AccountId>,
    stop: Mutex<Stop>,
    printed: Mutex<Printed>,
    /// The input of a run that is fed while it runs.
    pub feed: Option<Feed>,
}

#[derive(Debug, Default)]
struct Stop {
    why: Option<Why>,
    /// For each jail that runs, what calls it off.
    jails: BTreeMap<u64, PipeWriter>,
    next: u64,
}

/// What calls one jail off, for as long as it runs.
#[derive(Debug)]
pub struct Cancel<'a> {
    run: &'a Run,
    id: u64,
    /// Becomes readable when it is called off.
    pub pipe: PipeReader,
}

impl Cancel<'_> {
    /// Calls this jail off, and no other of the job.
    pub fn now(&self) {
        // A pipe whose other end is gone becomes readable, which is all that is looked at.
        self.run.stop.lock().jails.remove(&self.id);
    }
}

impl Drop for Cancel<'_> {
    fn drop(&mut self) {
        self.now();
    }
}

/// How many pieces of output may wait whose order is kept. 8: what comes faster from both streams by turns nobody
/// reads, and each is told for itself.
const PIECES_MAX: usize = 8;

/// What a program wrote and nobody was told yet.
#[derive(Debug, Default)]
struct Printed {
    /// In the order in which it came; neighbours are of different streams.
    waiting: Vec<(Stream, Vec<u8>)>,
    /// How much was taken of each stream so far.
    taken: [usize; 2],
    /// How much of that was told.
    told: [usize; 2],
}

impl Printed {
    fn add(&mut self, stream: Stream, bytes: &[u8]) {
        // One piece too many goes on behind the last of its stream.
        let full = self.waiting.len() >= PIECES_MAX;
        let mut last = self.waiting.iter_mut().rev().take(if full { PIECES_MAX } else { 1 });
        match last.find(|(of, _)| *of == stream) {
            Some((_, piece)) => piece.extend_from_slice(bytes),
            None if !bytes.is_empty() => self.waiting.push((stream, bytes.to_vec())),
            None => {}
        }
    }
}

impl Run {
    /// A job of `owner`, which can be fed if it is `interactive`.
    #[must_use]
    pub fn new(owner: Option<AccountId>, interactive: bool) -> Self {
        let feed = interactive.then(Feed::default);
        Self { owner, stop: Mutex::default(), printed: Mutex::default(), feed }
    }

    /// Why it is stopped, if it is.
    #[must_use]
    pub fn stopped(&self) -> Option<Why> {
        self.stop.lock().why
    }

    /// Calls everything off that runs for it, and whatever would begin.
    pub fn stop(&self, why: Why) {
        let mut stop = self.stop.lock();
        stop.why.get_or_insert(why);
        stop.jails.clear();
        drop(stop);
        self.feed.iter().for_each(Feed::close);
    }

    /// What becomes readable once the job is stopped, for one jail.
    ///
    /// # Errors
    ///
    /// No pipe can be made.
    pub fn cancel(&self) -> io::Result<Cancel<'_>> {
        let (pipe, writer) = io::pipe()?;
        let mut stop = self.stop.lock();
        let id = stop.next;
        stop.next += 1;
        if stop.why.is_none() {
            stop.jails.insert(id, writer);
        }
        Ok(Cancel { run: self, id, pipe })
    }

    /// The program wrote `bytes`; what is more than anybody is shown is dropped.
    pub fn print(&self, stream: Stream, bytes: &[u8]) {
        let at = stream as usize;
        let mut printed = self.printed.lock();
        let room = SHOWN_BYTES_MAX.saturating_sub(printed.taken[at]);
        let bytes = &bytes[..bytes.len().min(room)];
        printed.taken[at] += bytes.len();
        printed.add(stream, bytes);
    }

    /// What was written since, in the order in which it came: the stream, behind how many of its bytes, and what. No
    /// piece ends within a character, unless it is the `last` of its stream.
    pub fn take_printed(&self, last: bool) -> Vec<(Stream, usize, Vec<u8>)> {
        let mut printed = self.printed.lock();
        let mut rests = [(Stream::Stdout, Vec::new()), (Stream::Stderr, Vec::new())];
        let mut pieces = Vec::new();
        for (stream, bytes) in std::mem::take(&mut printed.waiting) {
            let (_, rest) = &mut rests[stream as usize];
            let mut piece = std::mem::take(rest);
            piece.extend(bytes);
            *rest = piece.split_off(whole(&piece));
            pieces.push((stream, piece));
        }
        if last {
            pieces.extend(rests);
        } else {
            printed.waiting.extend(rests.into_iter().filter(|(_, rest)| !rest.is_empty()));
        }
        let mut all = Vec::new();
        for (stream, piece) in pieces.into_iter().filter(|(_, piece)| !piece.is_empty()) {
            let told = &mut printed.told[stream as usize];
            let at = *told;
            *told += piece.len();
            all.push((stream, at, piece));
        }
        all
    }
}

/// How many of `bytes` end with a whole character of UTF-8, if it is that.
fn whole(bytes: &[u8]) -> usize {
    let len = bytes.len();
    for back in 1..=len.min(3) {
        let byte = bytes[len - back];
        let needs = match byte {
            0xc0..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf7 => 4,
            0x80..=0xbf => continue,
            _ => return len,
        };
        return if needs > back { len - back } else { len };
    }
    len
}

/// Bytes on their way into a pipe, so that nobody waits for whoever reads it.
#[derive(Debug, Default)]
pub struct Feed {
    state: Mutex<State>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct State {
    bytes: VecDeque<u8>,
    /// No more comes.
    ended: bool,
    /// Nobody reads any more.
    closed: bool,
}

/// Input is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFed {
    /// So much waits already.
    Full,
    /// It has ended, or nobody reads it.
    Closed,
}

impl Feed {
    /// Adds `bytes`; `most` may wait with them. After the `end` no more is taken.
    ///
    /// # Errors
    ///
    /// See [`NotFed`]; then nothing of it was taken.
    pub fn add(&self, bytes: &[u8], end: bool, most: usize) -> Result<(), NotFed> {
        let mut state = self.state.lock();
        if state.ended || state.closed {
            return Err(NotFed::Closed);
        }
        if state.bytes.len() + bytes.len() > most {
            return Err(NotFed::Full);
        }
        state.bytes.extend(bytes);
        state.ended = end;
        drop(state);
        self.news.notify_all();
        Ok(())
    }

    /// No more comes.
    pub fn end(&self) {
        self.state.lock().ended = true;
        self.news.notify_all();
    }

    /// Nobody reads any more, and nothing more is written.
    pub fn close(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        state.bytes.clear();
        drop(state);
        self.news.notify_all();
    }

    /// Writes what comes into `pipe` until the end, or until nobody reads it.
    pub fn pour(&self, mut pipe: PipeWriter) {
        loop {
            let bytes: Vec<u8> = {
                let mut state = self.state.lock();
                while state.bytes.is_empty() && !state.ended && !state.closed {
                    self.news.wait(&mut state);
                }
                if state.closed || state.bytes.is_empty() {
                    return;
                }
                // It counts as waiting until it is written.
                let (front, back) = state.bytes.as_slices();
                let some = if front.is_empty() { back } else { front };
                some[..some.len().min(16 * 1024)].to_vec()
            };
            let written = pipe.write(&bytes);
            let mut state = self.state.lock();
            match written {
                Ok(many) => {
                    let many = many.min(state.bytes.len());
                    drop(state.bytes.drain(..many));
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => {
                    state.closed = true;
                    state.bytes.clear();
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn whoever_stops_a_job_stops_what_runs_and_what_would_begin() {
        let run = Run::new(None, false);
        let mut one = run.cancel().unwrap();
        run.stop(Why::Stopping);
        run.stop(Why::Late);
        assert_eq!(run.stopped(), Some(Why::Stopping), "the first reason stays");
        let mut two = run.cancel().unwrap();
        for cancel in [&mut one, &mut two] {
            assert_eq!(cancel.pipe.read(&mut [0]).unwrap(), 0, "it hangs up");
        }
    }

    #[test]
    fn one_jail_of_a_job_can_be_stopped_alone_and_none_is_remembered_that_ended() {
        let run = Run::new(None, false);
        let (mut one, two) = (run.cancel().unwrap(), run.cancel().unwrap());
        one.now();
        assert_eq!(one.pipe.read(&mut [0]).unwrap(), 0);
        assert_eq!((run.stopped(), run.stop.lock().jails.len()), (None, 1));
        drop((one, two));
        assert!(run.stop.lock().jails.is_empty());
    }

    #[test]
    fn output_is_taken_in_whole_characters_and_up_to_a_bound() {
        let run = Run::new(None, false);
        let text = "aé€😀".as_bytes();
        let mut taken = Vec::new();
        for byte in text {
            run.print(Stream::Stdout, &[*byte]);
            for (_, _, bytes) in run.take_printed(false) {
                taken.push(String::from_utf8(bytes).unwrap());
            }
        }
        assert_eq!(taken, ["a", "é", "€", "😀"]);
        run.print(Stream::Stderr, &[0xe2, 0x82]);
        assert!(run.take_printed(false).is_empty());
        assert_eq!(run.take_printed(true), [(Stream::Stderr, 0, vec![0xe2, 0x82])]);
        run.print(Stream::Stdout, &vec![b'x'; 2 * SHOWN_BYTES_MAX]);
        let all: usize = run.take_printed(true).iter().map(|(_, _, bytes)| bytes.len()).sum();
        assert_eq!(all, SHOWN_BYTES_MAX - text.len());
    }

    #[test]
    fn output_of_both_streams_is_taken_in_the_order_in_which_it_came() {
        let (out, err) = (Stream::Stdout, Stream::Stderr);
        let run = Run::new(None, false);
        for (stream, bytes) in [(out, "a"), (out, "b"), (err, "c"), (out, "d\u{e9}")] {
            run.print(stream, bytes.as_bytes());
        }
        run.print(err, &[0xc3]);
        let piece = |stream, at, text: &str| (stream, at, text.as_bytes().to_vec());
        let first = [piece(out, 0, "ab"), piece(err, 0, "c"), piece(out, 2, "d\u{e9}")];
        assert_eq!(run.take_printed(false), first);
        run.print(out, b"e");
        run.print(err, &[0xa9]);
        // Of what is not whole the place is where it began.
        assert_eq!(run.take_printed(false), [piece(out, 5, "e"), piece(err, 1, "\u{e9}")]);
        for n in 0..100 {
            run.print(if n % 2 == 0 { out } else { err }, b"x");
        }
        let all = run.take_printed(true);
        let bytes =
            |of| all.iter().filter(|(s, ..)| *s == of).map(|(.., b)| b.len()).sum::<usize>();
        assert_eq!((all.len(), bytes(out), bytes(err)), (PIECES_MAX, 50, 50));
    }

    #[test]
    fn input_waits_up_to_a_bound_and_comes_in_order() {
        let feed = Feed::default();
        let (mut reader, writer) = io::pipe().unwrap();
        feed.add(b"hello ", false, STDIN_BYTES_MAX).unwrap();
        let large = vec![b'x'; STDIN_BYTES_MAX];
        assert_eq!(feed.add(&large, false, STDIN_BYTES_MAX), Err(NotFed::Full));
        feed.add(b"world", true, STDIN_BYTES_MAX).unwrap();
        assert_eq!(feed.add(b"more", false, STDIN_BYTES_MAX), Err(NotFed::Closed));
        feed.pour(writer);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello world");
    }

    #[test]
    fn a_reader_that_is_gone_ends_the_pouring() {
        let feed = Feed::default();
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        feed.add(b"x", false, 10).unwrap();
        feed.pour(writer);
        assert_eq!(feed.add(b"x", false, 10), Err(NotFed::Closed));
    }
}
