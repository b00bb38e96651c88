//! The rest of the server as the live connection sees it: accounts behind tokens, and what REST does
//! behind calls.

use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::future::LocalBoxFuture;

use super::doors::{Doors, Pass, Who};
use crate::accounts::Identity;
use crate::app::App;
use crate::cinema;
use crate::http::error::Problem;

/// The server's own doors.
pub struct AppDoors(pub App);

impl Doors for AppDoors {
    fn admit(&self, token: String) -> LocalBoxFuture<'static, Result<Pass, Problem>> {
        let app = self.0.clone();
        Box::pin(async move {
            let identity = app.accounts.verify(&token).await?;
            Ok(pass(app, identity))
        })
    }
}

fn pass(app: App, identity: Identity) -> Pass {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (accounts, whose) = (app.accounts.clone(), identity.clone());
    Pass {
        who: Who { account: identity.account, role: identity.role },
        lasts: Duration::from_secs(identity.expires_at).saturating_sub(since),
        over: Box::pin(async move { accounts.session_end(&whose).await }),
        call: Rc::new(move |method, data| {
            let (app, who) = (app.clone(), identity.clone());
            Box::pin(async move { cinema::rpc(&app, &who, &method, data).await })
        }),
    }
}
