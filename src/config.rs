//! Floor 4. The whole configuration, made of the parts' own.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::cli::ServeArguments;
use crate::intake::{mllp, mqtt};
use crate::model::event::Site;
use crate::notify;
use crate::tls;

/// Everything a site may set. `stormwatch.example.toml` says what each key means.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub data: PathBuf,
    pub rules: PathBuf,
    pub terminology: PathBuf,
    pub site: Site,
    pub http: Http,
    pub mllp: Vec<mllp::Listener>,
    pub mqtt: Vec<mqtt::Broker>,
    pub webhook: Vec<notify::Webhook>,
}

/// The HTTP and WebSocket door.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    pub bind: String,
    pub tls: Option<tls::TlsFiles>,
}

impl Default for Http {
    fn default() -> Http {
        Http { bind: "127.0.0.1:8080".into(), tls: None }
    }
}

impl Default for Config {
    fn default() -> Config {
        Config {
            data: "./stormwatch-data".into(),
            rules: "./alert-rules".into(),
            terminology: "./terminology".into(),
            site: Site::default(),
            http: Http::default(),
            mllp: vec![mllp::Listener::default()],
            mqtt: Vec::new(),
            webhook: Vec::new(),
        }
    }
}

impl Config {
    /// Reads the file, if one is named, and lets flags override it. All mistakes at once.
    pub fn load(arguments: &ServeArguments) -> Result<Config, Vec<String>> {
        let mut config = match &arguments.config {
            None => Config::default(),
            Some(file) => Config::read(file).map_err(|mistake| vec![mistake])?,
        };
        config.override_with(arguments);
        let mistakes = config.mistakes();
        if mistakes.is_empty() { Ok(config) } else { Err(mistakes) }
    }

    fn read(file: &Path) -> Result<Config, String> {
        let name = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| {
            format!("{name}: cannot be read: {error}; name a readable file with --config")
        })?;
        toml::from_str(&text).map_err(|error| located(&name.to_string(), &text, &error))
    }

    fn override_with(&mut self, arguments: &ServeArguments) {
        if let Some(data) = &arguments.data {
            self.data.clone_from(data);
        }
        if let Some(rules) = &arguments.rules {
            self.rules.clone_from(rules);
        }
        if let Some(terminology) = &arguments.terminology {
            self.terminology.clone_from(terminology);
        }
        if let Some(http) = &arguments.http {
            self.http.bind.clone_from(http);
        }
        if let Some(mllp) = &arguments.mllp {
            match self.mllp.first_mut() {
                Some(listener) => listener.bind.clone_from(mllp),
                None => self.mllp.push(mllp::Listener { bind: mllp.clone(), ..mllp::Listener::default() }),
            }
        }
        if let Some(url) = &arguments.mqtt {
            match self.mqtt.first_mut() {
                Some(broker) => broker.url.clone_from(url),
                None => self.mqtt.push(mqtt::Broker { url: url.clone(), ..mqtt::Broker::default() }),
            }
        }
    }

    /// What is written well but means nothing.
    fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let binds = self.mllp.iter().map(|listener| (listener.name.as_str(), listener.bind.as_str()));
        for (name, bind) in [("http", self.http.bind.as_str())].into_iter().chain(binds) {
            let port = bind.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port);
            if port.is_none_or(|port| port.parse::<u16>().is_err()) {
                mistakes.push(format!(
                    "{name}: bind = {bind:?} is no address; write HOST:PORT, like 127.0.0.1:8080"
                ));
            }
        }
        for listener in &self.mllp {
            mistakes.extend(listener.acks().err().map(|e| e.to_string()));
            mistakes.extend(listener.read_settings().err().map(|e| e.to_string()));
        }
        let mut names: Vec<&str> = self
            .mllp
            .iter()
            .map(|l| l.name.as_str())
            .chain(self.mqtt.iter().map(|b| b.name.as_str()))
            .collect();
        names.sort_unstable();
        for pair in names.windows(2).filter(|pair| pair[0] == pair[1]) {
            mistakes.push(format!(
                "two doors are called {:?}; give each [[mllp]] and [[mqtt]] a name of its own",
                pair[0]
            ));
        }
        for broker in &self.mqtt {
            if let Err(error) = mqtt::check(broker) {
                mistakes.push(error.to_string());
            }
        }
        if jiff::tz::TimeZone::get(&self.site.time_zone).is_err() {
            mistakes.push(format!(
                "site.time_zone = {:?} is no time zone; use an IANA name such as \"Asia/Tokyo\"",
                self.site.time_zone
            ));
        }
        mistakes
    }
}

/// A TOML error as file, line, column, the line itself with a caret, and what to do.
pub fn located(file: &str, text: &str, error: &toml::de::Error) -> String {
    let Some(span) = error.span() else { return format!("{file}: {}", error.message()) };
    let before = &text[..span.start.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    let shown = text.lines().nth(line - 1).unwrap_or("");
    let mut message = String::new();
    let _ = write!(message, "{file}:{line}:{column}: {}", error.message());
    let _ = write!(message, "\n  {shown}\n  {}^", " ".repeat(column - 1));
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_that_means_nothing_is_told_at_once() {
        let text = "[http]\nbind = \"nope\"\n[site]\ntime_zone = \"Mars/X\"\n[[mllp]]\nname = \"lab\"\nbind = \"127.0.0.1:far\"\n";
        let config: Config = toml::from_str(text).expect("well written");
        let mistakes = config.mistakes();
        for named in ["http: bind = \"nope\"", "lab: bind = \"127.0.0.1:far\"", "Mars/X"] {
            assert!(mistakes.iter().any(|mistake| mistake.contains(named)), "{named}: {mistakes:?}");
        }
        assert_eq!(mistakes.len(), 3, "{mistakes:?}");
        assert!(Config::default().mistakes().is_empty());
    }
}
