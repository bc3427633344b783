//! Who is asking: found once for each request or connection, before anything is read or done.

use std::net::{IpAddr, SocketAddr};

use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use axum::http::{HeaderMap, Method};

use super::access::secret::{self, Hash};
use super::access::session::{COOKIE as NAME, COOKIE_SECURE};
use super::access::{Access, Account, Identity, Wards};
use super::problem::Problem;
use crate::model::{Actor, Alert, Kind, Role, Time};

/// The WebSocket subprotocol spoken here; a token may follow it as `bearer.<token>`.
pub const SUBPROTOCOL: &str = "stormwatch.v1";
/// A page of ours may send this header instead of relying on the browser's `Origin`.
const OUR_HEADER: &str = "x-stormwatch";

/// What the caller showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// The service has no users yet and serves this machine only.
    Open,
    Token(Hash),
    Session(Hash),
}

/// A caller whose credential was good when last looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub account: Account,
    pub credential: Credential,
    pub address: IpAddr,
}

impl Caller {
    /// The caller behind a request; `None` where it showed nothing, or nothing that is good.
    pub fn find(
        access: &Access,
        headers: &HeaderMap,
        address: SocketAddr,
        now: Time,
    ) -> Result<Option<Caller>, Problem> {
        let address = address.ip().to_canonical();
        if !access.has_users()? {
            return Ok(open_caller(headers, address));
        }
        let credential = match (bearer(headers), session(headers)) {
            // A token that was sent is meant; a cookie beside it must not make up for a bad one.
            (Some(token), _) => Credential::Token(secret::hash(token)),
            (None, Some(cookie)) => Credential::Session(secret::hash(cookie)),
            (None, None) => return Ok(None),
        };
        let account = account_behind(access, credential, now)?;
        Ok(account.map(|account| Caller { account, credential, address }))
    }

    /// Looks again: `false` once the token or session is revoked or over.
    pub fn is_still_good(&self, access: &Access, now: Time) -> Result<bool, super::access::Error> {
        match self.credential {
            Credential::Open => Ok(!access.has_users()?),
            credential => Ok(account_behind(access, credential, now)?.as_ref() == Some(&self.account)),
        }
    }

    /// A page of another site can make a browser send our cookie, or reach this machine's loopback address. What such
    /// a page cannot do is send our `Origin` or our header.
    pub fn came_from_our_page(&self, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        let changes_nothing = method == Method::GET || method == Method::HEAD;
        let is_socket = headers.contains_key("sec-websocket-key");
        let sent_by_browser = match self.credential {
            Credential::Token(_) => return Ok(()),
            Credential::Session(_) => !headers.contains_key(OUR_HEADER),
            Credential::Open => headers.contains_key(ORIGIN),
        };
        if !sent_by_browser || (changes_nothing && !is_socket) || origin_is_host(headers) {
            return Ok(());
        }
        Err(Problem::not_allowed(
            "the request comes from a page of another site; send it from a page of this service, or with a token",
        ))
    }

    pub fn actor(&self) -> Actor {
        Actor { name: self.account.name.clone(), role: self.account.role }
    }

    pub fn identity(&self) -> Identity {
        self.account.identity
    }

    pub fn sees(&self, alert: &Alert) -> bool {
        self.sees_place(&alert.location.ward, alert.kind, alert.patient.is_some())
    }

    /// Whether alerts of this ward and kind are this caller's to see. What concerns machines and no ward is everybody's;
    /// a patient who lies nowhere yet is the business of those who see every ward.
    pub fn sees_place(&self, ward: &str, kind: Kind, has_patient: bool) -> bool {
        let wards = &self.account.wards;
        let place_fits =
            if ward.is_empty() { !has_patient || *wards == Wards::Every } else { wards.hold(ward) };
        match self.account.role {
            Role::Display | Role::Nurse | Role::Physician | Role::Admin => place_fits,
            // An engineer looks after machines, not patients.
            Role::Engineer => place_fits && kind == Kind::Technical,
        }
    }

    /// The key under which this caller's requests are counted.
    pub fn meter(&self) -> String {
        match self.credential {
            Credential::Open => self.address.to_string(),
            Credential::Token(_) | Credential::Session(_) => format!("account {}", self.account.name),
        }
    }
}

fn account_behind(
    access: &Access,
    credential: Credential,
    now: Time,
) -> Result<Option<Account>, super::access::Error> {
    match credential {
        Credential::Open => Ok(Some(open_account())),
        Credential::Token(hash) => access.account_of_token(&hash, now),
        Credential::Session(hash) => access.account_of_session(&hash, now),
    }
}

/// Who acts on a service without users: everything is allowed, and the record says that nobody signed in.
fn open_account() -> Account {
    Account { name: "open".into(), role: Role::Admin, wards: Wards::Every, identity: Identity::P3 }
}

/// Only this machine, and only under a name of this machine: a foreign name in `Host` that leads here is a trick to make
/// a browser treat us as that site's own (DNS rebinding).
fn open_caller(headers: &HeaderMap, address: IpAddr) -> Option<Caller> {
    let named_local = headers.get(HOST).and_then(|host| host.to_str().ok()).is_none_or(is_loopback_name);
    (address.is_loopback() && named_local).then(|| Caller {
        account: open_account(),
        credential: Credential::Open,
        address,
    })
}

fn is_loopback_name(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn origin_is_host(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    match (text(ORIGIN), text(HOST)) {
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, place)| place.eq_ignore_ascii_case(host))
        }
        _ => false,
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let in_header = sent.and_then(|text| {
        let (scheme, token) = text.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    in_header.or_else(|| {
        headers
            .get_all(SEC_WEBSOCKET_PROTOCOL)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|list| list.split(','))
            .find_map(|name| name.trim().strip_prefix("bearer."))
    })
}

/// The value of our cookie.
pub fn session(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == NAME || name == COOKIE_SECURE).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(*name, value.parse().expect("a header value"));
        }
        map
    }

    #[test]
    fn a_token_is_found_in_the_header_and_in_the_subprotocol() {
        assert_eq!(bearer(&headers(&[("authorization", "Bearer abc")])), Some("abc"));
        let sockets = headers(&[("sec-websocket-protocol", "stormwatch.v1, bearer.abc")]);
        assert_eq!(bearer(&sockets), Some("abc"));
        assert_eq!(bearer(&headers(&[("authorization", "Basic abc")])), None);
        assert_eq!(session(&headers(&[("cookie", "a=b; stormwatch=xyz")])), Some("xyz"));
    }

    #[test]
    fn without_users_only_this_machine_under_its_own_name_is_let_in() {
        let this: IpAddr = "127.0.0.1".parse().expect("an address");
        let other: IpAddr = "10.0.0.7".parse().expect("an address");
        for name in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "localhost"] {
            assert!(open_caller(&headers(&[("host", name)]), this).is_some(), "{name}");
            assert!(open_caller(&headers(&[("host", name)]), other).is_none(), "{name}");
        }
        assert!(open_caller(&headers(&[("host", "evil.example:8080")]), this).is_none());
    }

    #[test]
    fn a_page_of_another_site_can_neither_post_nor_open_a_socket_with_our_cookie() {
        let account = open_account();
        let address = "127.0.0.1".parse().expect("an address");
        let host = ("host", "ward.example");
        let foreign = headers(&[host, ("origin", "https://evil.example")]);
        let own = headers(&[host, ("origin", "https://ward.example")]);
        let bare = headers(&[host]);
        let socket = headers(&[host, ("origin", "https://evil.example"), ("sec-websocket-key", "x")]);
        for credential in [Credential::Session([0; 32]), Credential::Open] {
            let caller = Caller { account: account.clone(), credential, address };
            assert!(caller.came_from_our_page(&Method::POST, &foreign).is_err());
            assert!(caller.came_from_our_page(&Method::POST, &own).is_ok());
            assert!(caller.came_from_our_page(&Method::GET, &socket).is_err());
            assert!(caller.came_from_our_page(&Method::GET, &bare).is_ok());
            // A script without a browser sends no origin: a token may, and the open mode on this machine may.
            let scripted = caller.came_from_our_page(&Method::POST, &bare).is_ok();
            assert_eq!(scripted, credential == Credential::Open);
        }
        let caller = Caller { account, credential: Credential::Token([0; 32]), address };
        assert!(caller.came_from_our_page(&Method::POST, &bare).is_ok());
    }
}
