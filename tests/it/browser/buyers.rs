//! Choosing seats and paying, alone and against others.

use fantoccini::key::Key;

use super::reader::Reader;
use super::*;
use crate::server::showing;

#[tokio::test(flavor = "multi_thread")]
async fn one_browser_sees_the_seat_that_another_holds_and_buys() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let path = showing(&server.admin().await, 3, 6).await;
    let page = path.replace("/api", "");
    for name in ["ann", "bob"] {
        server.person(name).await;
    }
    let (ann, bob) = (driver.browser("ann").await, driver.browser("bob").await);
    log_in(&ann, &server, "ann", "a long password", &page).await;
    log_in(&bob, &server, "bob", "a long password", &page).await;
    is_live(&ann).await;
    is_live(&bob).await;
    click(&ann, "[data-seat=B3]").await;
    click(&ann, "#hold").await;
    until(&bob, &format!("return {} === 'on hold'", state("B3"))).await;
    until(&ann, &format!("return {} === 'yours'", state("B3"))).await;
    let notes = text(&ann, "return document.querySelector('#toasts').textContent").await;
    assert!(!notes.contains("faster"), "nobody was faster than oneself: {notes}");

    // The countdown runs, on the server's time.
    let shown = text(&ann, "return document.querySelector('.countdown').textContent").await;
    until(&ann, &format!("return document.querySelector('.countdown').textContent !== '{shown}'"))
        .await;

    click(&ann, ".pay").await;
    until(&bob, &format!("return {} === 'sold'", state("B3"))).await;
    until(&ann, "return document.querySelector('.booked .names')?.textContent === 'B3'").await;

    ann.goto(&format!("{}/bookings", server.base())).await.unwrap();
    until(&ann, "return document.querySelector('.ticket .names')?.textContent === 'B3'").await;
    let cancel = "return [...document.querySelectorAll('.ticket button')].find(b => b.textContent === 'Cancel …').click()";
    ann.execute(cancel, vec![]).await.unwrap();
    click(&ann, "#sure-yes").await;
    until(&bob, &format!("return {} === 'free'", state("B3"))).await;
    until(&ann, "return document.querySelector('.ticket').innerText.includes('refunded')").await;
    for browser in [ann, bob] {
        no_error_in_the_console(&driver, &browser, &[]).await;
        browser.close().await.unwrap();
    }
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_with_the_keyboard_alone_buys_by_accessible_names() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let path = showing(&server.admin().await, 3, 6).await;
    server.person("ann").await;
    let ann = driver.browser("ann").await;
    log_in(&ann, &server, "ann", "a long password", &path.replace("/api", "")).await;
    until(&ann, "return document.querySelectorAll('[data-seat]').length === 18").await;
    let keys = Reader::of(&driver, &ann);
    let first = keys.reach(|name| name.starts_with("Row A, seat 1,")).await;
    assert_eq!(first, "Row A, seat 1, standard, 9.50 EUR, free");
    keys.press(Key::Down).await;
    keys.press(Key::Right).await;
    assert_eq!(keys.here().await, "Row B, seat 2, standard, 9.50 EUR, free");
    keys.press(' ').await;
    assert_eq!(keys.here().await, "Row B, seat 2, standard, 9.50 EUR, chosen");
    keys.reach(|name| name == "Hold 1 seat").await;
    keys.press(Key::Enter).await;
    // The focus goes on to what comes next.
    keys.arrive(|name| name == "Pay 9.50 EUR").await;
    keys.press(Key::Enter).await;
    keys.arrive(|name| name == "See booking").await;
    until(&ann, "return document.querySelector('.booked .names')?.textContent === 'B2'").await;
    ann.close().await.unwrap();
}

/// Chooses the test payment `token` for the hold that is shown, and pays.
async fn pay(page: &Page, token: &str) {
    let choose = format!(
        "const s = document.querySelector('.hold select'); s.value = '{token}';
         s.dispatchEvent(new Event('change', {{ bubbles: true }}));"
    );
    until(page, "return document.querySelector('.hold select:enabled') !== null").await;
    page.execute(&choose, vec![]).await.unwrap();
    // What is chosen stays chosen when the desk is drawn anew.
    until(page, &format!("return document.querySelector('.hold select').value === '{token}'"))
        .await;
    click(page, ".pay:enabled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_payment_keeps_the_seats_and_a_late_one_is_waited_for() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let path = showing(&server.admin().await, 2, 4).await;
    server.person("ann").await;
    let ann = driver.browser("ann").await;
    log_in(&ann, &server, "ann", "a long password", &path.replace("/api", "")).await;
    is_live(&ann).await;
    click(&ann, "[data-seat=A1]").await;
    click(&ann, "#hold").await;
    pay(&ann, "declined").await;
    until(&ann, "return document.querySelector('.toast.error')?.textContent.includes('eclined')")
        .await;
    assert_eq!(text(&ann, &format!("return {}", state("A1"))).await, "yours");
    pay(&ann, "late:3").await;
    until(&ann, "return document.querySelector('.pay')?.disabled").await;
    until(&ann, "return document.querySelector('.booked .names')?.textContent === 'A1'").await;
    no_error_in_the_console(&driver, &ann, &[("/purchase", 402)]).await;
    ann.close().await.unwrap();
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_is_offered_the_seat_that_comes_back_and_buys_it() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let path = showing(&server.admin().await, 1, 1).await;
    let bob = server.person("bob").await;
    server.person("ann").await;
    let hold = bob.post(&format!("{path}/holds"), json!({ "seats": ["A1"] })).await.unwrap();
    let ann = driver.browser("ann").await;
    log_in(&ann, &server, "ann", "a long password", &path.replace("/api", "")).await;
    is_live(&ann).await;
    until(&ann, "return document.querySelector('#wait') !== null").await;
    ann.execute("document.querySelector('#party').value = 1", vec![]).await.unwrap();
    click(&ann, "#wait").await;
    until(&ann, "return document.querySelector('#desk').innerText.includes('place 1')").await;
    let hold = hold["hold_id"].as_str().expect("a hold has an id").to_owned();
    bob.delete(&format!("{path}/holds/{hold}")).await.unwrap();
    until(&ann, "return document.querySelector('.hold h2')?.textContent === 'Offered to you'")
        .await;
    pay(&ann, "ok").await;
    until(&ann, "return document.querySelector('.booked .names')?.textContent === 'A1'").await;
    no_error_in_the_console(&driver, &ann, &[]).await;
    ann.close().await.unwrap();
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_showing_goes_to_a_phone_by_a_picture_of_its_public_link() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::with(&[("PLAYHOUSE_HTTP_PUBLIC_URL", "https://play.example.org")]);
    let page = showing(&server.admin().await, 1, 4).await.replace("/api", "");
    let ann = driver.browser("ann").await;
    ann.goto(&format!("{}{page}", server.base())).await.unwrap();
    click(&ann, "#share").await;
    until(&ann, "return document.querySelector('#phone').open").await;
    let link = text(&ann, "return document.querySelector('#link').href").await;
    assert_eq!(link, format!("https://play.example.org{page}"));
    let drawn = "const b = document.querySelector('#qr svg').getBoundingClientRect();
        return b.width > 150 && b.width === b.height";
    until(&ann, drawn).await;
    click(&ann, "#phone button").await;
    until(&ann, "return !document.querySelector('#phone').open").await;
    no_error_in_the_console(&driver, &ann, &[]).await;
    ann.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_gets_another_name_and_goes_to_another_account() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let path = showing(&server.admin().await, 1, 2).await;
    let (client, bob) = (server.person("ann").await, server.person("bob").await);
    let hold = client.post(&format!("{path}/holds"), json!({ "seats": ["A1"] })).await.unwrap();
    let buy = format!("{path}/holds/{}/purchase", hold["hold_id"].as_str().unwrap());
    client.post(&buy, json!({ "payment_token": "ok" })).await.unwrap();
    let ann = driver.browser("ann").await;
    log_in(&ann, &server, "ann", "a long password", "/bookings").await;
    fill(&ann, ".ticket input", "Ann Smith").await;
    click(&ann, ".ticket button").await;
    until(
        &ann,
        "return document.querySelector('.ticket').innerText.includes('in the name of Ann Smith')",
    )
    .await;
    fill(&ann, ".ticket input", "Bob").await;
    fill(&ann, ".ticket input:nth-of-type(2)", "bob").await;
    click(&ann, ".ticket button").await;
    until(
        &ann,
        "return document.querySelector('#bookings').textContent.startsWith('No bookings yet.')",
    )
    .await;
    let his = bob.get("/api/bookings").await.unwrap();
    assert_eq!(
        (&his["items"][0]["name"], &his["items"][0]["seats"]),
        (&json!("Bob"), &json!(["A1"]))
    );
    no_error_in_the_console(&driver, &ann, &[]).await;
    ann.close().await.unwrap();
}
