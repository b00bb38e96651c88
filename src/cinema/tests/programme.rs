//! Movies, screens and showings, and the lists of them.

use serde_json::json;

use super::super::shapes::{Movie, Slot};
use super::*;

#[actix_web::test]
async fn a_movie_is_changed_on_its_newest_state_alone() {
    let house = House::open().await;
    let path = format!("/api/movies/{}", house.movie("Metropolis", 153).await);
    let before = house.get(&path, NOBODY).await;
    let tag = before.header("etag").to_owned();
    let change = async |who: &Person, tag: &str, minutes: u16| {
        let body = json!({"title": "Metropolis", "minutes": minutes, "poster_url": "https://example.org/m.jpg"});
        house.ask(Method::PUT, &path, who, &[("if-match", tag)], Some(body)).await
    };
    let ann = house.person("ann").await;
    assert_eq!(change(&ann, &tag, 150).await.refused(), (403, "forbidden"));
    assert_eq!(change(&house.admin, &tag, 150).await.read::<Movie>().minutes, 150);
    assert_eq!(change(&house.admin, &tag, 149).await.refused(), (412, "stale_revision"));
    let known = house.ask(Method::GET, &path, NOBODY, &[("if-none-match", &tag)], None).await;
    assert_eq!(known.read::<Movie>().minutes, 150);
    let tag = known.header("etag").to_owned();
    let known = house.ask(Method::GET, &path, NOBODY, &[("if-none-match", &tag)], None).await;
    assert_eq!((known.status, known.body), (304, Value::Null));
    house.close().await;
}

#[actix_web::test]
async fn two_showings_cannot_share_a_screen_and_its_cleaning_time() {
    let house = House::open().await;
    let movie = house.movie("Metropolis", 100).await;
    let screen = house.screen("Screen 1", json!([{"row": "A", "seats": 4}])).await;
    let first: Showing = house.schedule(&movie, &screen, "2028-05-01T20:00:00Z").await.made();
    let clash = house.schedule(&movie, &screen, "2028-05-01T21:54:00Z").await;
    assert_eq!(clash.refused(), (409, "showing_overlaps"));
    assert_eq!(clash.body["conflicts"], json!([first.id]));
    let second: Showing = house.schedule(&movie, &screen, "2028-05-01T21:55:00Z").await.made();
    let slots = house.get(&format!("/api/screens/{screen}/schedule"), NOBODY).await;
    let slots: Vec<Slot> = serde_json::from_value(slots.body["items"].clone()).unwrap();
    let ids: Vec<_> = slots.iter().map(|slot| slot.showing_id.clone()).collect();
    assert_eq!(ids, [first.id, second.id.clone()]);
    assert_eq!(slots[0].clean_at, second.starts_at);
    let past = house.schedule(&movie, &screen, "2020-05-01T20:00:00Z").await;
    assert_eq!(past.refused(), (422, "starts_in_past"));
    house.close().await;
}

/// The ids of a list, page by page.
async fn all(house: &House, path: &str, limit: usize) -> Vec<String> {
    let join = if path.contains('?') { '&' } else { '?' };
    let (mut ids, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = house.get(&format!("{path}{join}limit={limit}{cursor}"), NOBODY).await;
        let items: Vec<Showing> = serde_json::from_value(page.body["items"].clone()).unwrap();
        assert!(items.len() <= limit);
        ids.extend(items.into_iter().map(|showing| showing.id));
        let Some(next) = page.body["next"].as_str() else { return ids };
        cursor = format!("&cursor={next}");
    }
}

#[actix_web::test]
async fn one_query_tells_what_is_free_by_movie_theatre_and_time() {
    let house = House::open().await;
    let (one, two) = (house.movie("Metropolis", 90).await, house.movie("Nosferatu", 90).await);
    let rows = json!([{"row": "A", "seats": 3}, {"row": "B", "seats": 2, "kind": "premium"}]);
    let odeon = house.screen("Screen 1", rows.clone()).await;
    let rex = json!({"name": "Screen 1", "theater": "Rex/Lux", "rows": rows});
    let rex =
        house.post("/api/screens", &house.admin, rex).await.body["id"].as_str().unwrap().to_owned();
    let mut ids = Vec::new();
    for (movie, screen, day) in
        [(&one, &odeon, 1), (&one, &rex, 2), (&two, &odeon, 2), (&one, &odeon, 3), (&two, &rex, 4)]
    {
        let starts_at = format!("2028-05-0{day}T20:00:00Z");
        ids.push(house.schedule(movie, screen, &starts_at).await.made::<Showing>().id);
    }
    let pick = |places: &[usize]| places.iter().map(|n| ids[*n].clone()).collect::<Vec<_>>();
    let list = async |query: &str| all(&house, &format!("/api/availability{query}"), 2).await;
    // Two start at the same moment: by id then.
    let mut whole = list("").await;
    whole[1..3].sort_by_key(|id| ids.iter().position(|i| i == id));
    assert_eq!(whole, ids);
    assert_eq!(list(&format!("?movie={one}")).await, pick(&[0, 1, 3]));
    assert_eq!(list("?theater=rex%2FLUX").await, pick(&[1, 4]));
    assert_eq!(list(&format!("?movie={one}&theater=Odeon")).await, pick(&[0, 3]));
    let range = "from=2028-05-02T20:00:00Z&to=2028-05-04T20:00:00Z";
    assert_eq!(list(&format!("?movie={one}&{range}")).await, pick(&[1, 3]));
    assert_eq!(list(&format!("?movie={two}&theater=Odeon&{range}")).await, pick(&[2]));
    assert_eq!(list("?from=2028-05-04T20:00:00.001Z").await, pick(&[]));

    let ann = house.person("ann").await;
    house.buy(&format!("/api/showings/{}", ids[0]), &ann, &["A1", "B1"]).await;
    let path = format!("/api/availability?movie={one}&to=2028-05-02T00:00:00Z");
    let answer = house.get(&path, NOBODY).await;
    assert_eq!(answer.body["items"][0]["free_by_kind"], json!({"standard": 2, "premium": 1}));
    assert_eq!(answer.body["items"][0]["seats"]["sold"], 2);
    let tag = answer.header("etag");
    let again = house.ask(Method::GET, &path, NOBODY, &[("if-none-match", tag)], None).await;
    assert_eq!(again.status, 304);
    for query in ["?movie=x", "?from=yesterday", "?limit=0", "?limit=201", "?cursor=%25", "?day=1"]
    {
        let bad = house.get(&format!("/api/showings{query}"), NOBODY).await;
        assert_eq!(bad.refused().0, 422, "{query}");
    }
    house.close().await;
}
