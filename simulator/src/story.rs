//! The text of a story: cases, times and what happens.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::moment;
use crate::product::Product;
use crate::therapy::Device;

/// One patient's story.
#[derive(Debug, PartialEq)]
pub struct Case {
    pub title: String,
    pub bed: Option<String>,
    pub steps: Vec<Step>,
}

/// Something that happens; `at` in seconds from the infusion.
#[derive(Debug, PartialEq)]
pub struct Step {
    pub line: usize,
    pub at: i64,
    pub deed: Deed,
}

#[derive(Debug, PartialEq)]
pub enum Deed {
    /// A code as OBX-3, a value and a unit.
    Result {
        code: String,
        value: String,
        unit: String,
    },
    Infusion(Product),
    /// A drug given at once: its name.
    Dose(&'static str),
    /// A vasopressor's name, and whether it starts.
    Vasopressor(String, bool),
    /// A device and its flow in L/min; none ends the oxygen.
    Oxygen(Option<(&'static str, f64)>),
    Move(&'static str),
    /// A file with one HL7 message, sent as it is but for `{patient}`, `{ward}`, `{bed}`, `{control}` and
    /// `{time}`; line ends become CR.
    Send(PathBuf),
}

/// What can be measured in a story: name, OBX-3, the unit where none is written.
const MEASURES: [(&str, &str, &str); 32] = [
    ("temperature", "8310-5^Body temperature^LN", "Cel"),
    ("heart_rate", "8867-4^Heart rate^LN", "/min"),
    ("systolic", "8480-6^Systolic blood pressure^LN", "mm[Hg]"),
    ("diastolic", "8462-4^Diastolic blood pressure^LN", "mm[Hg]"),
    ("map", "8478-0^Mean blood pressure^LN", "mm[Hg]"),
    ("spo2", "59408-5^Oxygen saturation by Pulse oximetry^LN", "%"),
    ("respiratory_rate", "9279-1^Respiratory rate^LN", "/min"),
    ("oxygen_flow", "3151-8^Inhaled oxygen flow rate^LN", "L/min"),
    ("fio2", "3150-0^Inhaled oxygen concentration^LN", "%"),
    ("gcs", "9269-2^Glasgow coma score total^LN", "{score}"),
    ("phosphate", "2777-1^Phosphate^LN", "mg/dL"),
    ("pai1", "2B340000002206201^PAI-1^JC10", "ng/mL"),
    ("crp", "1988-5^C reactive protein^LN", "mg/L"),
    ("ferritin", "2276-4^Ferritin^LN", "ng/mL"),
    ("il6", "26881-3^Interleukin 6^LN", "pg/mL"),
    ("ldh", "2532-0^Lactate dehydrogenase^LN", "U/L"),
    ("creatinine", "2160-0^Creatinine^LN", "mg/dL"),
    ("bilirubin", "1975-2^Bilirubin.total^LN", "mg/dL"),
    ("ast", "1920-8^Aspartate aminotransferase^LN", "U/L"),
    ("alt", "1742-6^Alanine aminotransferase^LN", "U/L"),
    ("platelets", "777-3^Platelets^LN", "10*9/L"),
    ("wbc", "6690-2^Leukocytes^LN", "10*9/L"),
    ("neutrophils", "751-8^Neutrophils^LN", "10*9/L"),
    ("lymphocytes", "731-0^Lymphocytes^LN", "10*9/L"),
    ("hemoglobin", "718-7^Hemoglobin^LN", "g/dL"),
    ("fibrinogen", "3255-7^Fibrinogen^LN", "mg/dL"),
    ("d_dimer", "48065-7^Fibrin D-dimer FEU^LN", "ug/mL"),
    ("lactate", "32693-4^Lactate^LN", "mmol/L"),
    ("triglycerides", "2571-8^Triglyceride^LN", "mg/dL"),
    ("sodium", "2951-2^Sodium^LN", "mmol/L"),
    ("potassium", "2823-3^Potassium^LN", "mmol/L"),
    ("ice", "cart-ews:ice-total^ICE^99STW", "{score}"),
];

/// Phosphate in moles has a LOINC code of its own.
const PHOSPHATE_IN_MOLES: &str = "14879-1^Phosphate^LN";

/// Reads a story. `folder` is where files named by `send` are looked for; they must exist.
pub fn read(text: &str, folder: &Path) -> Result<Vec<Case>> {
    let mut cases: Vec<Case> = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let line = raw.split('#').next().unwrap_or("").trim();
        if line.is_empty() {
            continue;
        }
        read_line(line, index + 1, folder, &mut cases)
            .with_context(|| format!("line {}: `{line}`", index + 1))?;
    }
    if cases.iter().all(|case| case.steps.is_empty()) {
        bail!("nothing happens in this story; write `case …` and lines such as `24h temperature 38.6`");
    }
    Ok(cases)
}

fn read_line(line: &str, number: usize, folder: &Path, cases: &mut Vec<Case>) -> Result<()> {
    let words: Vec<&str> = line.split_whitespace().collect();
    if words[0] == "case" {
        cases.push(Case { title: words[1..].join(" "), bed: None, steps: Vec::new() });
        return Ok(());
    }
    let Some(case) = cases.last_mut() else { bail!("a story begins with `case …`") };
    if words[0] == "bed" && words.len() == 2 {
        case.bed = Some(words[1].to_string());
        return Ok(());
    }
    let at = moment::span(words[0])?;
    let Some(first) = words.get(1) else { bail!("nothing happens at {}", words[0]) };
    if ["expect", "still", "never", "after"].contains(first) {
        return Ok(());
    }
    let deed = read_deed(&words[1..], folder)?;
    case.steps.push(Step { line: number, at, deed });
    Ok(())
}

fn read_deed(words: &[&str], folder: &Path) -> Result<Deed> {
    Ok(match words {
        ["infusion", product] => Deed::Infusion(product.parse()?),
        ["tocilizumab"] => Deed::Dose("tocilizumab^Tocilizumab"),
        ["dexamethasone" | "steroid"] => Deed::Dose("dexamethasone^Dexamethasone"),
        ["antipyretic"] => Deed::Dose("acetaminophen^Acetaminophen"),
        ["phosphate-replacement"] => Deed::Dose("phosphate^Sodium phosphate"),
        ["vasopressor", agent, "start"] => Deed::Vasopressor(agent.to_string(), true),
        ["vasopressor", agent, "stop"] => Deed::Vasopressor(agent.to_string(), false),
        ["oxygen", "none"] => Deed::Oxygen(None),
        ["oxygen", device, flow] => {
            Deed::Oxygen(Some((known_device(device)?, flow.parse().context("the flow")?)))
        }
        ["discharge"] => Deed::Move("A03"),
        ["send", file] => {
            let path = folder.join(file);
            if !path.is_file() {
                bail!("there is no file {}", path.display());
            }
            Deed::Send(path)
        }
        [name, value] => measured(name, value, None)?,
        [name, value, unit] => measured(name, value, Some(unit))?,
        _ => {
            bail!("not understood; write for example `24h temperature 38.6` or `24h oxygen nasal_cannula 3`")
        }
    })
}

fn known_device(name: &str) -> Result<&'static str> {
    let devices = [
        Device::NasalCannula,
        Device::SimpleMask,
        Device::NonRebreather,
        Device::HighFlow,
        Device::Bipap,
        Device::Ventilator,
    ]
    .map(Device::code);
    match devices.into_iter().find(|device| *device == name) {
        Some(device) => Ok(device),
        None => bail!("unknown oxygen device `{name}`; known: none, {}", devices.join(", ")),
    }
}

fn measured(name: &str, value: &str, unit: Option<&str>) -> Result<Deed> {
    let Some((_, code, usual)) = MEASURES.into_iter().find(|measure| measure.0 == name) else {
        let known = MEASURES.map(|measure| measure.0).join(", ");
        bail!("unknown measure `{name}`; known: {known}");
    };
    if value.trim_start_matches(['<', '>']).parse::<f64>().is_err() {
        bail!("`{value}` is not a number");
    }
    let unit = unit.unwrap_or(usual);
    let code = if name == "phosphate" && unit == "mmol/L" { PHOSPHATE_IN_MOLES } else { code };
    Ok(Deed::Result { code: code.to_string(), value: value.to_string(), unit: unit.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(text: &str) -> Result<Vec<Case>> {
        read(text, Path::new("."))
    }

    #[test]
    fn a_mistake_is_named_with_its_line_and_the_way_out() {
        for (text, line, word) in [
            ("case x\n 1h temprature 38\n", "line 2", "temperature"),
            ("case x\n 1x temperature 38\n", "line 2", "30m"),
            ("case x\n 1h oxygen snorkel 3\n", "line 2", "nasal_cannula"),
            ("case x\n 1h temperature warm\n", "line 2", "not a number"),
            ("1h temperature 38\n", "line 1", "begins with"),
            ("case x\n 1h send nowhere.hl7\n", "line 2", "no file"),
        ] {
            let error = format!("{:#}", story(text).unwrap_err());
            assert!(error.contains(line) && error.contains(word), "{error}");
        }
    }

    #[test]
    fn lines_that_judge_and_comments_are_skipped() {
        let text = "# a rule's case\ncase x\n  bed 09\n  1h temperature 38.6 # fever\n  1h expect crs-grade-1 low\n  9h still crs-grade-1\n";
        let cases = story(text).unwrap();
        assert_eq!(cases[0].bed.as_deref(), Some("09"));
        assert_eq!(cases[0].steps.len(), 1);
    }
}
