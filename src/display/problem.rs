//! Refusals as RFC 9457 problem details: what is wrong, where, and what to do about it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// The media type.
pub const CONTENT: &str = "application/problem+json";

/// A refusal. `detail` names the thing and the remedy in a sentence; never a person's name.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub status: StatusCode,
    pub title: &'static str,
    pub detail: String,
    /// The field of the request that was not usable, `ice.orientation`.
    pub field: Option<String>,
    pub retry_after_seconds: Option<u64>,
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Problem {
        Problem { status, title, detail: detail.into(), field: None, retry_after_seconds: None }
    }

    /// 400: the request itself cannot be read.
    pub fn unreadable(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "the request cannot be read", detail)
    }
    /// 422: readable, and one field of it cannot be used.
    pub fn field(field: impl Into<String>, detail: impl Into<String>) -> Problem {
        let mut problem =
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "a field cannot be used", detail.into());
        problem.field = Some(field.into());
        problem
    }
    /// 401, the same for every reason: nobody learns from it which accounts exist.
    pub fn not_signed_in() -> Problem {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "not signed in",
            "sign in on /login, or send a valid token as `Authorization: Bearer …`",
        )
    }
    /// 401 of the log-in page, the same for every reason.
    pub fn wrong_password() -> Problem {
        Problem::new(StatusCode::UNAUTHORIZED, "not signed in", "name or password is not right")
    }
    /// 403: known, and not allowed.
    pub fn not_allowed(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "not allowed", detail)
    }
    /// 404, also for what lies outside the caller's wards: the two must not be told apart.
    pub fn not_found(what: &str) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not found", format!("there is no such {what} on your wards"))
    }
    /// 409: readable and allowed, and the present state forbids it.
    pub fn conflict(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, "not possible now", detail)
    }
    /// 413.
    pub fn too_large(most: usize) -> Problem {
        let detail = format!("the body has more than {most} bytes; send less at a time");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too large", detail)
    }
    /// 429.
    pub fn too_often(retry_after_seconds: u64) -> Problem {
        let detail = format!("too many requests; try again in {retry_after_seconds} s");
        let mut problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too often", detail);
        problem.retry_after_seconds = Some(retry_after_seconds);
        problem
    }
    /// 503: ours, and passing.
    pub fn unavailable(detail: impl Into<String>) -> Problem {
        let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not available now", detail);
        problem.retry_after_seconds = Some(1);
        problem
    }

    pub fn json(&self) -> Value {
        let mut members = Map::new();
        members.insert("type".into(), json!("about:blank"));
        members.insert("title".into(), json!(self.title));
        members.insert("status".into(), json!(self.status.as_u16()));
        members.insert("detail".into(), json!(self.detail));
        if let Some(field) = &self.field {
            members.insert("field".into(), json!(field));
        }
        Value::Object(members)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.json().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<crate::fold::FoldGone> for Problem {
    fn from(_: crate::fold::FoldGone) -> Problem {
        Problem::unavailable("the service is stopping; ask again in a moment")
    }
}

impl From<super::access::Error> for Problem {
    fn from(cause: super::access::Error) -> Problem {
        // The cause names files and tables, which is for the log of the operator and not for the caller.
        tracing::error!(%cause, "access file cannot be asked");
        Problem::unavailable("accounts cannot be checked now; the operator finds the reason in the log")
    }
}

impl From<crate::journal::Error> for Problem {
    fn from(cause: crate::journal::Error) -> Problem {
        Problem::unavailable(format!("not recorded: {cause}"))
    }
}
