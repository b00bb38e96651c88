//! What stands before every handler: nothing new is begun during the shutdown, and one address may
//! not ask too often.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError, web};

use super::error::Problem;
use super::limit::{Rate, network};
use super::{peer, piston};
use crate::app::Phase;
use crate::config::Config;
use crate::judge::piston::Refused;

/// Counts requests by address within windows of one second.
pub type Requests = Rate<IpAddr>;

/// Lets a request through to its handler, or answers in its place.
///
/// # Errors
///
/// What the inner service could not turn into an answer.
pub async fn gate<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    match refuse(&req) {
        Some(problem) => {
            let answer = match piston::is_its(req.path()) {
                true => Refused::from(problem).error_response(),
                false => problem.error_response(),
            };
            Ok(req.into_response(answer.map_into_right_body()))
        }
        None => next.call(req).await.map(ServiceResponse::map_into_left_body),
    }
}

fn refuse(req: &ServiceRequest) -> Option<Problem> {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(req.method());
    let stopping = req.app_data::<web::Data<Phase>>().is_some_and(|phase| phase.is_stopping());
    if stopping && !reads {
        let detail = "the server is shutting down";
        return Some(
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "shutting_down", detail)
                .retry_after(Duration::from_secs(5)),
        );
    }
    if req.method() == Method::OPTIONS {
        // A browser asks before it asks; only the second counts.
        return None;
    }
    let limit = req.app_data::<web::Data<Config>>()?.limits.requests_per_second;
    let requests = req.app_data::<web::Data<Requests>>()?;
    if limit == 0 || requests.admit(network(peer::address(req.request())), Instant::now(), limit) {
        return None;
    }
    let detail = format!("more than {limit} requests a second from one address");
    Some(
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
            .retry_after(Duration::from_secs(1)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_over_its_limit_waits_and_others_do_not() {
        let requests = Requests::default();
        let (now, ann, bob) = (Instant::now(), IpAddr::from([1; 4]), IpAddr::from([2; 4]));
        assert!(requests.admit(ann, now, 2) && requests.admit(ann, now, 2));
        assert!(!requests.admit(ann, now, 2));
        assert!(requests.admit(bob, now, 2));
        assert!(requests.admit(ann, now + Duration::from_secs(1), 2));
    }
}
