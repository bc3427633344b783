//! Values and treatments in the words of OBX and RXA.

use crate::assay::Assay;
use crate::course::Course;
use crate::hl7::{Group, Row};
use crate::therapy::Treatment;

/// An OBX for a value of the model's unit; none could be obtained: OBX-11 X.
pub fn row(assay: &Assay, value: Option<f64>) -> Row {
    let mut row = Row::number(assay.code, String::new(), assay.unit);
    row.range = assay.range.to_string();
    match value.map(|value| value * assay.factor) {
        None => row.status = 'X',
        Some(value) if value < assay.detectable => {
            row.kind = "SN";
            row.value = format!("<^{:.*}", assay.decimals, assay.detectable);
        }
        Some(value) => row.value = format!("{:.*}", assay.decimals, value),
    }
    row
}

/// As when two samples were mixed up: the first value is half as high again.
pub fn with_first_value_wrong(groups: &[Group]) -> Vec<Group> {
    let mut wrong = groups.to_vec();
    let row = &mut wrong[0].rows[0];
    if let Ok(value) = row.value.parse::<f64>() {
        let decimals = row.value.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        row.value = format!("{:.*}", decimals, value * 1.5);
    }
    wrong
}

/// The same results with status C.
pub fn corrected(mut groups: Vec<Group>) -> Vec<Group> {
    for row in groups.iter_mut().flat_map(|group| &mut group.rows) {
        if row.status == 'F' {
            row.status = 'C';
        }
    }
    groups
}

/// A drug in the words of RXA and RXR.
pub struct Words {
    pub code: String,
    pub amount: f64,
    pub unit: &'static str,
    pub route: &'static str,
}

impl Words {
    /// `None` for oxygen, which is charted as device and flow.
    pub fn of(treatment: Treatment, course: &Course) -> Option<Self> {
        const VEIN: &str = "IV^Intravenous^HL70162";
        let words = |code: &str, amount: f64, unit, route| {
            Some(Words { code: format!("{code}^99STW"), amount, unit, route })
        };
        match treatment {
            Treatment::Infusion => {
                words(&format!("{}^{}", course.product.code(), course.product.name()), 1.0, "{dose}", VEIN)
            }
            Treatment::Antipyretic(mg) => words("acetaminophen^Acetaminophen", mg, "mg", "PO^Oral^HL70162"),
            Treatment::Tocilizumab(mg) => words("tocilizumab^Tocilizumab", mg, "mg", VEIN),
            Treatment::Dexamethasone(mg) => words("dexamethasone^Dexamethasone", mg, "mg", VEIN),
            Treatment::Norepinephrine(rate) => {
                words("norepinephrine^Norepinephrine", rate, "ug/kg/min", VEIN)
            }
            Treatment::Epinephrine(rate) => words("epinephrine^Epinephrine", rate, "ug/kg/min", VEIN),
            Treatment::Phosphate(mmol) => words("phosphate^Sodium phosphate", mmol, "mmol", VEIN),
            Treatment::Oxygen(..) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assay::usual;
    use crate::labs::Lab;

    #[test]
    fn values_are_sent_in_the_unit_of_the_laboratory() {
        assert_eq!(row(&usual(Lab::Platelets), Some(132.0)).value, "13.2");
        assert_eq!(row(&usual(Lab::Crp), Some(1.137)).value, "1.14");
        let low = row(&usual(Lab::Il6), Some(0.7));
        assert_eq!((low.kind, low.value.as_str()), ("SN", "<^1.5"));
        let none = row(&usual(Lab::Crp), None);
        assert_eq!((none.status, none.value.as_str()), ('X', ""));
    }

    #[test]
    fn a_correction_keeps_what_was_right_and_replaces_what_was_wrong() {
        let rows = vec![row(&usual(Lab::Phosphate), Some(2.0)), row(&usual(Lab::Crp), None)];
        let groups = vec![Group { panel: "P".into(), filler: "F".into(), collected: 0, rows }];
        assert_eq!(with_first_value_wrong(&groups)[0].rows[0].value, "3.00");
        let corrected = corrected(groups);
        assert_eq!((corrected[0].rows[0].value.as_str(), corrected[0].rows[0].status), ("2.00", 'C'));
        assert_eq!(corrected[0].rows[1].status, 'X');
    }
}
