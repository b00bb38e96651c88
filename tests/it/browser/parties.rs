//! A party on the games page: made, joined by invitation and by link, led, and into one match together.

use fantoccini::key::Key;

use super::reader::Reader;
use super::*;

const MEMBERS: &str = "return document.querySelectorAll('#members [data-account]').length";

async fn are_in_it(page: &Page, many: usize) {
    until(page, &format!("{MEMBERS} === {many} && !document.querySelector('#in-party').hidden"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_come_together_by_name_and_by_link_and_look_for_a_match_as_one() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let [mut ann, mut bob, mut cid] = [None, None, None];
    for (page, name) in [(&mut ann, "ann"), (&mut bob, "bob"), (&mut cid, "cid")] {
        server.person(name).await;
        let browser = driver.browser(name).await;
        log_in(&browser, &server, name, "a long password", "/games").await;
        *page = Some(browser);
    }
    let [ann, bob, cid] = [ann, bob, cid].map(|page| page.expect("it was opened"));
    click(&ann, "#party-make").await;
    are_in_it(&ann, 1).await;
    // By keys alone: what was asked for has the focus.
    until(&ann, "return document.activeElement.name === 'username'").await;
    fill(&ann, "#party-invite [name=username]", "bob").await;
    Reader::of(&driver, &ann).press(Key::Enter).await;
    until(&ann, &format!("{MEMBERS} === 2")).await;
    until(&bob, "return document.querySelector('#invitations').textContent.includes('ann')").await;
    click(&bob, "#invitations button").await;
    are_in_it(&bob, 2).await;
    until(&bob, "return document.querySelector('#party-words').textContent.includes('ann leads')")
        .await;
    let find = "[data-queue=arena] button";
    until(&bob, &format!("return document.querySelector('{find}').disabled")).await;

    let code = text(&ann, "return document.querySelector('#party-code').textContent").await;
    cid.goto(&format!("{}/games?party={code}", server.base())).await.unwrap();
    click(&cid, "#party-join button").await;
    for page in [&ann, &bob, &cid] {
        are_in_it(page, 3).await;
    }
    looks_well(&driver, &ann).await;

    // Cid leads, sends bob away, and looks for the two who are left.
    click(&ann, "#members li:nth-child(3) button").await;
    until(&cid, "return document.querySelector('#party-words').textContent.includes('You lead')")
        .await;
    click(&cid, "#members li:nth-child(2) button.quiet").await;
    until(&bob, "return !document.querySelector('#no-party').hidden").await;
    are_in_it(&ann, 2).await;
    click(&cid, find).await;
    for page in [&ann, &cid] {
        until(page, "return document.querySelector('[data-queue=arena]').textContent.includes('Looking for')").await;
    }
    // With others there is a match at once, and both are led into it.
    for n in 0..6 {
        let other = server.person(&format!("other{n}")).await;
        other.post("/api/match/tickets", json!({ "game": "arena" })).await.unwrap();
    }
    for page in [&ann, &cid] {
        until(page, "return /^\\/games\\/[0-9a-f-]{36}$/.test(location.pathname)").await;
    }
    let path = "return location.pathname";
    assert_eq!(text(&ann, path).await, text(&cid, path).await, "they are in one match");
    ann.goto(&format!("{}/games", server.base())).await.unwrap();
    are_in_it(&ann, 2).await;
    click(&ann, "#party-leave").await;
    until(&ann, "return !document.querySelector('#no-party').hidden").await;
    for page in [&ann, &bob, &cid] {
        no_error_in_the_console(&driver, page, &[]).await;
    }
    server.saw_no_panic();
}

/// The party fits a phone, and keeps nobody out in light and in dark.
async fn looks_well(driver: &Driver, page: &Page) {
    let phone = json!({ "width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": true });
    driver.devtools(page, "Emulation.setDeviceMetricsOverride", phone).await;
    let wide = "return document.documentElement.scrollWidth > 360 ? document.documentElement.scrollWidth : ''";
    assert_eq!(text(page, wide).await, "", "it is wider than a phone");
    if let Some(axe) = super::everyone::axe() {
        let found = super::everyone::keeps_out(driver, page, &axe, "a party").await;
        assert!(found.is_empty(), "{found:#?}");
    }
    driver.devtools(page, "Emulation.clearDeviceMetricsOverride", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_with_a_partys_link_is_told_to_log_in_and_comes_back_to_it() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let ann = server.person("ann").await;
    server.person("bob").await;
    let made = ann.post("/api/parties", json!({})).await.unwrap();
    let page = driver.browser("bob").await;
    let link = format!("{}/games?party={}", server.base(), made["code"].as_str().unwrap());
    page.goto(&link).await.unwrap();
    click(&page, "#party-words a").await;
    fill(&page, "#login [name=login]", "bob").await;
    fill(&page, "#login [name=password]", "a long password").await;
    click(&page, "#login button").await;
    until(&page, "return location.pathname === '/games' && location.search !== ''").await;
    click(&page, "#party-join button").await;
    are_in_it(&page, 2).await;
    no_error_in_the_console(&driver, &page, &[]).await;
    server.saw_no_panic();
}
