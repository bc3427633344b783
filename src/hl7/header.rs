//! The envelope: who sent a message to whom, what it is, and which answers it wants.

use crate::model::Time;

use super::message::Message;
use super::settings::ReadSettings;
use super::time::read_time;

/// MSH in plain words. Empty where nothing was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// MSH-3 to MSH-6, first component each.
    pub sending_app: String,
    pub sending_facility: String,
    pub receiving_app: String,
    pub receiving_facility: String,
    /// MSH-7.
    pub sent_at: Option<Time>,
    /// MSH-9: `ORU`, `R01`, `ORU_R01`.
    pub message_code: String,
    pub trigger: String,
    pub structure: String,
    /// MSH-10, exactly as sent.
    pub control_id: String,
    /// MSH-11: `P`, `T`, `D`.
    pub processing_id: String,
    /// MSH-12: `2.5`.
    pub version: String,
    /// MSH-13, for the sequence number protocol.
    pub sequence: Option<i64>,
    /// MSH-14: this continues an earlier message.
    pub continuation: String,
    /// MSH-15 and MSH-16, as sent.
    pub accept_ack: String,
    pub application_ack: String,
    /// MSH-21, first component: `IHE_PCD_001`.
    pub profile: String,
    /// An acknowledgement (type ACK or MCF, or no type at all beside an MSA segment): never answered itself.
    pub is_answer: bool,
}

impl Header {
    pub fn of(message: &Message, settings: &ReadSettings) -> Header {
        let msh = message.msh();
        let word = |n: usize| msh.field(n).component(1).word();
        let kind = msh.field(9);
        let (mut code, mut trigger) = (kind.component(1).word(), kind.component(2).word());
        let structure = kind.component(3).word();
        code.make_ascii_uppercase();
        trigger.make_ascii_uppercase();
        // `ORU_R01` in one word occurs, as does a structure without its trigger.
        if trigger.is_empty() {
            let whole = if structure.is_empty() { code.clone() } else { structure.clone() };
            if let Some((first, second)) = whole.split_once('_') {
                (code, trigger) = (first.to_ascii_uppercase(), second.to_ascii_uppercase());
            }
        }
        // Until 2.2 the event stood in EVN-1 alone.
        if code == "ADT" && trigger.is_empty() {
            let event = message.segment("EVN").map(|evn| evn.field(1).component(1).word());
            trigger = event.unwrap_or_default().to_ascii_uppercase();
        }
        Header {
            sending_app: word(3),
            sending_facility: word(4),
            receiving_app: word(5),
            receiving_facility: word(6),
            sent_at: read_time(msh.field(7).component(1).raw(), &settings.zone).map(|time| time.at),
            is_answer: matches!(code.as_str(), "ACK" | "MCF")
                || structure.eq_ignore_ascii_case("ACK")
                || code.is_empty() && message.segment("MSA").is_some(),
            message_code: code,
            trigger,
            structure,
            control_id: message.control_id_raw().to_owned(),
            processing_id: word(11),
            version: word(12),
            sequence: msh.field(13).raw().trim().parse().ok(),
            continuation: msh.field(14).component(1).word(),
            accept_ack: word(15),
            application_ack: word(16),
            profile: word(21),
        }
    }

    /// `ORU^R01`
    pub fn kind(&self) -> String {
        if self.trigger.is_empty() {
            self.message_code.clone()
        } else {
            format!("{}^{}", self.message_code, self.trigger)
        }
    }
}
