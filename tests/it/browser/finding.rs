//! Two who look for a match find each other, and what becomes of it: points, a place, a course.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn two_pages_find_each_other_and_the_result_is_in_the_leaderboard() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    for name in ["ann", "bob"] {
        server.person(name).await;
    }
    let (ann, bob) = (driver.browser("ann").await, driver.browser("bob").await);
    let find = "[data-queue=fourinarow] button";
    for (page, name) in [(&ann, "ann"), (&bob, "bob")] {
        log_in(page, &server, name, "a long password", "/games").await;
        click(page, find).await;
    }
    for page in [&ann, &bob] {
        until(page, "return /^\\/games\\/[0-9a-f-]{36}$/.test(location.pathname)").await;
        until(page, "return document.querySelector('#resigns') !== null").await;
    }
    let id = text(&ann, "return location.pathname").await;
    assert_eq!(text(&bob, "return location.pathname").await, id, "they are in one match");

    fill(&bob, "#speak [name=text]", "good luck").await;
    click(&bob, "#speak button").await;
    until(&ann, "return document.querySelector('#said').textContent.includes('good luck')").await;

    click(&bob, "#resigns").await;
    click(&bob, "#sure-yes").await;
    for page in [&ann, &bob] {
        until(
            page,
            "return /[+−]\\d+ points/.test(document.querySelector('#standings').textContent)",
        )
        .await;
    }
    click(&ann, "#board").await;
    until(&ann, "return document.querySelectorAll('#places tr').length === 2").await;
    let first = "return document.querySelector('#places tr').textContent";
    assert!(text(&ann, first).await.starts_with("1ann"), "whoever won leads");
    click(&ann, "#places tr:nth-child(2) button").await;
    until(&ann, "return document.querySelector('#places tr:nth-child(2) button').getAttribute('aria-pressed') === 'true'").await;
    click(&ann, "#places tr:nth-child(2) a").await;
    until(&ann, "return document.querySelector('[data-game=fourinarow] polyline') !== null").await;
    until(&ann, "return document.querySelector('#friend').getAttribute('aria-pressed') === 'true'")
        .await;
    let row = "return document.querySelector('#matches tr').textContent";
    assert!(text(&ann, row).await.contains("2 of 2"));
    for page in [&ann, &bob] {
        no_error_in_the_console(&driver, page, &[]).await;
    }
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_match_is_watched_as_it_is_played_and_what_is_said_is_seen() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let id = super::arena::match_with_bots(&server, 3).await;
    let (ann, eve) = (driver.browser("ann").await, driver.browser("eve").await);
    ann.goto(&format!("{}/games/{id}", server.base())).await.unwrap();
    fill(&ann, "#enter [name=name]", "Ann").await;
    click(&ann, "#enter button").await;
    click(&ann, "#ready").await;
    until(&ann, "return !document.querySelector('#play').hidden").await;

    eve.goto(&format!("{}/games/{id}", server.base())).await.unwrap();
    click(&eve, "#watch").await;
    until(&eve, "return location.pathname.endsWith('/watch')").await;
    until(&eve, "return !document.querySelector('#show').hidden").await;
    until(&eve, "return document.querySelector('#scores').textContent.includes('Ann')").await;
    let at = "return document.querySelector('#time').value";
    let before: u32 = text(&eve, at).await.parse().unwrap();
    until(&eve, &format!("return Number(document.querySelector('#time').value) > {before} + 30"))
        .await;

    fill(&ann, "#speak [name=text]", "hello there").await;
    click(&ann, "#speak button").await;
    until(&eve, "return document.querySelector('#said').textContent.includes('hello there')").await;
    for page in [&ann, &eve] {
        no_error_in_the_console(&driver, page, &[]).await;
    }
    server.saw_no_panic();
}
