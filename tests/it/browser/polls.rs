//! Polls on a phone and on a projector.

use playhouse_loadtest::voter::{Door, Vote, Voter};
use serde_json::{Value, json};

use super::{Driver, click, is_live, no_error_in_the_console, text, until};
use crate::server::Server;

/// An open poll of two options with what `with` says, and its id.
pub(super) async fn open_poll(server: &Server, with: Value) -> (Value, String) {
    let presenter = server.admin().await;
    let mut asks =
        json!({ "title": "Which film?", "kind": "single", "options": ["Metropolis", "M"] });
    for (name, value) in with.as_object().unwrap() {
        asks[name] = value.clone();
    }
    let poll = presenter.post("/api/polls", asks).await.unwrap();
    let id = poll["id"].as_str().unwrap().to_owned();
    presenter.post(&format!("/api/polls/{id}/open"), json!({})).await.unwrap();
    (poll, id)
}

#[tokio::test]
async fn a_tap_on_the_phone_moves_the_bar_on_the_stage() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let (poll, id) = open_poll(&server, json!({})).await;
    let (stage, phone) = (driver.browser("stage").await, driver.browser("phone").await);
    stage.goto(&format!("{}/polls/{id}/present", server.base())).await.unwrap();
    is_live(&stage).await;
    let code = poll["join_code"].as_str().unwrap();
    phone.goto(&format!("{}/join/{code}", server.base())).await.unwrap();
    is_live(&phone).await;
    let bar = "document.querySelectorAll('#bars .fill')[1].style.transform";
    until(&stage, &format!("return {bar} === 'scaleX(0)'")).await;
    click(&phone, "#ballot .choice:nth-of-type(2)").await;
    until(&stage, &format!("return {bar} === 'scaleX(1)'")).await;
    until(&phone, "return document.querySelector('#receipt code')?.textContent.length === 64")
        .await;
    assert_eq!(text(&stage, "return document.querySelector('#voted').textContent").await, "1");
    // Whoever comes back finds the vote again.
    phone.refresh().await.unwrap();
    until(
        &phone,
        "return document.querySelector('#ballot [aria-pressed=true]')?.textContent === 'M'",
    )
    .await;
    for page in [&stage, &phone] {
        no_error_in_the_console(&driver, page, &[]).await;
    }
}

#[tokio::test]
async fn a_vote_that_the_network_swallowed_is_sent_again_and_counts_once() {
    let Some(driver) = Driver::start() else { return };
    let mut server = Server::start();
    let (_, id) = open_poll(&server, json!({ "questions": "open" })).await;
    let phone = driver.browser("phone").await;
    phone.goto(&format!("{}/polls/{id}", server.base())).await.unwrap();
    is_live(&phone).await;
    until(&phone, "return document.querySelectorAll('#ballot .choice').length === 2").await;
    server.kill();
    click(&phone, "#ballot .choice").await;
    until(&phone, "return document.querySelector('#ballot [aria-pressed=true]') !== null").await;
    server.run();
    until(&phone, "return document.querySelector('#receipt code') !== null").await;
    let seen = server.client().get(&format!("/api/polls/{id}")).await.unwrap();
    assert_eq!(seen["tally"], json!({ "ballots": 1, "counts": [1, 0] }));
}

#[tokio::test]
async fn the_stage_knows_nothing_of_hidden_results_until_its_presenter_reveals_them_by_a_key() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let (_, id) = open_poll(&server, json!({ "results": "presenter" })).await;
    let mut voter = Voter::join(&server.client(), Door::Poll(&id)).await.unwrap();
    voter.vote(&id, &Vote::options([0])).await.unwrap();
    let stage = driver.browser("stage").await;
    let path = format!("/polls/{id}/present");
    super::log_in(&stage, &server, "admin", crate::server::ADMIN, &path).await;
    is_live(&stage).await;
    until(&stage, "return document.querySelector('#voted').textContent === '1'").await;
    let bar = "document.querySelectorAll('#bars .fill')[0].style.transform";
    assert_eq!(text(&stage, &format!("return {bar}")).await, "scaleX(0)");
    until(&stage, "return !document.querySelector('#remote').hidden").await;
    let press = |key: &str| {
        format!(
            "document.dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }}))"
        )
    };
    stage.execute(&press("r"), vec![]).await.unwrap();
    until(&stage, &format!("return {bar} === 'scaleX(1)'")).await;
    stage.execute(&press("h"), vec![]).await.unwrap();
    until(&stage, &format!("return {bar} === 'scaleX(0)'")).await;
    stage.execute(&press("c"), vec![]).await.unwrap();
    until(&stage, "return document.querySelector('#phase').textContent.startsWith('Closed')").await;
    no_error_in_the_console(&driver, &stage, &[]).await;
}
