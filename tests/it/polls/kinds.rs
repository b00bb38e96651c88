//! Each kind of poll, by each way, as a voter's own client sees it.

use std::time::Duration;

use playhouse_loadtest::presenter::{Presenter, id_of};
use playhouse_loadtest::tallies::Tallies;
use playhouse_loadtest::voter::{Door, Vote, Voter};
use serde_json::{Value, json};

use crate::server::Server;

/// A poll of three options with what `with` says, open.
async fn open(presenter: &Presenter, with: Value) -> Value {
    let mut asks = json!({ "title": "Which?", "kind": "single", "options": ["A", "B", "C"] });
    for (name, value) in with.as_object().unwrap() {
        asks[name] = value.clone();
    }
    presenter.make_open(asks).await.unwrap()
}

/// Waits until the follower of `tallies` has seen `ballots` ballots.
async fn until(voter: &mut Voter, tallies: &mut Tallies, ballots: u64) {
    let seen = async {
        while tallies.ballots() < ballots {
            voter.watch(tallies, Duration::from_millis(20)).await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.expect("the bars move");
}

#[tokio::test]
async fn every_kind_of_vote_counts_once_by_either_way_and_moves_what_its_voter_follows() {
    let server = Server::start();
    let presenter = Presenter::new(server.admin().await);
    let none = json!([]);
    let counts = |counts: [u32; 3]| json!(counts);
    for (with, ann, bob, expected) in [
        (json!({}), Vote::options([0]), Vote::options([2]), counts([1, 0, 1])),
        (
            json!({ "kind": "multiple", "max": 2 }),
            Vote::options([0, 1]),
            Vote::options([1]),
            counts([1, 2, 0]),
        ),
        (
            json!({ "kind": "rating", "options": none }),
            Vote::options([5]),
            Vote::options([1]),
            json!([1, 0, 0, 0, 1]),
        ),
        (
            json!({ "kind": "ranked" }),
            Vote::options([2, 0, 1]),
            Vote::options([2]),
            counts([0, 0, 2]),
        ),
        (
            json!({ "kind": "quiz", "right": 1, "seconds": 600 }),
            Vote::options([1]).named("Ann"),
            Vote::options([0]).named("Bob"),
            counts([1, 1, 0]),
        ),
    ] {
        let poll = open(&presenter, with.clone()).await;
        let (id, code) = (id_of(&poll), poll["join_code"].as_str().unwrap());
        let mut anns = Voter::join(&server.client(), Door::Code(code)).await.unwrap();
        let mut bobs = Voter::join(&server.client(), Door::Poll(id)).await.unwrap();
        assert_eq!(anns.poll(), Some(id));
        let mut tallies = Tallies::of(id);
        bobs.follow(&mut tallies).await.unwrap();

        let told = anns.vote_as("one", id, &ann).await.unwrap();
        let live = bobs.vote_as("one", id, &bob).await.unwrap();
        assert!(bobs.is_live(), "{with}: the vote went over the live connection");
        assert_ne!(told.ballot, live.ballot);
        until(&mut bobs, &mut tallies, 2).await;
        let seen = presenter.look(id).await.unwrap()["tally"].clone();
        assert_eq!(tallies.tally(), &seen, "{with}");
        assert_eq!(seen["counts"], expected, "{with}");

        // The other way, and after joining again: the same vote, the same receipt.
        bobs.hang_up();
        assert_eq!(bobs.vote_as("one", id, &bob).await.unwrap(), live);
        anns.join_again(Door::Poll(id)).await.unwrap();
        anns.go_live().await.unwrap();
        assert_eq!(anns.vote_as("one", id, &ann).await.unwrap(), told);
        assert_eq!(anns.look(id).await.unwrap()["mine"]["vote"]["receipt"], json!(told));
        assert_eq!(anns.kept().count(), 2);
        presenter.close(id).await.unwrap();
        assert_eq!(anns.vote(id, &ann).await.unwrap(), told, "who asks again is told again");
        let mut late = Voter::join(&server.client(), Door::Poll(id)).await.unwrap();
        assert_eq!(late.vote(id, &ann).await.unwrap_err().code(), "poll_closed");
    }
}

#[tokio::test]
async fn words_personal_codes_and_secret_ballots_are_cast_as_a_voter_does() {
    let server = Server::start();
    let presenter = Presenter::new(server.admin().await);
    let cloud = json!({ "kind": "words", "max": 2, "options": [] });
    let cloud = open(&presenter, cloud).await;
    let mut ann = Voter::join(&server.client(), Door::Poll(id_of(&cloud))).await.unwrap();
    ann.vote(id_of(&cloud), &Vote::words(&["rust", "actors"])).await.unwrap();
    presenter.word(id_of(&cloud), "rust", true).await.unwrap();
    let seen = ann.look(id_of(&cloud)).await.unwrap();
    assert_eq!(seen["tally"]["words"], json!([{ "word": "actors", "count": 1 }]));

    let coded = open(&presenter, json!({ "voters": "code" })).await;
    let codes = presenter.codes(id_of(&coded), 2).await.unwrap();
    let vote = Vote::options([1]).with_code(&codes[0]);
    let receipt = ann.vote(id_of(&coded), &vote).await.unwrap();
    let mut bob = Voter::of(server.client());
    assert_eq!(bob.vote(id_of(&coded), &vote).await.unwrap(), receipt, "one code, one vote");

    let secret = open(&presenter, json!({ "secret": true, "results": "after_close" })).await;
    let ballot = ann.ballot(&secret, None).await.unwrap();
    let again = ann.ballot(&secret, None).await.unwrap_err();
    assert_eq!(again.code(), "ballot_issued_before");
    let cast = ann.cast(id_of(&secret), &ballot, &Vote::options([2])).await.unwrap();
    let repeat = ann.cast(id_of(&secret), &ballot, &Vote::options([2])).await.unwrap();
    assert_eq!(repeat, cast);
    presenter.close(id_of(&secret)).await.unwrap();
    let seen = ann.look(id_of(&secret)).await.unwrap();
    assert_eq!(seen["tally"], json!({ "ballots": 1, "counts": [0, 0, 1] }));
    assert!(presenter.export(id_of(&secret)).await.unwrap().contains(&cast.hash));
}

#[tokio::test]
async fn those_who_joined_a_series_are_led_on_and_ask_on_the_way() {
    let server = Server::start();
    let presenter = Presenter::new(server.admin().await);
    let first = open(&presenter, json!({ "questions": "open" })).await;
    let second = open(&presenter, json!({})).await;
    let series = presenter.series("Evening", &[id_of(&first), id_of(&second)]).await.unwrap();
    presenter.go(id_of(&series), Some(id_of(&first))).await.unwrap();
    let code = series["join_code"].as_str().unwrap();
    let mut ann = Voter::join(&server.client(), Door::Code(code)).await.unwrap();
    assert_eq!((ann.series(), ann.poll()), (Some(id_of(&series)), Some(id_of(&first))));
    // The room of the questions is told of the poll in its own time.
    let asked = async {
        loop {
            match ann.ask(id_of(&first), "Why?", Some("Ann")).await {
                Err(no) if no.code() == "not_found" => tokio::task::yield_now().await,
                asked => return asked.unwrap(),
            }
        }
    };
    let asked = tokio::time::timeout(Duration::from_secs(10), asked).await.unwrap();
    let number = asked["id"].as_u64().unwrap();
    let mut bob = Voter::join(&server.client(), Door::Code(code)).await.unwrap();
    assert_eq!(bob.want(id_of(&first), number, true).await.unwrap()["votes"], 1);
    bob.go_live().await.unwrap();
    assert_eq!(bob.want(id_of(&first), number, true).await.unwrap()["votes"], 1, "once each");
    let answered = json!({ "answered": true });
    presenter.moderate(id_of(&first), number, &answered).await.unwrap();
    presenter.clear_questions(id_of(&first)).await.unwrap();
    presenter.go(id_of(&series), Some(id_of(&second))).await.unwrap();
    ann.join_again(Door::Series(id_of(&series))).await.unwrap();
    assert_eq!(ann.poll(), Some(id_of(&second)));
}
