//! The rest of the server as the live connection sees it: accounts behind tokens, and what REST does
//! behind calls.

use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::LocalBoxFuture;

use super::doors::{Doors, Pass};
use crate::accounts::Bearer;
use crate::app::App;
use crate::http::error::Problem;
use crate::rpc;

/// The server's own doors.
pub struct AppDoors(pub App);

impl Doors for AppDoors {
    fn admit(&self, token: String) -> LocalBoxFuture<'static, Result<Pass, Problem>> {
        let app = self.0.clone();
        Box::pin(async move {
            let bearer = app.accounts.recognize(&token).await?;
            Ok(pass(app, bearer))
        })
    }
}

fn pass(app: App, bearer: Bearer) -> Pass {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (accounts, whose) = (app.accounts.clone(), bearer.clone());
    Pass {
        who: bearer.caller(),
        name: match &bearer {
            Bearer::Account(whose) => Some(whose.username.clone()),
            Bearer::Guest(_) => None,
        },
        lasts: Duration::from_secs(bearer.expires_at()).saturating_sub(since),
        over: Box::pin(async move {
            match whose {
                Bearer::Account(whose) => accounts.session_end(&whose).await,
                // A voter token has no session: it lasts as long as it says.
                Bearer::Guest(_) => std::future::pending().await,
            }
        }),
        call: Rc::new(move |method, data| {
            let (app, who) = (app.clone(), bearer.clone());
            Box::pin(async move {
                app.limits.request(who.id(), Instant::now())?;
                rpc::call(&app, &who, &method, data).await
            })
        }),
    }
}
