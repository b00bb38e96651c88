//! The organizer's page.

use super::*;
use crate::server::{ADMIN, showing};

#[tokio::test(flavor = "multi_thread")]
async fn an_organizer_puts_a_showing_on_sale_and_is_shown_a_conflict() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    showing(&server.admin().await, 1, 4).await;
    let page = driver.browser("organizer").await;
    log_in(&page, &server, "admin", ADMIN, "/organizer").await;
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
