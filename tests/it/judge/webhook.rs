//! Somebody outside is told once a job is judged: signed, again if need be, and never on this machine unless
//! that is allowed.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{hand_in, judged, judging};

/// Takes as many requests as there are `answers`; each as its head and its body.
fn listen(answers: &'static [u16]) -> (String, std::thread::JoinHandle<Vec<(String, String)>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/judged", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let take = |status: &u16| {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut request, mut piece) = (Vec::new(), [0; 4096]);
            while !request.ends_with(b"}") {
                let many = stream.read(&mut piece).unwrap();
                request.extend_from_slice(&piece[..many]);
            }
            let answer =
                format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
            let text = String::from_utf8(request).unwrap();
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            (head.to_owned(), body.to_owned())
        };
        answers.iter().map(take).collect()
    });
    (url, heard)
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {head}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_to_be_told_is_told_again_until_it_is_taken_and_can_check_by_whom() {
    let Some(server) = judging(&[("PLAYHOUSE_JUDGE_WEBHOOK_PRIVATE", "true")]) else { return };
    let ann = server.person("ann").await;
    let (url, heard) = listen(&[500, 503, 204]);
    let body = json!({ "language": "python", "source": "print(1)", "webhook": { "url": url, "secret": "hush" } });
    let seen = judged(&ann, &hand_in(&ann, body).await).await;
    let heard = tokio::task::spawn_blocking(|| heard.join().unwrap()).await.unwrap();
    for (head, body) in &heard {
        let told: Value = serde_json::from_str(body).unwrap();
        assert_eq!((&told["id"], &told["verdict"]), (&seen["id"], &json!("accepted")), "{told}");
        let mut mac = Hmac::<Sha256>::new_from_slice(b"hush").unwrap();
        mac.update(format!("{}.{body}", header(head, "x-playhouse-timestamp")).as_bytes());
        let sum: String = mac.finalize().into_bytes().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(header(head, "x-playhouse-signature"), format!("sha256={sum}"));
        assert_eq!(
            header(head, "x-playhouse-delivery"),
            header(&heard[0].0, "x-playhouse-delivery")
        );
    }
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_on_this_machine_is_told_unless_that_is_allowed() {
    let Some(server) = judging(&[]) else { return };
    let ann = server.person("ann").await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
    let body = json!({ "language": "python", "source": "print(1)", "webhook": { "url": url } });
    let job = hand_in(&ann, body).await;
    assert_eq!(judged(&ann, &job).await["verdict"], "accepted");
    let start = Instant::now();
    while !server.logged().contains("which judge.webhook_private forbids") {
        assert!(start.elapsed() < Duration::from_secs(60), "it is not said:\n{}", server.logged());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(listener.accept().is_err(), "nobody came");
}
