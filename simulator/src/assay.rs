//! How the laboratory names each value: code, unit, decimals, reference range.
//!
//! Most codes are JLAC10 (17 digits, system `JC10`) with a local code in the second triplet, as Japanese
//! laboratories send them; what the send-out and bedside analysers report comes in LOINC.

use crate::labs::Lab;

pub struct Assay {
    /// OBX-3, ready to send.
    pub code: &'static str,
    /// OBX-6, ready to send.
    pub unit: &'static str,
    /// OBX-7.
    pub range: &'static str,
    /// From the unit of the model to the unit sent.
    pub factor: f64,
    pub decimals: usize,
    /// Below this the laboratory reports "less than", in the unit sent.
    pub detectable: f64,
}

const fn assay(
    code: &'static str,
    unit: &'static str,
    range: &'static str,
    factor: f64,
    decimals: usize,
) -> Assay {
    Assay { code, unit, range, factor, decimals, detectable: 0.0 }
}

/// The assay the laboratory runs by default.
pub fn usual(lab: Lab) -> Assay {
    match lab {
        Lab::Phosphate => assay("3H040000002327101^無機リン^JC10^IP^ＩＰ^99LAB", "mg/dL", "2.7-4.6", 1.0, 2),
        Lab::Pai1 => assay("2B340000002206201^トータルPAI-1^JC10^PAI1^PAI-1^99LAB", "ng/mL", "0-50", 1.0, 1),
        Lab::Crp => assay("5C070000002306201^ＣＲＰ^JC10^CRP^CRP^99LAB", "mg/dL", "0.00-0.14", 1.0, 2),
        Lab::Ferritin => {
            assay("2276-4^Ferritin [Mass/volume] in Serum or Plasma^LN", "ng/mL^ng/mL^UCUM", "", 1.0, 0)
        }
        Lab::Il6 => Assay {
            detectable: 1.5,
            ..assay(
                "26881-3^Interleukin 6 [Mass/volume] in Serum or Plasma^LN",
                "pg/mL^pg/mL^UCUM",
                "0-7.0",
                1.0,
                1,
            )
        },
        Lab::Ldh => assay("3B050000002327201^ＬＤ^JC10^LD^LD(IFCC)^99LAB", "U/L", "124-222", 1.0, 0),
        Lab::Creatinine => {
            assay("3C015000002327101^クレアチニン^JC10^CRE^CRE^99LAB", "mg/dL", "0.46-1.07", 1.0, 2)
        }
        Lab::Platelets => {
            assay("2A050000001930101^血小板数^JC10^PLT^PLT^99LAB", "10*4/uL", "15.8-34.8", 0.1, 1)
        }
        Lab::Fibrinogen => assay("3255-7^Fibrinogen^LN", "mg/dL^mg/dL^UCUM", "200-400", 1.0, 0),
        Lab::DDimer => assay(
            "48065-7^Fibrin D-dimer FEU [Mass/volume] in Platelet poor plasma^LN",
            "ug/mL^ug/mL^UCUM",
            "0-1.0",
            1.0,
            1,
        ),
        Lab::Wbc => assay("2A010000001930101^白血球数^JC10^WBC^WBC^99LAB", "10*3/uL", "3.3-8.6", 1.0, 2),
        Lab::Hemoglobin => {
            assay("2A030000001928201^ヘモグロビン^JC10^HGB^Hb^99LAB", "g/dL", "11.6-16.8", 1.0, 1)
        }
        Lab::Ast => assay("3B035000002327201^ＡＳＴ^JC10^AST^AST^99LAB", "U/L", "13-30", 1.0, 0),
        Lab::Alt => assay("3B045000002327201^ＡＬＴ^JC10^ALT^ALT^99LAB", "U/L", "7-42", 1.0, 0),
        Lab::Bilirubin => {
            assay("3J010000002327101^総ビリルビン^JC10^TBIL^T-Bil^99LAB", "mg/dL", "0.4-1.5", 1.0, 1)
        }
        Lab::Lactate => {
            assay("32693-4^Lactate [Moles/volume] in Blood^LN", "mmol/L^mmol/L^UCUM", "0.5-2.0", 1.0, 1)
        }
        Lab::Sodium => assay("3H010000002326101^ナトリウム^JC10^NA^Na^99LAB", "mEq/L", "138-145", 1.0, 0),
    }
}

/// The same value from another laboratory: another code and unit. `None` where it reports the same.
/// Factors: phosphate 0.32285, creatinine 88.4, bilirubin 17.1 (molar masses).
pub fn switched(lab: Lab) -> Option<Assay> {
    let other = match lab {
        Lab::Phosphate => {
            assay("14879-1^Phosphate [Moles/volume] in Serum or Plasma^LN", "mmol/L", "", 0.32285, 3)
        }
        Lab::Crp => assay("1988-5^C reactive protein^LN", "mg/L", "", 10.0, 1),
        Lab::Creatinine => assay("14682-9^Creatinine [Moles/volume]^LN", "umol/L", "", 88.4, 0),
        Lab::Bilirubin => assay("14631-6^Bilirubin.total [Moles/volume]^LN", "umol/L", "", 17.1, 1),
        Lab::Platelets => assay("777-3^Platelets [#/volume] in Blood^LN", "10*9/L", "", 1.0, 0),
        Lab::Wbc => assay("6690-2^Leukocytes [#/volume] in Blood^LN", "/uL", "", 1000.0, 0),
        Lab::DDimer => assay("48065-7^Fibrin D-dimer FEU^LN", "ng/mL", "", 1000.0, 0),
        Lab::Pai1
        | Lab::Ferritin
        | Lab::Il6
        | Lab::Ldh
        | Lab::Fibrinogen
        | Lab::Hemoglobin
        | Lab::Ast
        | Lab::Alt
        | Lab::Lactate
        | Lab::Sodium => return None,
    };
    Some(other)
}

/// A sample's worth of tests that are reported together.
pub struct Panel {
    pub code: &'static str,
    pub labs: &'static [Lab],
}

pub const CHEMISTRY: Panel = Panel {
    code: "CHEM^生化学^99LAB",
    labs: &[
        Lab::Phosphate,
        Lab::Crp,
        Lab::Ldh,
        Lab::Creatinine,
        Lab::Ast,
        Lab::Alt,
        Lab::Bilirubin,
        Lab::Sodium,
    ],
};
pub const BLOOD_COUNT: Panel =
    Panel { code: "CBC^血算^99LAB", labs: &[Lab::Platelets, Lab::Wbc, Lab::Hemoglobin] };
pub const COAGULATION: Panel = Panel { code: "COAG^凝固^99LAB", labs: &[Lab::Fibrinogen, Lab::DDimer] };
pub const IMMUNOLOGY: Panel = Panel { code: "IMMU^免疫^99LAB", labs: &[Lab::Ferritin, Lab::Il6] };
pub const FIBRINOLYSIS: Panel = Panel { code: "PAI^線溶^99LAB", labs: &[Lab::Pai1] };
pub const BLOOD_GAS: Panel = Panel { code: "GAS^血液ガス^99LAB", labs: &[Lab::Lactate] };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lab_is_in_exactly_one_panel() {
        let panels = [CHEMISTRY, BLOOD_COUNT, COAGULATION, IMMUNOLOGY, FIBRINOLYSIS, BLOOD_GAS];
        for lab in Lab::ALL {
            let count = panels.iter().flat_map(|p| p.labs).filter(|l| **l == lab).count();
            assert_eq!(count, 1, "{lab:?}");
        }
    }

    #[test]
    fn jlac10_codes_have_seventeen_digits() {
        for lab in Lab::ALL {
            let code = usual(lab).code;
            if code.contains("^JC10^") {
                assert_eq!(code.split('^').next().unwrap().len(), 17, "{code}");
            }
        }
    }
}
