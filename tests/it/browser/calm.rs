//! The voter's page moves nothing under a finger.

use serde_json::{Value, json};

use super::{Driver, Page, click, is_live, no_error_in_the_console, text, until};
use crate::server::Server;

/// Collects every layout shift from the first paint on.
pub(super) const WATCH: &str = "window.shifts = [];
    new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries()) {
            const moved = sources.map(({ node, previousRect: a, currentRect: b }) =>
                `${node?.id || node?.nodeName} ${a.y}+${a.height} to ${b.y}+${b.height}`);
            shifts.push({ value, moved });
        }
    }).observe({ type: 'layout-shift', buffered: true });";

/// How much may move in all, by the browser's own measure (the part of the screen that moved, times the
/// part of it by which it moved). 0.005: one paragraph that moves by one line on this screen makes 0.006,
/// so that not even that passes. It is 0 today; a browser calls 0.1 good.
const SHIFT_MAX: f64 = 0.005;

/// Nothing moved so far, two frames after what happened last.
pub(super) async fn nothing_moved(phone: &Page, when: &str) {
    let frames = "const done = arguments[0];
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(window.shifts))));";
    let shifts = phone.execute_async(frames, vec![]).await.unwrap();
    let sum: f64 = shifts.as_array().unwrap().iter().filter_map(|s| s["value"].as_f64()).sum();
    assert!(sum <= SHIFT_MAX, "{when}: moved by {sum}: {shifts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_on_the_phone_from_joining_to_the_next_poll() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let presenter = server.admin().await;
    let kinds = [
        json!({ "title": "Which film shall we show on Friday evening?", "kind": "single",
            "options": ["Metropolis", "M"], "results": "after_close", "questions": "open" }),
        json!({ "title": "Snacks?", "kind": "multiple", "options": ["Popcorn", "Nachos"], "max": 2 }),
        json!({ "title": "Who made M?", "kind": "quiz", "options": ["Lang", "Murnau"], "right": 0,
            "seconds": 600, "questions": "open" }),
        json!({ "title": "One word", "kind": "words", "max": 2, "questions": "open" }),
    ];
    let mut polls = Vec::new();
    for asks in kinds {
        let poll = presenter.post("/api/polls", asks).await.unwrap();
        polls.push(poll["id"].as_str().unwrap().to_owned());
    }
    let series = json!({ "title": "Friday", "polls": polls });
    let series = presenter.post("/api/series", series).await.unwrap();
    let go = format!("/api/series/{}/go", series["id"].as_str().unwrap());
    let phone = driver.browser("phone").await;
    let screen = json!({ "width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": true });
    driver.devtools(&phone, "Emulation.setDeviceMetricsOverride", screen).await;
    let watch = json!({ "source": WATCH });
    driver.devtools(&phone, "Page.addScriptToEvaluateOnNewDocument", watch).await;
    let code = series["join_code"].as_str().unwrap();
    phone.goto(&format!("{}/join/{code}", server.base())).await.unwrap();
    is_live(&phone).await;
    until(&phone, "return document.querySelector('#top .who') !== null").await;
    nothing_moved(&phone, "joined").await;
    for (n, poll) in polls.iter().enumerate() {
        presenter.post(&go, json!({ "poll_id": poll })).await.unwrap();
        until(&phone, "return document.querySelector('#phase').textContent === 'It opens soon.'")
            .await;
        nothing_moved(&phone, "the next poll").await;
        presenter.post(&format!("/api/polls/{poll}/open"), json!({})).await.unwrap();
        until(&phone, "return document.querySelector('#phase').textContent === 'Choose now.'")
            .await;
        nothing_moved(&phone, "opened").await;
        vote(&phone, n).await;
        until(&phone, "return document.querySelector('#receipt code') !== null").await;
        nothing_moved(&phone, "the receipt").await;
        presenter.post(&format!("/api/polls/{poll}/close"), json!({})).await.unwrap();
        until(
            &phone,
            "return document.querySelector('#phase').textContent === 'The poll is closed.'",
        )
        .await;
        until(&phone, "return !document.querySelector('#voted').textContent.includes('hidden')")
            .await;
        nothing_moved(&phone, "closed").await;
    }
    // The measure is alive: what does move is seen.
    phone.execute("document.querySelector('#phase').style.height = '60px'", vec![]).await.unwrap();
    until(&phone, "return window.shifts.length > 0").await;
    no_error_in_the_console(&driver, &phone, &[]).await;
}

/// Votes in the `n`th of the polls above.
async fn vote(phone: &Page, n: usize) {
    match n {
        0 | 2 => click(phone, "#ballot .choice").await,
        1 => {
            click(phone, "#ballot .choice").await;
            click(phone, "#ballot button:not([type])").await;
        }
        _ => super::fill(phone, "#ballot input", "rust\n").await,
    }
    let marked =
        "return document.querySelector('#ballot [aria-pressed=true], #ballot input') !== null";
    assert_eq!(text(phone, marked).await, Value::Bool(true).to_string());
}
