//! A receiver: who wants to know what, and how one post is made and signed.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ring::hmac;
use serde::Deserialize;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use super::Error;
use super::body::hex;
use super::poster::seconds;
use crate::model::{Alert, Notification, Priority, Role, Time};

/// Where Debian and its kin keep the certificates they trust.
const TRUSTED: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Of an answer so much is read, to use the connection again.
const ANSWER_MAX: u64 = 64 * 1024;

/// One `[[webhook]]` of the configuration.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Shown in alerts' ledgers as `webhook:NAME`; part of what makes a delivery the same.
    pub name: String,
    /// `https://…`; `http://` to this host only, unless `plain_http` is set.
    pub url: String,
    /// A file with the key of the signature; without one, posts are not signed.
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// Notifications for any of these roles; empty for all.
    #[serde(default)]
    pub roles: Vec<Role>,
    #[serde(default = "low")]
    pub min_priority: Priority,
    /// Alerts of these wards; empty for all. Alerts of the service itself, without a ward, always count.
    #[serde(default)]
    pub wards: Vec<String>,
    /// For a whole post, 1 to 60.
    #[serde(default = "five")]
    pub timeout_seconds: u64,
    /// Certificates (PEM) to trust instead of the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Posts identifiers of patients in the clear. For a network that is itself encrypted.
    #[serde(default)]
    pub plain_http: bool,
}

fn low() -> Priority {
    Priority::Low
}
fn five() -> u64 {
    5
}

/// A webhook ready to be posted to.
pub(super) struct Target {
    pub name: String,
    url: String,
    key: Option<hmac::Key>,
    roles: Vec<Role>,
    min_priority: Priority,
    wards: Vec<String>,
    agent: Agent,
}

/// Why a post was not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No answer. It may have been received all the same.
    Unreachable(String),
    /// An answer other than 2xx.
    Status(u16),
}

impl Refusal {
    pub(super) fn is_unreachable(&self) -> bool {
        match self {
            Refusal::Unreachable(_) => true,
            Refusal::Status(_) => false,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unreachable(reason) => write!(f, "no answer ({reason})"),
            Refusal::Status(status) => write!(f, "HTTP {status}"),
        }
    }
}

/// Checks every webhook and reads its files.
pub(super) fn load(webhooks: Vec<Webhook>) -> Result<Vec<Target>, Error> {
    let mut targets: Vec<Target> = Vec::new();
    for webhook in webhooks {
        if targets.iter().any(|target| target.name == webhook.name) {
            return Err(Error::Twice { name: webhook.name });
        }
        targets.push(Target::load(webhook)?);
    }
    Ok(targets)
}

impl Target {
    fn load(webhook: Webhook) -> Result<Target, Error> {
        let problem = |reason: String| Error::Webhook { name: webhook.name.clone(), reason };
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if webhook.name.is_empty() || !webhook.name.chars().all(plain) {
            return Err(problem("its name is not made of letters, digits, `-`, `_` and `.`".into()));
        }
        check_url(&webhook).map_err(problem)?;
        if !(1..=60).contains(&webhook.timeout_seconds) {
            return Err(problem("timeout_seconds is not 1 to 60".into()));
        }
        let key = match &webhook.secret_file {
            Some(file) => Some(read_key(file).map_err(problem)?),
            None => None,
        };
        let agent = agent(&webhook).map_err(problem)?;
        let Webhook { name, url, roles, min_priority, wards, .. } = webhook;
        Ok(Target { name, url, key, roles, min_priority, wards, agent })
    }

    pub(super) fn wants(&self, notification: &Notification, alert: &Alert) -> bool {
        let ward = &alert.location.ward;
        let role = self.roles.is_empty() || notification.roles.iter().any(|role| self.roles.contains(role));
        let place = self.wards.is_empty() || ward.is_empty() || self.wards.contains(ward);
        role && place && alert.priority >= self.min_priority
    }

    /// Posts once. The status is 2xx; anything else is a refusal, redirections too.
    pub(super) fn post(&self, id: &str, at: Time, body: &str) -> Result<u16, Refusal> {
        let stamp = seconds(at).to_string();
        let mut request = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json")
            .header("Stormwatch-Delivery-Id", id)
            .header("Stormwatch-Timestamp", &stamp);
        if let Some(key) = &self.key {
            request = request.header("Stormwatch-Signature", signature(key, &stamp, body));
        }
        let mut response = request.send(body).map_err(|problem| Refusal::Unreachable(problem.to_string()))?;
        let status = response.status();
        // An answer whose rest does not come is an answer.
        let _ = response.body_mut().with_config().limit(ANSWER_MAX).read_to_vec();
        if status.is_success() { Ok(status.as_u16()) } else { Err(Refusal::Status(status.as_u16())) }
    }
}

/// `sha256=` and the HMAC-SHA256 of `TIMESTAMP.BODY` in hexadecimal. The time is inside, so that an old post cannot be
/// played again.
fn signature(key: &hmac::Key, stamp: &str, body: &str) -> String {
    let mut context = hmac::Context::with_key(key);
    context.update(stamp.as_bytes());
    context.update(b".");
    context.update(body.as_bytes());
    format!("sha256={}", hex(context.sign().as_ref()))
}

fn check_url(webhook: &Webhook) -> Result<(), String> {
    let url = &webhook.url;
    let Ok(parsed) = url.parse::<ureq::http::Uri>() else {
        return Err(format!("{url:?} is not a URL"));
    };
    let host = parsed.host().unwrap_or_default();
    let here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    match parsed.scheme_str() {
        Some("https") if !host.is_empty() => Ok(()),
        Some("http") if here || (webhook.plain_http && !host.is_empty()) => Ok(()),
        Some("http") => Err(format!("{url:?} is not encrypted; use https, or set plain_http = true")),
        Some(_) | None => Err(format!("{url:?} is neither https:// nor http://")),
    }
}

fn read_key(file: &Path) -> Result<hmac::Key, String> {
    let shown = file.display();
    let text = fs::read(file).map_err(|reason| format!("cannot read its secret {shown}: {reason}"))?;
    let secret = text.trim_ascii();
    if secret.len() < 16 {
        return Err(format!(
            "its secret {shown} is shorter than 16 bytes; make one with `openssl rand -hex 32`"
        ));
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, secret))
}

fn agent(webhook: &Webhook) -> Result<Agent, String> {
    let mut tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
    if webhook.url.starts_with("https") {
        let file = webhook.ca_file.as_deref().unwrap_or(Path::new(TRUSTED));
        tls = tls.root_certs(RootCerts::new_with_certs(&certificates(file)?));
    }
    let config = Agent::config_builder()
        .tls_config(tls.build())
        .timeout_global(Some(Duration::from_secs(webhook.timeout_seconds)))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // A proxy from the environment is not what the site configured.
        .proxy(None)
        .user_agent(concat!("stormwatch/", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(config.new_agent())
}

fn certificates(file: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let shown = file.display();
    let pem = fs::read(file).map_err(|reason| format!("cannot read the certificates {shown}: {reason}"))?;
    let found: Vec<Certificate<'static>> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            Ok(_) | Err(_) => None,
        })
        .collect();
    if found.is_empty() { Err(format!("{shown} holds no certificate (PEM)")) } else { Ok(found) }
}
