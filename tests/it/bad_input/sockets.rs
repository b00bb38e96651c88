//! Bytes that are no HTTP, bodies that never end, sockets that go away in the middle.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::Rig;

/// How long the server may take to give up on a connection. Its own patience is set to 1 s here.
const GIVES_UP_WITHIN: Duration = Duration::from_secs(10);

const PATIENCE: [(&str, &str); 1] = [("PLAYHOUSE_HTTP_REQUEST_TIMEOUT", "1s")];

impl Rig {
    fn socket(&self) -> TcpStream {
        let socket = TcpStream::connect(self.server.base().replace("http://", "")).unwrap();
        socket.set_read_timeout(Some(GIVES_UP_WITHIN)).unwrap();
        socket
    }

    /// The head of a hold by Ann, with these headers too.
    fn head(&self, headers: &str) -> String {
        let token = self.ann.token().unwrap();
        let path = self.holds();
        format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n{headers}\r\n"
        )
    }
}

/// What comes until the server closes the connection.
fn rest(mut socket: &TcpStream) -> String {
    let mut answer = Vec::new();
    let mut some = [0; 4096];
    loop {
        match socket.read(&mut some) {
            Ok(0) => break,
            Ok(n) => answer.extend_from_slice(&some[..n]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("the connection is still open: {}", String::from_utf8_lossy(&answer))
            }
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_answered_4xx_or_closed() {
    let rig = Rig::new(&PATIENCE).await;
    let body = r#"{"seats":["A2"]}"#;
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(300_000));
    let many: String = (0..5000).map(|n| format!("x-{n}: y\r\n")).collect();
    for sent in [
        b"\0\0\0\0".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"GET / HTTP/9.9\r\nhost: x\r\n\r\n".to_vec(),
        b"GET\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nhost x\r\n\r\n".to_vec(),
        b"G\xc3\x89T / HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(),
        long.into(),
        format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n").into(),
        self_contradicting(&rig, "content-length: -1\r\n", body),
        self_contradicting(&rig, "content-length: 99999999999999999999\r\n", body),
        self_contradicting(&rig, "content-length: 16\r\ncontent-length: 17\r\n", body),
        self_contradicting(&rig, "content-length: 16\r\ntransfer-encoding: chunked\r\n", body),
        self_contradicting(&rig, "transfer-encoding: chunked\r\n", "zz\r\nhello\r\n0\r\n\r\n"),
        self_contradicting(&rig, "transfer-encoding: chunked\r\n", "ffffffffffffffff1\r\nhello"),
        self_contradicting(&rig, "transfer-encoding: gzip\r\ncontent-length: 16\r\n", body),
    ] {
        let shown = String::from_utf8_lossy(&sent[..sent.len().min(120)]).into_owned();
        let mut socket = rig.socket();
        // The server may close while we still write.
        let _ = socket.write_all(&sent);
        let _ = socket.shutdown(Shutdown::Write);
        let answer = rest(&socket);
        let status = status(&answer);
        assert!(answer.is_empty() || (400..500).contains(&status), "{shown:?}: {answer}");
    }
    rig.is_well().await;
}

fn self_contradicting(rig: &Rig, headers: &str, body: &str) -> Vec<u8> {
    format!("{}{body}", rig.head(headers)).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_bound_is_refused_before_it_is_read() {
    let rig = Rig::new(&PATIENCE).await;
    let mut socket = rig.socket();
    let head = rig.head("content-length: 1000000000000\r\n");
    socket.write_all(head.as_bytes()).unwrap();
    let answer = rest(&socket);
    assert!(answer.contains("body_too_large"), "{answer}");
    assert_eq!(status(&answer), 413);
    // Without a length: chunks that never end.
    let mut socket = rig.socket();
    socket.write_all(rig.head("transfer-encoding: chunked\r\n").as_bytes()).unwrap();
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(4096));
    let sent = (0..1000).take_while(|_| socket.write_all(chunk.as_bytes()).is_ok()).count();
    let answer = rest(&socket);
    // The close may overtake the answer when unread chunks lie in the socket.
    assert!(answer.contains("body_too_large") || sent < 1000, "{sent} chunks: {answer}");
    rig.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_body_is_given_up_and_nobody_waits_for_it() {
    let rig = Rig::new(&PATIENCE).await;
    let slow: Vec<TcpStream> = (0..100)
        .map(|n| {
            let mut socket = rig.socket();
            let sent = match n % 4 {
                0 => rig.head("content-length: 16\r\n")[..60].to_owned(),
                1 => rig.head("content-length: 16\r\n") + "{\"sea",
                2 => rig.head("transfer-encoding: chunked\r\n") + "5\r\n{\"sea\r\n",
                // Nobody reads this body: it is answered at once, and closed.
                _ => {
                    "POST /nothing HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".into()
                }
            };
            socket.write_all(sent.as_bytes()).unwrap();
            socket
        })
        .collect();
    let asked = Instant::now();
    rig.is_well().await;
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    for (n, socket) in slow.iter().enumerate() {
        let answer = rest(socket);
        let code = ["", "body_timeout", "body_timeout", "not_found"][n % 4];
        assert_eq!(status(&answer), if n % 4 == 3 { 404 } else { 408 }, "{n}: {answer}");
        assert!(answer.contains(code), "{answer}");
    }
    rig.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_open_sockets_cost_nobody_anything() {
    let rig = Rig::new(&PATIENCE).await;
    let half: Vec<TcpStream> = (0..300)
        .map(|n| {
            let mut socket = rig.socket();
            let head = rig.head("content-length: 16\r\n");
            match n % 3 {
                // Says nothing at all.
                0 => {}
                // Stops in the middle of its body, and will send no more.
                1 => {
                    socket.write_all(head.as_bytes()).unwrap();
                    socket.shutdown(Shutdown::Write).unwrap();
                }
                // Asks, and never reads.
                _ => {
                    let get = "GET /static/app.css HTTP/1.1\r\nhost: x\r\n\r\n".repeat(200);
                    socket.write_all(get.as_bytes()).unwrap();
                }
            }
            socket
        })
        .collect();
    let asked = Instant::now();
    rig.is_well().await;
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    drop(half);
    rig.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_connection_that_talks_nonsense_is_closed_and_others_go_on() {
    let rig = Rig::new(&PATIENCE).await;
    let upgrade = "GET /connection/websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n\
        upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let masked = |op: u8, text: &[u8]| {
        let len = u16::try_from(text.len()).unwrap().to_be_bytes();
        // A mask of zeros leaves the text as it is.
        [&[0x80 | op, 0xfe, len[0], len[1], 0, 0, 0, 0], text].concat()
    };
    let deep = format!("{{\"id\":1,\"connect\":{}", "[".repeat(20_000));
    let flood = "{\"id\":1,\"connect\":{}}\n".repeat(2000);
    for frame in [
        masked(1, b"hello"),
        masked(1, b"{\"id\":1}"),
        masked(1, b"{\"id\":-1,\"connect\":{}}"),
        masked(1, b"{\"id\":1,\"rpc\":{\"method\":\"showing.hold\"}}"),
        masked(1, b"\xff\xfe"),
        masked(1, deep.as_bytes()),
        masked(1, flood.as_bytes()),
        masked(2, b"\x01\x02\x03"),
        // A frame that is not masked, one of an unknown kind, one that says it is huge.
        b"\x81\x02{}".to_vec(),
        masked(7, b"x"),
        b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0".to_vec(),
    ] {
        let mut socket = rig.socket();
        socket.write_all(upgrade.as_bytes()).unwrap();
        socket.write_all(&frame).unwrap();
        let answer = rest(&socket);
        assert_eq!(status(&answer), 101, "{:?}: {answer}", &frame[..frame.len().min(40)]);
        assert!(!answer.contains("\"hold_id\""), "{answer}");
    }
    for headers in ["", "connection: upgrade\r\nupgrade: websocket\r\n", "upgrade: h2c\r\n"] {
        let mut socket = rig.socket();
        let get = format!(
            "GET /connection/websocket HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n"
        );
        socket.write_all(get.as_bytes()).unwrap();
        let answer = rest(&socket);
        assert!((400..500).contains(&status(&answer)), "{answer}");
    }
    rig.is_well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_says_it_is_huge_is_refused_before_it_comes() {
    let rig = Rig::new(&[]).await;
    let upgrade = "GET /connection/websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n\
        upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    for length in [65_537, 1 << 40, i64::MAX as u64] {
        let mut socket = rig.socket();
        socket.write_all(upgrade.as_bytes()).unwrap();
        let head = [&[0x81, 0xff][..], &u64::to_be_bytes(length), &[0; 4]].concat();
        socket.write_all(&head).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        // A close frame of two bytes: 1009, the message is too big.
        assert!(answer.ends_with(&[0x88, 2, 0x03, 0xf1]), "{length}: {answer:?}");
    }
    rig.is_well().await;
}
