//! Requests that no handler sees, because their head is none: they are answered with problems too.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::Server;

/// What the server answers to `sent` until it closes the connection.
async fn answer(server: &Server, sent: &[u8]) -> String {
    let mut socket = TcpStream::connect(server.base().replace("http://", "")).await.unwrap();
    socket.write_all(sent).await.unwrap();
    let mut answer = Vec::new();
    let reading = socket.read_to_end(&mut answer);
    let within = Duration::from_secs(20);
    tokio::time::timeout(within, reading).await.expect("the connection is closed").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// `answer` is one problem with `status` and `code`, well framed.
fn is_problem(answer: &str, status: u16, code: &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    assert!(head.contains("content-type: application/problem+json"), "{answer}");
    assert!(head.contains("x-request-id: ") && head.contains("date: "), "{answer}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{answer}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["code"], &body["status"]), (&code.into(), &status.into()), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_malformed_too_large_or_too_slow_is_answered_with_a_problem() {
    let server = Server::with(&[("PLAYHOUSE_HTTP_REQUEST_TIMEOUT", "1s")]);
    let many: String = (0..97).map(|n| format!("x-{n}: y\r\n")).collect();
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n");
    for (sent, status, code) in [
        ("GET\r\n\r\n", 400, "bad_request"),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "bad_request"),
        ("POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400, "bad_request"),
        (&many, 431, "head_too_large"),
        ("GET / HTTP/1.1\r\nhos", 408, "head_timeout"),
    ] {
        is_problem(&answer(&server, sent.as_bytes()).await, status, code);
    }
    // The first request is sound and is answered; what follows on its connection is not.
    for first in ["HTTP/1.1\r\nhost: x", "HTTP/1.0\r\nconnection: keep-alive"] {
        let sent = format!("GET /healthz {first}\r\n\r\nGET\r\n\r\n");
        let both = answer(&server, sent.as_bytes()).await;
        let parts = both.split_once("{\"status\":\"ok\"}");
        let (first, second) = parts.unwrap_or_else(|| panic!("{both}"));
        assert!(first.contains(" 200 OK\r\n"), "{both}");
        is_problem(second, 400, "bad_request");
    }
    server.saw_no_panic();
}
