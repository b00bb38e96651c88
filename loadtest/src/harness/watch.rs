//! A crowd of watchers of one channel, each of which checks that what it is told is one unbroken line,
//! and goes on from its own offset after every break.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rand::Rng;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::seen::{Push, Seen};
use super::stage::Stage;
use crate::live::{Live, LiveError};

/// How many watchers connect at the same time, at first. 200: a fifth of the server's backlog.
const AT_ONCE: usize = 200;

/// How long a watcher waits before it connects again, at most; drawn anew each time, as the SDKs do.
/// 500 ms, so that all are back well within the promised time and not all at one moment.
const BACK_WITHIN: Duration = Duration::from_millis(500);

/// What a crowd is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Watch. With another number: hang up and come back.
    Watch(u32),
    /// Go home.
    Leave,
}

/// Many watchers of one channel.
pub struct Crowd {
    people: JoinSet<Seen>,
    word: watch::Sender<Word>,
    there: Arc<AtomicUsize>,
    /// How far each watcher who reads has come.
    marks: Vec<Arc<AtomicU32>>,
    size: usize,
}

impl Crowd {
    /// Lets `size` watchers of `channel` in, a share of whom never reads, and waits until all are there.
    ///
    /// # Errors
    ///
    /// The first failure to connect or subscribe.
    pub async fn gather(
        stage: &Arc<Stage>,
        channel: &str,
        size: usize,
        silent: f64,
    ) -> Result<Self, LiveError> {
        let (word, heard) = watch::channel(Word::Watch(0));
        let there = Arc::new(AtomicUsize::new(0));
        let doors = Arc::new(Semaphore::new(AT_ONCE));
        let mut arriving = JoinSet::new();
        for n in 0..size {
            let (stage, channel, doors) = (stage.clone(), channel.to_owned(), doors.clone());
            // Spread evenly, so that no part of the crowd is only silent.
            let is_silent = ((n + 1) as f64 * silent).floor() > (n as f64 * silent).floor();
            arriving.spawn(async move {
                let _door = doors.acquire().await;
                let mut seen = Seen::default();
                seen.silent = is_silent;
                let live = come(&stage, &channel, &mut seen).await?;
                Ok::<_, LiveError>((seen, live))
            });
        }
        let (mut people, mut marks) = (JoinSet::new(), Vec::new());
        while let Some(arrived) = arriving.join_next().await {
            let (seen, live) = arrived.map_err(|error| LiveError::Broken(error.to_string()))??;
            there.fetch_add(1, Ordering::Relaxed);
            let mark = Arc::new(AtomicU32::new(seen.mark()));
            if !seen.silent {
                marks.push(mark.clone());
            }
            let watcher = Watcher {
                stage: stage.clone(),
                channel: channel.to_owned(),
                heard: heard.clone(),
                there: there.clone(),
                mark,
                seen,
            };
            people.spawn(watcher.watch(live));
        }
        Ok(Self { people, word, there, marks, size })
    }

    /// How many have an open connection, and how many there are in all.
    #[must_use]
    pub fn there(&self) -> (usize, usize) {
        (self.there.load(Ordering::Relaxed), self.size)
    }

    /// Waits until all who read have come as far as `mark`, at most for `within`.
    pub async fn reaches(&self, mark: u64, within: Duration) {
        let deadline = Instant::now() + within;
        let is_behind = |at: &Arc<AtomicU32>| u64::from(at.load(Ordering::Relaxed)) < mark;
        while self.marks.iter().any(is_behind) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// All hang up at the same moment and come back.
    pub fn storm(&self) {
        self.word.send_modify(|word| {
            if let Word::Watch(n) = word {
                *n += 1;
            }
        });
    }

    /// [`Self::storm`], so many seconds from now; never if it is not said when.
    pub async fn storm_after(self: Arc<Self>, seconds: Option<f64>) {
        if let Some(seconds) = seconds {
            tokio::time::sleep(Duration::from_secs_f64(seconds.clamp(0.0, 3600.0))).await;
            self.storm();
        }
    }

    /// All go home; what each was told.
    pub async fn leave(mut self) -> Vec<Seen> {
        self.word.send_replace(Word::Leave);
        let mut told = Vec::with_capacity(self.size);
        while let Some(seen) = self.people.join_next().await {
            told.extend(seen.ok());
        }
        told
    }
}

async fn come(stage: &Stage, channel: &str, seen: &mut Seen) -> Result<Live, LiveError> {
    let mut live = match seen.silent {
        true => Live::connect_deaf(&stage.base).await?,
        false => Live::connect(&stage.base, None).await?,
    };
    let reply = live.command("subscribe", seen.request(channel)).await?;
    seen.subscribed(stage.meter.now_us(), reply);
    // What came together with the reply.
    for push in live.pushes() {
        if let Ok(Push { publication: Some(publication) }) = serde_json::from_value(push) {
            seen.take(stage.meter.now_us(), &publication);
        }
    }
    Ok(live)
}

struct Watcher {
    stage: Arc<Stage>,
    channel: String,
    heard: watch::Receiver<Word>,
    there: Arc<AtomicUsize>,
    mark: Arc<AtomicU32>,
    seen: Seen,
}

impl Watcher {
    async fn watch(mut self, live: Live) -> Seen {
        let mut live = Some(live);
        loop {
            if let Some(live) = live.take() {
                self.read(live).await;
                self.there.fetch_sub(1, Ordering::Relaxed);
            }
            if *self.heard.borrow_and_update() == Word::Leave || self.seen.silent {
                return self.seen;
            }
            self.seen.breaks += 1;
            let broke = Instant::now();
            match self.come_back().await {
                Some(again) => live = Some(again),
                None => return self.seen,
            }
            let since = self.stage.ready_since().max(broke);
            self.seen.back.push(since.elapsed());
            self.there.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Reads until the connection breaks or another word is heard.
    async fn read(&mut self, mut live: Live) {
        if self.seen.silent {
            // Reads nothing: the connection stands until the server cuts it off.
            let _ = self.heard.wait_for(|word| *word == Word::Leave).await;
            return;
        }
        loop {
            tokio::select! {
                text = live.text() => match text {
                    Ok(text) => {
                        self.seen.text(self.stage.meter.now_us(), &text);
                        self.mark.store(self.seen.mark(), Ordering::Relaxed);
                    }
                    Err(_) => return,
                },
                changed = self.heard.changed() => {
                    if changed.is_ok() { return }
                }
            }
        }
    }

    /// Connects until it succeeds; none if everybody goes home.
    async fn come_back(&mut self) -> Option<Live> {
        loop {
            let pause = BACK_WITHIN.mul_f64(rand::rng().random::<f64>());
            tokio::time::sleep(pause).await;
            if *self.heard.borrow() == Word::Leave {
                return None;
            }
            if let Ok(live) = come(&self.stage, &self.channel, &mut self.seen).await {
                self.mark.store(self.seen.mark(), Ordering::Relaxed);
                return Some(live);
            }
        }
    }
}
