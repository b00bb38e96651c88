//! Verdicts of cheating on the pages: given where the match is watched again, and seen with the tick that shows it.

use super::*;
use crate::duel::{duel, matched};
use crate::server::ADMIN;

/// True once the replay stands at the tick `n`, whose frame is the one before.
fn stands_at(n: u32) -> String {
    format!(
        "return document.querySelector('#time').value === '{}' && document.querySelector('#toggle').textContent === 'Play'",
        n - 1
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_of_cheating_is_given_on_the_replay_and_leads_everybody_to_its_tick() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let session = matched(&ann, &bob).await;
    duel(&ann, &bob, &session).await;
    let me = ann.get("/api/accounts/me").await.unwrap()["id"].as_str().unwrap().to_owned();
    let replay = format!("{}/replay", session.replace("/api/games/sessions/", "/games/"));

    let admin = driver.browser("admin").await;
    log_in(&admin, &server, "admin", ADMIN, &replay).await;
    until(&admin, "return document.querySelector('#suspects').textContent.includes('Nothing')")
        .await;
    until(&admin, "return document.querySelector('#phase').textContent === ''").await;
    admin.execute("location.hash = '#tick=7'", vec![]).await.unwrap();
    until(&admin, &stands_at(7)).await;
    click(&admin, "#this-tick").await;
    let tick = "return document.querySelector('#verdict [name=tick]').value";
    assert_eq!(text(&admin, tick).await, "7");
    let chosen = format!("document.querySelector('#verdict select').value = '{me}'");
    admin.execute(&chosen, vec![]).await.unwrap();
    fill(&admin, "#verdict [name=reason]", "saw through walls").await;
    click(&admin, "#verdict button:not([type=button])").await;
    until(&admin, "return /ann was found to have cheated at 0:0\\d, tick 7/.test(document.querySelector('#verdicts').textContent)").await;
    if let Some(axe) = super::everyone::axe() {
        let found = super::everyone::keeps_out(&driver, &admin, &axe, "a verdict").await;
        assert!(found.is_empty(), "{found:#?}");
    }

    // A stranger comes to it by the player's page.
    let page = driver.browser("stranger").await;
    page.goto(&format!("{}/players/{me}", server.base())).await.unwrap();
    click(&page, "#matches a.bad").await;
    until(&page, "return location.hash === '#tick=7'").await;
    until(&page, &stands_at(7)).await;
    until(&page, "return !document.querySelector('#fair').hidden").await;
    assert_eq!(text(&page, "return document.querySelector('#judge').hidden").await, "true");
    // Past the end there is nothing: it stands at the last tick.
    page.execute("location.hash = '#tick=999999'", vec![]).await.unwrap();
    until(&page, "return document.querySelector('#time').value === document.querySelector('#time').max && document.querySelector('#time').value !== '0'").await;

    click(&admin, "#verdicts button").await;
    until(&admin, "return document.querySelector('#verdicts').textContent === ''").await;
    for page in [&admin, &page] {
        no_error_in_the_console(&driver, page, &[]).await;
    }
    server.saw_no_panic();
}
