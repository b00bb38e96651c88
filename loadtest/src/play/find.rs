//! Finding a match to play, or making one.

use playhouse_domain::games::arena::Settings;
use serde_json::{Value, json};

use super::journey::guest;
use crate::client::{Client, ClientError};

/// Who plays, and how they come by a match.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// The match; none: an open one from the list, or a new one.
    pub id: Option<String>,
    /// An account, which is registered if there is none: name and password. None: as a guest, who can make no
    /// match.
    pub account: Option<(String, String)>,
    /// The settings of a new match.
    pub settings: Settings,
    /// How many bots of the server's own a new match has.
    pub bots: u16,
    /// True to make a new match in any case.
    pub anew: bool,
}

/// No match can be played.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// The server refused, or did not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// There is none, and a guest can make none.
    #[error("no match is open, and a guest cannot make one: name an account")]
    None,
}

impl Wish {
    /// The player's client, and the match's id.
    ///
    /// # Errors
    ///
    /// [`FindError`].
    pub async fn find(&self, base: &str) -> Result<(Client, String), FindError> {
        let nobody = Client::new(base);
        let client = match &self.account {
            Some((name, password)) => nobody.come_in(name, password).await?,
            None => guest(&nobody).await?,
        };
        if let Some(id) = &self.id {
            return Ok((client, id.clone()));
        }
        let open = if self.anew { None } else { open(&nobody).await? };
        match open {
            Some(id) => Ok((client, id)),
            None if self.account.is_none() => Err(FindError::None),
            None => {
                let id = self.make(&client).await?;
                Ok((client, id))
            }
        }
    }

    async fn make(&self, client: &Client) -> Result<String, ClientError> {
        let asks = json!({ "settings": self.settings, "bots": self.bots });
        let made = client.post("/api/games/arena/sessions", asks).await?;
        Ok(made["id"].as_str().unwrap_or_default().to_owned())
    }
}

/// The newest arena match on the list that has a seat.
async fn open(client: &Client) -> Result<Option<String>, ClientError> {
    let list = client.get("/api/games/sessions?game=arena").await?;
    let rows = list["items"].as_array();
    let open = rows.and_then(|rows| rows.iter().find(|row| row["open"] == Value::Bool(true)));
    Ok(open.and_then(|row| row["id"].as_str()).map(str::to_owned))
}

/// The settings of the match `session`, as REST tells them.
#[must_use]
pub fn settings_of(session: &Value) -> Settings {
    let text = session["settings"].as_str().unwrap_or_default();
    serde_json::from_str(text).unwrap_or_default()
}
