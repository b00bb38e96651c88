//! Named steps at which a test has the whole process killed, as a power cut would.
//!
//! Only test builds have them (feature `kill-points`): elsewhere every call is nothing. The file that
//! `PLAYHOUSE_TEST_KILL` names says where to die: `STEP`, or `STEP MANY PASS`. MANY commands are brought to
//! that step together (1 if left out), so that one death is a test of them all; PASS is which of the
//! committer's turns is meant, or of one answer which it is, for commands that write several records (1 if
//! left out). Which rooms were at the step is written to the file's neighbour `….rooms`, one name for each record, answer or publication.

/// A step on the way of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Decided and applied; nothing is written.
    BeforeAppend,
    /// Written, and not synced.
    BeforeSync,
    /// On disk; nobody knows.
    AfterSync,
    /// The room knows, and is about to answer.
    BeforeAnswer,
    /// The answer has left the room.
    AfterAnswer,
    /// One watcher was told, the others were not.
    MidBroadcast,
    /// A snapshot is on disk, and what it makes superfluous is still there.
    BeforeCompaction,
}

impl Step {
    /// Its name, as a test writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeAppend => "before_append",
            Self::BeforeSync => "before_sync",
            Self::AfterSync => "after_sync",
            Self::BeforeAnswer => "before_answer",
            Self::AfterAnswer => "after_answer",
            Self::MidBroadcast => "mid_broadcast",
            Self::BeforeCompaction => "before_compaction",
        }
    }
}

#[cfg(not(feature = "kill-points"))]
mod nothing {
    use playhouse_protocol::ids::RoomId;

    use super::Step;

    /// Nothing: this build cannot be killed by name.
    #[inline(always)]
    pub(crate) const fn here(_: Step) {}

    /// How much the committer may take at most in this turn.
    #[inline(always)]
    pub(crate) fn gather(_: impl Fn() -> usize) -> usize {
        usize::MAX
    }

    #[inline(always)]
    pub(crate) fn batch<'a>(_: impl Iterator<Item = &'a RoomId>) {}

    /// Has `send` send its answer.
    #[inline(always)]
    pub(crate) fn answer(_: &RoomId, _: bool, send: impl FnOnce() + Send + 'static) {
        send();
    }

    /// True if the watchers who were not told yet are not to be told.
    #[inline(always)]
    pub(crate) const fn told_one(_: &RoomId) -> bool {
        false
    }
}

#[cfg(feature = "kill-points")]
mod points {
    use std::fs;
    use std::path::PathBuf;
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use nix::sys::signal::{Signal, raise};
    use parking_lot::Mutex;
    use playhouse_protocol::ids::RoomId;

    use super::Step;

    /// How long nothing more must come until all are taken to be there.
    const QUIET: Duration = Duration::from_millis(150);

    /// How long is waited for that at most. 15 s: the test that wants more than there is fails by what
    /// the list of rooms says.
    const QUIET_WITHIN: Duration = Duration::from_secs(15);

    /// The committer's turns since there is an order.
    static TURNS: AtomicUsize = AtomicUsize::new(0);

    /// The answers since there is an order.
    static ANSWERS: AtomicUsize = AtomicUsize::new(0);

    type Send = Box<dyn FnOnce() + std::marker::Send>;

    /// Who is at the step: rooms, with the answers that were about to be sent.
    static THERE: Mutex<Vec<(String, Option<Send>)>> = Mutex::new(Vec::new());

    struct Order {
        step: String,
        many: usize,
        pass: usize,
    }

    impl Order {
        fn is(&self, steps: &[Step]) -> bool {
            steps.iter().any(|step| step.name() == self.step)
        }
    }

    const WRITING: [Step; 3] = [Step::BeforeAppend, Step::BeforeSync, Step::AfterSync];

    fn file() -> Option<&'static PathBuf> {
        static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
        FILE.get_or_init(|| std::env::var_os("PLAYHOUSE_TEST_KILL").map(PathBuf::from)).as_ref()
    }

    fn order(steps: &[Step]) -> Option<Order> {
        let said = fs::read_to_string(file()?).ok()?;
        let mut words = said.split_whitespace();
        let step = words.next()?.to_owned();
        let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or(1);
        Some(Order { step, many: number(), pass: number() }).filter(|order| order.is(steps))
    }

    fn write_down(rooms: &[String]) {
        if let Some(file) = file() {
            let _ = fs::write(file.with_extension("rooms"), rooms.join("\n"));
        }
    }

    fn die() {
        if let Some(file) = file() {
            let _ = fs::remove_file(file);
        }
        let _ = raise(Signal::SIGKILL);
    }

    /// Waits until `many` are there and no more come.
    fn wait_for(many: usize, there: impl Fn() -> usize) {
        let began = Instant::now();
        let mut last = (there(), Instant::now());
        while began.elapsed() < QUIET_WITHIN {
            let now = there();
            if now != last.0 {
                last = (now, Instant::now());
            }
            if now >= many && (many == 1 || last.1.elapsed() >= QUIET) {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Kills the process if this is the step.
    pub(crate) fn here(step: Step) {
        let Some(order) = order(&[step]) else { return };
        if !order.is(&WRITING) || TURNS.load(Ordering::SeqCst) == order.pass {
            die();
        }
    }

    /// The committer takes what waits, of which `waiting` says how much: not before as much is there as
    /// is to be killed together. How much it may take: what follows from that is another turn.
    pub(crate) fn gather(waiting: impl Fn() -> usize) -> usize {
        let Some(order) = order(&WRITING) else {
            TURNS.store(0, Ordering::SeqCst);
            return usize::MAX;
        };
        let turn = TURNS.fetch_add(1, Ordering::SeqCst) + 1;
        match turn {
            1 => wait_for(order.many, &waiting),
            // What follows comes when it comes.
            _ if turn <= order.pass && order.many > 1 => wait_for(0, &waiting),
            _ => {}
        }
        waiting()
    }

    /// The committer is about to write records of `rooms`.
    pub(crate) fn batch<'a>(rooms: impl Iterator<Item = &'a RoomId>) {
        if order(&WRITING).is_some_and(|order| order.pass == TURNS.load(Ordering::SeqCst)) {
            write_down(&rooms.map(ToString::to_string).collect::<Vec<_>>());
        }
    }

    /// Has `send` send the answer of `room` to a command that `wrote`, or keeps it until all are there
    /// that are to be killed together.
    pub(crate) fn answer(
        room: &RoomId,
        wrote: bool,
        send: impl FnOnce() + std::marker::Send + 'static,
    ) {
        let Some(order) = order(&[Step::BeforeAnswer, Step::AfterAnswer]) else {
            ANSWERS.store(0, Ordering::SeqCst);
            return send();
        };
        let before = ANSWERS.fetch_add(wrote.into(), Ordering::SeqCst);
        if !wrote || order.many == 1 && before + 1 < order.pass {
            return send();
        }
        is_there(room, Some(Box::new(send)), order);
    }

    /// True if the watchers of `room` who were not told yet are not to be told.
    pub(crate) fn told_one(room: &RoomId) -> bool {
        let Some(order) = order(&[Step::MidBroadcast]) else { return false };
        if !THERE.lock().iter().any(|(there, _)| there == room.as_str()) {
            is_there(room, None, order);
        }
        true
    }

    fn is_there(room: &RoomId, send: Option<Send>, order: Order) {
        let mut there = THERE.lock();
        there.push((room.to_string(), send));
        if there.len() != order.many {
            return;
        }
        std::thread::spawn(move || {
            wait_for(order.many, || THERE.lock().len());
            let there = std::mem::take(&mut *THERE.lock());
            write_down(&there.iter().map(|(room, _)| room.clone()).collect::<Vec<_>>());
            if order.is(&[Step::AfterAnswer]) {
                there.into_iter().filter_map(|(_, send)| send).for_each(|send| send());
            }
            die();
        });
    }
}

#[cfg(not(feature = "kill-points"))]
pub(crate) use nothing::{answer, batch, gather, here, told_one};
#[cfg(feature = "kill-points")]
pub(crate) use points::{answer, batch, gather, here, told_one};
