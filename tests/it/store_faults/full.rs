//! A disk that is full, fails, or is read-only.

use std::sync::Arc;
use std::time::{Duration, Instant};

use playhouse_loadtest::client::{Client, new_key};
use playhouse_loadtest::follow::{Follower, states};
use playhouse_loadtest::live::Live;
use reqwest::Method;
use serde_json::{Value, json};

use super::buy;
use super::disks::Disk;
use crate::server::{Server, showing};

/// Within what the server notices that the disk is full, or no longer is. 20 s; usual is 100 ms.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);

/// Somebody with a booking, on a server whose disk is about to fail.
struct Scene {
    ann: Client,
    rivals: [Client; 2],
    path: String,
    /// Another showing, which nobody wants.
    other: String,
    booking: Value,
}

impl Scene {
    async fn on(server: &Server) -> Self {
        let admin = server.admin().await;
        let path = showing(&admin, 10, 20).await;
        let other = showing(&admin, 1, 2).await;
        let ann = server.person("ann").await;
        let rivals = [server.person("bob").await, server.person("cid").await];
        let booking = buy(&ann, &path, "A1").await;
        Self { ann, rivals, path, other, booking }
    }

    /// Asks once for `seat`: the hold, or the refusal's status and code.
    async fn hold(&self, seat: &str) -> Result<Value, (u16, String)> {
        self.hold_as(&self.ann, seat).await
    }

    async fn hold_as(&self, who: &Client, seat: &str) -> Result<Value, (u16, String)> {
        let body = json!({ "seats": [seat] });
        let path = format!("{}/holds", self.path);
        let key = new_key();
        let (status, answer) =
            who.once(Method::POST, &path, Some(&key), Some(&body)).await.unwrap();
        if status.is_success() {
            return Ok(answer);
        }
        Err((status.as_u16(), answer["code"].as_str().unwrap_or_default().to_owned()))
    }

    /// Holds and releases seats until that is refused for want of a disk; the refusal.
    async fn until_refused(&self) -> (u16, String) {
        let began = Instant::now();
        for n in 0.. {
            assert!(began.elapsed() < NOTICED_WITHIN, "every write is taken");
            match self.hold(&format!("A{}", 11 + n % 10)).await {
                Ok(hold) => {
                    let hold = format!("{}/holds/{}", self.path, hold["hold_id"].as_str().unwrap());
                    let _ = self.ann.once(Method::DELETE, &hold, Some(&new_key()), None).await;
                }
                // What was under way when it happened passes.
                Err((503, code)) if code == "outcome_unknown" || code == "room_rebuilding" => {}
                Err((409, _)) => {}
                Err(refused) => return refused,
            }
        }
        unreachable!("a range without an end")
    }

    /// Reads and sockets go on: the seats, also over a connection of its own, and who one is.
    async fn is_readable(&self, server: &Server) {
        let map = self.ann.get(&format!("{}/seats", self.path)).await.unwrap();
        assert_eq!(map["seats"]["sold"], 1, "{map}");
        let mut live = Live::connect(&server.base(), self.ann.token()).await.unwrap();
        let mut follower = Follower::of(self.path.rsplit('/').next().unwrap());
        follower.subscribe(&mut live).await.unwrap();
        assert_eq!(follower.totals(), &map["seats"]);
        assert_eq!(follower.seats()["A1"], "sold");
    }

    /// What was acknowledged is there: the booking, and every seat of `held`.
    async fn kept_all(&self, held: &[String]) {
        let bookings = self.ann.get("/api/bookings").await.unwrap();
        assert_eq!(bookings["items"][0]["id"], self.booking["id"]);
        let map = self.ann.get(&format!("{}/seats", self.path)).await.unwrap();
        assert_eq!(map["seats"]["sold"], 1, "{map}");
        let states = states(&map);
        for seat in held {
            assert_eq!(states[seat], "held", "{seat} was acknowledged");
        }
    }

    /// What was acknowledged can be read, also of what was written to when the disk failed, and nothing
    /// else is told.
    async fn says_nothing_false(&self, server: &Server, held: &[String]) {
        let seats = format!("{}/seats", self.path);
        let (status, map) = self.ann.once(Method::GET, &seats, None, None).await.unwrap();
        assert!(status.is_success(), "{status} {map}");
        let states = states(&map);
        assert!(held.iter().all(|seat| states[seat] == "held"), "{map}");
        assert_eq!(map["seats"]["sold"], 1, "{map}");
        self.is_readable(server).await;
        let other = self.ann.get(&format!("{}/seats", self.other)).await.unwrap();
        assert_eq!(other["seats"]["free"], 2);
        let mut live = Live::connect(&server.base(), self.ann.token()).await.unwrap();
        let mut follower = Follower::of(self.other.rsplit('/').next().unwrap());
        follower.subscribe(&mut live).await.unwrap();
        assert_eq!(follower.totals(), &other["seats"]);
        let bookings = self.ann.get("/api/bookings").await.unwrap();
        assert_eq!(bookings["items"][0]["id"], self.booking["id"]);
        assert_eq!(
            self.ann.get("/api/movies").await.unwrap()["items"].as_array().unwrap().len(),
            2
        );
    }

    async fn is_writable(&self, seat: &str) {
        let began = Instant::now();
        while let Err((status, code)) = self.hold(seat).await {
            assert!(status == 503 && began.elapsed() < NOTICED_WITHIN, "{status} {code}");
        }
    }
}

/// Others hold seats of the later rows for good, as many as each may have, and again and again ask for
/// what is refused; the seats whose holds were acknowledged.
async fn holders(scene: Arc<Scene>) -> Vec<String> {
    let mut held = Vec::new();
    for n in 0..180_u8 {
        let seat = format!("{}{}", char::from(b'B' + n / 20), 1 + n % 20);
        if scene.hold_as(&scene.rivals[usize::from(n % 2)], &seat).await.is_ok() {
            held.push(seat);
        }
    }
    println!("{} holds were acknowledged", held.len());
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_alone_loses_nothing_and_takes_them_again_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new("mount -t tmpfs -o size=120m tmpfs $data", folder.path()) else {
        return;
    };
    let mut server = disk.server(folder);
    server.run();
    let scene = Arc::new(Scene::on(&server).await);
    disk.fill(Some(60));
    assert_eq!(scene.until_refused().await, (503, "store_unavailable".to_owned()));
    scene.is_readable(&server).await;
    disk.run("rm $data/filler");
    scene.is_writable("A3").await;

    // To the last byte this time, and while it is written to.
    let holding = tokio::spawn(holders(scene.clone()));
    tokio::task::block_in_place(|| disk.fill(None));
    let held = holding.await.unwrap();
    assert_eq!(scene.until_refused().await, (503, "store_unavailable".to_owned()));
    scene.says_nothing_false(&server, &held).await;
    let log = server.logged();
    assert!(!log.contains("the store failed"), "no write was begun that had no room:\n{log}");
    // Also after a start, for which the store gives back what it had taken in advance.
    tokio::task::block_in_place(|| server.kill());
    tokio::task::block_in_place(|| server.run());
    scene.says_nothing_false(&server, &held).await;
    disk.run("mount -o remount,size=300m $data");
    scene.kept_all(&held).await;
    scene.is_writable("A4").await;
    server.saw_no_panic();
}

/// Looks for `time` and does not stop looking; what the seats are at last.
async fn keeps_looking(scene: &Scene, time: Duration) -> Value {
    let began = Instant::now();
    let seats = format!("{}/seats", scene.path);
    // Not so often that a limit of requests is met.
    let mut next = tokio::time::interval(Duration::from_millis(10));
    loop {
        next.tick().await;
        let (status, map) = scene.ann.once(Method::GET, &seats, None, None).await.unwrap();
        assert!(status.is_success(), "{status} {map}");
        if began.elapsed() > time {
            return map;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_ends_while_the_disk_is_full_ends_once_there_is_room_and_stops_nobody_from_looking()
 {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new("mount -t tmpfs -o size=120m tmpfs $data", folder.path()) else {
        return;
    };
    let mut server = disk.server(folder);
    server.set("PLAYHOUSE_CINEMA_HOLD", "2s");
    server.run();
    let scene = Scene::on(&server).await;
    let mut live = Live::connect(&server.base(), scene.ann.token()).await.unwrap();
    let mut follower = Follower::of(scene.path.rsplit('/').next().unwrap());
    follower.subscribe(&mut live).await.unwrap();
    scene.hold("A5").await.unwrap();
    tokio::task::block_in_place(|| disk.fill(None));
    // Four seconds past its end: it is held for as long as nobody can write down that it is not.
    let map = keeps_looking(&scene, Duration::from_secs(6)).await;
    assert_eq!(states(&map)["A5"], "held");
    let tries = server.logged().matches("room failed").count();
    assert!((1..20).contains(&tries), "it is tried now and then: {tries} times");
    disk.run("rm $data/filler");
    let freed = Instant::now();
    while states(&keeps_looking(&scene, Duration::ZERO).await)["A5"] != "free" {
        assert!(freed.elapsed() < NOTICED_WITHIN, "it is never free");
    }
    // The one who followed all the while has heard of it, on the same connection, without a gap.
    while follower.seats()["A5"] != "free" {
        assert!(freed.elapsed() < NOTICED_WITHIN, "a follower is never told");
        follower.watch(&mut live, Duration::from_millis(50)).await.unwrap();
    }
    assert_eq!(follower.anew, 1);
    scene.is_writable("A5").await;
    server.saw_no_panic();
}

/// Breaks the disk of a server at work with `breaking` (shell): writes are refused and nothing is made up
/// until the disk is mended and the server started anew, which then has all that it acknowledged.
async fn is_broken_by(breaking: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mount = "truncate -s 200M image && mkfs.ext4 -q image && \
                 mount -o loop,errors=remount-ro image $data";
    let Some(disk) = Disk::new(mount, folder.path()) else { return };
    let mut server = disk.server(folder);
    server.run();
    let scene = Arc::new(Scene::on(&server).await);
    let holding = tokio::spawn(holders(scene.clone()));
    tokio::task::block_in_place(|| disk.run(breaking));
    let held = holding.await.unwrap();
    assert_eq!(scene.until_refused().await, (503, "store_unavailable".to_owned()));
    scene.says_nothing_false(&server, &held).await;
    tokio::task::block_in_place(|| server.kill());
    let line = tokio::task::block_in_place(|| server.refusal());
    assert!(line.contains("does not open") || line.contains("failed to"), "{line}");
    disk.run("umount $data && mount -o loop $data/../image $data");
    tokio::task::block_in_place(|| server.run());
    scene.kept_all(&held).await;
    scene.is_writable("A4").await;
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_turns_read_only_at_work_loses_nothing_and_nothing_is_made_up() {
    let device = "$(basename $(findmnt -no SOURCE $data))";
    is_broken_by(&format!("echo 1 > /sys/fs/ext4/{device}/trigger_fs_error")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fails_at_work_as_in_a_loss_of_power_loses_nothing_and_nothing_is_made_up() {
    // The shutdown of ext4: every write fails from now on, and what was not synced is gone.
    let shut_down = "import fcntl, os, struct; fcntl.ioctl(os.open(os.environ['data'], \
                     os.O_RDONLY), 0x8004587d, struct.pack('I', 2))";
    is_broken_by(&format!("python3 -c \"{shut_down}\"")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_directory_is_refused_at_start_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::new("mount -t tmpfs -o size=120m tmpfs $data", folder.path()) else {
        return;
    };
    let mut server = disk.server(folder);
    for _ in 0..2 {
        disk.run("mount -o remount,ro $data");
        let line = tokio::task::block_in_place(|| server.refusal());
        assert!(line.contains("Read-only file system"), "{line}");
        disk.run("mount -o remount,rw $data");
        tokio::task::block_in_place(|| server.run());
        tokio::task::block_in_place(|| server.kill());
    }
}
