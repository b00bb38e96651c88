//! The administrator's page: figures as they move, slow watchers, backups, accounts, the trail.

use serde_json::json;

use super::polls::open_poll;
use super::{Driver, Page, click, fill, is_live, log_in, no_error_in_the_console, text, until};
use crate::admin::one_falls_behind;
use crate::polls::secret::ballot;
use crate::polls::voter;
use crate::server::{ADMIN, Server, showing};

/// A browser at the administrator's page, live.
pub(super) async fn desk(driver: &Driver, server: &Server) -> Page {
    let desk = driver.browser("desk").await;
    log_in(&desk, server, "admin", ADMIN, "/admin").await;
    is_live(&desk).await;
    desk
}

/// Goes to a part of the page by its link.
async fn part(desk: &Page, name: &str) {
    click(desk, &format!("#views a[href$='view={name}']")).await;
    until(desk, &format!("return !document.querySelector('#view-{name}').hidden")).await;
}

/// The figure called `name` as it is told now, read by `script` from its text `t`.
fn tile(name: &str, script: &str) -> String {
    format!(
        "const t = [...document.querySelectorAll('#tiles > div')]
            .find((tile) => tile.firstChild.textContent === '{name}')?.lastChild.textContent ?? '';
        return {script}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_rates_and_the_disk_are_told_every_second() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let admin = server.admin().await;
    let path = showing(&admin, 1, 8).await;
    let desk = desk(&driver, &server).await;
    until(&desk, &tile("Disk sync, p50 · p99", "/^[0-9.,]+ ms · [0-9.,]+ ms$/.test(t)")).await;
    until(&desk, &tile("Commit, p50 · p99", "/^[0-9.,]+ ms · [0-9.,]+ ms$/.test(t)")).await;
    until(&desk, &tile("Live connections", "t === '1'")).await;
    until(&desk, &tile("Memory of the server", "/ MiB$/.test(t)")).await;
    // What happens shows as a rate in the second after it, and its line moves.
    let mut seen = 0;
    while seen < 2 {
        let hold = admin.post(&format!("{path}/holds"), json!({ "best": 2 })).await.unwrap();
        let hold = hold["hold_id"].as_str().unwrap().to_owned();
        admin.delete(&format!("{path}/holds/{hold}")).await.unwrap();
        seen = 0;
        for name in ["Requests a second", "Records a second"] {
            let moves = desk.execute(&tile(name, "parseFloat(t) > 0"), vec![]).await.unwrap();
            seen += usize::from(moves == json!(true));
        }
    }
    let line =
        "return document.querySelector('#tiles polyline').getAttribute('points').includes(' ')";
    until(&desk, line).await;
    let rooms = "return document.querySelector('#kinds a[href$=showing]').closest('tr').querySelector('.loaded').textContent === '1'";
    until(&desk, rooms).await;
    click(&desk, "#kinds a[href$=showing]").await;
    let room = path.replace("/api/showings/", "showing:");
    until(&desk, &format!("return document.querySelector('#stored a')?.textContent === '{room}'"))
        .await;
    no_error_in_the_console(&driver, &desk, &[]).await;
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_who_reads_nothing_is_named_first() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let desk = desk(&driver, &server).await;
    until(
        &desk,
        "return document.querySelector('#behind-facts').textContent === 'No connection is behind.'",
    )
    .await;
    let (_deaf, slow, _) = one_falls_behind(&server, &server.admin().await).await;
    until(&desk, "return document.querySelector('#behind tbody tr.bad') !== null").await;
    let row = text(&desk, "return document.querySelector('#behind tbody tr').innerText").await;
    let number = slow["connection"].to_string();
    assert!(row.starts_with(&number) && row.contains("nobody in particular"), "{row}");
    // One of the two that it follows may have been taken from it meanwhile.
    assert!(row.contains("showing:"), "{row}");
    no_error_in_the_console(&driver, &desk, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_plays_is_seen_with_how_they_are_reached() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let desk = desk(&driver, &server).await;
    let facts = |said: &str| {
        format!("return document.querySelector('#played-facts').textContent.startsWith('{said}')")
    };
    until(&desk, &facts("No match is played.")).await;
    let id = super::arena::match_with_bots(&server, 2).await;
    super::arena::begin(&server, &id).await;
    until(&desk, &facts("1 match is played, by bots alone.")).await;
    let page = driver.browser("ann").await;
    super::arena::join(&page, &server, &id, "Ann").await;
    until(&desk, &facts("1 match is played, by 1 person.")).await;
    let row = "return /Ann.* ms.* ms.* %.*B.*1 tick.*0$/s.test(document.querySelector('#played tbody tr')?.innerText)";
    until(&desk, row).await;
    no_error_in_the_console(&driver, &desk, &[]).await;
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_are_made_and_deleted_and_it_is_said_what_is_in_none() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let desk = desk(&driver, &server).await;
    part(&desk, "backups").await;
    let says = text(&desk, "return document.querySelector('#view-backups').innerText").await;
    assert!(says.contains("everything but keys, on purpose"), "{says}");
    click(&desk, "#backup").await;
    until(&desk, "return document.querySelectorAll('#backups tbody tr').length === 1").await;
    let kept = std::fs::read_dir(server.data().join("backups")).unwrap().count();
    assert_eq!(kept, 1);
    click(&desk, "#backups button").await;
    click(&desk, "#sure[open] [value=no]").await;
    until(&desk, "return !document.querySelector('#sure').open").await;
    click(&desk, "#backups button").await;
    click(&desk, "#sure-yes").await;
    until(&desk, "return document.querySelector('#backups').textContent === 'There is none yet.'")
        .await;
    no_error_in_the_console(&driver, &desk, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_and_bans_are_asked_for_twice_and_stand_in_the_trail() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let ann = server.person("ann").await;
    let desk = desk(&driver, &server).await;
    part(&desk, "accounts").await;
    fill(&desk, "#search [name=name]", "an\n").await;
    until(&desk, "return document.querySelector('#accounts tbody th')?.textContent === 'ann'")
        .await;
    let choose = "const role = document.querySelector('#accounts .role'); role.value = 'organizer';
        role.dispatchEvent(new Event('change', { bubbles: true }));";
    let role =
        |name: &str| format!("return document.querySelector('#accounts .role').value === '{name}'");
    desk.execute(choose, vec![]).await.unwrap();
    click(&desk, "#sure[open] [value=no]").await;
    until(&desk, &role("user")).await;
    desk.execute(choose, vec![]).await.unwrap();
    click(&desk, "#sure-yes").await;
    until(
        &desk,
        "return document.querySelector('#toasts').innerText.includes('ann is now organizer')",
    )
    .await;
    until(&desk, &role("organizer")).await;
    click(&desk, "#accounts .ban").await;
    click(&desk, "#sure-yes").await;
    until(&desk, "return document.querySelector('#accounts .badge')?.textContent === 'banned'")
        .await;
    assert_eq!(ann.get("/api/accounts/me").await.unwrap_err().code(), "session_ended");
    part(&desk, "trail").await;
    until(&desk, "return document.querySelectorAll('#acts tbody tr').length === 3").await;
    let acts = "return [...document.querySelectorAll('#acts tbody tr')].slice(0, 2)
        .map((row) => [...row.children].slice(1).map((cell) => cell.textContent).join(' | ')).join('; ')";
    let acts = text(&desk, acts).await;
    let id = server.admin().await.get("/api/admin/accounts?name=ann").await.unwrap();
    let room = format!("account:{}", id["items"][0]["id"].as_str().unwrap());
    let expected = format!(
        "admin | account.change | {room} | banned true | done; admin | account.change | {room} | role organizer | done"
    );
    assert_eq!(acts, expected);
    no_error_in_the_console(&driver, &desk, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_for_administrators_alone() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    server.person("ann").await;
    let page = driver.browser("ann").await;
    log_in(&page, &server, "ann", "a long password", "/admin").await;
    let says =
        "return document.querySelector('#who').textContent === 'This page is for administrators.'";
    until(&page, says).await;
    assert_eq!(text(&page, "return document.querySelector('#desk').hidden").await, "true");
    no_error_in_the_console(&driver, &page, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_secret_polls_roll_neither_who_nor_when_is_shown_and_of_a_ballot_not_what_it_says() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let secret = json!({ "secret": true, "results": "after_close" });
    let (poll, id) = open_poll(&server, secret).await;
    let poll =
        server.client().get(&format!("/api/polls/{}", poll["id"].as_str().unwrap())).await.unwrap();
    let ann = voter(&server, &poll["poll"]).await;
    let cast = ballot(&ann, &poll["poll"]).await.unwrap();
    let vote = json!({ "choice": [1], "ballot": cast });
    server.client().post(&format!("/api/polls/{id}/votes"), vote).await.unwrap();
    let desk = desk(&driver, &server).await;
    // All that is there to be read, with everything opened that opens.
    let all = "document.querySelectorAll('#said, #events details').forEach((part) => { part.open = true; });
        return ['#then', '#records', '#events'].map((css) => document.querySelector(css).textContent).join(' ')";
    let open = |what: &str| format!("{all}.includes('{what}')");
    let time = "/\\d:\\d\\d/.test(document.querySelector('#then').textContent + document.querySelector('#records').textContent)";

    desk.goto(&format!("{}/admin?room=roll:{id}&at=1", server.base())).await.unwrap();
    until(&desk, &open("(not shown)")).await;
    let shown = text(&desk, all).await;
    assert!(shown.starts_with("Record 1: Issued") && !shown.contains("guest"), "{shown}");
    assert_eq!(text(&desk, &format!("return {time}")).await, "false", "{shown}");

    desk.goto(&format!("{}/admin?room=poll:{id}", server.base())).await.unwrap();
    until(&desk, &open("(not shown)")).await;
    let shown = text(&desk, all).await;
    assert!(
        shown.contains("Voted") && !shown.contains("choice") && !shown.contains(" B"),
        "{shown}"
    );
    assert_eq!(text(&desk, &format!("return {time}")).await, "true", "other times are told");
    no_error_in_the_console(&driver, &desk, &[]).await;
}
