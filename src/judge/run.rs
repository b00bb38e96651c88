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

/// What a program wrote and nobody was told yet.
#[derive(Debug, Default)]
struct Printed {
    waiting: [Vec<u8>; 2],
    /// How much was taken of each stream so far.
    taken: [usize; 2],
    /// How much of that was told.
    told: [usize; 2],
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
        printed.waiting[at].extend_from_slice(bytes);
    }

    /// What was written since, of each stream, and behind how many bytes. It does not end within a character,
    /// unless it is the `last`.
    pub fn take_printed(&self, last: bool) -> Vec<(Stream, usize, Vec<u8>)> {
        let mut printed = self.printed.lock();
        let mut all = Vec::new();
        for stream in [Stream::Stdout, Stream::Stderr] {
            let waiting = &mut printed.waiting[stream as usize];
            let upto = if last { waiting.len() } else { whole(waiting) };
            let rest = waiting.split_off(upto);
            let bytes = std::mem::replace(waiting, rest);
            if !bytes.is_empty() {
                let told = &mut printed.told[stream as usize];
                let at = *told;
                *told += bytes.len();
                all.push((stream, at, bytes));
            }
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
