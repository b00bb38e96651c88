//! Shows every setting with value, default, unit and reason.

use serde_json::Value;

use super::{About, Config};

/// Every setting of `config` for eyes. A value that is not the default is marked with `*`.
#[must_use]
pub fn text(config: &Config) -> String {
    let mut out = String::new();
    for row in rows(config) {
        let mark = if row.value == row.default { " " } else { "*" };
        out += &format!("{mark} {} = {}\n", row.about.path, row.value);
        out += &format!("    {}\n", row.about.doc);
        out += &format!("    {}; default {}; {}\n", row.about.unit, row.default, row.about.env());
        out += &format!("    why: {}\n", row.about.reason);
    }
    out
}

/// `docs/configuration.md`: every setting with its default.
#[must_use]
pub fn markdown() -> String {
    let mut out = String::from(include_str!("head.md"));
    let mut section = String::new();
    for row in rows(&Config::default()) {
        let (name, key) = row.about.path.split_once('.').unwrap_or(("", &row.about.path));
        if name != section {
            name.clone_into(&mut section);
            out += &format!("\n## `[{name}]`\n\n");
            out += "| key | default | unit | what it is, and why |\n|---|---|---|---|\n";
        }
        let said = format!("{} {}", row.about.doc, row.about.reason).replace('|', "\\|");
        out += &format!("| `{key}` | `{}` | {} | {said} |\n", row.default, row.about.unit);
    }
    out
}

struct Row {
    about: About,
    value: String,
    default: String,
}

fn rows(config: &Config) -> Vec<Row> {
    let values = serde_json::to_value(config).expect("settings have a JSON form");
    let defaults = serde_json::to_value(Config::default()).expect("settings have a JSON form");
    let row = |about: About| Row {
        value: shown(&about, &values),
        default: shown(&about, &defaults),
        about,
    };
    Config::about().into_iter().map(row).collect()
}

fn shown(about: &About, tree: &Value) -> String {
    match tree.pointer(&format!("/{}", about.path.replace('.', "/"))) {
        None | Some(Value::Null) => "none".to_owned(),
        Some(_) if about.is_secret() => "(set, not shown)".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_its_words_and_a_value() {
        for row in rows(&Config::default()) {
            let About { path, doc, unit, reason } = &row.about;
            assert!(doc.ends_with('.') && reason.ends_with('.') && !unit.is_empty(), "{path}");
        }
        let tree = serde_json::to_value(Config::default()).unwrap();
        let count: usize =
            tree.as_object().unwrap().values().map(|s| s.as_object().unwrap().len()).sum();
        assert_eq!(count, Config::about().len(), "a setting is missing from the list");
    }

    #[test]
    fn a_secret_is_never_shown() {
        let mut config = Config::default();
        config.admin.password = Some("correct horse".to_owned());
        let said = text(&config);
        assert!(!said.contains("correct horse") && said.contains("* admin.password = (set"));
    }

    #[test]
    fn the_manual_says_what_the_program_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        if std::env::var_os("PLAYHOUSE_TEST_UPDATE").is_some() {
            std::fs::write(path, markdown()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        let again = "PLAYHOUSE_TEST_UPDATE=1 cargo test -p playhouse --lib manual";
        assert!(written == markdown(), "docs/configuration.md is out of date: run `{again}`");
    }
}
