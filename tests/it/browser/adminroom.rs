//! One room on the administrator's page: its past by a slider, a seat's biography, closed rooms.

use fantoccini::key::Key;
use playhouse_loadtest::client::Client;
use serde_json::json;

use super::admin::desk;
use super::reader::Reader;
use super::{Driver, Page, click, fill, is_live, no_error_in_the_console, text, until};
use crate::server::{Server, showing};

/// A showing in which Ann held A1 and gave it back, and then bought it: its path.
async fn lived(server: &Server, ann: &Client) -> String {
    let path = showing(&server.admin().await, 1, 4).await;
    let holds = format!("{path}/holds");
    let seat = json!({ "seats": ["A1"] });
    let hold = ann.post(&holds, seat.clone()).await.unwrap();
    ann.delete(&format!("{holds}/{}", hold["hold_id"].as_str().unwrap())).await.unwrap();
    let hold = ann.post(&holds, seat).await.unwrap();
    let buy = format!("{holds}/{}/purchase", hold["hold_id"].as_str().unwrap());
    ann.post(&buy, json!({ "payment_token": "ok" })).await.unwrap();
    path
}

/// That a seat is shown to have been `word`; a change that came with the record is said behind it.
fn was(seat: &str, word: &str) -> String {
    format!(
        "return document.querySelector('[data-seat={seat}]')?.getAttribute('aria-label')
            .replace(/, changed$/, '').endsWith(', {word}') === true"
    )
}

/// Opens the room of `path` on the page.
async fn look_into(desk: &Page, server: &Server, path: &str) -> String {
    let room = path.replace("/api/showings/", "showing:");
    desk.goto(&format!("{}/admin?room={room}", server.base())).await.unwrap();
    is_live(desk).await;
    until(desk, "return document.querySelector('#follows').textContent === 'newest'").await;
    room
}

#[tokio::test(flavor = "multi_thread")]
async fn the_slider_goes_through_a_rooms_past_and_a_seat_tells_its_life() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let ann = server.person("ann").await;
    let path = lived(&server, &ann).await;
    let desk = desk(&driver, &server).await;
    let room = look_into(&desk, &server, &path).await;
    until(&desk, &was("A1", "sold")).await;
    let admin = server.admin().await;
    let newest: u64 =
        text(&desk, "return document.querySelector('#at').max").await.parse().unwrap();
    // The slider is one for keys, too: from the first record on, each step shows what was true then.
    let keys = Reader::of(&driver, &desk);
    desk.execute("document.querySelector('#at').focus()", vec![]).await.unwrap();
    assert_eq!(keys.here().await, "Record");
    keys.press(Key::Home).await;
    until(
        &desk,
        "return document.querySelector('#then').textContent.startsWith('Record 0: Before')",
    )
    .await;
    let mut seen = Vec::new();
    for record in 1..=newest {
        keys.press(Key::Right).await;
        let there = format!(
            "return document.querySelector('#then').textContent.startsWith('Record {record}: ')
            && document.querySelector('#records [aria-current]')?.dataset.record === '{record}'
            && document.querySelector('#past-error').textContent === ''"
        );
        until(&desk, &there).await;
        let told = admin.get(&format!("/api/admin/rooms/{room}/at/{record}")).await.unwrap();
        let then =
            told["view"]["rows"][0]["seats"][0]["state"].as_str().unwrap_or("none").to_owned();
        let word = if then == "held" { "on hold" } else { &then };
        until(&desk, &was("A1", word)).await;
        if seen.last() != Some(&then) {
            seen.push(then);
        }
    }
    assert_eq!(seen, ["free", "held", "free", "held", "sold"], "all of it was seen");

    click(&desk, "[data-seat=A1]").await;
    until(
        &desk,
        "return document.querySelector('#life-facts').textContent === 'Seat A1: 5 steps.'",
    )
    .await;
    let steps = "return [...document.querySelectorAll('#steps tbody strong')].map((s) => s.textContent).join()";
    assert_eq!(text(&desk, steps).await, "sold,on hold,free,on hold,free");
    click(&desk, "#steps tbody tr:nth-child(4) button").await;
    until(&desk, &was("A1", "on hold")).await;
    // The address leads back to the same record and seat.
    let address = text(&desk, "return location.search").await;
    assert!(address.contains("&at=") && address.contains("&part=A1"), "{address}");
    desk.refresh().await.unwrap();
    until(
        &desk,
        "return document.querySelector('#life-facts').textContent === 'Seat A1: 5 steps.'",
    )
    .await;
    fill(&desk, "#part [name=part]", "\u{e009}a\u{e000}z9\n").await;
    until(
        &desk,
        "return document.querySelector('#part .error').textContent === 'There is no seat Z9 here.'",
    )
    .await;
    no_error_in_the_console(&driver, &desk, &[("/parts/Z9", 404)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_follows_a_room_to_its_newest_record_and_stays_at_an_older_one() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let ann = server.person("ann").await;
    let path = lived(&server, &ann).await;
    let desk = desk(&driver, &server).await;
    look_into(&desk, &server, &path).await;
    ann.post(&format!("{path}/holds"), json!({ "seats": ["A3"] })).await.unwrap();
    until(&desk, &was("A3", "on hold")).await;
    click(&desk, "#back").await;
    until(&desk, "return document.querySelector('#follows').textContent === '1 behind'").await;
    ann.post(&format!("{path}/holds"), json!({ "seats": ["A4"] })).await.unwrap();
    until(&desk, "return document.querySelector('#follows').textContent === '2 behind'").await;
    no_error_in_the_console(&driver, &desk, &[]).await;
}

/// Closes the room that is shown, with `reason`.
async fn close(desk: &Page, reason: &str) {
    fill(desk, "#close [name=reason]", &format!("{reason}\n")).await;
    click(desk, "#sure-yes").await;
    until(desk, "return document.querySelector('#phase').textContent === 'closed'").await;
}

/// Waits until a note says `words`.
async fn noted(desk: &Page, words: &str) {
    let says = format!("return document.querySelector('#toasts').innerText.includes('{words}')");
    until(desk, &says).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_kept_rebuilt_closed_and_opened_again() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let ann = server.person("ann").await;
    let path = lived(&server, &ann).await;
    let desk = desk(&driver, &server).await;
    let room = look_into(&desk, &server, &path).await;
    click(&desk, "#snapshot").await;
    noted(&desk, "A snapshot with record").await;
    click(&desk, "#restart").await;
    click(&desk, "#sure-yes").await;
    noted(&desk, "The room was rebuilt from its journal").await;
    close(&desk, "the organ burns").await;
    let seat = json!({ "seats": ["A3"] });
    let (status, refused) =
        ann.once(reqwest::Method::POST, &format!("{path}/holds"), None, Some(&seat)).await.unwrap();
    assert!(!status.is_success(), "{refused}");
    assert!(refused["detail"].as_str().unwrap().contains("the organ burns"), "{refused}");

    // Among all that happens it stands out, with what can be done.
    click(&desk, "#views a").await;
    let first = "document.querySelector('#closed .attention a')?.textContent";
    until(&desk, &format!("return {first} === '{room}'")).await;
    let closed = text(&desk, "return document.querySelector('#closed').innerText").await;
    assert!(closed.contains("the organ burns") && closed.contains("Rewind or skip"), "{closed}");
    click(&desk, &format!("[aria-label='Reopen {room}']")).await;
    click(&desk, "#sure-yes").await;
    until(&desk, "return document.querySelector('#closed').innerText === 'No room is closed.'")
        .await;
    ann.post(&format!("{path}/holds"), seat).await.unwrap();
    no_error_in_the_console(&driver, &desk, &[]).await;
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_room_is_inspected_and_goes_back_to_an_earlier_record() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let ann = server.person("ann").await;
    let path = lived(&server, &ann).await;
    let desk = desk(&driver, &server).await;
    let room = look_into(&desk, &server, &path).await;
    assert_eq!(text(&desk, "return document.querySelector('#rewind').disabled").await, "true");
    close(&desk, "a look").await;
    click(&desk, "#views a").await;
    click(&desk, "#closed a.button").await;
    until(&desk, "return document.activeElement.id === 'at'").await;
    // It can be looked at while it is closed: back to when Ann had given the seat back.
    let admin = server.admin().await;
    let mut to: u64 =
        text(&desk, "return document.querySelector('#at').max").await.parse().unwrap();
    loop {
        let then = admin.get(&format!("/api/admin/rooms/{room}/at/{to}")).await.unwrap();
        if then["view"]["rows"][0]["seats"][0]["state"] == "free" {
            break;
        }
        to -= 1;
    }
    let go = format!(
        "const at = document.querySelector('#at-number'); at.value = '{to}'; at.dispatchEvent(new Event('change'))"
    );
    desk.execute(&go, vec![]).await.unwrap();
    let there = format!("document.querySelector('#then').textContent.startsWith('Record {to}: ')");
    until(&desk, &format!("return {there}")).await;
    click(&desk, "#rewind").await;
    let asked = "document.querySelector('#sure-text').textContent.includes('undone for good')";
    until(&desk, &format!("return {asked}")).await;
    click(&desk, "#sure-yes").await;
    noted(&desk, &format!("The room is open, and is what it was with record {to}.")).await;
    let mine = ann.get(&format!("{path}/seats")).await.unwrap();
    assert_eq!(mine["rows"][0]["seats"][0]["state"], "free", "{mine}");
    // An earlier past does not keep anybody from closing it once more.
    close(&desk, "another look").await;
    click(&desk, "#reopen").await;
    click(&desk, "#sure-yes").await;
    until(&desk, "return document.querySelector('#phase').textContent === 'live'").await;
    no_error_in_the_console(&driver, &desk, &[]).await;
    server.saw_no_panic();
}
