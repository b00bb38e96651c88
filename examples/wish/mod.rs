//! Which match is wanted, and as whom: what both clients are told on the command line.

use clap::Args;
use playhouse_domain::games::arena::Settings;
use playhouse_domain::games::arena::ground::Map;
use playhouse_loadtest::play::find::Wish;

/// A new match has so many `BOTS`, and ends at so many `FRAGS`, unless it is said otherwise.
#[derive(Debug, Args)]
pub(crate) struct Wanted<const BOTS: u16, const FRAGS: u16> {
    /// The match's id; by default an open one from the list, or a new one.
    #[arg(long = "match", value_name = "ID")]
    id: Option<String>,
    /// An account, which is registered if there is none; without one it is played as a guest.
    #[arg(long)]
    login: Option<String>,
    /// Makes a new match in any case.
    #[arg(long)]
    new: bool,
    /// How many bots of the server's own a new match has.
    #[arg(long, default_value_t = BOTS)]
    bots: u16,
    /// Whoever kills so many ends a new match.
    #[arg(long, default_value_t = FRAGS)]
    frags: u16,
    /// The ground of a new match is open, where everybody sees everybody.
    #[arg(long)]
    open: bool,
}

impl<const BOTS: u16, const FRAGS: u16> Wanted<BOTS, FRAGS> {
    /// The wish of whoever has `password`, if an account is meant.
    pub(crate) fn with(&self, password: &str) -> Wish {
        let (map, sight) = if self.open { (Map::Open, 120) } else { (Map::Yard, 30) };
        Wish {
            id: self.id.clone(),
            account: self.login.clone().map(|login| (login, password.to_owned())),
            settings: Settings { map, sight, frags: self.frags, ..Settings::default() },
            bots: self.bots,
            anew: self.new,
        }
    }
}
