//! Secret polls: a ballot is given to a voter by name, and cast without one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use playhouse_loadtest::ballot::Key;
use playhouse_loadtest::client::{Client, ClientError};
use serde_json::{Value, json};

use super::{id_of, open_poll, voter};
use crate::server::Server;

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A ballot of `voter`'s, whose signature was unblinded.
pub(crate) async fn ballot(voter: &Client, poll: &Value) -> Result<Value, ClientError> {
    let key = Key::read(poll["ballot_key"].as_str().unwrap()).unwrap();
    let token: [u8; 64] = rand::random();
    let (blinded, unblind) = key.blind(&token);
    let path = format!("/api/polls/{}/ballots", id_of(poll));
    let request = json!({ "blinded": text(&blinded) });
    let signed = voter.post(&path, request.clone()).await?;
    assert_eq!(voter.post(&path, request).await?, signed, "the same request is signed again");
    let signature = URL_SAFE_NO_PAD.decode(signed["signature"].as_str().unwrap()).unwrap();
    let signature = unblind.finalize(&signature).expect("the blind signature is good");
    Ok(json!({ "token": text(&token), "signature": text(&signature) }))
}

#[tokio::test]
async fn a_secret_ballot_is_given_once_by_name_and_cast_once_without_one() {
    let server = Server::start();
    let presenter = server.admin().await;
    let secret = json!({ "secret": true, "results": "after_close" });
    let (poll, path) = open_poll(&presenter, secret.clone()).await;
    let votes = format!("{path}/votes");
    let vote = |ballot: &Value, choice: u8| json!({ "choice": [choice], "ballot": ballot });

    let ann = voter(&server, &poll).await;
    let anns = ballot(&ann, &poll).await.unwrap();
    assert_eq!(ballot(&ann, &poll).await.unwrap_err().code(), "ballot_issued_before");
    assert_eq!(ann.post(&votes, vote(&anns, 0)).await.unwrap_err().code(), "ballot_with_name");
    assert_eq!(
        ann.post(&votes, json!({ "choice": [0] })).await.unwrap_err().code(),
        "ballot_needed"
    );

    let nobody = server.client();
    let receipt = nobody.post(&votes, vote(&anns, 0)).await.unwrap();
    assert_eq!(nobody.post(&votes, vote(&anns, 0)).await.unwrap(), receipt, "it counts once");
    assert_eq!(nobody.post(&votes, vote(&anns, 1)).await.unwrap_err().code(), "voted_before");

    let made_up = json!({ "token": text(&[7; 64]), "signature": text(&[7; 256]) });
    assert_eq!(nobody.post(&votes, vote(&made_up, 1)).await.unwrap_err().code(), "bad_ballot");
    let (other, _) = open_poll(&presenter, secret).await;
    let elsewhere = ballot(&ann, &other).await.unwrap();
    assert_eq!(nobody.post(&votes, vote(&elsewhere, 1)).await.unwrap_err().code(), "bad_ballot");

    let seen = presenter.get(&path).await.unwrap();
    assert_eq!(seen["tally"], json!({ "ballots": 1 }), "not even its maker sees how it stands");
    // Nor does an administrator, record by record.
    let journal = format!("/api/admin/rooms/poll:{}/journal", id_of(&poll));
    let journal = presenter.get(&journal).await.unwrap();
    let cast = json!([{ "Voted": "(not shown)" }]);
    let records = journal["records"].as_array().unwrap();
    let ballots: Vec<_> = records.iter().filter(|record| record["events"] == cast).collect();
    assert!(ballots.len() == 1 && ballots[0]["bytes"].is_null(), "{journal}");
    assert!(!journal.to_string().contains("choice"), "{journal}");
    presenter.post(&format!("{path}/close"), json!({})).await.unwrap();
    let seen = nobody.get(&path).await.unwrap();
    assert_eq!(seen["tally"], json!({ "ballots": 1, "counts": [1, 0] }));
    let rolls = format!("/api/admin/rooms/roll:{}/journal", id_of(&poll));
    let records = presenter.get(&rolls).await.unwrap()["records"].as_array().unwrap().clone();
    assert!(!records.is_empty());
    for record in records {
        assert_eq!(
            [&record["cause"], &record["at"]],
            [&Value::Null; 2],
            "not even who asked, or when"
        );
    }
    let late = voter(&server, &poll).await;
    assert_eq!(ballot(&late, &poll).await.unwrap_err().code(), "poll_closed");
}
