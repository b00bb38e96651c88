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
pub(super) async fn pages(server: &Server) -> Vec<String> {
    let played = super::arena::match_that_ends_soon(server).await;
    let showing = showing(&server.admin().await, 6, 14).await.replace("/api", "");
    let (_, poll) = super::polls::open_poll(server, serde_json::json!({})).await;
    let admin = server.admin().await;
    let series = json!({ "title": "Friday", "polls": [poll] });
    let series = admin.post("/api/series", series).await.unwrap();
    let series = series["id"].as_str().unwrap();
    admin.post(&format!("/api/series/{series}/go"), json!({ "poll_id": poll })).await.unwrap();
    let poll = format!("/polls/{poll}");
    let fixed = [
        "/",
        "/login",
        "/bookings",
        "/organizer",
        "/join",
        "/polls",
        "/playground",
        "/api/docs",
        "/no/such/page",
    ];
    let player = format!("/players/{}", uuid::Uuid::nil());
    let room = showing.replace("/showings/", "/admin?room=showing:");
    let series = format!("/series/{series}/present");
    let lobby = super::arena::match_with_bots(server, 2).await;
    super::arena::is_over(server, &played).await;
    let games = ["/games".to_owned(), format!("/games/{lobby}"), format!("/games/{played}")];
    let more = [format!("/games/{played}/replay"), "/leaderboards/arena".into(), player];
    let games = games.into_iter().chain(more);
    let cups = super::tournaments::cups(server).await;
    let made = [showing, format!("{poll}/present"), series, poll, room].into_iter().chain(games);
    let made = made.chain(cups).chain(super::contests::contests(server).await);
    let desk = ["", "?view=rooms", "?view=accounts", "?view=backups", "?view=trail"];
    let desk = desk.into_iter().map(|view| format!("/admin{view}"));
    fixed.into_iter().map(str::to_owned).chain(made).chain(desk).collect()
}

/// Goes to `path` and waits until the page has what it shows.
async fn visit(page: &Page, server: &Server, path: &str) {
    page.goto(&format!("{}{path}", server.base())).await.unwrap();
    let shown = match path {
        _ if path.ends_with("/present") => "document.querySelector('#bars li') !== null",
        "/games" => "document.querySelector('#matches li') !== null",
        _ if ["/leaderboards/", "/players/"].iter().any(|at| path.starts_with(at)) => {
            "!document.querySelector('#summary').textContent.startsWith('Looking')"
        }
        _ if path.ends_with("/replay") => "document.querySelector('#phase').textContent === ''",
        _ if path.starts_with("/games/") => {
            "['#door', '#results'].some(css => !document.querySelector(css).hidden)"
        }
        "/tournaments" => "document.querySelector('.cups li') !== null",
        _ if path.starts_with("/tournaments/") => {
            "document.querySelector('#draw-card:not([hidden]), #players li') !== null"
        }
        // No judge is switched on for these tests: it says so, and shows a program all the same.
        "/playground" => {
            "document.querySelector('#mend').textContent !== '' && document.querySelector('.painted span') !== null"
        }
        "/contests" => "document.querySelector('.listed li') !== null",
        _ if path.starts_with("/contests/") => "document.querySelector('.ranks') !== null",
        "/api/docs" => "document.querySelectorAll('main details, main section').length > 3",
        "/admin" => "document.querySelectorAll('#tiles > div').length > 3",
        "/admin?view=rooms" => "document.querySelector('#stored a') !== null",
        "/admin?view=accounts" => "document.querySelector('#accounts tbody tr') !== null",
        "/admin?view=backups" => "document.querySelector('#backups p') !== null",
        "/admin?view=trail" => "document.querySelector('#acts tbody tr') !== null",
        _ if path.starts_with("/admin?room=") => "document.querySelector('#records li') !== null",
        _ => "document.querySelector('#top .who') !== null",
    };
    until(page, &format!("return {shown}")).await;
    if ["/showings/", "/polls/", "/admin"].iter().any(|live| path.starts_with(live)) {
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
    let mut wider = Vec::new();
    for path in pages {
        visit(&page, &server, &path).await;
        let wide = "return innerWidth !== 360 || document.documentElement.scrollWidth > 360
            ? innerWidth + ' px: ' + [...document.querySelectorAll('body *')]
                .filter(e => e.getBoundingClientRect().right > 361)
                .map(e => e.tagName + '.' + e.className + '#' + e.id).slice(0, 5).join()
            : ''";
        let wide = text(&page, wide).await;
        if !wide.is_empty() {
            wider.push(format!("{path}: {wide}"));
        }
        no_error_in_the_console(&driver, &page, &[("/no/such/page", 404)]).await;
    }
    assert!(wider.is_empty(), "{wider:#?}");
    page.close().await.unwrap();
}

/// axe-core, if it is installed, which is said aloud where it is not.
pub(super) fn axe() -> Option<String> {
    let axe = std::env::var("PLAYHOUSE_TEST_SDK")
        .map(|sdk| format!("{sdk}/node_modules/axe-core/axe.min.js"))
        .ok()
        .and_then(|path| std::fs::read_to_string(path).ok());
    if axe.is_none() {
        eprintln!("LEFT OUT: axe-core on the pages: it is not installed (./test installs it)");
    }
    axe
}

/// What axe-core finds on the page as it is, above minor, in light and in dark, wide and narrow.
pub(super) async fn keeps_out(driver: &Driver, page: &Page, axe: &str, name: &str) -> Vec<String> {
    page.execute(axe, vec![]).await.expect("axe-core is a script");
    let mut found = Vec::new();
    for (scheme, width) in [("light", 1200), ("dark", 1200), ("dark", 360), ("light", 360)] {
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        driver.devtools(page, "Emulation.setEmulatedMedia", media).await;
        let size =
            json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        driver.devtools(page, "Emulation.setDeviceMetricsOverride", size).await;
        let run = "const done = arguments[arguments.length - 1];
            axe.run({ resultTypes: ['violations'] }).then(({ violations }) => done(violations
                .filter(v => v.impact !== 'minor')
                .map(v => v.id + ': ' + v.nodes.map(n => n.html).slice(0, 3).join(' '))));";
        let violations = page.execute_async(run, vec![]).await.expect("axe-core runs");
        for violation in violations.as_array().expect("a list of violations") {
            found.push(format!("{name} in {scheme}, {width} px wide: {violation}"));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_keeps_anybody_out_in_light_and_in_dark() {
    let Some(driver) = Driver::start() else { return };
    let Some(axe) = axe() else { return };
    let server = Server::start();
    let pages = pages(&server).await;
    let page = driver.browser("anybody").await;
    log_in(&page, &server, "admin", ADMIN, "/").await;
    let mut found = Vec::new();
    for path in &pages {
        visit(&page, &server, path).await;
        found.extend(keeps_out(&driver, &page, &axe, path).await);
    }
    assert!(found.is_empty(), "{found:#?}");
    page.close().await.unwrap();
}
