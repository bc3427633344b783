//! How brokers and gateways are: the journal, and so the wall, hears of the first that is ill and of all being well.

use std::collections::BTreeMap;

use tokio::sync::Mutex;
use tracing::warn;

use super::desk::Desk;
use crate::journal::Submission;
use crate::model::Event;

/// Gateways that are remembered as ill.
const MOST: usize = 1000;

pub(super) struct Brokers {
    desk: Desk,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Who is ill, and how that is said.
    ill: BTreeMap<String, String>,
    /// What the journal heard last; nothing yet in this run.
    said: Option<String>,
}

impl Known {
    /// What there is to say about all of them; empty where all are well.
    fn words(&self) -> String {
        let mut words = self.ill.values().take(5).cloned().collect::<Vec<String>>().join("; ");
        if self.ill.len() > 5 {
            words.push_str(&format!("; and {} more", self.ill.len() - 5));
        }
        words
    }
}

impl Brokers {
    pub fn new(desk: Desk) -> Brokers {
        Brokers { desk, known: Mutex::default() }
    }

    /// `None`: it is well. `false` where that could not be recorded.
    pub async fn set(&self, name: &str, problem: Option<String>) -> bool {
        let mut known = self.known.lock().await;
        match problem {
            Some(problem) if known.ill.len() < MOST || known.ill.contains_key(name) => {
                known.ill.insert(name.to_owned(), problem);
            }
            Some(_) => {}
            None => {
                known.ill.remove(name);
            }
        }
        let words = known.words();
        if known.said.as_ref() == Some(&words) {
            return true;
        }
        let healthy = words.is_empty();
        if !healthy {
            warn!(detail = %words, "MQTT is impaired");
        }
        let detail = if healthy { "every broker is well".to_owned() } else { words.clone() };
        let event = Event::Service { part: "mqtt".into(), healthy, detail };
        let submission =
            Submission { source: "self".into(), via: "self", events: vec![event], ..Submission::default() };
        match self.desk.journal.append(submission).await {
            Ok(_) => {
                known.said = Some(words);
                true
            }
            Err(error) => {
                warn!(%error, "the state of MQTT cannot be recorded");
                false
            }
        }
    }

    /// Something good came from it.
    pub async fn well(&self, name: &str) {
        if self.known.lock().await.ill.contains_key(name) {
            self.set(name, None).await;
        }
    }
}
