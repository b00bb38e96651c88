//! The cinema's commands by name, for the live connection: what is asked on the socket is answered
//! on the socket.

use playhouse_domain::showing::SeatKind;
use playhouse_protocol::ids::{BookingId, HoldId, ShowingId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::requests::{HoldRequest, PurchaseRequest, WaitRequest};
use super::{bookings, seats};
use crate::app::App;
use crate::asking::Outcome;
use crate::http::auth::Identity;
use crate::http::error::Problem;
use crate::rpc::{Key, read, tell, unknown_method};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hold {
    showing_id: ShowingId,
    seats: Option<Vec<String>>,
    best: Option<u8>,
    kind: Option<SeatKind>,
    expect: Option<u64>,
    #[serde(default)]
    key: Key,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfHold {
    showing_id: ShowingId,
    hold_id: HoldId,
    expect: Option<u64>,
    #[serde(default)]
    key: Key,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Purchase {
    showing_id: ShowingId,
    hold_id: HoldId,
    payment_token: String,
    name: Option<String>,
    expect: Option<u64>,
    #[serde(default)]
    key: Key,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cancel {
    booking_id: BookingId,
    expect: Option<u64>,
    #[serde(default)]
    key: Key,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waitlist {
    showing_id: ShowingId,
    count: u8,
    kind: Option<SeatKind>,
    #[serde(default)]
    key: Key,
}

/// Runs the command `method` with `params` for `who`.
///
/// # Errors
///
/// `unknown_method`, `invalid_body`, and what the same command of REST answers.
pub async fn rpc(app: &App, who: &Identity, method: &str, params: Value) -> Result<Value, Problem> {
    let rooms = &app.rooms;
    match method {
        "showing.hold" => {
            let Hold { showing_id, seats, best, kind, expect, key } = read(params)?;
            let request = HoldRequest { seats, best, kind, expect };
            Ok(tell(&seats::hold(rooms, who, showing_id, request, key.0).await?))
        }
        "showing.release" => {
            let OfHold { showing_id, hold_id, expect, key } = read(params)?;
            seats::release(rooms, who, showing_id, hold_id, expect, key.0).await?;
            Ok(json!({}))
        }
        "showing.extend" => {
            let OfHold { showing_id, hold_id, expect, key } = read(params)?;
            Ok(tell(&seats::extend(rooms, who, showing_id, hold_id, expect, key.0).await?))
        }
        "showing.purchase" => {
            let Purchase { showing_id, hold_id, payment_token, name, expect, key } = read(params)?;
            let request = PurchaseRequest { payment_token, name, expect };
            Ok(match seats::purchase(rooms, who, showing_id, hold_id, request, key.0).await? {
                Outcome::Done(booking) => tell(&booking),
                Outcome::Pending(pending) => tell(&pending),
            })
        }
        "showing.cancel" => {
            let Cancel { booking_id, expect, key } = read(params)?;
            Ok(tell(&bookings::cancel(rooms, who, booking_id, expect, key.0).await?))
        }
        "showing.waitlist" => {
            let Waitlist { showing_id, count, kind, key } = read(params)?;
            let request = WaitRequest { count, kind };
            Ok(tell(&seats::join(rooms, who, showing_id, request, key.0).await?))
        }
        _ => Err(unknown_method(method)),
    }
}
