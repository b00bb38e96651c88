//! The stage: what an audience reads on it, and the presenter's remote control by keyboard.

use fantoccini::key::Key;
use playhouse_loadtest::voter::{Door, Vote, Voter};
use serde_json::json;

use super::polls::open_poll;
use super::reader::Reader;
use super::{Driver, Page, is_live, log_in, no_error_in_the_console, text, until};
use crate::server::{ADMIN, Server};

/// Waits until `css` has this text.
async fn says(page: &Page, css: &str, text: &str) {
    until(page, &format!("return document.querySelector('{css}')?.textContent === '{text}'")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stage_tells_how_to_join_counts_down_freezes_and_shows_questions_by_a_key() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let (poll, id) = open_poll(&server, json!({ "seconds": 600, "questions": "open" })).await;
    let path = format!("/polls/{id}/present");
    let (stage, hall) = (driver.browser("stage").await, driver.browser("hall").await);
    log_in(&stage, &server, "admin", ADMIN, &path).await;
    hall.goto(&format!("{}{path}", server.base())).await.unwrap();
    is_live(&stage).await;
    is_live(&hall).await;
    let code = poll["join_code"].as_str().unwrap();
    says(&stage, "#code", &format!("{} {}", &code[..3], &code[3..])).await;
    until(&stage, "return document.querySelector('#qr svg')?.getBoundingClientRect().width > 100")
        .await;
    let left = "return document.querySelector('#left').textContent";
    let first = text(&stage, left).await;
    assert!(first.starts_with("9:") || first == "10:00", "{first}");
    until(&stage, &format!("{left} !== '{first}'")).await;

    until(&stage, "return !document.querySelector('#remote').hidden").await;
    assert_eq!(text(&hall, "return document.querySelectorAll('#remote button').length").await, "0");
    let keys = Reader::of(&driver, &stage);
    keys.press('f').await;
    says(&stage, "#phase", "Frozen.").await;
    let mut voter = Voter::join(&server.client(), Door::Poll(&id)).await.unwrap();
    voter.vote(&id, &Vote::options([1])).await.unwrap();
    says(&hall, "#voted", "1").await;
    assert_eq!(text(&stage, "return document.querySelector('#voted').textContent").await, "0");
    keys.press('f').await;
    says(&stage, "#voted", "1").await;
    says(&stage, "#phase", "Vote now.").await;

    voter.ask(&id, "Why?", None).await.unwrap();
    assert_eq!(text(&stage, "return document.querySelectorAll('#asked li').length").await, "0");
    keys.press('q').await;
    says(&stage, "#asked li span", "Why?").await;
    voter.want(&id, 1, true).await.unwrap();
    says(&stage, "#asked li strong", "▲ 1").await;
    keys.press('q').await;
    until(&stage, "return document.querySelectorAll('#asked li').length === 0").await;
    for page in [&stage, &hall] {
        no_error_in_the_console(&driver, page, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_presenter_leads_a_series_from_the_stage_by_keys_alone() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let presenter = server.admin().await;
    let mut polls = Vec::new();
    for title in ["First?", "Second?"] {
        let asks = json!({ "title": title, "kind": "rating" });
        let poll = presenter.post("/api/polls", asks).await.unwrap();
        polls.push(poll["id"].as_str().unwrap().to_owned());
    }
    let series = json!({ "title": "Friday", "polls": polls });
    let series = presenter.post("/api/series", series).await.unwrap();
    let path = format!("/series/{}/present", series["id"].as_str().unwrap());
    let stage = driver.browser("stage").await;
    log_in(&stage, &server, "admin", ADMIN, &path).await;
    is_live(&stage).await;
    says(&stage, "#title", "Friday").await;
    until(&stage, "return !document.querySelector('#remote').hidden").await;
    let keys = Reader::of(&driver, &stage);
    keys.press('?').await;
    until(&stage, "return document.querySelector('#help').open").await;
    let listed = text(&stage, "return document.querySelector('#keys').textContent").await;
    for key in ["oOpen", "cClose", "rReveal", "hHide", "fFreeze", "ArrowRightNext"] {
        assert!(listed.contains(key), "{listed}");
    }
    keys.press(Key::Escape).await;
    until(&stage, "return !document.querySelector('#help').open").await;
    for title in ["First?", "Second?"] {
        keys.press(Key::Right).await;
        says(&stage, "#phase", "It opens soon.").await;
        keys.press('o').await;
        says(&stage, "#title", title).await;
        says(&stage, "#phase", "Vote now.").await;
        keys.press('c').await;
        says(&stage, "#phase", "Closed.").await;
    }
    keys.press(Key::Left).await;
    says(&stage, "#title", "First?").await;
    no_error_in_the_console(&driver, &stage, &[]).await;
}
