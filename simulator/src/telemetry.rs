//! The bedside monitor's words: vital signs as JSON for MQTT, or as HL7 rows where there is no broker.

use serde::Serialize;

use crate::body::Vitals;
use crate::hl7::Row;
use crate::moment;
use crate::person::Person;

#[derive(Serialize)]
struct Telegram<'a> {
    id: &'a str,
    patient: &'a str,
    time: String,
    observations: Vec<Observation>,
}

#[derive(Serialize)]
struct Observation {
    code: &'static str,
    system: &'static str,
    value: f64,
    unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quality: Option<&'static str>,
}

/// How much a telegram says beyond code, value and unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Device and quality of every value.
    Full,
    /// Only a quality that is not good: recordings of many patients stay half as large.
    Brief,
}

/// One vital sign as sent: LOINC code, name, value, unit (UCUM), decimals.
pub struct Sign {
    pub code: &'static str,
    pub name: &'static str,
    pub value: f64,
    pub unit: &'static str,
    pub decimals: usize,
}

/// The signs of one set, with the oxygen flow where oxygen is given (L/min). Pressures come from the cuff.
pub fn signs(vitals: &Vitals, oxygen_flow: Option<f64>) -> Vec<Sign> {
    let sign = |code, name, value, unit, decimals| Sign { code, name, value, unit, decimals };
    let mut signs = vec![
        sign("8310-5", "Body temperature", vitals.temperature, "Cel", 1),
        sign("8867-4", "Heart rate", vitals.heart_rate, "/min", 0),
        sign("76534-7", "Systolic blood pressure by Noninvasive", vitals.systolic, "mm[Hg]", 0),
        sign("76535-4", "Diastolic blood pressure by Noninvasive", vitals.diastolic, "mm[Hg]", 0),
        sign("76536-2", "Mean blood pressure by Noninvasive", vitals.map, "mm[Hg]", 0),
        sign("59408-5", "Oxygen saturation by Pulse oximetry", vitals.spo2, "%", 0),
        sign("9279-1", "Respiratory rate", vitals.respiratory_rate, "/min", 0),
    ];
    if let Some(flow) = oxygen_flow {
        signs.push(sign("3151-8", "Inhaled oxygen flow rate", flow, "L/min", 0));
    }
    signs
}

/// `stormwatch/v1/{ward}/{bed}/vitals`.
pub fn topic(person: &Person) -> String {
    format!("stormwatch/v1/{}/{}/vitals", person.ward, person.bed)
}

/// The JSON telegram. `poor` names a code whose value is an artefact, which the monitor itself marks.
pub fn json(
    person: &Person,
    at: i64,
    id: &str,
    signs: &[Sign],
    poor: Option<&str>,
    detail: Detail,
) -> String {
    let observation = |sign: &Sign| Observation {
        code: sign.code,
        system: "LN",
        value: sign.value,
        unit: sign.unit,
        device: (detail == Detail::Full).then_some("SIM-MONITOR"),
        quality: match (poor == Some(sign.code), detail) {
            (true, _) => Some("poor"),
            (false, Detail::Full) => Some("good"),
            (false, Detail::Brief) => None,
        },
    };
    let observations = signs.iter().map(observation).collect();
    let telegram = Telegram { id, patient: &person.id, time: moment::rfc3339(at), observations };
    serde_json::to_string(&telegram).expect("numbers and texts always become JSON")
}

/// The same signs as rows of an ORU^R01.
pub fn rows(signs: &[Sign]) -> Vec<Row> {
    signs
        .iter()
        .map(|sign| {
            let code = format!("{}^{}^LN", sign.code, sign.name);
            let unit = format!("{0}^{0}^UCUM", sign.unit);
            Row::number(&code, format!("{:.*}", sign.decimals, sign.value), &unit)
        })
        .collect()
}

/// What the nurse charts when oxygen starts, changes or ends: the device in words and the flow in L/min.
pub fn oxygen_rows(device: &str, flow: f64) -> Vec<Row> {
    let mut words = Row::number("3152-6^Oxygen inhaled mechanism^LN", device.to_string(), "");
    words.kind = "ST";
    vec![words, Row::number("3151-8^Inhaled oxygen flow rate^LN", flow.to_string(), "L/min^L/min^UCUM")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    #[test]
    fn a_telegram_names_patient_time_codes_and_units() {
        let person = Person::draw(1, 7, "6E", "07", 1_795_302_900, &mut Chance::new(1, 7));
        let vitals = Vitals {
            temperature: 38.4,
            heart_rate: 112.0,
            systolic: 96.0,
            diastolic: 54.0,
            map: 68.0,
            spo2: 94.0,
            respiratory_rate: 22.0,
        };
        let text = json(&person, 1_795_302_900, "i1", &signs(&vitals, Some(3.0)), None, Detail::Full);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["patient"], "S1P0007");
        assert_eq!(value["time"], "2026-11-22T08:15:00+09:00");
        assert_eq!(value["observations"][0]["code"], "8310-5");
        assert_eq!(value["observations"][0]["value"], 38.4);
        assert_eq!(value["observations"][0]["unit"], "Cel");
        assert_eq!(value["observations"][7]["code"], "3151-8");
        assert_eq!(value["observations"][0]["quality"], "good");
        let brief = json(&person, 1_795_302_900, "i1", &signs(&vitals, None), Some("59408-5"), Detail::Brief);
        assert_eq!(brief.matches("quality").count(), 1);
        assert!(brief.contains("poor") && brief.len() * 3 < text.len() * 2);
        assert_eq!(topic(&person), "stormwatch/v1/6E/07/vitals");
        assert_eq!(rows(&signs(&vitals, None))[0].value, "38.4");
    }
}
