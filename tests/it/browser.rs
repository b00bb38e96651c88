//! The pages in Debian's Chromium, driven as people do.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;
use fantoccini::{Client as Page, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::server::{Server, showing};

/// How long something on a page may take to come about. 20 s on a busy machine; usual is 50 ms.
const WITHIN: Duration = Duration::from_secs(20);

/// A chromedriver of one's own, which ends with its owner.
struct Driver {
    child: Child,
    url: String,
    profiles: tempfile::TempDir,
}

impl Driver {
    /// Starts one on a free port; none if it is not installed, which is said aloud.
    fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).stdout(Stdio::null()).stderr(Stdio::null());
        match command.spawn() {
            Ok(child) => {
                let url = format!("http://127.0.0.1:{port}");
                let profiles = tempfile::tempdir().expect("a folder can be made");
                Some(Self { child, url, profiles })
            }
            Err(error) => {
                eprintln!("LEFT OUT: the pages in a browser: chromedriver does not start: {error}");
                None
            }
        }
    }

    /// A browser with a profile of its own, `width` pixels wide.
    async fn browser(&self, name: &str, width: u32) -> Page {
        let profile = self.profiles.path().join(name);
        let args = [
            "--headless".to_owned(),
            "--no-sandbox".into(),
            "--disable-gpu".into(),
            "--disable-quic".into(),
            "--disable-dev-shm-usage".into(),
            "--no-first-run".into(),
            "--disable-background-networking".into(),
            "--disable-component-update".into(),
            "--disable-sync".into(),
            format!("--window-size={width},900"),
            format!("--user-data-dir={}", profile.display()),
        ];
        let options = json!({
            "goog:chromeOptions": { "args": args },
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(options) = options else { unreachable!("it is an object") };
        let deadline = Instant::now() + WITHIN;
        loop {
            let mut builder = ClientBuilder::new(HttpConnector::new());
            match builder.capabilities(options.clone()).connect(&self.url).await {
                Ok(page) => return page,
                Err(error) => assert!(Instant::now() < deadline, "no browser: {error}"),
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn text(page: &Page, script: &str) -> String {
    let value = page.execute(script, vec![]).await.expect("a script runs");
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Waits until `script` returns true.
async fn until(page: &Page, script: &str) {
    let deadline = Instant::now() + WITHIN;
    while page.execute(script, vec![]).await.expect("a script runs") != json!(true) {
        if Instant::now() >= deadline {
            let body = text(page, "return document.body.innerText").await;
            panic!("it did not come about: {script}\n{body}");
        }
    }
}

async fn click(page: &Page, css: &str) {
    page.wait()
        .at_most(WITHIN)
        .for_element(Locator::Css(css))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
}

async fn fill(page: &Page, css: &str, value: &str) {
    let element = page.wait().at_most(WITHIN).for_element(Locator::Css(css)).await.unwrap();
    element.send_keys(value).await.unwrap();
}

/// Logs in through the page and ends up at `path`.
async fn log_in(page: &Page, server: &Server, name: &str, password: &str, path: &str) {
    page.goto(&format!("{}/login?next={path}", server.base())).await.unwrap();
    fill(page, "#login [name=login]", name).await;
    fill(page, "#login [name=password]", password).await;
    click(page, "#login button").await;
    until(page, &format!("return location.pathname === '{path}'")).await;
}

fn state(seat: &str) -> String {
    format!(
        "document.querySelector('[data-seat={seat}]')?.getAttribute('aria-label')?.split(', ').pop()"
    )
}

/// Nothing was written to the console as an error. What the browser notes of refusals, which the page
/// shows to the person, is none.
async fn no_error_in_the_console(driver: &Driver, page: &Page) {
    let session = page.session_id().await.unwrap().expect("a session is open");
    let url = format!("{}/session/{session}/se/log", driver.url);
    let http = reqwest::Client::new().post(url).json(&json!({ "type": "browser" }));
    let log: Value = http.send().await.unwrap().json().await.unwrap();
    for entry in log["value"].as_array().expect("a log is a list") {
        let message = entry["message"].as_str().unwrap_or_default();
        let severe = entry["level"] == "SEVERE" && !message.contains("Failed to load resource");
        assert!(!severe, "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_browser_sees_the_seat_that_another_holds_and_buys() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let path = showing(&server.admin().await, 3, 6).await;
    let page = path.replace("/api", "");
    for name in ["ann", "bob"] {
        server.person(name).await;
    }
    let (ann, bob) = (driver.browser("ann", 1200).await, driver.browser("bob", 1200).await);
    log_in(&ann, &server, "ann", "a long password", &page).await;
    log_in(&bob, &server, "bob", "a long password", &page).await;
    for browser in [&ann, &bob] {
        until(browser, "return document.querySelector('#connection')?.textContent === 'live'")
            .await;
    }
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
        no_error_in_the_console(&driver, &browser).await;
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
    let ann = driver.browser("ann", 1200).await;
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
        }
        assert!(reached, "'{wanted}' is reached by tab");
        press(Key::Enter.into()).await;
    }
    until(&ann, "return document.querySelector('.booked .names')?.textContent === 'B2'").await;
    ann.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organizer_puts_a_showing_on_sale_and_is_shown_a_conflict() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    showing(&server.admin().await, 1, 4).await;
    let page = driver.browser("organizer", 1200).await;
    log_in(&page, &server, "admin", crate::server::ADMIN, "/organizer").await;
    until(&page, "return document.querySelectorAll('#show option').length >= 2").await;
    let at = "const t = new Date(Date.now() + 2 * 86400000); t.setHours(20, 0, 0, 0);
        const f = document.querySelector('#show [name=starts_at]');
        f.value = new Date(t - t.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
        f.dispatchEvent(new Event('input', { bubbles: true }));";
    page.execute(at, vec![]).await.unwrap();
    click(&page, "#show button").await;
    until(&page, "return document.querySelectorAll('#sales tbody tr').length === 1").await;
    fill(&page, "#blocks [name=seats]", "a1 A2").await;
    for (button, blocked) in [("block", 2), ("free", 0)] {
        click(&page, &format!("#blocks [value={button}]")).await;
        let shown =
            format!("document.querySelector('#sales .blocked').textContent === '{blocked}'");
        until(&page, &format!("return {shown}")).await;
    }
    page.execute(at, vec![]).await.unwrap();
    until(
        &page,
        "return document.querySelector('#clash').textContent.startsWith('Overlaps Metropolis')",
    )
    .await;
    click(&page, "#show button").await;
    until(&page, "return document.querySelector('#show .error').textContent.includes('taken by')")
        .await;
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_a_phone_and_writes_no_error_to_the_console() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let path = showing(&server.admin().await, 6, 14).await;
    let page = driver.browser("phone", 500).await;
    log_in(&page, &server, "admin", crate::server::ADMIN, "/").await;
    // Chromium's windows are 500 px wide at least: a frame of 360 px stands in for the phone.
    for path in ["/", "/login", "/bookings", "/organizer", &path.replace("/api", "")] {
        page.goto(&format!("{}{path}", server.base())).await.unwrap();
        until(&page, "return document.querySelector('#top .who') !== null").await;
        page.execute("document.documentElement.style.width = '360px'", vec![]).await.unwrap();
        let wide = "return [...document.querySelectorAll('main > *, #top, footer')]
            .filter(e => e.getBoundingClientRect().right > 361).map(e => e.id || e.className || e.tagName).join()";
        assert_eq!(text(&page, wide).await, "", "{path} is wider than 360 px");
        no_error_in_the_console(&driver, &page).await;
    }
    page.close().await.unwrap();
}
