//! The playground, with programs in real jails. They need root, as jails of the tier `full` do; without it they say
//! so and pass.

use serde_json::{Value, json};

use super::calm::{WATCH, nothing_moved};
use super::{Driver, Page, click, fill, is_live, log_in, no_error_in_the_console, text, until};
use crate::server::{ADMIN, Server};

/// A server that judges; none where there can be no jail, which is said.
fn judging() -> Option<Server> {
    if !nix::unistd::geteuid().is_root() {
        println!("left out: jails of the tier full need root");
        return None;
    }
    Some(Server::with(&[("PLAYHOUSE_JUDGE_ENABLED", "true")]))
}

/// A browser that is logged in, at the playground, which is ready.
async fn at_the_playground(driver: &Driver, server: &Server) -> Page {
    let page = driver.browser("coder").await;
    log_in(&page, server, "admin", ADMIN, "/playground").await;
    until(&page, "return !document.querySelector('#run').disabled").await;
    is_live(&page).await;
    page
}

/// Runs what the editor holds, and waits until the page follows the new job.
async fn run(page: &Page) {
    let before = text(page, "return location.hash").await;
    click(page, "#run").await;
    until(page, &format!("return location.hash !== {}", json!(before))).await;
}

/// Waits until the job stands where `words` say.
async fn stands(page: &Page, words: &str) {
    let script =
        format!("return document.querySelector('#status').textContent.includes({})", json!(words));
    until(page, &script).await;
}

/// Waits until the program wrote `words` to `stream`.
async fn wrote(page: &Page, stream: &str, words: &str) {
    let script = format!(
        "return [...document.querySelectorAll('#log .{stream}')].map((part) => part.textContent)
            .join('').includes({})",
        json!(words)
    );
    until(page, &script).await;
}

/// Puts `source` in place of what the editor holds, as a person who pastes it.
async fn write(page: &Page, language: &str, source: &str) {
    let script = "const [language, source] = arguments;
        const choice = document.querySelector('#language');
        choice.value = language;
        choice.dispatchEvent(new Event('change', { bubbles: true }));
        const area = document.querySelector('.editor:not([hidden]) textarea');
        area.focus();
        area.select();
        document.execCommand('insertText', false, source);";
    page.execute(script, vec![json!(language), json!(source)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_streams_what_it_writes_and_reads_what_is_typed() {
    let Some(driver) = Driver::start() else { return };
    let Some(server) = judging() else { return };
    let page = at_the_playground(&driver, &server).await;
    click(&page, "[data-example=hello-c]").await;
    until(&page, "return document.querySelector('.painted .t-macro') !== null").await;
    run(&page).await;
    wrote(&page, "stdout", "What is your name?").await;
    fill(&page, "#typed [name=line]", "<b>Ann</b>\n").await;
    stands(&page, "Ended well, exit 0").await;
    wrote(&page, "stdout", "Hello, <b>Ann</b>!").await;
    wrote(&page, "typed", "<b>Ann</b>").await;
    let marked = text(&page, "return document.querySelectorAll('#result b').length").await;
    assert_eq!(marked, "0", "what a program writes is no markup");

    let source = "import sys\nfor line in sys.stdin:\n    print(line.strip()[::-1], file=sys.stderr, flush=True)\nprint('done')\n";
    write(&page, "python", source).await;
    run(&page).await;
    stands(&page, "Running").await;
    fill(&page, "#typed [name=line]", "abc\n").await;
    wrote(&page, "stderr", "cba").await;
    click(&page, "#end").await;
    stands(&page, "Ended well, exit 0").await;
    wrote(&page, "stdout", "done").await;

    // A reload shows the same job, and what was written.
    let job = text(&page, "return location.hash").await;
    page.refresh().await.unwrap();
    stands(&page, "Ended well, exit 0").await;
    wrote(&page, "stderr", "cba").await;
    assert_eq!(text(&page, "return location.hash").await, job);
    until(&page, "return document.querySelectorAll('#jobs li').length === 2").await;
    until(&page, "return document.querySelector('.editor textarea').value.includes('[::-1]')")
        .await;

    // An earlier one is opened again, with its source.
    click(&page, "#jobs li:nth-child(2) button").await;
    wrote(&page, "stdout", "Hello, <b>Ann</b>!").await;
    until(&page, "return document.querySelector('.editor textarea').value.includes('stdio.h')")
        .await;
    no_error_in_the_console(&driver, &page, &[]).await;
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_from_the_first_paint_to_the_end_of_a_program() {
    let Some(driver) = Driver::start() else { return };
    let Some(server) = judging() else { return };
    let page = driver.browser("phone").await;
    let screen = json!({ "width": 360, "height": 780, "deviceScaleFactor": 1, "mobile": true });
    driver.devtools(&page, "Emulation.setDeviceMetricsOverride", screen).await;
    log_in(&page, &server, "admin", ADMIN, "/").await;
    let watch = json!({ "source": WATCH });
    driver.devtools(&page, "Page.addScriptToEvaluateOnNewDocument", watch).await;
    page.goto(&format!("{}/playground", server.base())).await.unwrap();
    until(&page, "return !document.querySelector('#run').disabled").await;
    until(&page, "return document.querySelector('.painted span') !== null").await;
    is_live(&page).await;
    nothing_moved(&page, "opened").await;
    let source = "import sys\nfor n in range(50):\n    print(n)\nprint('no', file=sys.stderr)\n";
    write(&page, "python", source).await;
    run(&page).await;
    stands(&page, "Ended well, exit 0").await;
    nothing_moved(&page, "ended").await;
    page.refresh().await.unwrap();
    stands(&page, "Ended well, exit 0").await;
    until(&page, "return document.querySelectorAll('#jobs li').length === 1").await;
    nothing_moved(&page, "opened again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_held_against_tests_and_the_table_says_which_went_wrong() {
    let Some(driver) = Driver::start() else { return };
    let Some(server) = judging() else { return };
    let page = at_the_playground(&driver, &server).await;
    write(&page, "python", "a, b = map(int, input().split())\nprint(a + b)\n").await;
    for (n, (stdin, expected)) in (1..).zip([("2 3", "5"), ("2 2", "5")]) {
        click(&page, "#add-test").await;
        let area = |at| format!("#tests li:nth-child({n}) label:nth-of-type({at}) textarea");
        fill(&page, &area(1), stdin).await;
        fill(&page, &area(2), expected).await;
    }
    click(&page, "#judge").await;
    stands(&page, "Wrong answer, 1 of 2 points").await;
    let verdicts = "return [...document.querySelectorAll('#cases .verdict')].map((cell) => cell.textContent).join()";
    assert_eq!(text(&page, verdicts).await, "✓ Accepted,✗ Wrong answer");
    until(
        &page,
        "return document.querySelectorAll('#cases tbody tr')[1].textContent.includes('4')",
    )
    .await;
    no_error_in_the_console(&driver, &page, &[]).await;
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_examples_come_to_the_end_that_they_say() {
    let Some(driver) = Driver::start() else { return };
    let Some(server) = judging() else { return };
    let page = at_the_playground(&driver, &server).await;
    click(&page, "[data-example=endless]").await;
    run(&page).await;
    wrote(&page, "stdout", "Here I stay.").await;
    click(&page, "#cancel").await;
    stands(&page, "Cancelled").await;
    let ends = [
        ("endless", "Time limit"),
        ("fork-bomb", "Process limit"),
        ("sleeper", "Wall limit"),
        ("memory-hog", "Memory limit"),
        ("shadow", "Runtime error"),
        ("flood", "Output limit"),
        ("caller", "Runtime error"),
        ("tracer", "Security violation"),
    ];
    for (example, end) in ends {
        click(&page, &format!("[data-example={example}]")).await;
        run(&page).await;
        stands(&page, end).await;
    }
    let every = page.execute(
        "return [...document.querySelectorAll('#hostile [data-example]')].map((one) => one.dataset.example)",
        vec![],
    );
    let Value::Array(every) = every.await.unwrap() else { panic!("a list") };
    assert_eq!(every.len(), ends.len(), "each is tried: {every:?}");
    let kept = "return document.querySelector('#log').textContent.length <= 65_536 * 2";
    until(&page, kept).await;
    no_error_in_the_console(&driver, &page, &[]).await;
    server.saw_no_panic();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_on_while_the_page_is_cut_off_and_is_found_again() {
    let Some(driver) = Driver::start() else { return };
    let Some(mut server) = judging() else { return };
    let page = at_the_playground(&driver, &server).await;
    write(&page, "python", "import time\nfor n in range(20):\n    print(n, flush=True)\n    time.sleep(0.1)\nprint('over')\n").await;
    run(&page).await;
    wrote(&page, "stdout", "3\n").await;
    server.kill();
    until(&page, "return document.querySelector('#connection').textContent !== 'live'").await;
    server.run();
    stands(&page, "Ended well, exit 0").await;
    wrote(&page, "stdout", "18\n19\nover").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_can_be_run_the_page_says_why_and_a_stranger_is_asked_to_log_in() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let page = driver.browser("stranger").await;
    page.goto(&format!("{}/playground", server.base())).await.unwrap();
    until(&page, "return !document.querySelector('#unready').hidden").await;
    until(&page, "return document.querySelector('#mend').textContent.length > 10").await;
    until(&page, "return document.querySelector('#run').disabled").await;
    until(&page, "return document.querySelector('.editor textarea').value.length > 10").await;
    no_error_in_the_console(&driver, &page, &[]).await;
    let Some(judging) = judging() else { return };
    page.goto(&format!("{}/playground", judging.base())).await.unwrap();
    until(&page, "return document.querySelector('#hint a')?.textContent === 'Log in'").await;
    no_error_in_the_console(&driver, &page, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_editor_indents_by_tab_leaves_by_escape_and_can_undo() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let page = driver.browser("typist").await;
    page.goto(&format!("{}/playground", server.base())).await.unwrap();
    let area = ".editor textarea";
    until(&page, "return document.querySelector('.editor textarea')?.value.length > 10").await;
    page.execute("document.querySelector('.editor textarea').select()", vec![]).await.unwrap();
    fill(&page, area, "if x:\n\u{e004}y").await;
    let value = "return document.querySelector('.editor textarea').value";
    assert_eq!(text(&page, value).await, "if x:\n    y");
    fill(&page, area, "\u{e009}zz\u{e000}").await;
    assert_ne!(text(&page, value).await, "if x:\n    y", "the browser undoes what was typed");
    fill(&page, area, "\u{e00c}\u{e004}").await;
    until(&page, "return document.activeElement.tagName !== 'TEXTAREA'").await;
    // Two layers lie on each other: as wide and as high as what is typed.
    let numbers = "return document.querySelector('.numbers').textContent.split('\\n').length
        === document.querySelector('.editor textarea').value.split('\\n').length";
    until(&page, numbers).await;
}
