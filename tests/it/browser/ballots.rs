//! The page's half of a secret ballot, against known answers.

use serde_json::{Value, json};

use super::Driver;
use crate::server::Server;

/// Draws and finishes the ballot of the vector in `arguments[0]`; tells what came out of it.
const SCRIPT: &str = "
    const [vector, done] = arguments;
    const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
    const hex = (text) => [...read64(text)].map((b) => b.toString(16).padStart(2, '0')).join('');
    let read64;
    (async () => {
        const ballot = await import('/static/ballot.js');
        read64 = ballot.read64;
        const [n, e] = [vector.n, vector.e].map((number) => ballot.write64(bytes(number)));
        const scheme = { name: 'RSA-PSS', hash: 'SHA-384' };
        const key = await crypto.subtle.importKey('jwk', { kty: 'RSA', n, e }, scheme, true, ['verify']);
        const spki = ballot.write64(new Uint8Array(await crypto.subtle.exportKey('spki', key)));
        const chance = {
            token: () => bytes(vector.msg_prefix + vector.msg),
            salt: () => bytes(vector.salt),
            factor: () => bytes(vector.r),
        };
        const drawn = await ballot.draw(spki, chance);
        const finished = await ballot.finish(spki, drawn, ballot.write64(bytes(vector.blind_sig)));
        const spoiled = bytes(vector.blind_sig);
        spoiled[100] ^= 1;
        const refused = await ballot.finish(spki, drawn, ballot.write64(spoiled)).then(() => '', (error) => error.message);
        return { blinded: hex(drawn.blinded), back: hex(drawn.back), sig: hex(finished.signature), refused };
    })().then(done, (error) => done({ error: String(error) }));";

#[tokio::test]
async fn a_ballot_is_blinded_and_finished_as_rfc_9474_says() {
    let Some(driver) = Driver::start() else { return };
    let server = Server::start();
    let page = driver.browser("voter").await;
    page.goto(&format!("{}/join", server.base())).await.unwrap();
    let vector: Value = serde_json::from_str(include_str!("rfc9474.json")).unwrap();
    let made = page.execute_async(SCRIPT, vec![vector.clone()]).await.unwrap();
    assert_eq!(
        made,
        json!({
            "blinded": vector["blinded_msg"],
            "back": vector["inv"],
            "sig": vector["sig"],
            "refused": "the server's signature is not good",
        })
    );
}
