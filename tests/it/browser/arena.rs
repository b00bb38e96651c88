//! A match in the browser, proven from the page: over WebTransport from the lobby to the results, through a kill
//! of the server, and over a WebSocket where there is no other way.

use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use serde_json::{Value, json};

use super::{Driver, LOOK_EVERY, Page, click, fill, log_in, no_error_in_the_console, text, until};
use crate::demo::Demo;
use crate::server::{ADMIN, Server};

/// Everybody sees everybody.
const OPEN: &str = r#"{"map":"open","sight":120,"minutes":30}"#;

/// A match of the server's own bots that runs as soon as a person plays.
pub(super) async fn match_with_bots(server: &Server, bots: u16) -> String {
    let admin = server.admin().await;
    let settings: Value = serde_json::from_str(OPEN).unwrap();
    let wish = json!({ "title": "Bots", "settings": settings, "seats": 8, "bots": bots });
    let made = admin.post("/api/games/arena/sessions", wish).await.expect("a match is made");
    made["id"].as_str().expect("it has an id").to_owned()
}

/// A match that the server's own bots play until the first of them has got somebody.
pub(super) async fn match_that_ends_soon(server: &Server) -> String {
    let admin = server.admin().await;
    let settings = json!({ "map": "open", "frags": 1 });
    let wish = json!({ "title": "Soon over", "settings": settings, "seats": 9, "bots": 8 });
    let made = admin.post("/api/games/arena/sessions", wish).await.expect("a match is made");
    let id = made["id"].as_str().expect("it has an id").to_owned();
    begin(server, &id).await;
    id
}

/// Waits until the match has its results.
pub(super) async fn is_over(server: &Server, id: &str) {
    let (client, deadline) = (server.client(), Instant::now() + 3 * super::WITHIN);
    let path = format!("/api/games/sessions/{id}");
    while client.get(&path).await.unwrap()["phase"] != "concluded" {
        assert!(Instant::now() < deadline, "it does not end");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Joins the match by one click in the list.
pub(super) async fn join(page: &Page, server: &Server, id: &str, name: &str) {
    page.goto(&format!("{}/games", server.base())).await.unwrap();
    fill(page, "#me [name=name]", name).await;
    click(page, &format!("[data-match='{id}'] button")).await;
    until(page, "return document.querySelector('#connection').textContent.startsWith('live')")
        .await;
}

pub(super) async fn begin(server: &Server, id: &str) {
    let admin = server.admin().await;
    let path = format!("/api/games/sessions/{id}/start");
    admin.post(&path, json!({})).await.expect("the host may start it");
}

const PLAYING: &str = "return !document.querySelector('#play').hidden
    && Number.parseInt(document.querySelectorAll('#figures dd')[6]?.textContent ?? '0') > 0";

/// Nothing was written to the console as an error but what the browser itself notes of a server that is away.
async fn nothing_but_refused_connections(driver: &Driver, page: &Page) {
    let log = driver.ask(page, "se/log", json!({ "type": "browser" })).await;
    for entry in log.as_array().expect("a log is a list") {
        let message = entry["message"].as_str().unwrap_or_default();
        let away = message.contains("net::ERR_");
        assert!(entry["level"] != "SEVERE" || away, "{message}");
    }
}

/// The newest tick that the page has.
async fn tick(page: &Page) -> u64 {
    let script =
        "return Number.parseInt(document.querySelectorAll('#figures dd')[6]?.textContent ?? '0')";
    page.execute(script, vec![]).await.unwrap().as_u64().unwrap_or(0)
}

async fn over(page: &Page) -> String {
    text(page, "return document.querySelectorAll('#figures dd')[5]?.textContent ?? ''").await
}

/// Where the page says that its own avatar is, in metres.
async fn place(page: &Page) -> Option<(f64, f64)> {
    let said = text(page, "return document.querySelector('#place').textContent").await;
    let numbers: Vec<f64> = said.split(' ').filter_map(|word| word.parse().ok()).collect();
    numbers.get(..2).map(|at| (at[0], at[1]))
}

/// Holds a key at the picture until something came about.
async fn hold(page: &Page, key: char) {
    click(page, "#picture").await;
    let press = KeyActions::new("keys".into()).then(KeyAction::Down { value: key });
    page.perform_actions(press).await.unwrap();
}

/// Walks until the avatar has gone further than `metres`, dying or not.
async fn walk(page: &Page, metres: f64) {
    let deadline = Instant::now() + super::WITHIN;
    let mut keys = "dwas".chars().cycle();
    while Instant::now() < deadline {
        let Some(from) = place(page).await else {
            tokio::time::sleep(LOOK_EVERY).await;
            continue;
        };
        hold(page, keys.next().expect("it goes round")).await;
        let turn = Instant::now() + Duration::from_secs(2);
        while Instant::now() < turn {
            let Some(at) = place(page).await else { break };
            if (at.0 - from.0).hypot(at.1 - from.1) > metres {
                page.release_actions().await.unwrap();
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        page.release_actions().await.unwrap();
    }
    panic!("the avatar does not go: {:?}", place(page).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_play_over_webtransport_from_the_lobby_to_the_results() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let (host, guest) = (driver.browser("host").await, driver.browser("guest").await);
    log_in(&host, &server, "admin", ADMIN, "/games").await;
    until(&host, "return !document.querySelector('#make').hidden").await;
    fill(&host, "#make [name=title]", "Friday").await;
    // Wherever they come in, they see each other.
    for (field, value) in [("seats", "4"), ("bots", "0"), ("minutes", "1"), ("sight", "120")] {
        let clear = format!("document.querySelector('#make [name={field}]').value = ''");
        host.execute(&clear, vec![]).await.unwrap();
        fill(&host, &format!("#make [name={field}]"), value).await;
    }
    host.execute("document.querySelector('#make [name=map]').value = 'open'", vec![])
        .await
        .unwrap();
    click(&host, "#make .row button").await;
    until(
        &host,
        "return document.querySelector('#connection')?.textContent === 'live over WebTransport'",
    )
    .await;
    let path = text(&host, "return location.pathname").await;
    let id = path.rsplit('/').next().unwrap().to_owned();
    join(&guest, &server, &id, "Ann").await;
    until(&host, "return document.querySelector('#players').textContent.includes('Ann')").await;
    click(&guest, "#ready").await;
    until(&host, "return [...document.querySelectorAll('#players li')].some(li => li.textContent.startsWith('Ann') && li.textContent.endsWith('ready') && !li.textContent.includes('not ready'))").await;
    click(&host, "#start").await;
    click(&host, "#ready").await;
    for page in [&host, &guest] {
        until(page, PLAYING).await;
        assert_eq!(over(page).await, "WebTransport");
    }
    let seen = "return document.querySelector('#sight').textContent.includes('Ann')";
    // A wall may stand between.
    for _ in 0..5 {
        if host.execute(seen, vec![]).await.unwrap() == json!(true) {
            break;
        }
        walk(&guest, 4.0).await;
    }
    until(&host, seen).await;
    let before = text(&host, "return document.querySelector('#sight').textContent").await;
    walk(&guest, 3.0).await;
    // The other page sees it, at another place than before.
    until(
        &host,
        &format!("{seen} && document.querySelector('#sight').textContent !== {}", json!(before)),
    )
    .await;
    // What was played ahead was right: nothing but the page's own keys moves its avatar.
    until(&guest, "return /^(\\d+) of \\1 right$/.test(document.querySelectorAll('#figures dd')[8].textContent)").await;
    // A minute, and it is over.
    results(&host, &guest).await;
    no_error_in_the_console(&driver, &host, &[]).await;
    no_error_in_the_console(&driver, &guest, &[]).await;
    server.saw_no_panic();
}

/// Plays on to the end, and sees how it came out and the whole of it again.
async fn results(host: &Page, guest: &Page) {
    let deadline = Instant::now() + Duration::from_secs(120);
    let ended = "return !document.querySelector('#results').hidden
        && document.querySelectorAll('#standings tbody tr').length === 2";
    for page in [host, guest] {
        while page.execute(ended, vec![]).await.unwrap() != json!(true) {
            assert!(Instant::now() < deadline, "it does not end");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    click(guest, "#replay").await;
    until(guest, "return location.pathname.endsWith('/replay')").await;
    // A minute at 30 Hz, from 0.
    until(guest, "return document.querySelector('#time').max === '1799'").await;
    until(guest, "return document.querySelector('#phase').textContent === ''").await;
    // The slider leads anywhere: to the end, where the scores are those of the results.
    let end = "const time = document.querySelector('#time');
        time.value = time.max; time.dispatchEvent(new Event('input'));";
    guest.execute(end, vec![]).await.unwrap();
    until(guest, "return document.querySelector('#clock').textContent === '0:59 of 0:59'").await;
    until(guest, "return document.querySelectorAll('#scores tr').length === 2").await;
    let names = text(guest, "return document.querySelector('#scores').textContent").await;
    assert!(names.contains("Ann") && names.contains("admin"), "{names}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_goes_on_after_the_server_was_killed_and_the_page_comes_back_by_itself() {
    let Some(driver) = Driver::start() else { return };
    let mut server = Server::start();
    let id = match_with_bots(&server, 3).await;
    let page = driver.browser("ann").await;
    join(&page, &server, &id, "Ann").await;
    click(&page, "#ready").await;
    begin(&server, &id).await;
    until(&page, PLAYING).await;
    assert_eq!(over(&page).await, "WebTransport");
    walk(&page, 2.0).await;
    // Something is there that must not be lost: ten seconds of play.
    while tick(&page).await < 300 {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let others = "return [...document.querySelectorAll('#scores tr th')].map(th => th.textContent).sort().join()";
    let who = text(&page, others).await;
    let before = tick(&page).await;
    server.kill();
    until(&page, "return document.querySelector('#connection').textContent === 'lost'").await;
    server.run();
    let back = Instant::now();
    until(
        &page,
        "return document.querySelector('#connection').textContent === 'live over WebTransport'",
    )
    .await;
    until(&page, &format!("return Number.parseInt(document.querySelectorAll('#figures dd')[6].textContent) > {before}")).await;
    let took = back.elapsed();
    until(&page, "return document.querySelectorAll('#figures dd')[7].textContent !== '–'").await;
    let said = text(&page, "return document.querySelectorAll('#figures dd')[7].textContent").await;
    let lost: u64 =
        said.split(' ').next().and_then(|part| part.parse().ok()).expect("it is a number");
    println!("back and past where it was after {took:?}, {lost} ticks lost");
    assert!(lost <= 30, "more than a second of play is lost: {said}");
    assert_eq!(text(&page, others).await, who, "the same players");
    walk(&page, 2.0).await;
    nothing_but_refused_connections(&driver, &page).await;
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_webtransport_plays_over_a_websocket_and_says_so() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let id = match_with_bots(&server, 2).await;
    let page = driver.browser("old").await;
    let source = json!({ "source": "delete window.WebTransport;" });
    driver.devtools(&page, "Page.addScriptToEvaluateOnNewDocument", source).await;
    join(&page, &server, &id, "Old").await;
    until(
        &page,
        "return document.querySelector('#connection').textContent === 'live over WebSocket'",
    )
    .await;
    let note = text(&page, "return document.querySelector('#transport').textContent").await;
    assert!(
        note.starts_with("This browser has no WebTransport. You play over a WebSocket"),
        "{note}"
    );
    click(&page, "#ready").await;
    begin(&server, &id).await;
    until(&page, PLAYING).await;
    assert_eq!(over(&page).await, "WebSocket");
    walk(&page, 3.0).await;
    no_error_in_the_console(&driver, &page, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_udp_does_not_get_through_a_websocket_does_and_the_page_says_so() {
    let Some(driver) = Driver::start() else { return };
    // Nobody listens there.
    let server = Server::with(&[("PLAYHOUSE_QUIC_PUBLIC", "127.0.0.1:9")]);
    let id = match_with_bots(&server, 2).await;
    let page = driver.browser("walled").await;
    join(&page, &server, &id, "Walled").await;
    until(
        &page,
        "return document.querySelector('#connection').textContent === 'live over WebSocket'",
    )
    .await;
    let note = text(&page, "return document.querySelector('#transport').textContent").await;
    assert!(note.starts_with("WebTransport does not get through to the server."), "{note}");
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_second_of_silence_is_a_loss_and_a_reload_keeps_the_seat() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let id = match_with_bots(&server, 2).await;
    let page = driver.browser("ann").await;
    join(&page, &server, &id, "Ann").await;
    click(&page, "#ready").await;
    begin(&server, &id).await;
    until(&page, PLAYING).await;
    page.refresh().await.unwrap();
    until(&page, PLAYING).await;
    let asked = server.client().get(&format!("/api/games/sessions/{id}")).await.unwrap();
    let people =
        asked["players"].as_array().unwrap().iter().filter(|player| player["state"] != "bot");
    assert_eq!(people.count(), 1, "the same seat: {asked}");
    // The server stands still, as a path does that goes nowhere.
    server.pause();
    until(&page, "return document.querySelector('#connection').textContent === 'lost'").await;
    server.resume();
    until(&page, "return document.querySelector('#connection').textContent.startsWith('live')")
        .await;
    let before = tick(&page).await;
    until(&page, &format!("return Number.parseInt(document.querySelectorAll('#figures dd')[6].textContent) > {before}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_on_the_demos_start_page_leads_a_stranger_into_the_arena() {
    let Some(driver) = Driver::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path());
    // As it is printed and as people type it.
    for (who, host) in [("stranger", "127.0.0.1"), ("typist", "localhost")] {
        let page = driver.browser(who).await;
        let base = demo.base.replace("127.0.0.1", host);
        page.goto(&format!("{base}/")).await.unwrap();
        click(&page, "#plays [data-game=arena]").await;
        until(&page, PLAYING).await;
        assert_eq!(over(&page).await, "WebTransport", "at {host}");
        walk(&page, 1.0).await;
        let bots = "return [...document.querySelectorAll('#scores th')].filter(th => th.textContent.startsWith('Bot ')).length";
        assert_eq!(text(&page, bots).await, "7");
        no_error_in_the_console(&driver, &page, &[]).await;
        page.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_to_a_match_leads_to_its_door_and_says_when_no_seat_is_left() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let admin = server.admin().await;
    let wish = json!({ "title": "For two", "seats": 2, "bots": 1 });
    let made = admin.post("/api/games/arena/sessions", wish).await.unwrap();
    let link = format!("{}/games/{}", server.base(), made["id"].as_str().unwrap());
    let (ann, bob) = (driver.browser("ann").await, driver.browser("bob").await);
    ann.goto(&link).await.unwrap();
    fill(&ann, "#enter [name=name]", "Ann").await;
    click(&ann, "#enter button").await;
    let inside = "return document.querySelector('#players')?.textContent.includes('Ann (you)')";
    until(&ann, inside).await;
    bob.goto(&link).await.unwrap();
    let said = "return document.querySelector('#phase').textContent
        === 'Waiting for players. 1 player and 1 bot. Nobody else can come in.'";
    until(&bob, said).await;
    until(&bob, "return document.querySelector('#door').hidden").await;
    for page in [&ann, &bob] {
        no_error_in_the_console(&driver, page, &[]).await;
    }
    server.saw_no_panic();
}

/// A phone with a finger on it.
async fn touch(driver: &Driver, page: &Page, kind: &str, points: Value) {
    let params = json!({ "type": kind, "touchPoints": points });
    driver.devtools(page, "Input.dispatchTouchEvent", params).await;
}

/// The middle of what `css` selects, moved by so much.
async fn at(page: &Page, css: &str, by: (f64, f64), id: u8) -> Value {
    let script = format!(
        "const {{ x, y, width, height }} = document.querySelector('{css}').getBoundingClientRect();
         return [x + width / 2, y + height / 2]"
    );
    let middle = page.execute(&script, vec![]).await.unwrap();
    let [x, y] = [0, 1].map(|n| middle[n].as_f64().expect("it has a place"));
    json!({ "x": x + by.0, "y": y + by.1, "id": id })
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_two_thumbs_go_and_fire() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let id = match_with_bots(&server, 2).await;
    let page = driver.browser("thumbs").await;
    let phone = json!({ "width": 360, "height": 780, "deviceScaleFactor": 2, "mobile": true });
    driver.devtools(&page, "Emulation.setDeviceMetricsOverride", phone).await;
    let touches = json!({ "enabled": true, "maxTouchPoints": 2 });
    driver.devtools(&page, "Emulation.setTouchEmulationEnabled", touches).await;
    join(&page, &server, &id, "Thumbs").await;
    click(&page, "#ready").await;
    begin(&server, &id).await;
    until(&page, PLAYING).await;
    until(&page, "return document.querySelector('#go-pad').getBoundingClientRect().width > 80")
        .await;
    // Both pads lie within what is seen, each under its thumb.
    let seen = "return ['#go-pad', '#aim-pad'].every((css) => {
        const { left, right, top, bottom } = document.querySelector(css).getBoundingClientRect();
        return left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight;
    })";
    until(&page, seen).await;
    let deadline = Instant::now() + super::WITHIN;
    let mut went = false;
    // A wall may be in the way, or somebody: then another way.
    for by in [(40.0, 0.0), (0.0, 40.0), (-40.0, 0.0), (0.0, -40.0)].into_iter().cycle() {
        assert!(Instant::now() < deadline, "the avatar does not go: {:?}", place(&page).await);
        let Some(from) = place(&page).await else { continue };
        let go = at(&page, "#go-pad", by, 0).await;
        touch(&driver, &page, "touchStart", json!([go])).await;
        let aim = at(&page, "#aim-pad", by, 1).await;
        touch(&driver, &page, "touchStart", json!([go, aim])).await;
        let turn = Instant::now() + Duration::from_secs(1);
        while Instant::now() < turn && !went {
            let Some(now) = place(&page).await else { break };
            // As far as the thumb said and in no other way.
            let (x, y) = (now.0 - from.0, now.1 - from.1);
            went = x * by.0 + y * by.1 > 40.0 && (x * by.1 - y * by.0).abs() < 20.0;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        if went {
            break;
        }
        touch(&driver, &page, "touchEnd", json!([])).await;
    }
    // Nothing of the page was moved by the thumbs.
    assert_eq!(text(&page, "return visualViewport.scale").await, "1");
    touch(&driver, &page, "touchEnd", json!([])).await;
    // Who lets go stands.
    let stands = async {
        loop {
            let before = place(&page).await;
            tokio::time::sleep(Duration::from_millis(600)).await;
            if before.is_some() && place(&page).await == before {
                return;
            }
        }
    };
    tokio::time::timeout(super::WITHIN, stands).await.expect("it stands once the thumbs are gone");
    no_error_in_the_console(&driver, &page, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lobby_and_the_arena_keep_nobody_out_and_fit_a_phone() {
    let Some(driver) = Driver::start() else { return };
    let axe = super::everyone::axe();
    let server = Server::start();
    let id = match_with_bots(&server, 2).await;
    let page = driver.browser("anybody").await;
    join(&page, &server, &id, "A player with long names").await;
    let mut found = Vec::new();
    let phone = json!({ "width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": true });
    let wide = "return document.documentElement.scrollWidth > 360 ? document.documentElement.scrollWidth : ''";
    for part in ["the lobby", "the arena"] {
        driver.devtools(&page, "Emulation.setDeviceMetricsOverride", phone.clone()).await;
        assert_eq!(text(&page, wide).await, "", "{part} is wider than a phone");
        if let Some(axe) = &axe {
            found.extend(super::everyone::keeps_out(&driver, &page, axe, part).await);
        }
        if part == "the lobby" {
            click(&page, "#ready").await;
            begin(&server, &id).await;
            until(&page, PLAYING).await;
        }
    }
    assert!(found.is_empty(), "{found:#?}");
    no_error_in_the_console(&driver, &page, &[]).await;
}
