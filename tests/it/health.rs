//! What an operator's tools ask.

use reqwest::Method;

use crate::server::Server;

#[tokio::test]
async fn a_server_that_serves_is_healthy_ready_and_describes_itself() {
    let server = Server::start();
    let client = server.client();
    for path in ["/healthz", "/readyz"] {
        client.get(path).await.unwrap_or_else(|error| panic!("{path}: {error}"));
    }
    let api = client.get("/api/openapi.json").await.unwrap();
    assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(api["paths"]["/api/accounts/me"]["get"].is_object());
    server.saw_no_panic();
}

#[tokio::test]
async fn every_described_path_is_there_for_each_of_its_methods() {
    let server = Server::start();
    let client = server.client();
    let api = client.get("/api/openapi.json").await.unwrap();
    for (path, item) in api["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let filled = path.replace("{id}", "0").replace(['{', '}'], "");
            let (status, _) = client.once(method.clone(), &filled, None, None).await.unwrap();
            assert_ne!(status.as_u16(), 405, "{method} {path}");
        }
    }
    server.saw_no_panic();
}

#[tokio::test]
async fn the_figures_are_in_the_exposition_format_and_each_has_its_words() {
    let server = Server::start();
    let admin = server.admin().await;
    crate::server::showing(&admin, 1, 4).await;
    let text = reqwest::get(format!("{}/metrics", server.base())).await.unwrap();
    let text = text.text().await.unwrap();
    let mut described = std::collections::BTreeSet::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            described.insert(rest.split(' ').next().unwrap().to_owned());
            continue;
        }
        if line.starts_with("# TYPE ") {
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let name = name.split('{').next().unwrap();
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let known = described.contains(name) || base.is_some_and(|base| described.contains(base));
        assert!(known, "{name} has no HELP");
    }
    assert!(text.contains("playhouse_journal_frames_total"), "{text}");
}
