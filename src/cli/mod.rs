//! The command line.

mod operate;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use playhouse_actors::journal::sled::restore;
use tokio::signal::unix::{SignalKind, signal};

use self::operate::{back_up, create_admin, examine, first_line, rebuild_lists, rotate_keys};
use crate::config::{self, Config, Flags};
use crate::demo::{self, Demo};
use crate::listen::write_ready;
use crate::server::Server;
use crate::{check, house, logs};

/// One server for everything that happens live.
///
/// Without a command it runs the demo.
#[derive(Debug, Parser)]
#[command(name = "playhouse", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    demo: DemoArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a server with a small cinema on sale and simulated people who use it.
    Demo(DemoArgs),
    /// Run a server.
    Serve(RunArgs),
    /// Say what this machine can and cannot do, and how to mend it.
    Doctor(Settings),
    /// Look at the settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Copy everything into a new file, also while a server runs.
    Backup {
        /// The file to make.
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
        #[command(flatten)]
        settings: Settings,
    },
    /// Put a backup into an empty data directory.
    Restore {
        /// The backup.
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// The data directory to make.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
    /// Manage the lists that are kept of what the rooms are.
    #[command(subcommand)]
    Lists(ListsCommand),
    /// Manage administrators.
    #[command(subcommand)]
    Admin(AdminCommand),
    /// Manage the keys that sign tokens.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Print a script that completes commands and flags.
    Completions {
        /// For which shell.
        shell: Shell,
    },
    /// Check the store; used by `serve` at its start.
    #[command(hide = true)]
    CheckStore {
        /// The data directory.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Say whether a server would start with these settings.
    Check(Settings),
    /// Print every setting with value, default, unit and reason.
    Show {
        /// Print the manual's page instead: every setting with its default.
        #[arg(long)]
        markdown: bool,
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Debug, Subcommand)]
enum AdminCommand {
    /// Make an administrator, also while a server runs.
    Create {
        /// The user name.
        #[arg(long)]
        name: String,
        /// The password. Others on the machine can see it; --password-stdin is better.
        #[arg(long)]
        password: Option<String>,
        /// Read the password from the first line of standard input.
        #[arg(long, conflicts_with = "password")]
        password_stdin: bool,
        #[command(flatten)]
        settings: Settings,
    },
}

#[derive(Debug, Subcommand)]
enum ListsCommand {
    /// Make every list anew, with the server stopped.
    Rebuild(Settings),
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Draw a new key and sign with it, also while a server runs. Tokens stay good.
    Rotate(Settings),
}

#[derive(Debug, Args)]
struct Settings {
    /// Read settings from this file (TOML).
    #[arg(long, value_name = "FILE", env = "PLAYHOUSE_CONFIG")]
    config: Option<PathBuf>,
    /// Keep everything in this directory.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Listen here for HTTP and WebSocket; port 0 takes any free port.
    #[arg(long, value_name = "ADDR")]
    http: Option<SocketAddr>,
    /// Listen here for games.
    #[arg(long, value_name = "ADDR")]
    quic: Option<SocketAddr>,
    /// How the server is reached from outside.
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// What to log: a level, or directives.
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
}

#[derive(Debug, Args)]
struct RunArgs {
    #[command(flatten)]
    settings: Settings,
    /// Write where the server listens to this file once it does.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct DemoArgs {
    #[command(flatten)]
    run: RunArgs,
    /// Throw away what an earlier demo left.
    #[arg(long)]
    fresh: bool,
}

impl Settings {
    fn load(&self, base: Config) -> Result<Config, config::ConfigError> {
        let mut flags = Flags::new();
        let mut set = |path, value: Option<String>| value.map(|text| flags.insert(path, text));
        set("store.data", self.data.as_ref().map(|p| p.to_string_lossy().into_owned()));
        set("http.addr", self.http.map(|a| a.to_string()));
        set("quic.addr", self.quic.map(|a| a.to_string()));
        set("http.public_url", self.public_url.clone());
        set("log.level", self.log.clone());
        let env = std::env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        config::load(base, self.config.as_deref(), env, &flags)
    }
}

/// Does what the command line says.
///
/// # Errors
///
/// What a person should read before trying again.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // Whatever is written, backups too, is for its own user alone.
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
    match cli.command.unwrap_or(Command::Demo(cli.demo)) {
        Command::Demo(args) => demo(&args),
        Command::Serve(args) => {
            let config = args.settings.load(Config::default())?;
            logs::start(&config.log);
            serve(config, args.ready_file.as_deref())
        }
        Command::Doctor(settings) => Ok(examine(&settings.load(Config::default())?)),
        Command::Config(ConfigCommand::Check(settings)) => {
            settings.load(Config::default())?;
            println!("the settings are sound");
            Ok(ExitCode::SUCCESS)
        }
        Command::Config(ConfigCommand::Show { markdown, settings }) => {
            let text = match markdown {
                true => config::markdown(),
                false => config::text(&settings.load(Config::default())?),
            };
            print!("{text}");
            Ok(ExitCode::SUCCESS)
        }
        Command::Backup { to, settings } => {
            back_up(&settings.load(Config::default())?.store.data, &to)
        }
        Command::Restore { from, data } => {
            let entries = restore(&from, &data)
                .with_context(|| format!("{} was not restored", from.display()))?;
            println!("restored {entries} entries into {}", data.display());
            Ok(ExitCode::SUCCESS)
        }
        Command::Lists(ListsCommand::Rebuild(settings)) => {
            rebuild_lists(&settings.load(Config::default())?.store.data)
        }
        Command::Admin(AdminCommand::Create { name, password, password_stdin, settings }) => {
            anyhow::ensure!(
                password.is_some() || password_stdin,
                "there is no password: give --password-stdin and write it to standard input"
            );
            let config = settings.load(Config::default())?;
            let password = password.map_or_else(first_line, Ok)?;
            create_admin(config, name, password)
        }
        Command::Keys(KeysCommand::Rotate(settings)) => {
            rotate_keys(&settings.load(Config::default())?)
        }
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "playhouse",
                &mut std::io::stdout(),
            );
            Ok(ExitCode::SUCCESS)
        }
        Command::CheckStore { data } => Ok(check::child(&data)),
    }
}

/// An error with its causes, as one sentence.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn serve(config: Config, ready_file: Option<&Path>) -> anyhow::Result<ExitCode> {
    prepare(&config)?;
    actix::System::new().block_on(async {
        let server = Server::start(config).await?;
        announce(&server, ready_file)?;
        server.app().judge.begin();
        stop_on_signal(server).await
    })
}

fn demo(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let mut base = Config::default();
    base.store.data = PathBuf::from("data/demo");
    // A line for each request of simulated people would leave nothing else to be read.
    base.log.level = "warn".to_owned();
    let mut config = args.run.settings.load(base)?;
    logs::start(&config.log);
    anyhow::ensure!(
        config.tls.cert.is_none(),
        "the demo's simulated people speak plain HTTP: leave tls.cert out, or use `playhouse serve`"
    );
    if args.fresh {
        house::clear(&config.store.data).map_err(anyhow::Error::msg)?;
    }
    // Before anything is written: another server may use the directory.
    prepare(&config)?;
    let password = match &config.admin.password {
        Some(password) => password.clone(),
        None => demo::password(&config.store.data)?,
    };
    config.admin.password = Some(password.clone());
    let people = config.demo.people;
    // The simulated people all come from this machine.
    config.limits.registrations = config.limits.registrations.max(u32::try_from(people)? + 100);
    actix::System::new().block_on(async {
        let server = Server::start(config).await?;
        announce(&server, args.run.ready_file.as_deref())?;
        server.app().judge.begin();
        let mut demo = Demo::new(&format!("http://{}", server.ready().http), password, people);
        println!("{}", demo.welcome(server.app()).await?);
        let demo = actix::spawn(async move {
            if let Err(error) = demo.run().await {
                tracing::error!("the demo's house could not be opened: {}", chain(&*error));
            }
        });
        let code = stop_on_signal(server).await;
        demo.abort();
        code
    })
}

/// What comes before the store is opened: more descriptors, and the check.
fn prepare(config: &Config) -> anyhow::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && let Err(error) = setrlimit(Resource::RLIMIT_NOFILE, hard, hard)
    {
        tracing::warn!(%error, "failed to raise the limit of open files");
    }
    let found = check::in_child(&config.store.data, config.store.check_timeout)?;
    tracing::info!(found, "checked the store");
    Ok(())
}

fn announce(server: &Server, ready_file: Option<&Path>) -> anyhow::Result<()> {
    if let Some(path) = ready_file {
        write_ready(path, server.ready())
            .with_context(|| format!("failed to write the ready file {}", path.display()))?;
    }
    Ok(())
}

async fn stop_on_signal(server: Server) -> anyhow::Result<ExitCode> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    // What was accepted and did not finish in time is on disk or was answered as unknown, so a
    // shutdown at its deadline is still a clean one.
    server.stop().await;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(args: &[&str]) -> Result<Command, clap::Error> {
        let cli = Cli::try_parse_from([&["playhouse"], args].concat())?;
        Ok(cli.command.unwrap_or(Command::Demo(cli.demo)))
    }

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_it_is_the_demo() {
        let Command::Demo(demo) = parsed(&["--http", "127.0.0.1:0", "--fresh"]).unwrap() else {
            panic!("not the demo");
        };
        assert!(demo.fresh && demo.run.settings.http.is_some_and(|addr| addr.port() == 0));
        assert!(matches!(parsed(&[]).unwrap(), Command::Demo(_)));
    }

    #[test]
    fn flags_are_settings() {
        let args =
            ["serve", "--data", "/d", "--quic", "127.0.0.1:0", "--public-url", "https://a.b"];
        let Command::Serve(serve) = parsed(&args).unwrap() else { panic!("not serve") };
        let config = serve.settings.load(Config::default()).unwrap();
        assert_eq!(config.store.data, Path::new("/d"));
        assert_eq!(config.quic.addr.port(), 0);
        assert_eq!(config.http.public_url.as_deref(), Some("https://a.b"));
        assert!(parsed(&["serve", "--http", "nowhere"]).is_err());
        assert!(parsed(&["serve", "--prot", "1"]).is_err());
    }

    #[test]
    fn an_error_is_told_with_its_causes() {
        let cause = std::io::Error::other("no space");
        let error = anyhow::Error::new(cause).context("failed to write").context("stopped");
        assert_eq!(chain(&*error), "stopped: failed to write: no space");
    }
}
