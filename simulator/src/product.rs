//! The CAR-T products, how often and when each brings CRS and ICANS, and the mixes a cohort can be drawn
//! from.

use std::str::FromStr;

use anyhow::{Result, bail};

use crate::chance::Chance;
use crate::course::Grade;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    AxiCel,
    TisaCel,
    LisoCel,
    BrexuCel,
    IdeCel,
    CiltaCel,
}

/// What is published about one product; durations and onsets in days.
pub struct Rates {
    pub crs_any: f64,
    pub crs_severe: f64,
    pub icans_any: f64,
    pub icans_severe: f64,
    pub onset: f64,
    pub duration: f64,
    /// The share of the CRS below grade 3 that is grade 2. Engineering.
    pub second_share: f64,
}

impl Product {
    pub const ALL: [Product; 6] = [
        Product::AxiCel,
        Product::TisaCel,
        Product::LisoCel,
        Product::BrexuCel,
        Product::IdeCel,
        Product::CiltaCel,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Product::AxiCel => "axi-cel",
            Product::TisaCel => "tisa-cel",
            Product::LisoCel => "liso-cel",
            Product::BrexuCel => "brexu-cel",
            Product::IdeCel => "ide-cel",
            Product::CiltaCel => "cilta-cel",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Product::AxiCel => "Axicabtagene ciloleucel",
            Product::TisaCel => "Tisagenlecleucel",
            Product::LisoCel => "Lisocabtagene maraleucel",
            Product::BrexuCel => "Brexucabtagene autoleucel",
            Product::IdeCel => "Idecabtagene vicleucel",
            Product::CiltaCel => "Ciltacabtagene autoleucel",
        }
    }

    /// Incidences by ASTCT grade in the real world where published, else in the trial.
    ///
    /// axi-cel: Riedell, n=158, 85/8 and 53/33 (PMC9290945, table 6), onset 2 d and 7 d long (label).
    /// tisa-cel: CIBMTR, n=155, 45/5 and 18/5 (same table), onset 3 d and 8 d long (label).
    /// liso-cel: TRANSCEND, 42/2 and 30/10 (PMC8153820), onset and duration 5 d (from memory, unverified).
    /// brexu-cel: CIBMTR, n=476, 89/11 and 62/30, onset 5 d, 6 d long.
    /// ide-cel: label 85/9; 28/4, onset 1 d, 7 d long (from memory, unverified).
    /// cilta-cel: real world, n=236, 75/5 and 14/4; onset 7 d; 4 d long (from memory, unverified).
    pub fn rates(self) -> Rates {
        let rates = |crs: (f64, f64), icans: (f64, f64), onset, duration, second_share| Rates {
            crs_any: crs.0,
            crs_severe: crs.1,
            icans_any: icans.0,
            icans_severe: icans.1,
            onset,
            duration,
            second_share,
        };
        match self {
            Product::AxiCel => rates((0.85, 0.08), (0.53, 0.33), 2.0, 7.0, 0.40),
            Product::TisaCel => rates((0.45, 0.05), (0.18, 0.05), 3.0, 8.0, 0.25),
            Product::LisoCel => rates((0.42, 0.02), (0.30, 0.10), 5.0, 5.0, 0.25),
            Product::BrexuCel => rates((0.89, 0.11), (0.62, 0.30), 5.0, 6.0, 0.40),
            Product::IdeCel => rates((0.85, 0.09), (0.28, 0.04), 1.0, 7.0, 0.25),
            Product::CiltaCel => rates((0.75, 0.05), (0.14, 0.04), 7.0, 4.0, 0.25),
        }
    }
}

impl FromStr for Product {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match Product::ALL.into_iter().find(|product| product.code() == text) {
            Some(product) => Ok(product),
            None => bail!("unknown product `{text}`; known: {}", Product::ALL.map(Product::code).join(", ")),
        }
    }
}

/// Which mix of products and grades a cohort has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// The incidences by day 30 of the article this project starts from: CRS of any grade 73.3 %, G2-4 18.8
    /// %, G3-4 13.5 %; ICANS 4.5 %, 2.7 %, 1.9 %. The split of G3 and G4 (10.0 / 3.5) is engineering, and so
    /// is the mix of products.
    Seed,
    One(Product),
}

/// CRS by grade 0 to 4, then ICANS by grade 0 to 4, as shares of all patients.
pub struct Mix {
    pub crs: [f64; 5],
    pub icans: [f64; 5],
}

impl Profile {
    pub fn mix(self) -> Mix {
        match self {
            Profile::Seed => {
                Mix { crs: [0.267, 0.545, 0.053, 0.100, 0.035], icans: [0.955, 0.018, 0.008, 0.013, 0.006] }
            }
            Profile::One(product) => {
                let r = product.rates();
                let mild = r.crs_any - r.crs_severe;
                // The seed's split of severe CRS; ICANS below grade 3 six to four, above seven to three:
                // engineering.
                let (icans_mild, icans_severe) = (r.icans_any - r.icans_severe, r.icans_severe);
                Mix {
                    crs: [
                        1.0 - r.crs_any,
                        mild * (1.0 - r.second_share),
                        mild * r.second_share,
                        r.crs_severe * 100.0 / 135.0,
                        r.crs_severe * 35.0 / 135.0,
                    ],
                    icans: [
                        1.0 - r.icans_any,
                        icans_mild * 0.6,
                        icans_mild * 0.4,
                        icans_severe * 0.7,
                        icans_severe * 0.3,
                    ],
                }
            }
        }
    }

    /// Draws a product and the highest grades of CRS and ICANS.
    pub fn draw(self, chance: &mut Chance) -> (Product, Grade, Grade) {
        let product = match self {
            // The products of a Japanese lymphoma centre; the shares are engineering.
            Profile::Seed => {
                [Product::TisaCel, Product::LisoCel, Product::AxiCel][chance.weighted(&[0.45, 0.30, 0.25])]
            }
            Profile::One(product) => product,
        };
        let mix = self.mix();
        let crs = chance.weighted(&mix.crs);
        let any = chance.yes(icans_given_crs(&mix, crs));
        let grade = 1 + chance.weighted(&mix.icans[1..]);
        (product, Grade::of(crs), Grade::of(if any { grade } else { 0 }))
    }
}

impl FromStr for Profile {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "seed" {
            return Ok(Profile::Seed);
        }
        match text.parse() {
            Ok(product) => Ok(Profile::One(product)),
            Err(_) => {
                bail!("unknown profile `{text}`; known: seed, {}", Product::ALL.map(Product::code).join(", "))
            }
        }
    }
}

/// ICANS comes to those with CRS, the more often the worse it is; the weights are engineering, their scale is
/// found so that the whole cohort meets the published incidence. No more than 97 % of any grade are affected.
fn icans_given_crs(mix: &Mix, crs: usize) -> f64 {
    const WEIGHTS: [f64; 5] = [0.0, 1.0, 2.0, 4.0, 5.0];
    let wanted: f64 = mix.icans[1..].iter().sum();
    let chance_at = |scale: f64, grade: usize| (scale * WEIGHTS[grade]).min(0.97);
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let scale = (low + high) / 2.0;
        let reached: f64 = (0..5).map(|grade| mix.crs[grade] * chance_at(scale, grade)).sum();
        if reached < wanted { low = scale } else { high = scale }
    }
    chance_at(high, crs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mix_adds_up_to_everybody() {
        for profile in [Profile::Seed].into_iter().chain(Product::ALL.map(Profile::One)) {
            let mix = profile.mix();
            assert!((mix.crs.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{profile:?}");
            assert!((mix.icans.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{profile:?}");
        }
    }

    #[test]
    fn a_profile_is_read_by_name_and_a_wrong_one_is_named() {
        assert_eq!("seed".parse::<Profile>().unwrap(), Profile::Seed);
        assert_eq!("cilta-cel".parse::<Profile>().unwrap(), Profile::One(Product::CiltaCel));
        assert!("axi".parse::<Profile>().unwrap_err().to_string().contains("axi-cel"));
    }
}
