//! Snakes and four in a row in the browser: played from the page by keys and clicks, to the end and to the replay.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::arena::{begin, join};
use super::{Driver, LOOK_EVERY, Page, click, no_error_in_the_console, text, until};
use crate::demo::Demo;
use crate::server::Server;

/// How long a match may take that is played for real.
const MATCH_WITHIN: Duration = Duration::from_secs(120);

async fn made(server: &Server, game: &str, wish: Value) -> String {
    let admin = server.admin().await;
    let path = format!("/api/games/{game}/sessions");
    let made = admin.post(&path, wish).await.expect("a match is made");
    made["id"].as_str().expect("it has an id").to_owned()
}

async fn words(page: &Page, css: &str) -> String {
    text(page, &format!("return document.querySelector('{css}')?.textContent ?? ''")).await
}

/// Presses a key at whatever has the focus.
async fn press(driver: &Driver, page: &Page, key: &str, code: &str) {
    for kind in ["keyDown", "keyUp"] {
        let params = json!({ "type": kind, "key": key, "code": code });
        driver.devtools(page, "Input.dispatchKeyEvent", params).await;
    }
}

/// True in a script if it is one's own turn.
const MY_TURN: &str = "document.querySelector('#mine').textContent.startsWith('Your turn')";
const OVER: &str = "!document.querySelector('#results').hidden
    && document.querySelectorAll('#standings tbody tr').length === 2";
const DISCS: &str = "document.querySelectorAll('.board .column i.disc:not(.ghost)').length";

/// Plays on to the end: by turns with the mouse and the keys, into columns that have room.
async fn play_to_the_end(driver: &Driver, page: &Page) {
    let deadline = Instant::now() + MATCH_WITHIN;
    let mut turns = 0;
    while page.execute(&format!("return {OVER}"), vec![]).await.unwrap() != json!(true) {
        assert!(Instant::now() < deadline, "it does not end: {}", words(page, "#mine").await);
        let free = format!(
            "return {MY_TURN} ? [...document.querySelectorAll('.board button')]
                .findIndex(column => column.getAttribute('aria-disabled') === 'false') : -1"
        );
        let column = page.execute(&free, vec![]).await.unwrap().as_i64().unwrap();
        if column < 0 {
            tokio::time::sleep(LOOK_EVERY).await;
            continue;
        }
        let before = page.execute(&format!("return {DISCS}"), vec![]).await.unwrap();
        let number = column + 1;
        if turns % 2 == 0 {
            click(page, &format!(".board button:nth-child({number})")).await;
        } else {
            press(driver, page, &number.to_string(), &format!("Digit{number}")).await;
        }
        turns += 1;
        until(page, &format!("return {DISCS} > {before} || {OVER}")).await;
    }
    assert!(turns >= 3, "{turns} discs were dropped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_plays_four_in_a_row_against_the_computer_to_its_end() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let wish = json!({ "title": "A table", "seats": 2, "bots": 1, "settings": { "level": 2 } });
    let id = made(&server, "fourinarow", wish).await;
    let page = driver.browser("ann").await;
    // Nobody else can come: one click is enough, and it begins.
    join(&page, &server, &id, "Ann").await;
    until(&page, "return document.querySelectorAll('.board .column').length === 7").await;
    until(&page, "return document.querySelector('.clock.turn output')?.textContent.includes(':')")
        .await;
    play_to_the_end(&driver, &page).await;
    // The last position stays, with the four in it, and says who won.
    let said = words(&page, "#mine").await;
    let ends = ["Four in a row: ", "The board is full: "];
    assert!(ends.iter().any(|end| said.starts_with(end)), "{said}");
    let won = "return document.querySelectorAll('.board .won').length >= 4";
    if said.starts_with("Four") {
        until(&page, won).await;
    }
    let discs = page.execute(&format!("return {DISCS}"), vec![]).await.unwrap();
    // The replay shows the same.
    click(&page, "#replay").await;
    until(&page, "return location.pathname.endsWith('/replay')").await;
    until(&page, "return document.querySelector('#phase').textContent === ''").await;
    let end = "const time = document.querySelector('#time');
        time.value = time.max; time.dispatchEvent(new Event('input'));";
    page.execute(end, vec![]).await.unwrap();
    until(&page, &format!("return {DISCS} === {discs}")).await;
    if said.starts_with("Four") {
        until(&page, won).await;
    }
    until(&page, "return document.querySelectorAll('#scores tr').length === 2").await;
    no_error_in_the_console(&driver, &page, &[]).await;
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_play_four_in_a_row_offer_a_draw_and_agree() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let id = made(&server, "fourinarow", json!({ "title": "Friends", "seats": 2 })).await;
    let (ann, bob) = (driver.browser("ann").await, driver.browser("bob").await);
    for (page, name) in [(&ann, "Ann"), (&bob, "Bob")] {
        join(page, &server, &id, name).await;
        click(page, "#ready").await;
    }
    for page in [&ann, &bob] {
        until(page, "return document.querySelector('#mine').textContent !== ''").await;
    }
    let first = ann.execute(&format!("return {MY_TURN}"), vec![]).await.unwrap() == json!(true);
    let (mover, other) = if first { (&ann, &bob) } else { (&bob, &ann) };
    click(mover, ".board button:nth-child(4)").await;
    until(other, &format!("return {MY_TURN} && {DISCS} === 1")).await;
    // Out of turn nothing happens.
    click(mover, ".board button:nth-child(4)").await;
    click(other, "#draws").await;
    until(mover, "return document.querySelector('#draws').textContent === 'Accept the draw'").await;
    until(mover, "return document.querySelector('#mine').textContent.endsWith(' offers a draw.')")
        .await;
    click(mover, "#draws").await;
    for page in [&ann, &bob] {
        until(page, &format!("return {OVER}")).await;
        assert_eq!(words(page, "#mine").await, "A draw was agreed: nobody wins.");
        let places = "return [...document.querySelectorAll('#standings td:first-child')].map(td => td.textContent).join()";
        assert_eq!(text(page, places).await, "1,1");
        no_error_in_the_console(&driver, page, &[]).await;
    }
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_resigns_is_asked_and_has_lost() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let wish = json!({ "seats": 2, "bots": 1, "settings": { "level": 1 } });
    let id = made(&server, "fourinarow", wish).await;
    let page = driver.browser("ann").await;
    join(&page, &server, &id, "Ann").await;
    until(&page, "return document.querySelector('#resigns') !== null").await;
    click(&page, "#resigns").await;
    click(&page, "#sure [value=no]").await;
    until(&page, "return !document.querySelector('#sure').open").await;
    click(&page, "#resigns").await;
    click(&page, "#sure-yes").await;
    until(&page, &format!("return {OVER}")).await;
    assert!(words(&page, "#mine").await.starts_with("Resigned: Bot "));
    no_error_in_the_console(&driver, &page, &[]).await;
}

/// Steers until the page says that its snake goes `way`. A snake does not turn back on the spot: first aside.
async fn steer(driver: &Driver, page: &Page, aside: (&str, &str), key: (&str, &str), way: &str) {
    let deadline = Instant::now() + super::WITHIN;
    while !words(page, "#place").await.ends_with(&format!("and go {way}.")) {
        assert!(Instant::now() < deadline, "it does not go {way}: {}", words(page, "#place").await);
        for (key, code) in [aside, key] {
            press(driver, page, key, code).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_play_snakes_and_see_each_other() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let settings = json!({ "size": 40, "walls": false, "minutes": 1 });
    let wish = json!({ "title": "Pit", "seats": 2, "settings": settings });
    let id = made(&server, "snakes", wish).await;
    let (ann, bob) = (driver.browser("ann").await, driver.browser("bob").await);
    for (page, name) in [(&ann, "Ann"), (&bob, "Bob")] {
        join(page, &server, &id, name).await;
        click(page, "#ready").await;
    }
    begin(&server, &id).await;
    for (page, other) in [(&ann, "Bob"), (&bob, "Ann")] {
        until(page, "return document.querySelector('#place').textContent.includes('column')").await;
        let sees =
            format!("return document.querySelector('#sight').textContent.includes('{other}')");
        until(page, &sees).await;
        click(page, "#picture").await;
    }
    steer(&driver, &ann, ("ArrowUp", "ArrowUp"), ("ArrowRight", "ArrowRight"), "right").await;
    steer(&driver, &bob, ("d", "KeyD"), ("w", "KeyW"), "up").await;
    let before = words(&bob, "#sight").await;
    until(
        &bob,
        &format!("return document.querySelector('#sight').textContent !== {}", json!(before)),
    )
    .await;
    // A minute, and it is over.
    let deadline = Instant::now() + MATCH_WITHIN;
    for page in [&ann, &bob] {
        while page.execute(&format!("return {OVER}"), vec![]).await.unwrap() != json!(true) {
            assert!(Instant::now() < deadline, "it does not end");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    click(&ann, "#replay").await;
    until(&ann, "return document.querySelector('#time')?.max === '1199'").await;
    until(&ann, "return document.querySelectorAll('#scores tr').length === 2").await;
    for page in [&ann, &bob] {
        no_error_in_the_console(&driver, page, &[]).await;
    }
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_leads_a_stranger_into_the_snake_pit_and_to_the_computers_table() {
    let Some(driver) = Driver::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path());
    let page = driver.browser("stranger").await;
    page.goto(&format!("{}/", demo.base)).await.unwrap();
    click(&page, "#plays [data-game=snakes]").await;
    until(&page, "return document.querySelectorAll('#scores tr').length >= 8").await;
    // One after the other has a table of their own.
    for name in ["first", "second"] {
        let page = driver.browser(name).await;
        page.goto(&format!("{}/games", demo.base)).await.unwrap();
        click(&page, "[data-game=fourinarow] button:not(:disabled)").await;
        until(&page, "return document.querySelector('.clock.turn') !== null").await;
        no_error_in_the_console(&driver, &page, &[]).await;
        page.close().await.unwrap();
    }
    no_error_in_the_console(&driver, &page, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_games_keep_nobody_out_and_fit_a_phone() {
    let Some(driver) = Driver::start() else { return };
    let axe = super::everyone::axe();
    let server = Server::start();
    let mut found = Vec::new();
    let phone = json!({ "width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": true });
    let wide = "return document.documentElement.scrollWidth > 360 ? document.documentElement.scrollWidth : ''";
    let wishes = [
        ("snakes", json!({ "seats": 2, "bots": 1 }), "#picture"),
        ("fourinarow", json!({ "seats": 2, "bots": 1 }), ".board"),
    ];
    for (game, wish, shown) in wishes {
        let id = made(&server, game, wish).await;
        let page = driver.browser(game).await;
        join(&page, &server, &id, "A player with long names").await;
        until(&page, &format!("return document.querySelector('{shown}') !== null")).await;
        until(&page, "return document.querySelectorAll('#scores tr').length === 2").await;
        driver.devtools(&page, "Emulation.setDeviceMetricsOverride", phone.clone()).await;
        assert_eq!(text(&page, wide).await, "", "{game} is wider than a phone");
        if let Some(axe) = &axe {
            found.extend(super::everyone::keeps_out(&driver, &page, axe, game).await);
        }
        no_error_in_the_console(&driver, &page, &[]).await;
        page.close().await.unwrap();
    }
    assert!(found.is_empty(), "{found:#?}");
}
