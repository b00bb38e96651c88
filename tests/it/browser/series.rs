//! The organizer's page of polls: preparing, running in order, moderating.

use std::time::Instant;

use reqwest::Method;
use serde_json::json;

use super::polls::open_poll;
use super::{
    Driver, LOOK_EVERY, Page, WITHIN, click, fill, is_live, log_in, no_error_in_the_console, text,
    until,
};
use crate::server::{ADMIN, Server};

/// Chooses `value` in the field that `css` selects, as a person does.
async fn choose(page: &Page, css: &str, value: &str) {
    let script = "const [css, value] = arguments;
        const field = document.querySelector(css);
        field.value = value;
        field.dispatchEvent(new Event('input', { bubbles: true }));
        return field.value === value;";
    let chosen = page.execute(script, vec![json!(css), json!(value)]).await.unwrap();
    assert_eq!(chosen, json!(true), "{css} has no {value}");
}

async fn prepare(desk: &Page, title: &str, kind: &str, options: &str) {
    fill(desk, "#poll [name=title]", title).await;
    choose(desk, "#poll [name=kind]", kind).await;
    if !options.is_empty() {
        fill(desk, "#poll [name=options]", options).await;
    }
    click(desk, "#poll button:not([type])").await;
    until(
        desk,
        &format!(
            "return document.querySelector('#own li span')?.textContent.startsWith('{title}')"
        ),
    )
    .await;
}

/// Adds the poll called `title` to the series.
async fn add(desk: &Page, title: &str) {
    let id = format!(
        "return [...document.querySelectorAll('#candidates option')].find(o => o.textContent === '{title}').value"
    );
    let id = text(desk, &id).await;
    choose(desk, "#candidates", &id).await;
    click(desk, "#add").await;
    until(desk, &format!("return document.querySelector('#order [data-poll=\"{id}\"]') !== null"))
        .await;
}

/// Waits until `css` has this text.
async fn says(page: &Page, css: &str, text: &str) {
    until(page, &format!("return document.querySelector('{css}')?.textContent === '{text}'")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organizer_runs_three_polls_in_order_while_a_phone_and_a_stage_follow() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let desk = driver.browser("desk").await;
    log_in(&desk, &server, "admin", ADMIN, "/polls").await;
    prepare(&desk, "Which film?", "single", "Metropolis\nM").await;
    prepare(&desk, "One word", "words", "").await;
    prepare(&desk, "How was it?", "rating", "").await;
    for title in ["Which film?", "How was it?", "One word"] {
        add(&desk, title).await;
    }
    click(&desk, "#order li:last-child button").await;
    says(&desk, "#order li:last-child span", "How was it?").await;
    fill(&desk, "#series [name=title]", "Friday").await;
    click(&desk, "#series .row:not(:has(#add)) button:not([type])").await;
    until(&desk, "return / 3 polls, code \\w{6}$/.test(document.querySelector('#all-series li span')?.textContent)")
        .await;
    click(&desk, "#all-series button").await;
    says(&desk, "#run-title", "Which film?").await;
    let code = text(
        &desk,
        "return /Code (\\w{6})/.exec(document.querySelector('#run-facts').textContent)[1]",
    )
    .await;
    let stage_path =
        text(&desk, "return document.querySelector('#projector').getAttribute('href')").await;
    let (phone, stage) = (driver.browser("phone").await, driver.browser("stage").await);
    phone.goto(&format!("{}/join/{code}", server.base())).await.unwrap();
    stage.goto(&format!("{}{stage_path}", server.base())).await.unwrap();
    is_live(&phone).await;
    is_live(&stage).await;

    click(&desk, "#open").await;
    click(&phone, "#ballot .choice:nth-of-type(2)").await;
    until(
        &stage,
        "return document.querySelectorAll('#bars .fill')[1]?.style.transform === 'scaleX(1)'",
    )
    .await;
    let heard = "return document.querySelectorAll('#bars .unseen')[1].textContent";
    assert_eq!(text(&stage, heard).await, "M, 1 vote, 100 percent");
    click(&desk, "#close").await;
    says(&phone, "#phase", "The poll is closed.").await;

    click(&desk, "#next").await;
    says(&desk, "#run-title", "One word").await;
    click(&desk, "#open").await;
    fill(&phone, "#ballot input", "rust\n").await;
    let cloud =
        "return [...document.querySelectorAll('#words li')].map(li => li.firstChild.data).join()";
    until(&stage, &format!("{cloud} === 'rust'")).await;
    click(&desk, "[aria-label='Hide word rust']").await;
    until(&stage, &format!("{cloud} === ''")).await;
    says(&desk, "#undo", "Undo: Hidden: word rust").await;
    click(&desk, "#undo").await;
    until(&stage, &format!("{cloud} === 'rust'")).await;

    click(&desk, "#next").await;
    says(&phone, "#title", "It opens soon").await;
    click(&desk, "#open").await;
    says(&stage, "#title", "How was it?").await;
    click(&phone, "#ballot .choice:nth-of-type(5)").await;
    until(
        &stage,
        "return document.querySelectorAll('#bars .fill')[4]?.style.transform === 'scaleX(1)'",
    )
    .await;
    until(&desk, "return document.querySelector('#run-phase').textContent.endsWith('1 voted.')")
        .await;
    for page in [&desk, &phone, &stage] {
        no_error_in_the_console(&driver, page, &[]).await;
    }
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_asked_wanted_by_another_hidden_and_brought_back() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let (_, id) = open_poll(&server, json!({ "questions": "open" })).await;
    let (ann, bob) = (driver.browser("ann").await, driver.browser("bob").await);
    for phone in [&ann, &bob] {
        phone.goto(&format!("{}/polls/{id}", server.base())).await.unwrap();
        is_live(phone).await;
    }
    fill(&ann, "#ask [name=text]", "Will there be popcorn?\n").await;
    says(&bob, "#asked li span", "Will there be popcorn?").await;
    click(&bob, "#asked button").await;
    says(&ann, "#asked button", "▲ 1").await;
    let desk = driver.browser("desk").await;
    log_in(&desk, &server, "admin", ADMIN, "/polls").await;
    click(&desk, "#own button").await;
    click(&desk, "[aria-label='Hide question Will there be popcorn?']").await;
    until(&bob, "return document.querySelectorAll('#asked li').length === 0").await;
    click(&desk, "#undo").await;
    says(&bob, "#asked button", "▲ 1").await;
    until(&bob, "return document.querySelector('#asked [aria-pressed=true]') !== null").await;
    for page in [&ann, &bob, &desk] {
        no_error_in_the_console(&driver, page, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moderated_question_waits_until_it_is_let_through() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let (_, id) = open_poll(&server, json!({ "questions": "moderated" })).await;
    let (ann, desk) = (driver.browser("ann").await, driver.browser("desk").await);
    ann.goto(&format!("{}/polls/{id}", server.base())).await.unwrap();
    is_live(&ann).await;
    fill(&ann, "#ask [name=text]", "Why?\n").await;
    until(&ann, "return document.querySelector('#toasts').innerText === 'Asked. The presenter looks at it first.'").await;
    log_in(&desk, &server, "admin", ADMIN, "/polls").await;
    click(&desk, "#own button").await;
    until(&desk, "return document.querySelector('.waits')?.innerText.includes('waits for you')")
        .await;
    assert_eq!(text(&ann, "return document.querySelectorAll('#asked li').length").await, "0");
    click(&desk, "[aria-label='Let through question Why?']").await;
    says(&ann, "#asked li span", "Why?").await;
    for page in [&ann, &desk] {
        no_error_in_the_console(&driver, page, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_somebody_else_changed_is_not_overwritten_unasked() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let desk = driver.browser("desk").await;
    log_in(&desk, &server, "admin", ADMIN, "/polls").await;
    prepare(&desk, "Mine", "rating", "").await;
    click(&desk, "#own [aria-label='Edit Mine']").await;
    says(&desk, "#poll-title", "Change poll").await;
    let other = server.admin().await;
    let own = other.get("/api/polls").await.unwrap();
    let path = format!("/api/polls/{}", own["items"][0]["id"].as_str().unwrap());
    let theirs = json!({ "title": "Theirs", "kind": "rating" });
    other.ask(Method::PUT, &path, None, Some(&theirs)).await.unwrap();
    fill(&desk, "#poll [name=title]", " still").await;
    click(&desk, "#poll button:not([type])").await;
    until(&desk, "return !document.querySelector('#conflict').hidden").await;
    assert_eq!(other.get(&path).await.unwrap()["poll"]["title"], "Theirs");
    click(&desk, "#mine").await;
    until(
        &desk,
        "return document.querySelector('#own li span').textContent.startsWith('Mine still')",
    )
    .await;
    assert_eq!(other.get(&path).await.unwrap()["poll"]["title"], "Mine still");
    let refused = path.rsplit('/').next().unwrap();
    no_error_in_the_console(&driver, &desk, &[(refused, 412)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_drawn_the_log_is_a_file_and_a_reset_asks_first() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let (_, id) = open_poll(&server, json!({ "voters": "code" })).await;
    let desk = driver.browser("desk").await;
    let files = driver.profiles.path().join("files");
    let keep = json!({ "behavior": "allow", "downloadPath": files });
    driver.devtools(&desk, "Browser.setDownloadBehavior", keep).await;
    log_in(&desk, &server, "admin", ADMIN, "/polls").await;
    click(&desk, "#own button").await;
    until(&desk, "return document.querySelector('#count') !== null").await;
    choose(&desk, "#count", "0").await;
    click(&desk, "#draw-codes").await;
    until(&desk, "return document.querySelector('#count').matches(':invalid:focus')").await;
    choose(&desk, "#count", "3").await;
    click(&desk, "#draw-codes").await;
    until(&desk, "return document.querySelectorAll('#codes[open] li').length === 3").await;
    click(&desk, "#codes button.quiet").await;
    until(
        &desk,
        "return document.querySelector('#run-facts').textContent.includes('3 personal codes')",
    )
    .await;

    click(&desk, "#export").await;
    let file = files.join(format!("poll-{id}.csv"));
    let deadline = Instant::now() + WITHIN;
    while !std::fs::metadata(&file).is_ok_and(|file| file.len() > 0) {
        assert!(Instant::now() < deadline, "{} does not come", file.display());
        tokio::time::sleep(LOOK_EVERY).await;
    }

    let phase = |starts: &str| {
        format!("return document.querySelector('#run-phase').textContent.startsWith('{starts}')")
    };
    click(&desk, "#reset").await;
    click(&desk, "#sure[open] [value=no]").await;
    until(&desk, "return !document.querySelector('#sure').open").await;
    until(&desk, &phase("Open.")).await;
    click(&desk, "#reset").await;
    click(&desk, "#sure-yes").await;
    until(&desk, &phase("Being prepared.")).await;
    no_error_in_the_console(&driver, &desk, &[]).await;
}
