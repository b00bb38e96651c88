//! The voter's page when something is in the way: refusals, reloads, codes, accounts.

use fantoccini::key::Key;
use serde_json::json;

use super::polls::open_poll;
use super::reader::Reader;
use super::{Driver, click, fill, is_live, no_error_in_the_console, text, until};
use crate::server::Server;

const COUNTED: &str = "return document.querySelector('#receipt code')?.textContent.length === 64";
const MARKED: &str =
    "return document.querySelector('#ballot [aria-pressed=true]')?.textContent ?? ''";

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_that_is_refused_is_taken_back_and_why_is_said() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let (_, id) = open_poll(&server, json!({})).await;
    let phone = driver.browser("phone").await;
    let url = format!("{}/polls/{id}", server.base());
    phone.goto(&url).await.unwrap();
    is_live(&phone).await;
    // The same browser votes in another tab; this one does not know.
    let first = phone.window().await.unwrap();
    let second = phone.new_window(true).await.unwrap();
    phone.switch_to_window(second.handle).await.unwrap();
    phone.goto(&url).await.unwrap();
    click(&phone, "#ballot .choice:nth-of-type(2)").await;
    until(&phone, COUNTED).await;
    phone.switch_to_window(first).await.unwrap();
    click(&phone, "#ballot .choice:nth-of-type(1)").await;
    until(
        &phone,
        "return document.querySelector('#receipt').textContent.startsWith('Not counted. ')",
    )
    .await;
    assert_eq!(text(&phone, MARKED).await, "M", "what counts is marked again");
    let seen = server.client().get(&format!("/api/polls/{id}")).await.unwrap();
    assert_eq!(seen["tally"]["counts"], json!([0, 1]));
    no_error_in_the_console(&driver, &phone, &[("/votes", 409)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_voted_in_secret_finds_the_receipt_again_but_not_the_vote() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let (_, id) = open_poll(&server, json!({ "secret": true, "results": "after_close" })).await;
    let phone = driver.browser("phone").await;
    phone.goto(&format!("{}/polls/{id}", server.base())).await.unwrap();
    is_live(&phone).await;
    click(&phone, "#ballot .choice:nth-of-type(2)").await;
    until(&phone, COUNTED).await;
    let receipt = text(&phone, "return document.querySelector('#receipt').textContent").await;
    phone.refresh().await.unwrap();
    until(&phone, COUNTED).await;
    assert_eq!(
        text(&phone, "return document.querySelector('#receipt').textContent").await,
        receipt
    );
    assert_eq!(text(&phone, MARKED).await, "");
    assert_eq!(
        text(&phone, "return document.querySelector('#phase').textContent").await,
        "You have voted."
    );
    no_error_in_the_console(&driver, &phone, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_personal_code_votes_asks_and_is_found_again_after_a_reload() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let (_, id) = open_poll(&server, json!({ "voters": "code", "questions": "open" })).await;
    let path = format!("/api/polls/{id}/codes");
    let drawn = server.admin().await.post(&path, json!({ "count": 1 })).await.unwrap();
    let phone = driver.browser("phone").await;
    phone.goto(&format!("{}/polls/{id}", server.base())).await.unwrap();
    is_live(&phone).await;
    click(&phone, "#ballot .choice").await;
    until(&phone, "return document.querySelector('#receipt').textContent === 'Not counted. Type your personal code first.'").await;
    fill(&phone, "#personal input", "WRONG-CODES").await;
    click(&phone, "#ballot .choice").await;
    until(&phone, "return document.querySelector('#receipt').textContent === 'Not counted. This is no code of the poll.'").await;
    phone.execute("document.querySelector('#personal input').value = ''", vec![]).await.unwrap();
    fill(&phone, "#personal input", &drawn["codes"][0].as_str().unwrap().to_lowercase()).await;
    click(&phone, "#ballot .choice").await;
    until(&phone, COUNTED).await;
    fill(&phone, "#ask [name=text]", "Why?\n").await;
    until(&phone, "return document.querySelector('#asked li') !== null").await;
    click(&phone, "#asked button").await;
    until(&phone, "return document.querySelector('#asked button').textContent === '▲ 1'").await;
    phone.refresh().await.unwrap();
    until(&phone, COUNTED).await;
    assert_eq!(text(&phone, MARKED).await, "Metropolis");
    no_error_in_the_console(&driver, &phone, &[("/votes", 403), ("/mine", 403)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_for_accounts_leads_to_the_log_in_and_back() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    server.person("ann").await;
    let (_, id) = open_poll(&server, json!({ "voters": "account" })).await;
    let phone = driver.browser("phone").await;
    phone.goto(&format!("{}/polls/{id}", server.base())).await.unwrap();
    is_live(&phone).await;
    click(&phone, "#login").await;
    fill(&phone, "#login [name=login]", "ann").await;
    fill(&phone, "#login [name=password]", "a long password").await;
    click(&phone, "#login button").await;
    until(&phone, &format!("return location.pathname === '/polls/{id}'")).await;
    click(&phone, "#ballot .choice").await;
    until(&phone, COUNTED).await;
    no_error_in_the_console(&driver, &phone, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_leads_nowhere_says_so_and_asks_for_a_code() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let phone = driver.browser("phone").await;
    let unknown = "01a20aba-0000-7000-8000-000000000000";
    let link = "There is no poll behind this link. If you have a code, type it here.";
    let code = "Nobody has this code: look at it again.";
    for (path, says) in [
        ("/polls/not-a-uuid", link),
        (&format!("/polls/{unknown}"), link),
        ("/join/ZZZZZZ", code),
        ("/join/%E0%A4%A", code),
    ] {
        phone.goto(&format!("{}{path}", server.base())).await.unwrap();
        until(
            &phone,
            &format!("return document.querySelector('#code .error').textContent === '{says}'"),
        )
        .await;
        assert_eq!(text(&phone, "return document.querySelector('#code').hidden").await, "false");
    }
    phone.goto(&format!("{}/polls/{unknown}/present", server.base())).await.unwrap();
    until(
        &phone,
        "return document.querySelector('#title').textContent.startsWith('There is nothing')",
    )
    .await;
    let refusals = [("/join", 404), ("/join", 422), (unknown, 404)];
    no_error_in_the_console(&driver, &phone, &refusals).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ranking_is_made_and_cast_with_the_keyboard_alone() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let (_, id) = open_poll(&server, json!({ "kind": "ranked" })).await;
    let phone = driver.browser("phone").await;
    phone.goto(&format!("{}/polls/{id}", server.base())).await.unwrap();
    is_live(&phone).await;
    until(&phone, "return document.querySelectorAll('#ballot .choice').length === 2").await;
    let keys = Reader::of(&driver, &phone);
    keys.reach(|name| name == "Metropolis").await;
    // The focus goes on to what is next: the other option, then the button that votes.
    keys.press(Key::Enter).await;
    keys.arrive(|name| name == "M").await;
    keys.press(Key::Enter).await;
    keys.arrive(|name| name == "Vote").await;
    keys.reach_back(|name| name == "M up").await;
    keys.press(Key::Enter).await;
    keys.arrive(|name| name == "M down").await;
    keys.reach(|name| name == "Vote").await;
    keys.press(Key::Enter).await;
    until(&phone, COUNTED).await;
    assert_eq!(text(&phone, "return document.activeElement.id").await, "receipt");
    let seen = server.client().get(&format!("/api/polls/{id}")).await.unwrap();
    assert_eq!(seen["tally"]["counts"], json!([0, 1]), "M is first");
    no_error_in_the_console(&driver, &phone, &[]).await;
}
