//! What administrators do. Each act is taken down in the trail first, so the trail has their first record.

use reqwest::Method;
use serde_json::{Value, json};

use super::case::{Again, Case, Seen};
use super::house::{House, id};

pub(super) const TRAIL: &str = "audit:house";

/// A movie of three records: its path, and that of its room.
async fn movie(house: &House) -> (String, String) {
    let title = |n: u8| json!({ "title": format!("Version {n}"), "minutes": 90 });
    let movie = house.admin.post("/api/movies", title(1)).await.unwrap();
    let path = format!("/api/movies/{}", id(&movie));
    for n in 2..=3 {
        house.admin.ask(Method::PUT, &path, None, Some(&title(n))).await.unwrap();
    }
    let room = format!("/api/admin/rooms/movie:{}", id(&movie));
    (path, room)
}

/// The same, closed.
async fn closed(house: &House) -> (String, String) {
    let (path, room) = movie(house).await;
    house.close(&room).await;
    (path, room)
}

/// The case of an administrative act.
pub(super) async fn of_acts(house: &House, operation: &str) -> Case {
    let admin = &house.admin;
    let newest = Seen::At("/title", json!("Version 3"));
    let case =
        match operation {
            "POST /api/admin/backups" => {
                house.forget_backups().await;
                // One that was cut off leaves nothing; each that was told of is whole.
                let some = Seen::Counted("/items", 1, 3);
                Case::post(admin, "/api/admin/backups", Value::Null).again(Again::Well).sees(
                    admin,
                    "/api/admin/backups",
                    some,
                )
            }
            "DELETE /api/admin/backups/{name}" => {
                let made = admin.ask(Method::POST, "/api/admin/backups", None, None).await.unwrap();
                let path = format!("/api/admin/backups/{}", made["name"].as_str().unwrap());
                let gone = Seen::Listed("/items", "name", made["name"].clone(), 0);
                Case::new(admin, Method::DELETE, path, Value::Null)
                    .again(Again::Or("not_found"))
                    .sees(admin, "/api/admin/backups", gone)
            }
            "POST /api/admin/rooms/{room}/restart" => {
                let (path, room) = movie(house).await;
                Case::post(admin, format!("{room}/restart"), Value::Null).sees(admin, path, newest)
            }
            "POST /api/admin/rooms/{room}/snapshot" => {
                let (path, room) = movie(house).await;
                Case::post(admin, format!("{room}/snapshot"), Value::Null).sees(admin, path, newest)
            }
            "POST /api/admin/rooms/{room}/quarantine" => {
                let (path, room) = movie(house).await;
                let shut = Seen::Refused("room_quarantined");
                Case::post(admin, format!("{room}/quarantine"), json!({ "reason": "a look" }))
                    .sees(admin, path, shut)
            }
            "POST /api/admin/rooms/{room}/reopen" => {
                let (path, room) = closed(house).await;
                Case::post(admin, format!("{room}/reopen"), Value::Null).sees(admin, path, newest)
            }
            // A start opens what an administrator closed, so one that came too early is refused: then nothing
            // is undone, and the act can be begun anew. Otherwise it was done once.
            "POST /api/admin/rooms/{room}/rewind" => {
                let (path, room) = closed(house).await;
                Case::post(admin, format!("{room}/rewind"), json!({ "to": 2 }))
                    .again(Again::Or("not_quarantined"))
                    .sees(admin, path, Seen::OneOf("/title", ["Version 2", "Version 3"]))
            }
            "POST /api/admin/rooms/{room}/skip" => {
                let (path, room) = closed(house).await;
                Case::post(admin, format!("{room}/skip"), json!({ "record": 3 }))
                    .again(Again::Or("not_quarantined"))
                    .sees(admin, path, Seen::OneOf("/title", ["Version 2", "Version 3"]))
            }
            other => panic!("nobody tries {other}"),
        };
    case.of(TRAIL)
}
