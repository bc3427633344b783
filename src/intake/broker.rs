//! One MQTT broker's profile: where it is, which topics, how its payloads are read.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use serde::Deserialize;

use super::topic::Template;
use crate::hl7::ReadSettings;

/// One broker.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Broker {
    /// Part of what makes a payload the same payload, and what metrics and logs call it.
    pub name: String,
    /// `mqtt://host:port` or `mqtts://host:port`; a user and password may be given in it or by file.
    pub url: String,
    /// MQTT's version: `3.1.1` or `5`.
    pub version: String,
    pub client_id: String,
    pub user: Option<String>,
    /// File whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// CA certificates (PEM) that the broker's certificate must chain to; needed for `mqtts`.
    pub ca_file: Option<PathBuf>,
    /// Our own certificate and its key (PEM), for brokers that demand one.
    pub certificate_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    /// Topics asked for; `{ward}` and `{bed}` say what a level means, `$share/GROUP/` shares them with others.
    pub topics: Vec<String>,
    /// `auto` tells JSON, SenML and HL7 apart by how they begin; `telemetry` or `hl7` take nothing else.
    pub format: String,
    /// Zone of times without an offset, in HL7.
    pub time_zone: String,
    /// Assigning authority of the patient identifier, in HL7.
    pub authority: Option<String>,
    pub keep_alive_seconds: u64,
}

impl Default for Broker {
    fn default() -> Broker {
        Broker {
            name: "mqtt".into(),
            url: String::new(),
            version: "3.1.1".into(),
            client_id: "stormwatch".into(),
            user: None,
            password_file: None,
            ca_file: None,
            certificate_file: None,
            key_file: None,
            topics: vec!["stormwatch/v1/{ward}/{bed}/vitals".into()],
            format: "auto".into(),
            time_zone: "Asia/Tokyo".into(),
            authority: None,
            keep_alive_seconds: 30,
        }
    }
}

/// Why a broker's settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("broker {broker:?}: cannot read {url:?} as mqtt://host:port or mqtts://host:port")]
    Url { broker: String, url: String },
    #[error("broker {broker:?}: cannot read {file}: {reason}")]
    File { broker: String, file: String, reason: String },
    #[error("broker {broker:?}: mqtts needs ca_file, the certificates the broker is trusted by")]
    NoCa { broker: String },
    #[error("broker {broker:?}: topic {topic:?} cannot be used: {reason}")]
    Topic { broker: String, topic: String, reason: &'static str },
    #[error("broker {broker:?}: {key} = {found:?}; use {wanted}")]
    Word { broker: String, key: &'static str, found: String, wanted: &'static str },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V4,
    V5,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Auto,
    Telemetry,
    Hl7,
}

/// A broker's settings, read and checked.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub name: String,
    pub host: String,
    pub port: u16,
    pub version: Version,
    pub client_id: String,
    pub login: Option<(String, String)>,
    pub tls: Option<Arc<ClientConfig>>,
    pub topics: Vec<Template>,
    pub format: Format,
    pub settings: ReadSettings,
    pub keep_alive: Duration,
}

/// Whether the broker's settings can be used; nothing is connected.
pub fn check(broker: &Broker) -> Result<(), Error> {
    Plan::of(broker).map(|_| ())
}

impl Broker {
    /// How HL7 from this broker is read.
    pub fn read_settings(&self) -> Result<ReadSettings, Error> {
        let zone = jiff::tz::TimeZone::get(&self.time_zone)
            .map_err(|_| self.word("time_zone", &self.time_zone, "an IANA name such as \"Asia/Tokyo\""))?;
        Ok(ReadSettings { zone, authority: self.authority.clone(), ..ReadSettings::default() })
    }

    fn word(&self, key: &'static str, found: &str, wanted: &'static str) -> Error {
        Error::Word { broker: self.name.clone(), key, found: found.to_owned(), wanted }
    }

    fn file(&self, file: &std::path::Path, reason: impl ToString) -> Error {
        Error::File {
            broker: self.name.clone(),
            file: file.display().to_string(),
            reason: reason.to_string(),
        }
    }

    fn login(&self, in_url: Option<&str>) -> Result<Option<(String, String)>, Error> {
        let in_url = in_url
            .map(|login| login.split_once(':').map_or((login, ""), |(user, password)| (user, password)));
        let user = self.user.clone().or(in_url.map(|(user, _)| user.to_owned()));
        let password = match &self.password_file {
            None => in_url.map(|(_, password)| password.to_owned()).unwrap_or_default(),
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|error| self.file(file, error))?;
                text.lines().next().unwrap_or_default().to_owned()
            }
        };
        Ok(user.map(|user| (user, password)))
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, Error> {
        let file = self.ca_file.as_ref().ok_or_else(|| Error::NoCa { broker: self.name.clone() })?;
        match (&self.certificate_file, &self.key_file) {
            (None, None) => crate::tls::client(file).map_err(|error| self.file(file, error)),
            (Some(certificate), Some(key)) => crate::tls::client_with_certificate(file, certificate, key)
                .map_err(|error| self.file(certificate, error)),
            (Some(_), None) => Err(self.word("key_file", "", "the key of certificate_file")),
            (None, Some(_)) => Err(self.word("certificate_file", "", "the certificate of key_file")),
        }
    }
}

impl Plan {
    pub fn of(broker: &Broker) -> Result<Plan, Error> {
        let bad = || Error::Url { broker: broker.name.clone(), url: redacted(&broker.url) };
        let (scheme, rest) = broker.url.split_once("://").ok_or_else(bad)?;
        let (login, place) =
            rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
        let secure = match scheme {
            "mqtt" | "tcp" => false,
            "mqtts" | "ssl" => true,
            _ => return Err(bad()),
        };
        let place = place.trim_end_matches('/');
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().map_err(|_| bad())?),
            None => (place, if secure { 8883 } else { 1883 }),
        };
        if host.is_empty() {
            return Err(bad());
        }
        let topic = |topic: &String| {
            Template::parse(topic).map_err(|reason| Error::Topic {
                broker: broker.name.clone(),
                topic: topic.clone(),
                reason,
            })
        };
        if broker.client_id.is_empty() {
            return Err(broker.word("client_id", "", "a name of its own; the session is kept under it"));
        }
        Ok(Plan {
            name: broker.name.clone(),
            host: host.to_owned(),
            port,
            version: match broker.version.as_str() {
                "3.1.1" | "4" => Version::V4,
                "5" | "5.0" => Version::V5,
                other => return Err(broker.word("version", other, "\"3.1.1\" or \"5\"")),
            },
            client_id: broker.client_id.clone(),
            login: broker.login(login)?,
            tls: if secure { Some(broker.tls()?) } else { None },
            topics: broker.topics.iter().map(topic).collect::<Result<_, _>>()?,
            format: match broker.format.as_str() {
                "auto" => Format::Auto,
                "telemetry" => Format::Telemetry,
                "hl7" => Format::Hl7,
                other => return Err(broker.word("format", other, "\"auto\", \"telemetry\" or \"hl7\"")),
            },
            settings: broker.read_settings()?,
            keep_alive: Duration::from_secs(broker.keep_alive_seconds.max(5)),
        })
    }

    /// Ward and bed of a topic, by the first template that fits.
    pub fn place<'t>(&self, topic: &'t str) -> Option<(&'t str, &'t str)> {
        self.topics.iter().find_map(|template| template.place(topic))
    }
}

/// A URL without its password, for messages.
pub fn redacted(url: &str) -> String {
    match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, place))) => format!("{scheme}://…@{place}"),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broker(change: impl FnOnce(&mut Broker)) -> Result<Plan, Error> {
        let mut broker = Broker { url: "mqtt://broker.local".into(), ..Broker::default() };
        change(&mut broker);
        Plan::of(&broker)
    }

    #[test]
    fn a_url_is_read_and_never_shown_with_its_password() {
        let plan = broker(|b| b.url = "mqtt://ward:secret@broker.local:1884".into()).expect("a good url");
        assert_eq!((plan.host.as_str(), plan.port), ("broker.local", 1884));
        assert_eq!(plan.login, Some(("ward".into(), "secret".into())));
        assert_eq!(redacted("mqtt://ward:secret@broker.local:1884"), "mqtt://…@broker.local:1884");
        assert_eq!(broker(|_| {}).expect("a good url").port, 1883);
        assert!(broker(|b| b.url = "broker.local".into()).is_err());
        assert!(broker(|b| b.url = "mqtt://:1883".into()).is_err());
    }

    #[test]
    fn every_setting_that_means_nothing_is_named() {
        let error = |change: fn(&mut Broker)| broker(change).expect_err("a bad setting").to_string();
        assert!(error(|b| b.version = "3".into()).contains("version"));
        assert!(error(|b| b.format = "xml".into()).contains("format"));
        assert!(error(|b| b.topics = vec!["a/#/b".into()]).contains("a/#/b"));
        assert!(error(|b| b.time_zone = "Tokyo".into()).contains("time_zone"));
        assert!(error(|b| b.url = "mqtts://broker.local".into()).contains("ca_file"));
        assert!(error(|b| b.password_file = Some("/nowhere/at/all".into())).contains("/nowhere/at/all"));
        assert!(error(|b| b.client_id = String::new()).contains("client_id"));
    }

    #[test]
    fn the_password_is_the_first_line_of_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("password");
        std::fs::write(&file, "geheim\nnot this\n").expect("written");
        let plan = broker(|b| {
            b.user = Some("ward".into());
            b.password_file = Some(file);
        });
        assert_eq!(plan.expect("good").login, Some(("ward".into(), "geheim".into())));
    }
}
