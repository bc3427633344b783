//! Signing in and out, who one is, and the audit.

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Extension, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};

use super::access::audit::{Line, Search};
use super::access::{Account, Wards, secret, session as sessions};
use super::caller::{Caller, Credential, session as cookie};
use super::door::Peer;
use super::form::{Form, parse};
use super::patients::{Asked, instant};
use super::problem::Problem;
use super::state::Shared;
use super::view::time;

/// Who is asking, and whether this service has users at all. Answers everybody: a page needs it before the log-in.
pub async fn session(
    State(state): State<Shared>,
    caller: Option<Extension<Caller>>,
) -> Result<Json<Value>, Problem> {
    let open = !state.access.has_users()?;
    let Some(Extension(caller)) = caller else {
        return Ok(Json(json!({"user": null, "open": open, "ward_choices": [], "identity": null})));
    };
    let wards = caller.account.wards.clone();
    let choices = state.fold.ask(move |engine| {
        let occupied = engine.patients().filter(|patient| patient.admitted).map(|p| p.location.ward.clone());
        occupied.filter(|ward| wards.hold(ward)).collect::<std::collections::BTreeSet<String>>()
    });
    let mut choices = choices.await?;
    if let Wards::Only(own) = &caller.account.wards {
        choices.extend(own.iter().cloned());
    }
    let user = (caller.credential != Credential::Open).then(|| user_json(&caller.account));
    let identity = caller.identity().name();
    Ok(Json(json!({"user": user, "open": open, "ward_choices": choices, "identity": identity})))
}

fn user_json(account: &Account) -> Value {
    let wards = match &account.wards {
        Wards::Every => vec!["*".to_owned()],
        Wards::Only(names) => names.clone(),
    };
    json!({"name": account.name, "role": account.role.name(), "wards": wards})
}

pub async fn login(
    State(state): State<Shared>,
    ConnectInfo(Peer(address)): ConnectInfo<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let address = address.ip().to_canonical().to_string();
    // A page of another site could sign the browser in as somebody else; JSON is what such a page cannot send.
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/json"));
    if !is_json {
        return Err(Problem::unreadable(
            "send {\"name\": …, \"password\": …} with content-type application/json",
        ));
    }
    let sent = parse(&body)?;
    let form = Form::of(&sent)?;
    let name = form.text("name", 64)?;
    let name = form.needed("name", name, "send it with the password")?;
    // A password is not trimmed and may hold anything.
    let password = sent.get("password").and_then(Value::as_str).unwrap_or_default().to_owned();
    let now = state.now();
    state.login_address.take(&address, now).map_err(Problem::too_often)?;
    state.login_account.take(&name, now).map_err(Problem::too_often)?;
    let account = check(&state, name.clone(), password).await?;
    let outcome = if account.is_some() { "done" } else { "refused" };
    let role = account.as_ref().map_or("", |account| account.role.name()).to_owned();
    let line = |who: String| Line {
        at: now,
        who,
        role,
        action: "sign in".into(),
        patient: None,
        subject: None,
        address: address.clone(),
        outcome: outcome.into(),
    };
    state.audit.note(line(name)).await;
    let Some(account) = account else { return Err(Problem::wrong_password()) };
    let token = state.access.start_session(&account.name, &address, now)?;
    let mut response =
        Json(json!({"user": user_json(&account), "identity": account.identity.name()})).into_response();
    set_cookie(&mut response, state.tls, &token, sessions::LONGEST.0 / 1000);
    Ok(response)
}

/// At most two at once, off the event loop: each takes memory and time by design.
async fn check(state: &Shared, name: String, password: String) -> Result<Option<Account>, Problem> {
    let _turn = state.password_checks.acquire().await.expect("nobody closes the semaphore");
    let access = state.access.clone();
    let checked = tokio::task::spawn_blocking(move || access.account_of_password(&name, &password)).await;
    Ok(checked.map_err(|_| Problem::unavailable("the password could not be checked; try again"))??)
}

pub async fn logout(State(state): State<Shared>, headers: HeaderMap) -> Result<Response, Problem> {
    if let Some(token) = cookie(&headers) {
        state.access.end_session(&secret::hash(token))?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, state.tls, "", 0);
    Ok(response)
}

fn set_cookie(response: &mut Response, tls: bool, token: &str, seconds: i64) {
    let (name, secure) = if tls { (sessions::COOKIE_SECURE, "; Secure") } else { (sessions::COOKIE, "") };
    let text = format!("{name}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    let value = HeaderValue::from_str(&text).expect("a token is hexadecimal");
    response.headers_mut().append(header::SET_COOKIE, value);
}

/// Lines of the audit, newest first; reading it leaves a line too.
pub async fn audit(
    State(state): State<Shared>,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Problem> {
    let search = Search {
        who: asked.get("who").cloned(),
        patient: asked.get("patient").cloned(),
        action: asked.get("action").cloned(),
        outcome: asked.get("outcome").cloned(),
        from: instant(&asked, "from")?,
        to: instant(&asked, "to")?,
        limit: asked.get("limit").and_then(|number| number.parse().ok()),
    };
    state.note(&caller, "search audit", search.patient.as_deref(), search.who.as_deref(), "done").await;
    state.audit.written().await;
    let access = state.access.clone();
    let searched = tokio::task::spawn_blocking(move || access.search_audit(&search)).await;
    let lines = searched.map_err(|_| Problem::unavailable("the audit could not be read; try again"))??;
    let rows: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "at": time(line.at), "by": line.who, "role": line.role, "action": line.action,
                "patient": line.patient, "subject": line.subject, "address": line.address, "outcome": line.outcome,
            })
        })
        .collect();
    Ok(Json(json!({"audit": rows})))
}
