//! Choosing seats and paying, alone and against others.

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;

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

    // The countdown runs, on the server's time.
    let shown = text(&ann, "return document.querySelector('.countdown').textContent").await;
    until(&ann, &format!("return document.querySelector('.countdown').textContent !== '{shown}'"))
        .await;

    click(&ann, ".pay").await;
    until(&bob, &format!("return {} === 'sold'", state("B3"))).await;
    until(&ann, "return document.querySelector('.booked .names')?.textContent === 'B3'").await;

    ann.goto(&format!("{}/bookings", server.base())).await.unwrap();
    until(&ann, "return document.querySelector('.ticket .names')?.textContent === 'B3'").await;
    let cancel = "return [...document.querySelectorAll('.ticket button')].find(b => b.textContent === 'Cancel').click()";
    ann.execute(cancel, vec![]).await.unwrap();
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
    let focused = "return document.activeElement.getAttribute('aria-label') || document.activeElement.textContent";
    // Keys go to the page, as from a keyboard: whatever has the focus gets them.
    let press = async |key: char| {
        let keys = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        ann.perform_actions(keys).await.unwrap();
    };
    let tab = char::from(Key::Tab);
    for _ in 0..40 {
        press(tab).await;
        if text(&ann, focused).await.starts_with("Row A, seat 1,") {
            break;
        }
    }
    assert_eq!(text(&ann, focused).await, "Row A, seat 1, standard, 9.50 EUR, free");
    press(Key::Down.into()).await;
    press(Key::Right.into()).await;
    assert_eq!(text(&ann, focused).await, "Row B, seat 2, standard, 9.50 EUR, free");
    press(' ').await;
    assert_eq!(text(&ann, focused).await, "Row B, seat 2, standard, 9.50 EUR, chosen");
    for wanted in ["Hold 1 seat", "Pay 9.50 EUR"] {
        let mut reached = false;
        let deadline = Instant::now() + WITHIN;
        while !reached && Instant::now() < deadline {
            press(tab).await;
            reached = text(&ann, focused).await == wanted;
            tokio::time::sleep(LOOK_EVERY).await;
        }
        assert!(reached, "'{wanted}' is reached by tab");
        press(Key::Enter.into()).await;
    }
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
