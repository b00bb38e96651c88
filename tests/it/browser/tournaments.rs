//! Tournaments in the browser: made by a form, entered by a click, and a bracket that fills by itself.

use std::time::Duration;

use fantoccini::key::Key;
use playhouse_loadtest::client::Client;
use serde_json::{Value, json};

use super::reader::Reader;
use super::{Driver, Page, click, fill, is_live, log_in, no_error_in_the_console, text, until};
use crate::server::{ADMIN, Server};

/// A tournament of `people`, made by the administrator; its path with REST.
async fn cup(server: &Server, format: &str, people: &[Client], whole: Value) -> String {
    let admin = server.admin().await;
    let starts_at = jiff::Timestamp::now() + Duration::from_secs(3600);
    let mut cup = json!({ "title": format!("Friday {format}"), "game": "arena", "format": format,
        "starts_at": starts_at.to_string(), "seeding": "as_entered", "dispute_minutes": 0,
        "check_in_minutes": 0 });
    for (name, value) in whole.as_object().into_iter().flatten() {
        cup[name] = value.clone();
    }
    let made = admin.post("/api/tournaments", cup).await.unwrap();
    let path = format!("/api/tournaments/{}", made["id"].as_str().unwrap());
    for person in people {
        person.post(&format!("{path}/register"), json!({})).await.unwrap();
    }
    path
}

async fn people(server: &Server, names: &[&str]) -> Vec<Client> {
    let mut people = Vec::new();
    for name in names {
        people.push(server.person(name).await);
    }
    people
}

/// The pages of tournaments: the list, one of each sort that is played, and one to come.
pub(super) async fn cups(server: &Server) -> Vec<String> {
    let people = people(server, &["cup-one", "cup-two", "cup-three", "cup-four"]).await;
    let admin = server.admin().await;
    let mut pages = vec!["/tournaments".to_owned()];
    for format in ["elimination", "round_robin", "swiss"] {
        let path = cup(server, format, &people, json!({})).await;
        admin.post(&format!("{path}/start"), json!({})).await.unwrap();
        pages.push(path.replace("/api", ""));
    }
    let waits = cup(server, "swiss", &people, json!({ "check_in_minutes": 1440 })).await;
    pages.push(waits.replace("/api", ""));
    pages
}

/// What the pairing of that number says.
fn says(pairing: u16, what: &str) -> String {
    format!(
        "return document.querySelector('[data-pairing=\"{pairing}\"] .unseen')?.textContent === '{what}'"
    )
}

async fn go(page: &Page, server: &Server, path: &str) {
    page.goto(&format!("{}{}", server.base(), path.replace("/api", ""))).await.unwrap();
    is_live(page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organizer_makes_a_tournament_and_a_player_enters_it_by_a_click() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let desk = driver.browser("desk").await;
    log_in(&desk, &server, "admin", ADMIN, "/tournaments").await;
    until(&desk, "return document.querySelector('#make [name=game] option') !== null").await;
    fill(&desk, "#make [name=title]", "Friday cup").await;
    click(&desk, "#make button").await;
    until(&desk, "return document.querySelector('#title')?.textContent === 'Friday cup'").await;
    is_live(&desk).await;
    let path = text(&desk, "return location.pathname").await;
    people(&server, &["ann"]).await;
    let player = driver.browser("player").await;
    log_in(&player, &server, "ann", "a long password", &path).await;
    click(&player, "#acts button").await;
    let listed = "return document.querySelector('#players .name')?.textContent === 'ann'";
    until(&player, listed).await;
    until(&desk, listed).await;
    let counts = "return /^Check-in opens in \\d+:\\d\\d/.test(document.querySelector('#clock').textContent)";
    until(&player, counts).await;
    fill(&desk, "#add [name=username]", "admin").await;
    click(&desk, "#add button").await;
    until(&player, "return document.querySelectorAll('#players li').length === 2").await;
    click(&desk, "#start").await;
    click(&desk, "#sure-yes").await;
    until(
        &player,
        "return document.querySelector('#standing').textContent === 'You play against admin now.'",
    )
    .await;
    click(&player, "#acts button").await;
    until(&player, "return location.pathname.startsWith('/games/')").await;
    until(&player, "return !document.querySelector('#lobby')?.hidden").await;
    no_error_in_the_console(&driver, &player, &[("/api/accounts", 409)]).await;
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bracket_fills_by_itself_and_is_walked_by_keys() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let people = people(&server, &["ann", "bob", "cid", "dora"]).await;
    let path = cup(&server, "elimination", &people, json!({ "third_place": true })).await;
    let page = driver.browser("page").await;
    go(&page, &server, &path).await;
    let admin = server.admin().await;
    admin.post(&format!("{path}/start"), json!({})).await.unwrap();
    until(&page, &says(0, "ann against dora: playing")).await;
    until(&page, &says(2, "not known yet against not known yet: to come")).await;
    let decide = async |pairing: u16, ruling: &str| {
        let body = json!({ "pairing": pairing, "ruling": ruling });
        admin.post(&format!("{path}/decide"), body).await.unwrap();
    };
    decide(0, "b").await;
    decide(1, "a").await;
    until(&page, &says(0, "ann against dora: decided by the organizer, dora has won")).await;
    until(&page, &says(2, "dora against bob: playing")).await;
    until(&page, &says(3, "ann against cid: playing")).await;
    // From the first semifinal down to the second, across to the final, and its dialog.
    page.execute("document.querySelector('[data-pairing=\"0\"]').focus()", vec![]).await.unwrap();
    let keys = Reader::of(&driver, &page);
    let focused = "return Number(document.activeElement.dataset.pairing)";
    for (key, at) in [(Key::Down, "1"), (Key::Right, "2"), (Key::Left, "0")] {
        keys.press(key).await;
        assert_eq!(text(&page, focused).await, at);
    }
    keys.press(Key::Enter).await;
    until(&page, "return document.querySelector('#pairing').open").await;
    keys.press(Key::Escape).await;
    assert_eq!(text(&page, focused).await, "0", "the focus is where it was");
    decide(2, "a").await;
    decide(3, "b").await;
    until(&page, "return document.querySelector('#facts').textContent.endsWith('won by dora.')")
        .await;
    until(&page, "return [...document.querySelectorAll('#players small')].some(s => s.textContent === 'place 3')").await;
    no_error_in_the_console(&driver, &page, &[]).await;
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_sorted_as_results_come() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let people = people(&server, &["ann", "bob", "cid", "dora"]).await;
    for format in ["round_robin", "swiss"] {
        let path = cup(&server, format, &people, json!({})).await;
        let page = driver.browser(format).await;
        go(&page, &server, &path).await;
        let admin = server.admin().await;
        admin.post(&format!("{path}/start"), json!({})).await.unwrap();
        until(&page, "return document.querySelectorAll('#table tbody tr').length === 4").await;
        let body = json!({ "pairing": 1, "ruling": "b" });
        admin.post(&format!("{path}/decide"), body).await.unwrap();
        let first = "return document.querySelector('#table tbody th').textContent";
        let best = if format == "swiss" { "dora" } else { "cid" };
        until(&page, &format!("{first} === '{best}'")).await;
        let told = admin.get(&path).await.unwrap();
        let seed = told["table"][0]["seed"].as_u64().unwrap() as usize;
        assert_eq!(told["players"][seed - 1]["name"], best, "the page sorts as the server does");
        page.close().await.unwrap();
    }
    server.saw_no_panic();
}
