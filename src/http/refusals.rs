//! What middleware of the libraries refuses, as problems: it says so in plain words of its own.

use actix_cors::CorsError;
use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, ResponseError};

use super::error::Problem;

/// Makes problems of what the policy for other origins, or compression, refused.
///
/// # Errors
///
/// What the inner service could not turn into an answer.
pub async fn refusals<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let answer = next.call(req).await?;
    let Some(problem) = refused(answer.response()) else {
        return Ok(answer.map_into_left_body());
    };
    let (req, plain) = answer.into_parts();
    let mut spoken = problem.error_response();
    for (name, value) in plain.headers() {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) {
            spoken.headers_mut().append(name.clone(), value.clone());
        }
    }
    Ok(ServiceResponse::new(req, spoken).map_into_right_body())
}

fn refused<B>(answer: &HttpResponse<B>) -> Option<Problem> {
    if let Some(refusal) = answer.error().and_then(|error| error.as_error::<CorsError>()) {
        let detail = match refusal {
            CorsError::OriginNotAllowed => "pages of this origin may not call the API".to_owned(),
            other => other.to_string().replace('`', "").to_lowercase(),
        };
        return Some(Problem::new(StatusCode::FORBIDDEN, "cors_refused", detail));
    }
    let unnamed = !answer.headers().contains_key(header::CONTENT_TYPE);
    (answer.status() == StatusCode::NOT_ACCEPTABLE && unnamed).then(|| {
        let detail = "accept-encoding allows none of br, gzip and identity";
        Problem::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail)
    })
}
