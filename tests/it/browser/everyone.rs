//! What holds for every page: accounts, phones, access for everybody.

use super::*;
use crate::server::{ADMIN, showing};

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_makes_an_account_and_logs_out_again() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    server.person("taken").await;
    let page = driver.browser("ann").await;
    page.goto(&format!("{}/login?next=/bookings", server.base())).await.unwrap();
    fill(&page, "#register [name=username]", "taken").await;
    fill(&page, "#register [name=email]", "ann@example.org").await;
    fill(&page, "#register [name=password]", "a long password").await;
    click(&page, "#register button").await;
    until(&page, "return document.querySelector('#register .error').textContent !== ''").await;
    let focused = text(&page, "return document.activeElement.name").await;
    assert_eq!(focused, "username", "the field that is wrong has the focus");
    page.execute("document.querySelector('#register [name=username]').value = ''", vec![])
        .await
        .unwrap();
    fill(&page, "#register [name=username]", "ann").await;
    click(&page, "#register button").await;
    until(&page, "return location.pathname === '/bookings'").await;
    until(&page, "return document.querySelector('.who button')?.textContent === 'Log out ann'")
        .await;
    click(&page, ".who button").await;
    until(&page, "return location.pathname === '/'").await;
    until(&page, "return document.querySelector('.who a')?.textContent === 'Log in'").await;
    page.goto(&format!("{}/bookings", server.base())).await.unwrap();
    until(&page, "return location.pathname === '/login'").await;
    no_error_in_the_console(&driver, &page, &[("/api/accounts", 409)]).await;
    page.close().await.unwrap();
    server.saw_no_panic();
}

/// Every page of the site.
async fn pages(server: &Server) -> Vec<String> {
    let showing = showing(&server.admin().await, 6, 14).await.replace("/api", "");
    let (_, poll) = super::polls::open_poll(server, serde_json::json!({})).await;
    let poll = format!("/polls/{poll}");
    let fixed =
        ["/", "/login", "/bookings", "/organizer", "/join", "/polls", "/api/docs", "/no/such/page"];
    let made = [showing, format!("{poll}/present"), poll];
    fixed.into_iter().map(str::to_owned).chain(made).collect()
}

/// Goes to `path` and waits until the page has what it shows.
async fn visit(page: &Page, server: &Server, path: &str) {
    page.goto(&format!("{}{path}", server.base())).await.unwrap();
    let shown = match path {
        _ if path.ends_with("/present") => "document.querySelector('#bars li') !== null",
        "/api/docs" => "document.querySelectorAll('main details, main section').length > 3",
        _ => "document.querySelector('#top .who') !== null",
    };
    until(page, &format!("return {shown}")).await;
    if path.starts_with("/showings/") || path.starts_with("/polls/") {
        is_live(page).await;
    }
    if path == "/polls" {
        click(page, "#own button").await;
        is_live(page).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_a_phone_and_writes_no_error_to_the_console() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let pages = pages(&server).await;
    let page = driver.browser("phone").await;
    let phone = json!({ "width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": true });
    driver.devtools(&page, "Emulation.setDeviceMetricsOverride", phone).await;
    log_in(&page, &server, "admin", ADMIN, "/").await;
    for path in pages {
        visit(&page, &server, &path).await;
        assert_eq!(text(&page, "return innerWidth").await, "360", "{path}");
        let wide = "return document.documentElement.scrollWidth > 360
            ? [...document.querySelectorAll('body *')]
                .filter(e => e.getBoundingClientRect().right > 361)
                .map(e => e.tagName + '.' + e.className + '#' + e.id).slice(0, 5).join()
            : ''";
        assert_eq!(text(&page, wide).await, "", "{path} is wider than 360 px");
        no_error_in_the_console(&driver, &page, &[("/no/such/page", 404)]).await;
    }
    page.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_keeps_anybody_out_in_light_and_in_dark() {
    let Some(driver) = Driver::start() else { return };
    let axe = std::env::var("PLAYHOUSE_TEST_SDK")
        .map(|sdk| format!("{sdk}/node_modules/axe-core/axe.min.js"))
        .ok()
        .and_then(|path| std::fs::read_to_string(path).ok());
    let Some(axe) = axe else {
        eprintln!("LEFT OUT: axe-core on the pages: it is not installed (./test installs it)");
        return;
    };
    let server = Server::start();
    let pages = pages(&server).await;
    let page = driver.browser("anybody").await;
    log_in(&page, &server, "admin", ADMIN, "/").await;
    for scheme in ["light", "dark"] {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        driver.devtools(&page, "Emulation.setEmulatedMedia", media).await;
        for path in &pages {
            visit(&page, &server, path).await;
            page.execute(&axe, vec![]).await.expect("axe-core is a script");
            let run = "const done = arguments[arguments.length - 1];
                axe.run({ resultTypes: ['violations'] }).then(({ violations }) => done(violations
                    .filter(v => v.impact !== 'minor')
                    .map(v => v.id + ': ' + v.nodes.map(n => n.html).slice(0, 3).join(' '))));";
            let found = page.execute_async(run, vec![]).await.expect("axe-core runs");
            assert_eq!(found, json!([]), "{path} in {scheme}");
        }
    }
    page.close().await.unwrap();
}
