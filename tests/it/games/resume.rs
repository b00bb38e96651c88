//! Resume tokens: coming back into one's own seat, and nobody else's.

use playhouse_loadtest::play::PlayError;
use playhouse_protocol::game::control::{ClientControl, Entry, Refused};
use serde_json::json;

use super::{By, House, ended, enter, enter_by, resume, soon};

fn is_refused(outcome: Result<impl Sized, PlayError>) -> bool {
    matches!(outcome, Err(PlayError::Refused(Refused::Entry)))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_resume_token_brings_back_the_seat_once_and_an_old_one_nobody() {
    let house = House::open().await;
    let way = house.seat(&house.ann).await;
    let (connection, mut welcome) = enter(By::Native, &way).await;
    connection.close().await;
    let mut used = Vec::new();
    for by in [By::Web, By::Native, By::Native, By::Web] {
        let (connection, next) = enter_by(by, &way, resume(&welcome)).await.unwrap();
        assert_eq!(next.seat, way.seat);
        assert_ne!(next.resume, welcome.resume);
        used.push(std::mem::replace(&mut welcome, next));
        for old in &used {
            assert!(is_refused(enter_by(by, &way, resume(old)).await), "an old token");
        }
        connection.close().await;
    }
    enter_by(By::Native, &way, resume(&welcome)).await.expect("the newest one is still good");
    house.server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_while_the_old_connection_hangs_takes_its_place() {
    let house = House::open().await;
    let way = house.seat(&house.ann).await;
    let (mut hangs, welcome) = enter(By::Native, &way).await;
    let (_new, _) = enter_by(By::Web, &way, resume(&welcome)).await.unwrap();
    assert_eq!(ended(&mut hangs).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_and_changed_tokens_bring_back_nobody() {
    let house = House::open().await;
    let way = house.seat(&house.ann).await;
    let (connection, welcome) = enter(By::Native, &way).await;
    connection.close().await;
    let good = &welcome.resume;
    let (kid, body) = good.split_once('.').unwrap();
    let mut changed = body.to_owned();
    changed.replace_range(30..31, if &body[30..31] == "A" { "B" } else { "A" });
    for token in ["", ".", good.trim_end_matches(|_| true), &format!("{kid}.{changed}"), kid, body]
    {
        let entry = Entry::Resume(token.to_owned());
        assert!(is_refused(enter_by(By::Native, &way, entry).await), "{token}");
    }
    let as_ticket = Entry::Ticket(good.clone());
    assert!(is_refused(enter_by(By::Native, &way, as_ticket).await));
    enter_by(By::Native, &way, resume(&welcome)).await.expect("nothing was used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_is_let_go_and_does_not_come_back_by_the_old_token() {
    let house = House::open().await;
    let bob = house.server.person("bob").await;
    let (_ann, _) = enter(By::Native, &house.seat(&house.ann).await).await;
    for by_rest in [true, false] {
        let way = house.seat(&bob).await;
        let (mut connection, welcome) = enter(By::Native, &way).await;
        if by_rest {
            bob.post(&format!("{}/leave", house.path), json!({})).await.unwrap();
            assert_eq!(ended(&mut connection).await, 5);
        } else {
            connection.say(&ClientControl::Leave).await.unwrap();
            assert_eq!(ended(&mut connection).await, 0);
        }
        assert!(is_refused(soon(enter_by(By::Native, &way, resume(&welcome))).await));
    }
    house.server.saw_no_panic();
}
