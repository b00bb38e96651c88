//! Every operation of the API, asked for by everybody about somebody else's things. What there is to
//! ask is read from the running server's own description, so that a new route cannot be forgotten.

mod cast;
mod live;
mod table;

use std::collections::BTreeSet;

use serde_json::Value;

use self::cast::{Cast, ROLES};
use self::table::{Row, TABLE};

/// Method and path of every operation that the server describes.
async fn described(cast: &Cast) -> BTreeSet<(String, String)> {
    let description = cast.server.client().get("/api/openapi.json").await.unwrap();
    let mut all = BTreeSet::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys();
        let known = ["get", "post", "put", "patch", "delete"];
        let methods = methods.filter(|method| known.contains(&method.as_str()));
        all.extend(methods.map(|method| (method.to_uppercase(), path.clone())));
    }
    all
}

/// The sign of the table that an answer has.
fn sign(status: u16) -> char {
    match status {
        401 => '-',
        403 => 'x',
        404 => '?',
        500.. => '!',
        _ => '+',
    }
}

/// What this role must not be told, unless it asks by that very name.
fn secrets(cast: &Cast, role: usize) -> Vec<String> {
    if ROLES[role] == "administrator" {
        return Vec::new();
    }
    let mut secrets = vec!["ann@example.".to_owned()];
    secrets.extend(["hold", "wait"].map(|name| cast.things[name].clone()));
    if ROLES[role] != "organizer" {
        // Who works for the house sees its bookings.
        secrets.extend(["Marked Ann".to_owned(), cast.things["booking"].clone()]);
    }
    secrets
}

/// Asks as one role for everything; what was not as the table says.
async fn ask_for_everything(cast: &mut Cast, role: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    let secrets = secrets(cast, role);
    for Row { method, path, answers, body } in TABLE {
        let (path, body) = (cast.fill(path, role), cast.fill(body, role));
        let told = cast.ask(role, method, &path, &body).await;
        let expected = answers.chars().nth(role).unwrap();
        let text = &told.text;
        if sign(told.status) != expected {
            wrong.push(format!(
                "{method} {path} as {}: {} and not {expected}: {text:.200}",
                ROLES[role], told.status
            ));
        }
        let leaks = |secret: &&String| text.contains(*secret) && !path.contains(*secret);
        if let Some(secret) = secrets.iter().find(leaks) {
            wrong.push(format!("{method} {path} tells {} of {secret}: {text:.300}", ROLES[role]));
        }
    }
    wrong
}

#[tokio::test]
async fn nobody_gets_at_what_belongs_to_somebody_else_by_any_route() {
    let mut cast = Cast::meet().await;
    let described = described(&cast).await;
    let told = |row: &Row| (row.method.to_owned(), row.path.to_owned());
    let table: BTreeSet<(String, String)> = TABLE.iter().map(told).collect();
    assert_eq!(table.len(), TABLE.len(), "an operation is in the table twice");
    let missing: Vec<_> = described.difference(&table).collect();
    assert!(missing.is_empty(), "say in roles/table.rs who may do this: {missing:?}");
    let gone: Vec<_> = table.difference(&described).collect();
    assert!(gone.is_empty(), "the server has no such operation: {gone:?}");
    let before = cast.belongings().await;
    let mut wrong = Vec::new();
    // An administrator may do nearly everything, so what they do comes last.
    for (role, name) in ROLES.into_iter().enumerate() {
        wrong.extend(ask_for_everything(&mut cast, role).await);
        if name != "administrator" {
            let mut after = cast.belongings().await;
            if name == "organizer" {
                // The house's organizers may cancel any booking, as the table says.
                after["booking"] = before["booking"].clone();
            }
            assert_eq!(after, before, "{name} changed something");
        }
    }
    assert!(wrong.is_empty(), "{} answers:\n{}", wrong.len(), wrong.join("\n"));
    cast.server.saw_no_panic();
}

/// The paths that the sources mount beside the API: the pages, the figures, the description itself.
const BESIDE: [&str; 4] = ["/metrics", "/api/openapi.json", "/connection/websocket", "/ws/play"];

#[test]
fn no_route_is_left_out_of_the_description() {
    let description = serde_json::to_value(playhouse::http::openapi::description()).unwrap();
    let paths = description["paths"].as_object().unwrap();
    let mut mounted = 0;
    for folder in ["src/http", "src/http/admin", "src/ws"] {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let Ok(source) = std::fs::read_to_string(&path) else { continue };
            let source = source.split("#[cfg(test)]").next().unwrap();
            for line in source.split(".route(").skip(1) {
                let Some(route) = line.trim_start().strip_prefix('"') else { continue };
                let route = route.split('"').next().unwrap();
                let known = paths.get(route).is_some_and(Value::is_object);
                assert!(
                    known || BESIDE.contains(&route),
                    "{route} of {} is not described",
                    path.display()
                );
                mounted += 1;
            }
        }
    }
    assert!(mounted > 50, "the routes were not found: {mounted}");
}
