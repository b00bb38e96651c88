//! What an operator does beside running a server. Where one runs on the data it is asked to do it;
//! otherwise it is done here.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use playhouse_actors::Rebuilt;
use playhouse_actors::journal::sled::SledJournal;

use crate::accounts::{self, Accounts};
use crate::cli::chain;
use crate::config::Config;
use crate::control::{self, Request};
use crate::doctor::{self, Verdict};
use crate::house::{self, House};
use crate::trail::Trail;

/// How long a command waits for the store to finish what was accepted. 10 s, as a server does.
const CLOSE_WITHIN: Duration = Duration::from_secs(10);

pub(super) fn examine(config: &Config) -> ExitCode {
    let findings = doctor::examine(config);
    findings.iter().for_each(|finding| println!("{finding}"));
    match findings.iter().map(|finding| finding.verdict).max() {
        Some(Verdict::Bad) => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    }
}

pub(super) fn back_up(data: &Path, to: &Path) -> anyhow::Result<ExitCode> {
    let to = std::path::absolute(to)?;
    let said = match control::ask(data, &Request::Backup { to: to.clone() })? {
        Some(answer) => answer.map_err(anyhow::Error::msg)?,
        None => {
            let journal = Arc::new(open_store(data)?);
            let (copied, at) = (journal.clone(), to.clone());
            let act = async move |trail: Trail| control::back_up(&trail, copied, at).await;
            match written(journal, act) {
                Ok(said) => said.map_err(anyhow::Error::msg)?,
                // A store that can only be read is copied all the same: that is the way out of it.
                Err(error) => {
                    eprintln!("the audit trail does not have this backup: {}", chain(&*error));
                    let store = open_store(data)?;
                    let entries = house::back_up(&store, &to).map_err(anyhow::Error::msg)?;
                    format!("backed up {entries} entries to {}", to.display())
                }
            }
        }
    };
    println!("{said}");
    Ok(ExitCode::SUCCESS)
}

/// Does `act` with the audit trail of `journal`, which no server uses.
fn written<T>(journal: Arc<SledJournal>, act: impl AsyncFnOnce(Trail) -> T) -> anyhow::Result<T> {
    actix::System::new().block_on(async {
        let rooms = house::trail(journal.clone()).inspect_err(|_| journal.close())?;
        let done = act(Trail::new(rooms.clone())).await;
        rooms.shut_down(CLOSE_WITHIN).await;
        journal.close();
        Ok(done)
    })
}

pub(super) fn rebuild_lists(data: &Path) -> anyhow::Result<ExitCode> {
    let journal = open_store(data)?;
    let Rebuilt { rooms, rows, left_out } = house::rebuild_lists(Arc::new(journal))?;
    println!("read {rooms} rooms and wrote {rows} rows");
    for (room, reason) in &left_out {
        eprintln!("left out {room}: {reason}");
    }
    Ok(if left_out.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The store in `data`, which must be there.
fn open_store(data: &Path) -> anyhow::Result<SledJournal> {
    anyhow::ensure!(data.join("store").exists(), "nothing is stored in {}", data.display());
    Ok(SledJournal::open(data)?)
}

pub(super) fn first_line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).context("failed to read the password")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

pub(super) fn create_admin(
    config: Config,
    name: String,
    password: String,
) -> anyhow::Result<ExitCode> {
    let request = Request::AdminCreate { name: name.clone(), password: password.clone() };
    let said = match control::ask(&config.store.data, &request)? {
        Some(answer) => answer,
        None => actix::System::new().block_on(async {
            let house = House::open(&config)?;
            let deadline = config.http.shutdown_deadline;
            let accounts = Accounts::open(Arc::new(config), house.rooms.clone())?;
            let trail = Trail::new(house.rooms.clone());
            let said = control::create_admin(&trail, accounts, name, password).await;
            house.close(deadline).await;
            anyhow::Ok(said)
        })?,
    };
    println!("{}", said.map_err(anyhow::Error::msg)?);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn rotate_keys(config: &Config) -> anyhow::Result<ExitCode> {
    let data = &config.store.data;
    let said = match control::ask(data, &Request::KeysRotate)? {
        Some(answer) => answer.map_err(anyhow::Error::msg)?,
        None => {
            anyhow::ensure!(data.exists(), "there is no data directory {}", data.display());
            if data.join("store").exists() {
                let journal = Arc::new(open_store(data)?);
                let config = config.clone();
                let rotate = move || accounts::rotate_keys(&config);
                let act = async move |trail: Trail| control::rotate_keys(&trail, rotate).await;
                written(journal, act)?.map_err(anyhow::Error::msg)?
            } else {
                // Nothing was ever served from here: there is no trail yet.
                accounts::rotate_keys(config)?;
                control::KEYS_ROTATED.to_owned()
            }
        }
    };
    println!("{said}");
    Ok(ExitCode::SUCCESS)
}
