//! What lies in quarantine, read again as if it had just come.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::display;
use crate::hl7::ReadSettings;
use crate::intake::{Delivery, Desk};
use crate::journal::{QuarantineState, Reader};

pub struct Again {
    desk: Desk,
    reader: Reader,
    /// How the senders of each door are read.
    doors: BTreeMap<String, ReadSettings>,
    /// For what came by a door that is gone: the first listener's.
    otherwise: ReadSettings,
}

impl Again {
    pub fn new(desk: &Desk, reader: &Reader, config: &Config) -> anyhow::Result<Again> {
        let mut doors = BTreeMap::new();
        for broker in &config.mqtt {
            doors.insert(broker.name.clone(), broker.read_settings()?);
        }
        for listener in &config.mllp {
            doors.insert(listener.name.clone(), listener.read_settings()?);
        }
        let first = config.mllp.first().and_then(|listener| doors.get(&listener.name)).cloned();
        Ok(Again { desk: desk.clone(), reader: reader.clone(), doors, otherwise: first.unwrap_or_default() })
    }

    /// Reads the whole of what a row came with. The row, and every other one of the same message, is resolved where
    /// nothing of it is refused any more.
    pub async fn retry(&self, id: &str) -> Result<display::Retried, String> {
        let unreadable = |error: crate::journal::Error| error.to_string();
        let piece = self
            .reader
            .quarantined(id)
            .map_err(unreadable)?
            .ok_or_else(|| format!("nothing lies in quarantine under {id}"))?;
        let door = piece.door.as_deref().unwrap_or("retry");
        let settings = self.doors.get(door).unwrap_or(&self.otherwise);
        // HL7 begins with MSH whichever door it came by; everything else is telemetry.
        let is_hl7 = crate::telemetry::is_hl7(&piece.raw) || piece.via == "mllp";
        let via = if piece.via == "mqtt" { "mqtt" } else { "mllp" };
        let topic = piece.source.split_once('/').filter(|_| !is_hl7);
        let delivery = Delivery { topic, again: true, ..Delivery::new(&piece.raw, door, via, settings) };
        let before = self.reader.quarantined_ids(message_of(id)).map_err(unreadable)?;
        let outcome = if is_hl7 {
            self.desk.take_hl7(delivery).await
        } else {
            self.desk.take_telemetry(delivery).await
        };
        if !outcome.settled {
            return Err("the journal cannot be written now; try again".into());
        }
        for row in before.iter().map(String::as_str).chain([id]) {
            let refused = outcome.rows.iter().any(|other| other == row);
            let state = if refused { QuarantineState::Retried } else { QuarantineState::Resolved };
            self.desk.journal.mark_quarantined(row, state).await.map_err(unreadable)?;
        }
        Ok(display::Retried { used: outcome.used, rejected: outcome.rejected })
    }
}

/// What all rows of one message begin with: `q-0123456789abcdef-`.
fn message_of(id: &str) -> &str {
    let end = id.match_indices('-').nth(1).map_or(id.len(), |(at, _)| at + 1);
    &id[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_one_message_share_their_beginning() {
        assert_eq!(message_of("q-0123456789abcdef-obx.3.5-unknown-unit"), "q-0123456789abcdef-");
        assert_eq!(message_of("q"), "q");
    }
}
