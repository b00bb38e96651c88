//! The accepted connection, between the socket and the library that speaks HTTP.
//!
//! The library itself answers a head that it cannot read (400), that is too large (431) or that
//! comes too slowly (408): no handler is asked, and the answers are empty. [`Spoken`] notices such
//! an answer on its way out and sends a problem in its place. What gives it away: it ends what the
//! library writes, it says that it is empty, and it has no `x-request-id`, as every answer that
//! went through `observe` has. It is always the last of its connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use uuid::Uuid;

use crate::http::error::Problem;

/// The longest head that the library writes for an answer of its own. 512 bytes: a status line and
/// three short headers.
const HEAD_MAX: usize = 512;

/// A connection on which every error is a problem.
#[derive(Debug)]
pub struct Spoken<T> {
    io: T,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The library writes; its answers are looked at.
    Watching,
    /// A problem goes out in place of an empty answer.
    Replacing { text: Vec<u8>, sent: usize },
    /// Nothing is looked at any more: another protocol is spoken, or the last answer is out.
    Through,
}

impl<T> Spoken<T> {
    /// A connection on which HTTP/1.1 is spoken.
    pub fn new(io: T) -> Self {
        Self { io, state: State::Watching }
    }

    /// A connection that is left as it is. HTTP/2 has no empty answers of the library's own: a head
    /// that cannot be read ends its stream or the connection with a code of that protocol.
    pub fn through(io: T) -> Self {
        Self { io, state: State::Through }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Spoken<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Spoken<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if matches!(this.state, State::Watching) {
            match bare(buf) {
                Some((0, status)) => {
                    this.state = State::Replacing { text: spoken(status, buf), sent: 0 };
                }
                // What was answered before it goes first.
                Some((start, _)) => return Pin::new(&mut this.io).poll_write(cx, &buf[..start]),
                None if buf.starts_with(b"HTTP/1.1 101 ") => this.state = State::Through,
                None => {}
            }
        }
        let State::Replacing { text, sent } = &mut this.state else {
            return Pin::new(&mut this.io).poll_write(cx, buf);
        };
        while *sent < text.len() {
            match ready!(Pin::new(&mut this.io).poll_write(cx, &text[*sent..]))? {
                0 => return Poll::Ready(Ok(0)),
                n => *sent += n,
            }
        }
        this.state = State::Through;
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Where in `written` an empty error of the library's own starts, which then ends it, and its status.
fn bare(written: &[u8]) -> Option<(usize, StatusCode)> {
    if !written.ends_with(b"\r\n\r\n") {
        return None;
    }
    let from = written.len().saturating_sub(HEAD_MAX);
    let start = from + written[from..].windows(7).rposition(|bytes| bytes == b"HTTP/1.")?;
    let head = std::str::from_utf8(&written[start..]).ok()?;
    let status = StatusCode::from_bytes(head.get(9..12)?.as_bytes()).ok()?;
    let has = |name: &str| head.to_ascii_lowercase().contains(&format!("\r\n{name}:"));
    let empty = head.to_ascii_lowercase().contains("\r\ncontent-length: 0\r\n");
    let error = status.is_client_error() || status.is_server_error();
    (error && empty && !has("x-request-id") && !head[..head.len() - 4].contains("\r\n\r\n"))
        .then_some((start, status))
}

/// What is sent in place of `head`: its date, and the problem.
fn spoken(status: StatusCode, head: &[u8]) -> Vec<u8> {
    let head = String::from_utf8_lossy(head);
    let date = head.lines().find(|line| line.to_ascii_lowercase().starts_with("date:"));
    answer(&problem(status), date)
}

/// What the library's own answer with `status` means.
fn problem(status: StatusCode) -> Problem {
    use StatusCode as S;
    match status {
        S::REQUEST_TIMEOUT => {
            Problem::new(status, "head_timeout", "the request's head did not arrive in time")
        }
        S::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            Problem::new(status, "head_too_large", "the request's head is too large")
        }
        _ if status.is_server_error() => {
            Problem::new(status, "internal", "the request could not be answered")
        }
        _ => Problem::new(status, "bad_request", "the request is no sound HTTP/1.1"),
    }
}

/// A whole answer that says `problem` and is the last of its connection.
pub(crate) fn answer(problem: &Problem, date: Option<&str>) -> Vec<u8> {
    let id = Uuid::now_v7().simple();
    let (status, code) = (problem.status(), problem.code());
    tracing::info!(%id, status = status.as_u16(), code, "refused what is no request");
    let body = serde_json::to_string(problem).expect("a problem has a JSON form");
    let mut text = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
         connection: close\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n\
         x-request-id: {id}\r\n",
        body.len()
    );
    for line in date.into_iter().chain(["", &body]) {
        text.push_str(line);
        text.push_str("\r\n");
    }
    text.truncate(text.len() - 2);
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const BARE: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\ndate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n";

    /// What the peer reads of `written`, through a pipe that holds `room` bytes.
    async fn read(written: &[u8], room: usize) -> String {
        let (near, mut far) = duplex(room);
        let mut near = Spoken::new(near);
        let written = written.to_owned();
        let writing = tokio::spawn(async move { near.write_all(&written).await.unwrap() });
        let mut text = String::new();
        far.read_to_string(&mut text).await.unwrap();
        writing.await.unwrap();
        text
    }

    #[tokio::test]
    async fn an_empty_error_of_the_library_leaves_as_a_problem() {
        // However little the peer takes at a time.
        for room in [1, 7, 4096] {
            let text = read(BARE.as_bytes(), room).await;
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{text}");
            assert!(head.contains("content-type: application/problem+json"), "{text}");
            assert!(head.contains("date: Thu, 01 Jan 2026"), "{text}");
            assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{text}");
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!((&body["code"], &body["status"]), (&"bad_request".into(), &400.into()));
        }
    }

    #[tokio::test]
    async fn what_was_answered_before_stays_as_it_is() {
        let first = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-request-id: a\r\n\r\n{}";
        let text = read(format!("{first}{BARE}").as_bytes(), 16).await;
        assert!(text.starts_with(&format!("{first}HTTP/1.1 400")), "{text}");
        assert!(text.ends_with('}') && text.contains("\"code\":\"bad_request\""), "{text}");
    }

    #[tokio::test]
    async fn answers_of_our_own_and_other_protocols_are_left_alone() {
        for own in [
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nx-request-id: a\r\n\r\n".to_owned(),
            "HTTP/1.1 204 No Content\r\n\r\n".to_owned(),
            "HTTP/1.\r\n\r\n".to_owned(),
            format!("HTTP/1.1 200 OK\r\ncontent-length: 9\r\nx-request-id: a\r\n\r\n{BARE}x"),
        ] {
            assert_eq!(read(own.as_bytes(), 4096).await, own);
        }
        let (near, mut far) = duplex(4096);
        let mut near = Spoken::new(near);
        let upgrade = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
        near.write_all(upgrade.as_bytes()).await.unwrap();
        near.write_all(BARE.as_bytes()).await.unwrap();
        drop(near);
        let mut text = String::new();
        far.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, format!("{upgrade}{BARE}"));
    }
}
