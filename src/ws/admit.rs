//! Who a connection is: the token it starts with, the newer ones it goes on with, and the end of
//! them.

use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, WrapFuture};
use actix_web::http::StatusCode;
use playhouse_domain::room::Caller;
use playhouse_protocol::live::command::Connect;
use playhouse_protocol::live::reply::{Connected, Refreshed};
use playhouse_protocol::live::{Disconnect, Error};

use super::doors::Pass;
use super::session::{Ctx, Phase, Session, UNDER_WAY_MAX};
use crate::http::error::Problem;

/// How long before a token ends its holder is asked for a newer one: 30 s, or a quarter of what is
/// left, if that is less.
const REFRESH_AHEAD: Duration = Duration::from_secs(30);

/// The server's version, as clients are told it.
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Session {
    pub(super) fn connect(&mut self, id: u32, connect: Connect, ctx: &mut Ctx) {
        if connect.token.is_empty() {
            if !self.live.0.config.live.anonymous {
                return self.refuse(id, &Error::UNAUTHORIZED);
            }
            return self.opened(id, None, ctx);
        }
        self.phase = Phase::Admitting;
        let admitted = self.live.0.doors.admit(connect.token).into_actor(self);
        ctx.spawn(admitted.map(move |admitted, act: &mut Self, ctx: &mut Ctx| {
            if !matches!(act.phase, Phase::Admitting) {
                return;
            }
            act.phase = Phase::Fresh;
            match admitted {
                Ok(pass) if !pass.lasts.is_zero() => act.opened(id, Some(pass), ctx),
                Ok(_) => act.refuse(id, &Error::TOKEN_EXPIRED),
                Err(problem) => act.not_admitted(id, &problem, ctx),
            }
            act.work(ctx);
        }));
    }

    fn not_admitted(&mut self, id: u32, problem: &Problem, ctx: &mut Ctx) {
        match problem.status() {
            StatusCode::UNAUTHORIZED if problem.code().ends_with("expired") => {
                self.refuse(id, &Error::TOKEN_EXPIRED);
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                self.cut(Disconnect::INVALID_TOKEN, ctx);
            }
            _ => self.refuse(id, &Error::INTERNAL),
        }
    }

    fn opened(&mut self, id: u32, pass: Option<Pass>, ctx: &mut Ctx) {
        let lasts = pass.as_ref().map(|pass| pass.lasts);
        self.phase = Phase::Open(None);
        if let Some(pass) = pass {
            self.hold(pass, ctx);
        }
        let connected = Connected {
            client: self.client.clone(),
            version: VERSION,
            expires: lasts.is_some(),
            ttl: lasts.map_or(0, refresh_in),
            ping: self.live.0.config.live.ping.as_secs(),
            pong: true,
            time: u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0),
        };
        self.answer(id, "connect", &connected);
    }

    /// Goes on as the holder of `pass`, until its token or its session ends.
    fn hold(&mut self, mut pass: Pass, ctx: &mut Ctx) {
        self.place.belongs_to(&pass.who, pass.name.as_deref());
        ctx.cancel_future(self.expiry);
        ctx.cancel_future(self.over);
        self.expiry = ctx.run_later(pass.lasts, |act, ctx| act.cut(Disconnect::EXPIRED, ctx));
        let over = std::mem::replace(&mut pass.over, Box::pin(std::future::ready(())));
        let over = over.into_actor(self);
        let over =
            over.map(|(), act: &mut Self, ctx: &mut Ctx| act.cut(Disconnect::INVALID_TOKEN, ctx));
        self.over = ctx.spawn(over);
        self.phase = Phase::Open(Some(pass));
    }

    pub(super) fn refresh(&mut self, id: u32, token: String, ctx: &mut Ctx) {
        if self.who() == Caller::Nobody {
            return self.refuse(id, &Error::BAD_REQUEST);
        }
        if self.under_way >= UNDER_WAY_MAX {
            return self.refuse(id, &Error::TOO_MANY_REQUESTS);
        }
        self.under_way += 1;
        let admitted = self.live.0.doors.admit(token).into_actor(self);
        ctx.spawn(admitted.map(move |admitted, act: &mut Self, ctx: &mut Ctx| {
            act.under_way -= 1;
            match admitted {
                // Another role means other rights: the client connects again with them.
                Ok(pass) if pass.who != act.who() => {
                    let same = pass.who.account().is_some_and(|a| act.who().account() == Some(a));
                    let why = if same { Disconnect::EXPIRED } else { Disconnect::INVALID_TOKEN };
                    act.cut(why, ctx);
                }
                Ok(pass) => {
                    let (client, ttl) = (act.client.clone(), refresh_in(pass.lasts));
                    act.hold(pass, ctx);
                    let refreshed = Refreshed { client, version: VERSION, expires: true, ttl };
                    act.answer(id, "refresh", &refreshed);
                }
                Err(problem) => act.not_admitted(id, &problem, ctx),
            }
            act.flush(ctx);
        }));
    }
}

/// In how many seconds the holder of a token that lasts `lasts` is to refresh it.
fn refresh_in(lasts: Duration) -> u64 {
    lasts.saturating_sub(REFRESH_AHEAD.min(lasts / 4)).as_secs().max(1)
}
