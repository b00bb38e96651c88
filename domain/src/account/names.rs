//! User names and e-mail addresses, and the rooms that keep them unique.
//!
//! Both are plain ASCII: two names that look alike cannot be two accounts.

use playhouse_protocol::ids::RoomId;

use crate::refusal::{Refusal, RefusalKind};
use crate::room::Rules;
use crate::unique::UniqueName;

/// The user name of the first administrator.
pub const FIRST_ADMIN: &str = "admin";

/// Checks a user name: 3 to 32 letters, digits, `_`, `-` or `.`, the first a letter or digit.
///
/// # Errors
///
/// `bad_username`.
pub fn username(name: &str) -> Result<String, Refusal> {
    let fits = (3..=32).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
        && name.as_bytes()[0].is_ascii_alphanumeric();
    if fits {
        return Ok(name.to_owned());
    }
    Err(Refusal::invalid(
        "bad_username",
        "a user name is 3 to 32 letters a-z, digits, '_', '-' or '.', and starts with a letter or digit",
    ))
}

/// Checks an e-mail address: ASCII, one `@`, a domain with a dot, at most 120 characters.
///
/// # Errors
///
/// `bad_email`.
pub fn email(address: &str) -> Result<String, Refusal> {
    let bad =
        || Refusal::invalid("bad_email", "an e-mail address is like ann@example.org, in ASCII");
    let (local, domain) = address.split_once('@').ok_or_else(bad)?;
    let local_ok = (1..=64).contains(&local.len())
        && local.bytes().all(|b| b.is_ascii_graphic() && !b"\"(),:;<>@[\\]".contains(&b));
    let label_ok = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let domain_ok = domain.contains('.') && domain.split('.').all(label_ok);
    if local_ok && domain_ok && address.len() <= 120 { Ok(address.to_owned()) } else { Err(bad()) }
}

/// Refuses names that are not for everybody: the user name `admin`, which the first administrator
/// gets, and addresses under `.invalid` (RFC 2606), which administrators without an address get.
///
/// # Errors
///
/// `username_taken`, `bad_email`.
pub fn unreserved(username: &str, address: &str) -> Result<(), Refusal> {
    if normalised(username) == FIRST_ADMIN {
        return Err(username_taken());
    }
    if normalised(address).ends_with(".invalid") {
        return Err(Refusal::invalid("bad_email", "addresses under .invalid are nobody's"));
    }
    Ok(())
}

/// An address for an administrator who gave none.
#[must_use]
pub fn no_address(username: &str) -> String {
    format!("{}@localhost.invalid", normalised(username))
}

pub(super) fn username_taken() -> Refusal {
    Refusal::new(RefusalKind::Conflict, "username_taken", "the user name is taken")
}

/// The form under which a name is unique: lower case.
#[must_use]
pub fn normalised(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// The room that keeps a user name unique.
///
/// # Panics
///
/// Never for a name that [`username`] let through.
#[must_use]
pub fn username_room(name: &str) -> RoomId {
    RoomId::new(UniqueName::KIND, format!("username:{}", normalised(name)))
        .expect("a checked user name makes a room id")
}

/// The room that keeps an e-mail address unique.
///
/// # Panics
///
/// Never for an address that [`email`] let through.
#[must_use]
pub fn email_room(address: &str) -> RoomId {
    RoomId::new(UniqueName::KIND, format!("email:{}", normalised(address)))
        .expect("a checked address makes a room id")
}

/// The room of the name that somebody logs in with, if it can be one at all.
#[must_use]
pub fn login_room(login: &str) -> Option<RoomId> {
    if login.contains('@') {
        email(login).ok().map(|address| email_room(&address))
    } else {
        username(login).ok().map(|name| username_room(&name))
    }
}
