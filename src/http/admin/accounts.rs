//! Who there is, and what they may do.

use actix_web::http::StatusCode;
use actix_web::web::{self, Query};
use playhouse_actors::journal::RowQuery;
use playhouse_domain::account::{AccountInfo, Command};
use playhouse_domain::audit::What;
use playhouse_domain::room::Role;
use playhouse_protocol::ids::AccountId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::app::App;
use crate::http::accounts::AccountView;
use crate::http::answers::CommandProblems;
use crate::http::auth::Administrator;
use crate::http::error::Problem;
use crate::http::json::Json;
use crate::http::paging::{List, Page};
use crate::trail::deed;

/// The longest beginning of a name that is looked for, in characters. 120, as for an address; names are
/// far shorter.
const NAME_ASKED_MAX: usize = 120;

/// What an administrator changes of an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Administration {
    /// `user`, `organizer` or `admin`. Less than before ends its sessions.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(user|organizer|admin)$")]
    role: Option<Role>,
    /// True to shut it out and end its sessions.
    #[serde(default)]
    banned: Option<bool>,
}

/// Which accounts are listed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AccountsQuery {
    /// Only user names that begin with this; all if left out.
    #[param(max_length = 120)]
    name: Option<String>,
    /// How many, 1 to 200; 50 if left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
    /// `next` of the page before.
    cursor: Option<String>,
}

/// The accounts, by name. Administrators.
#[utoipa::path(get, path = "/api/admin/accounts", tag = "administration", params(AccountsQuery),
    security(("bearer" = [])),
    responses((status = 200, body = List<AccountView>), CommandProblems))]
pub async fn accounts(
    _: Administrator,
    app: web::Data<App>,
    query: Query<AccountsQuery>,
) -> Result<web::Json<List<AccountView>>, Problem> {
    let named = query.name.as_deref().unwrap_or_default();
    if named.chars().count() > NAME_ASKED_MAX {
        let detail = format!("name has at most {NAME_ASKED_MAX} characters");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_query", detail));
    }
    let page = Page::new(query.limit, query.cursor.as_deref())?;
    let rows = RowQuery {
        table: "accounts".into(),
        prefix: named.trim().to_lowercase(),
        after: page.after.clone(),
        before: None,
        descending: false,
        limit: page.fetch(),
    };
    let rows = app.rooms.rows(rows).await?;
    let accounts = rows.into_iter().filter_map(|row| {
        let info: AccountInfo = serde_json::from_str(&row.value).ok()?;
        Some((row.key, info.into()))
    });
    Ok(web::Json(page.list(accounts.collect())))
}

/// Changes what an account may do, or shuts it out. Administrators.
#[utoipa::path(patch, path = "/api/admin/accounts/{id}", tag = "administration",
    params(("id" = Uuid, Path, description = "The account")), request_body = Administration,
    security(("bearer" = [])),
    responses((status = 200, body = AccountView), CommandProblems))]
pub async fn administer(
    Administrator(by): Administrator,
    app: web::Data<App>,
    id: web::Path<Uuid>,
    body: Json<Administration>,
) -> Result<web::Json<AccountView>, Problem> {
    let account = AccountId(*id);
    if account == by.account {
        let detail = "administrators change other accounts, not their own";
        return Err(Problem::new(StatusCode::CONFLICT, "own_account", detail));
    }
    let info = app.accounts.open_sessions(account).await?.account;
    let Administration { role, banned } = body.0;
    let mut detail = Vec::new();
    detail.extend(role.map(|role| format!("role {role:?}").to_lowercase()));
    detail.extend(banned.map(|banned| format!("banned {banned}")));
    if detail.is_empty() {
        return Ok(web::Json(info.into()));
    }
    let about = Some(format!("account:{account}"));
    let deed = deed(&by, What::AccountChange, about, detail.join(", "));
    let accounts = app.accounts.clone();
    let changed = async move {
        let mut info = info;
        if let Some(role) = role {
            info = accounts.administer(&by, account, &Command::SetRole(role)).await?;
        }
        if let Some(banned) = banned {
            info = accounts.administer(&by, account, &Command::SetBanned(banned)).await?;
        }
        Ok(info)
    };
    Ok(web::Json(app.trail.perform(deed, changed).await?.into()))
}
