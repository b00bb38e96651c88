//! Puts the settings together: defaults, then the file, then the environment, then the flags.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};

use super::{BadSetting, Config, ENV_PREFIX};

/// Names that start like ours and are no settings: the file itself, and what tests use.
const NOT_SETTINGS: [&str; 2] = ["PLAYHOUSE_CONFIG", "PLAYHOUSE_TEST_"];

/// Settings given on the command line: path to text.
pub type Flags = BTreeMap<&'static str, String>;

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file does not exist or cannot be read.
    #[error("failed to read the configuration file {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A variable names no setting.
    #[error(
        "environment variable {name} names no setting (`playhouse config show` lists them all)"
    )]
    UnknownVariable {
        /// The variable.
        name: String,
    },
    /// A key does not exist, or a value has the wrong form.
    #[error("{0}")]
    Form(String),
    /// A value makes no sense.
    #[error(transparent)]
    Bad(#[from] BadSetting),
}

/// Starts from `base` and reads the settings from `file`, from `env` (all variables of the process) and from `flags`.
///
/// # Errors
///
/// See [`ConfigError`]; every message names the setting.
pub fn load(
    base: Config,
    file: Option<&Path>,
    env: impl IntoIterator<Item = (String, String)>,
    flags: &Flags,
) -> Result<Config, ConfigError> {
    let mut figment = Figment::from(Serialized::defaults(base));
    if let Some(path) = file {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        // One error names the file and the key, the position is within the text.
        let told =
            |e: figment::Error| ConfigError::Form(format!("{}: {}", path.display(), plain(&e)));
        Figment::from(Serialized::defaults(Config::default()))
            .merge(Toml::string(&text))
            .extract::<Config>()
            .map_err(told)?;
        figment = figment.merge(Toml::string(&text));
    }
    for (name, text) in env {
        if let Some((path, value)) = variable(&name, &text)? {
            figment = merge_at(figment, &path, value, &name)?;
        }
    }
    for (path, text) in flags {
        figment = merge_at(figment, path, text.clone().into(), &format!("the flag for {path}"))?;
    }
    let config: Config = figment.extract().map_err(|e| ConfigError::Form(plain(&e)))?;
    config.check()?;
    Ok(config)
}

/// The setting that the variable `name` stands for, with its value; none if it is not ours.
fn variable(name: &str, text: &str) -> Result<Option<(String, Value)>, ConfigError> {
    let ours = name.starts_with(ENV_PREFIX) && !NOT_SETTINGS.iter().any(|n| name.starts_with(n));
    if !ours {
        return Ok(None);
    }
    let Some(about) = Config::about().into_iter().find(|about| about.env() == name) else {
        return Err(ConfigError::UnknownVariable { name: name.to_owned() });
    };
    let value = match about.unit {
        "list" => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::from(items.map(|item| Value::from(item.to_owned())).collect::<Vec<_>>())
        }
        _ if about.is_text() => Value::from(text.to_owned()),
        _ => text.parse().unwrap_or_else(|_| Value::from(text.to_owned())),
    };
    Ok(Some((about.path, value)))
}

/// Puts `value` at `path`, and complains in the name of `source` if it does not fit there.
fn merge_at(
    figment: Figment,
    path: &str,
    value: Value,
    source: &str,
) -> Result<Figment, ConfigError> {
    let (section, key) = path.split_once('.').unwrap_or(("", path));
    let dict = Dict::from([(key.to_owned(), value)]);
    let merged = figment.merge(Serialized::default(section, dict));
    if let Err(error) = merged.extract::<Config>() {
        return Err(ConfigError::Form(format!("{source}: {}", kind(&error))));
    }
    Ok(merged)
}

/// Which setting, and what is wrong with it.
fn plain(error: &figment::Error) -> String {
    match error.path.join(".") {
        key if key.is_empty() => kind(error),
        key => format!("{key}: {}", kind(error)),
    }
}

/// What is wrong, in words for whoever wrote it.
fn kind(error: &figment::Error) -> String {
    let said = error.kind.to_string();
    match said.contains("duration format") {
        true => "a duration is written like 250ms, 10s, 15m or 30d".to_owned(),
        false => said,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn with(file: &str, env: &[(&str, &str)], flags: &Flags) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("playhouse.toml");
        std::fs::write(&path, file).unwrap();
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        load(Config::default(), Some(&path), env, flags)
    }

    #[test]
    fn flags_win_over_the_environment_and_the_environment_over_the_file() {
        let file = "[http]\naddr = '127.0.0.1:1'\nworkers = 3\nkeep_alive = '5s'";
        let env = [
            ("PLAYHOUSE_HTTP_ADDR", "127.0.0.1:2"),
            ("PLAYHOUSE_HTTP_WORKERS", "4"),
            ("PLAYHOUSE_HTTP_CORS_ORIGINS", "https://a.example, https://b.example"),
            ("HOME", "/root"),
            ("PLAYHOUSE_TEST_SEED", "7"),
        ];
        let flags = Flags::from([("http.addr", "127.0.0.1:3".to_owned())]);
        let config = with(file, &env, &flags).unwrap();
        assert_eq!(config.http.addr.port(), 3);
        assert_eq!(config.http.workers, 4);
        assert_eq!(config.http.keep_alive, Duration::from_secs(5));
        assert_eq!(config.http.cors_origins, ["https://a.example", "https://b.example"]);
        assert_eq!(config.quic.addr.port(), 4433);
    }

    #[test]
    fn a_password_of_digits_stays_a_text() {
        let config =
            with("", &[("PLAYHOUSE_ADMIN_PASSWORD", "0123456789012")], &Flags::new()).unwrap();
        assert_eq!(config.admin.password.as_deref(), Some("0123456789012"));
    }

    #[test]
    fn an_unknown_key_is_named_wherever_it_stands() {
        let said = with("[http]\nadr = '1'", &[], &Flags::new()).unwrap_err().to_string();
        assert!(said.contains("adr") && said.contains("playhouse.toml"), "{said}");
        let said = with("[htp]\naddr = '1'", &[], &Flags::new()).unwrap_err().to_string();
        assert!(said.contains("htp"), "{said}");
        let said = with("", &[("PLAYHOUSE_HTTP_ADR", "1")], &Flags::new()).unwrap_err();
        assert!(said.to_string().contains("PLAYHOUSE_HTTP_ADR"), "{said}");
    }

    #[test]
    fn a_value_of_the_wrong_form_is_told_with_its_place() {
        let said = with("[http]\nworkers = 'many'", &[], &Flags::new()).unwrap_err().to_string();
        assert!(said.contains("playhouse.toml: http.workers: "), "{said}");
        let said = with("", &[("PLAYHOUSE_HTTP_WORKERS", "many")], &Flags::new()).unwrap_err();
        assert!(said.to_string().contains("PLAYHOUSE_HTTP_WORKERS"), "{said}");
        let said = with("", &[("PLAYHOUSE_HTTP_KEEP_ALIVE", "soon")], &Flags::new()).unwrap_err();
        let hint = "PLAYHOUSE_HTTP_KEEP_ALIVE: a duration is written like 250ms, 10s, 15m or 30d";
        assert_eq!(said.to_string(), hint);
    }

    #[test]
    fn no_two_settings_share_a_variable() {
        let names: Vec<_> = Config::about().iter().map(super::super::About::env).collect();
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
    }
}
