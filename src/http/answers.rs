//! What handlers answer beside their own: the problems that a sort of handler can lead to, for the
//! API's description, and answers that several route files make.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{
    ContentBuilder, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
};
use utoipa::{IntoParams, IntoResponses};

use crate::asking::Pending;

/// `201` with `body`, and where it is found from now on.
#[must_use]
pub fn created(location: &str, body: &impl Serialize) -> HttpResponse {
    HttpResponse::Created().insert_header((header::LOCATION, location)).json(body)
}

/// `202`: accepted, and where to look for the outcome.
#[must_use]
pub fn accepted(pending: &Pending) -> HttpResponse {
    HttpResponse::Accepted()
        .insert_header((header::LOCATION, pending.location.as_str()))
        .json(pending)
}

/// The header that makes a command exactly once, for the API's description.
pub struct KeyHeader;

/// The headers of a command about a thing with a revision, for the API's description.
pub struct RevisionHeaders;

impl IntoParams for KeyHeader {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = "Chosen by the caller, a UUID by habit: the same key gets the same answer.";
        vec![header_parameter("Idempotency-Key", text)]
    }
}

impl IntoParams for RevisionHeaders {
    fn into_params(within: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let text = "The ETag that the command rests on: refused if the thing has changed since.";
        let mut parameters = KeyHeader::into_params(within);
        parameters.push(header_parameter("If-Match", text));
        parameters
    }
}

fn header_parameter(name: &str, description: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).max_length(Some(128))))
        .build()
}

fn problem(status: u16) -> (String, RefOr<Response>) {
    let status_code = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new()
        .description(status_code.canonical_reason().unwrap_or("Problem"))
        .content("application/problem+json", content)
        .build();
    (status.to_string(), RefOr::T(response))
}

/// Declares which problems a sort of handler can lead to.
macro_rules! problems {
    ($($(#[doc = $doc:literal])* $name:ident: $($status:literal),+;)+) => {$(
        $(#[doc = $doc])*
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                BTreeMap::from([$(problem($status)),+])
            }
        }
    )+};
}

problems! {
    /// A public list.
    ListProblems: 422, 429, 503;
    /// A public thing.
    ThingProblems: 404, 429, 500, 503;
    /// A thing that shows more to those who are logged in.
    SeenProblems: 401, 404, 429, 500, 503;
    /// A part of a list that belongs to something, and may ask who is logged in.
    PartProblems: 401, 404, 422, 429, 500, 503;
    /// A list of one's own.
    OwnListProblems: 401, 422, 429, 503;
    /// A thing of one's own.
    OwnThingProblems: 401, 402, 404, 409, 410, 429, 500, 503;
    /// A command with a body.
    CommandProblems: 400, 401, 403, 404, 408, 409, 410, 412, 413, 415, 422, 429, 500, 503;
    /// A command without a body.
    BareCommandProblems: 401, 403, 404, 409, 410, 412, 422, 429, 500, 503;
    /// What administrators ask of rooms.
    AdminProblems: 400, 401, 403, 404, 413, 415, 422, 429, 503;
    /// What administrators do.
    RewriteProblems: 400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503;
    /// A look into a room's past.
    PastProblems: 401, 403, 404, 409, 410, 422, 429, 503;
    /// A purchase.
    PurchaseProblems: 400, 401, 402, 403, 404, 408, 409, 410, 412, 413, 415, 422, 429, 500, 503;
}
