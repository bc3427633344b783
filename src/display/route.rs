//! Every address of the service in one table: what it is, who may use it, what answers it.
//!
//! The router is made from this table, the tests of permissions walk it, and `openapi.json` is compared with it.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use super::caller::Caller;
use super::door::Peer;
use super::problem::{self, Problem};
use super::state::Shared;
use super::{action, alerts, assets, chart, overview, patients, probe, quarantine, sign_in, socket};
use crate::model::Role;
use crate::model::Role::{Admin, Display, Engineer, Nurse, Physician};
use crate::model::limits::HTTP_BODY_MAX;

/// A request that takes longer than this is given up. [engineering]
const LONGEST: Duration = Duration::from_secs(30);

/// Who may use an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// No patient is seen or touched; also who has not signed in.
    Anyone,
    Roles(&'static [Role]),
}

impl Who {
    pub fn admits(self, role: Role) -> bool {
        match self {
            Who::Anyone => true,
            Who::Roles(roles) => roles.contains(&role),
        }
    }
}

/// Sees patients.
const WATCH: Who = Who::Roles(&[Display, Nurse, Physician, Admin]);
/// Sees alerts; an engineer those about machines only.
const WARNED: Who = Who::Roles(&[Display, Nurse, Physician, Engineer, Admin]);
/// Charts at the bedside.
const CHART: Who = Who::Roles(&[Nurse, Physician, Admin]);
/// Answers an alert; an engineer one about machines only.
const ANSWER: Who = Who::Roles(&[Nurse, Physician, Engineer, Admin]);
/// Suppresses or ends an alert; an engineer one about machines only.
const SUPPRESS: Who = Who::Roles(&[Physician, Engineer, Admin]);
/// Sees raw messages and sends them on.
const INTAKE: Who = Who::Roles(&[Engineer, Admin]);
/// Sees rules, scores and figures.
const STAFF: Who = Who::Roles(&[Nurse, Physician, Engineer, Admin]);
const AUDIT: Who = Who::Roles(&[Admin]);

/// One row of the table.
pub struct Endpoint {
    pub entrance: Entrance,
    answers: MethodRouter<Shared>,
}

/// Which address, and for whom.
#[derive(Clone, Debug)]
pub struct Entrance {
    pub method: Method,
    pub path: &'static str,
    pub who: Who,
}

/// The table.
pub fn table() -> Vec<Endpoint> {
    let row = |method, path, who, answers| Endpoint { entrance: Entrance { method, path, who }, answers };
    let read = |path, who, answers| row(Method::GET, path, who, answers);
    let write = |path, who, answers| row(Method::POST, path, who, answers);
    vec![
        read("/healthz", Who::Anyone, get(probe::healthz)),
        read("/readyz", Who::Anyone, get(probe::readyz)),
        read("/metrics", Who::Anyone, get(probe::metrics)),
        read("/openapi.json", Who::Anyone, get(probe::openapi)),
        read("/api/v1/session", Who::Anyone, get(sign_in::session)),
        write("/api/v1/login", Who::Anyone, post(sign_in::login)),
        write("/api/v1/logout", Who::Anyone, post(sign_in::logout)),
        read("/api/v1/patients", WATCH, get(patients::list)),
        read("/api/v1/patients/{id}", WATCH, get(patients::one)),
        read("/api/v1/patients/{id}/series", WATCH, get(patients::series)),
        write("/api/v1/patients/{id}/observations", CHART, post(chart::observations)),
        write("/api/v1/patients/{id}/assessments", CHART, post(chart::assessments)),
        write("/api/v1/patients/{id}/therapies", CHART, post(chart::therapies)),
        write("/api/v1/patients/{id}/factors", CHART, post(chart::factors)),
        read("/api/v1/alerts", WARNED, get(alerts::list)),
        read("/api/v1/alerts/{id}", WARNED, get(alerts::one)),
        read("/api/v1/alerts/{id}/explanation", ANSWER, get(alerts::explanation)),
        write("/api/v1/alerts/{id}/acknowledge", ANSWER, post(action::acknowledge)),
        write("/api/v1/alerts/{id}/rate", ANSWER, post(action::rate)),
        write("/api/v1/alerts/{id}/undo", ANSWER, post(action::undo)),
        write("/api/v1/alerts/{id}/shelve", SUPPRESS, post(action::shelve)),
        write("/api/v1/alerts/{id}/unshelve", SUPPRESS, post(action::unshelve)),
        write("/api/v1/alerts/{id}/close", SUPPRESS, post(action::close)),
        read("/api/v1/quarantine", INTAKE, get(quarantine::list)),
        read("/api/v1/quarantine/{id}", INTAKE, get(quarantine::one)),
        write("/api/v1/quarantine/{id}/retry", INTAKE, post(quarantine::retry)),
        read("/api/v1/rules", STAFF, get(overview::rules)),
        read("/api/v1/scores", STAFF, get(overview::scores)),
        read("/api/v1/quality", STAFF, get(overview::quality)),
        read("/api/v1/feeds", STAFF, get(overview::feeds)),
        read("/api/v1/audit", AUDIT, get(sign_in::audit)),
        read("/ws/v1", WARNED, get(socket::open)),
    ]
}

/// The table as a router, with everything that holds for every request around it.
pub fn router(state: Shared) -> Router {
    let mut router = Router::new();
    for endpoint in table() {
        let guard = middleware::from_fn_with_state((state.clone(), endpoint.entrance.clone()), admit);
        router = router.route(endpoint.entrance.path, endpoint.answers.route_layer(guard));
    }
    router
        .fallback(page)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(HTTP_BODY_MAX))
        .layer(middleware::from_fn_with_state(state.clone(), around))
        .with_state(state)
}

/// Lets a request through to its answer, or says why not.
async fn admit(
    axum::extract::State((state, entrance)): axum::extract::State<(Shared, Entrance)>,
    ConnectInfo(Peer(address)): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let (mut head, body) = request.into_parts();
    match judge(&state, &entrance, address, &head).await {
        Err(problem) => problem.into_response(),
        Ok(caller) => {
            if let Some(caller) = caller {
                head.extensions.insert(caller);
            }
            next.run(Request::from_parts(head, body)).await
        }
    }
}

async fn judge(
    state: &Shared,
    entrance: &Entrance,
    address: SocketAddr,
    head: &Parts,
) -> Result<Option<Caller>, Problem> {
    let now = state.now();
    let caller = Caller::find(&state.access, &head.headers, address, now)?;
    let meter = caller.as_ref().map_or_else(|| address.ip().to_canonical().to_string(), Caller::meter);
    state.requests.take(&meter, now).map_err(Problem::too_often)?;
    if let Some(caller) = &caller {
        caller.came_from_our_page(&head.method, &head.headers)?;
    }
    let who = entrance.who;
    match (who, caller) {
        (Who::Anyone, caller) => Ok(caller),
        (Who::Roles(_), None) => Err(Problem::not_signed_in()),
        (Who::Roles(_), Some(caller)) if who.admits(caller.account.role) => Ok(Some(caller)),
        (Who::Roles(_), Some(caller)) => {
            let action = format!("{} {}", entrance.method, entrance.path);
            state.note(&caller, &action, None, Some(head.uri.path()), "refused: role").await;
            let role = caller.account.role.name();
            Err(Problem::not_allowed(format!(
                "role {role} may not do this; ask an administrator for another role"
            )))
        }
    }
}

/// Headers of every answer, an end to every request, and one form for every refusal.
async fn around(
    axum::extract::State(state): axum::extract::State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    let is_api = request.uri().path().starts_with("/api/") || request.uri().path().starts_with("/ws/");
    let answered = tokio::time::timeout(LONGEST, next.run(request)).await;
    let mut response = answered.unwrap_or_else(|_| {
        Problem::unavailable("the answer took longer than 30 s and was given up").into_response()
    });
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == problem::CONTENT);
    if is_api && response.status().is_client_error() && !is_problem {
        response = unreadable(response.status()).into_response();
    }
    assets::secure(response.headers_mut(), state.tls);
    response
}

/// What the framework refused before anything of ours saw it.
fn unreadable(status: StatusCode) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::too_large(HTTP_BODY_MAX);
    }
    Problem { status, ..Problem::unreadable("address, headers or body are not what /openapi.json describes") }
}

async fn page(request: Request) -> Response {
    let path = request.uri().path();
    if path.starts_with("/api/") || path.starts_with("/ws/") {
        return Problem {
            status: StatusCode::NOT_FOUND,
            title: "not found",
            detail: "there is no such address; /openapi.json lists them".into(),
            field: None,
            retry_after_seconds: None,
        }
        .into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return wrong_method().await;
    }
    assets::serve(path)
}

async fn wrong_method() -> Response {
    Problem {
        status: StatusCode::METHOD_NOT_ALLOWED,
        title: "not possible with this method",
        detail: "this address has another method; /openapi.json lists them".into(),
        field: None,
        retry_after_seconds: None,
    }
    .into_response()
}
