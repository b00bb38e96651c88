//! Who is asking: extractors for handlers. `Authorization: Bearer …`, checked against the session's
//! standing within the last second. Who asks too often is told so (429).

use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use playhouse_domain::room::Role;
use uuid::Uuid;

pub use crate::accounts::{Bearer, Identity};
use crate::app::App;
use crate::http::error::Problem;
use crate::http::limit::Limits;

/// Whoever asks, logged in or not. A token that is not good is an error even here.
#[derive(Debug, Clone)]
pub struct MaybeIdentity(pub Option<Identity>);

/// Whoever asks: an account, a browser that joined a poll, or nobody in particular. A token that is
/// not good is an error even here.
#[derive(Debug, Clone)]
pub struct MaybeBearer(pub Option<Bearer>);

/// An organizer or an administrator.
#[derive(Debug, Clone)]
pub struct Organizer(pub Identity);

/// An administrator.
#[derive(Debug, Clone)]
pub struct Administrator(pub Identity);

fn token(req: &HttpRequest) -> Result<Option<String>, Problem> {
    let mut given = req.headers().get_all(header::AUTHORIZATION);
    let Some(value) = given.next() else { return Ok(None) };
    let bad = || {
        let detail = "authorization must be given once, as 'Bearer' and an access token";
        Problem::new(StatusCode::UNAUTHORIZED, "bad_token", detail)
    };
    let (scheme, token) = value.to_str().ok().and_then(|v| v.split_once(' ')).ok_or_else(bad)?;
    if !scheme.eq_ignore_ascii_case("bearer") || given.next().is_some() {
        return Err(bad());
    }
    Ok(Some(token.trim().to_owned()))
}

async fn identify(req: HttpRequest) -> Result<Option<Identity>, Problem> {
    let Some(token) = token(&req)? else { return Ok(None) };
    let app = req.app_data::<web::Data<App>>().expect("every handler shares the app");
    let identity = app.accounts.verify(&token).await?;
    count(&req, identity.account.0)?;
    Ok(Some(identity))
}

async fn recognize(req: HttpRequest) -> Result<Option<Bearer>, Problem> {
    let Some(token) = token(&req)? else { return Ok(None) };
    let app = req.app_data::<web::Data<App>>().expect("every handler shares the app");
    let bearer = app.accounts.recognize(&token).await?;
    count(&req, bearer.id())?;
    Ok(Some(bearer))
}

fn count(req: &HttpRequest, whom: Uuid) -> Result<(), Problem> {
    match req.app_data::<web::Data<Limits>>() {
        Some(limits) => limits.request(whom, Instant::now()),
        None => Ok(()),
    }
}

/// The answer to somebody who must be logged in and is not.
pub(crate) fn not_logged_in() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "not_logged_in", "log in and send the access token")
}

async fn identity(req: HttpRequest) -> Result<Identity, Problem> {
    identify(req).await?.ok_or_else(not_logged_in)
}

async fn at_least(req: HttpRequest, role: Role, who: &str) -> Result<Identity, Problem> {
    let identity = identity(req).await?;
    if identity.role >= role {
        return Ok(identity);
    }
    let detail = format!("only {who} may do this");
    Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
}

/// Lets an extractor be made by an async function of the request.
macro_rules! extractor {
    ($name:ty, $make:expr) => {
        impl FromRequest for $name {
            type Error = Problem;
            type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

            fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
                let req = req.clone();
                Box::pin(async move { ($make)(req).await })
            }
        }
    };
}

extractor!(Identity, identity);
extractor!(MaybeIdentity, async |req| identify(req).await.map(MaybeIdentity));
extractor!(MaybeBearer, async |req| recognize(req).await.map(MaybeBearer));
extractor!(Organizer, async |req| at_least(req, Role::Organizer, "organizers")
    .await
    .map(Organizer));
extractor!(Administrator, async |req| {
    at_least(req, Role::Admin, "administrators").await.map(Administrator)
});
