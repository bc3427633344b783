//! The courses against the published incidences and the parameter table. Simulated patients only: none of
//! these numbers says anything about how well real patients are watched.

use stormwatch_simulator::body::{Body, Vitals};
use stormwatch_simulator::chance::Chance;
use stormwatch_simulator::course::{Course, Grade};
use stormwatch_simulator::labs::{Lab, Labs, Phosphate};
use stormwatch_simulator::product::{Product, Profile};
use stormwatch_simulator::therapy;

struct Patient {
    course: Course,
    body: Body,
    labs: Labs,
}

fn patient(product: Product, crs: Grade, icans: Grade, stream: u64) -> Patient {
    let mut chance = Chance::new(77, stream);
    let course = Course::draw(product, crs, icans, &mut chance);
    let phosphate = Phosphate::draw(&course, &mut chance);
    let given = therapy::plan(&course, 60.0, phosphate.low_at(), &mut chance);
    let body = Body::draw(&course, &given, 1_790_000_000, &mut chance);
    let labs = Labs::draw(&course, &given, &phosphate, &mut chance);
    Patient { course, body, labs }
}

fn patients(crs: Grade, count: u64) -> Vec<Patient> {
    (0..count).map(|stream| patient(Product::TisaCel, crs, Grade::None, stream)).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let values: Vec<f64> = values.collect();
    values.iter().sum::<f64>() / values.len() as f64
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Every half hour from day -1 to day 16.
fn hours() -> impl Iterator<Item = f64> {
    (-48..768).map(|half| f64::from(half) / 2.0)
}

fn extreme(patient: &Patient, of: fn(&Vitals) -> f64, highest: bool) -> f64 {
    let values = hours().map(|hour| of(&patient.body.true_vitals(hour)));
    if highest { values.fold(f64::MIN, f64::max) } else { values.fold(f64::MAX, f64::min) }
}

fn lab_extreme(patient: &Patient, lab: Lab, highest: bool) -> f64 {
    let values = hours().map(|hour| patient.labs.true_value(lab, hour));
    if highest { values.fold(f64::MIN, f64::max) } else { values.fold(f64::MAX, f64::min) }
}

/// Whether `seen` of `count` is within four standard deviations of `share`.
fn is_binomial(seen: usize, count: usize, share: f64) -> bool {
    let expected = share * count as f64;
    let deviation = (expected * (1.0 - share)).sqrt();
    (seen as f64 - expected).abs() <= 4.0 * deviation
}

#[test]
fn the_mix_of_grades_is_the_published_one_for_every_profile() {
    const COUNT: usize = 4000;
    for profile in [Profile::Seed].into_iter().chain(Product::ALL.map(Profile::One)) {
        let (mut crs, mut icans) = ([0; 5], [0; 5]);
        for stream in 0..COUNT as u64 {
            let (_, c, i) = profile.draw(&mut Chance::new(11, stream));
            crs[c.number()] += 1;
            icans[i.number()] += 1;
            assert!(c > Grade::None || i == Grade::None, "ICANS is drawn given CRS");
        }
        let mix = profile.mix();
        for grade in 0..5 {
            assert!(is_binomial(crs[grade], COUNT, mix.crs[grade]), "{profile:?} CRS {crs:?} {:?}", mix.crs);
            assert!(
                is_binomial(icans[grade], COUNT, mix.icans[grade]),
                "{profile:?} ICANS {icans:?} {:?}",
                mix.icans
            );
        }
    }
}

#[test]
fn seed_incidences_are_those_of_the_article() {
    let mix = Profile::Seed.mix();
    let from = |grades: &[f64; 5], lowest: usize| grades[lowest..].iter().sum::<f64>();
    for (share, published) in [
        (from(&mix.crs, 1), 0.733),
        (from(&mix.crs, 2), 0.188),
        (from(&mix.crs, 3), 0.135),
        (from(&mix.icans, 1), 0.045),
        (from(&mix.icans, 2), 0.027),
        (from(&mix.icans, 3), 0.019),
    ] {
        assert!((share - published).abs() < 1e-9, "{share} instead of {published}");
    }
}

#[test]
fn onset_follows_the_median_of_each_product() {
    for product in Product::ALL {
        let onsets = (0..800).map(|stream| {
            Course::draw(product, Grade::One, Grade::None, &mut Chance::new(12, stream)).onset() / 24.0
        });
        let published = product.rates().onset;
        let drawn = median(onsets);
        // Cutting the distribution off at day 1 (ide-cel: half a day) moves the early ones up a little.
        assert!((drawn / published - 1.0).abs() < 0.2, "{product:?}: {drawn} instead of {published}");
    }
}

#[test]
fn phosphate_falls_as_deep_as_the_table_says_and_about_a_day_before_onset() {
    let table = [3.2, 2.5, 2.1, 2.0, 1.9];
    for grade in Grade::ALL {
        let group = patients(grade, 400);
        let nadir = mean(group.iter().map(|p| lab_extreme(p, Lab::Phosphate, false)));
        assert!((nadir - table[grade.number()]).abs() < 0.1, "{grade:?}: {nadir}");
        if grade == Grade::None {
            continue;
        }
        // How long before 38.0 °C it is 15 % below its own baseline.
        let lead = median(group.iter().map(|p| {
            let rest = p.labs.true_value(Lab::Phosphate, -12.0);
            let onset = p.course.onset();
            let fallen = hours().find(|hour| p.labs.true_value(Lab::Phosphate, *hour) <= 0.85 * rest);
            onset - fallen.expect("every CRS takes phosphate down by more than 15 %")
        }));
        assert!((8.0..=30.0).contains(&lead), "{grade:?}: {lead} h");
    }
}

#[test]
fn peaks_and_nadirs_of_vital_signs_are_near_the_table() {
    let temperature = [37.3, 38.8, 39.2, 39.6, 40.0];
    let heart = [90.0, 105.0, 118.0, 132.0, 145.0];
    let breath = [17.0, 20.0, 24.0, 29.0, 35.0];
    for grade in Grade::ALL {
        let group = patients(grade, 200);
        let near = |name: &str, seen: f64, wanted: f64, within: f64| {
            assert!((seen - wanted).abs() <= within, "{grade:?} {name}: {seen} instead of {wanted}");
        };
        near(
            "temperature",
            mean(group.iter().map(|p| extreme(p, |v| v.temperature, true))),
            temperature[grade.number()],
            0.25,
        );
        near(
            "heart rate",
            mean(group.iter().map(|p| extreme(p, |v| v.heart_rate, true))),
            heart[grade.number()],
            8.0,
        );
        near(
            "breathing",
            mean(group.iter().map(|p| extreme(p, |v| v.respiratory_rate, true))),
            breath[grade.number()],
            2.5,
        );
    }
    for (grade, systolic, map) in
        [(Grade::Two, 88.0, 63.0), (Grade::Three, 78.0, 56.0), (Grade::Four, 68.0, 49.0)]
    {
        let group: Vec<Patient> =
            patients(grade, 200).into_iter().filter(|p| p.course.shock().is_some()).collect();
        let lowest = mean(group.iter().map(|p| extreme(p, |v| v.systolic, false)));
        assert!((lowest - systolic).abs() < 4.0, "{grade:?} systolic {lowest}");
        let lowest = mean(group.iter().map(|p| extreme(p, |v| v.map, false)));
        assert!((lowest - map).abs() < 4.0, "{grade:?} mean pressure {lowest}");
    }
    for (grade, spo2) in [(Grade::Two, 91.0), (Grade::Three, 87.0), (Grade::Four, 82.0)] {
        let group: Vec<Patient> =
            patients(grade, 200).into_iter().filter(|p| p.course.hypoxia().is_some()).collect();
        let lowest = mean(group.iter().map(|p| extreme(p, |v| v.spo2, false)));
        assert!((lowest - spo2).abs() < 2.0, "{grade:?} SpO2 {lowest}");
    }
}

#[test]
fn inflammation_and_endothelium_rise_with_the_grade() {
    let crp = [2.0, 6.0, 11.0, 18.0, 25.0];
    let pai1 = [24.0, 41.0, 55.0, 90.0, 150.0];
    let ferritin = [600.0, 1_500.0, 2_500.0, 5_500.0, 15_000.0];
    for grade in Grade::ALL {
        let group = patients(grade, 400);
        let peak = |lab: Lab| median(group.iter().map(|p| lab_extreme(p, lab, true)));
        let number = grade.number();
        assert!((peak(Lab::Crp) / crp[number] - 1.0).abs() < 0.35, "{grade:?} CRP {}", peak(Lab::Crp));
        assert!(
            (peak(Lab::Ferritin) / ferritin[number] - 1.0).abs() < 0.35,
            "{grade:?} ferritin {}",
            peak(Lab::Ferritin)
        );
        let pai = mean(group.iter().map(|p| lab_extreme(p, Lab::Pai1, true)));
        assert!((pai / pai1[number] - 1.0).abs() < 0.25, "{grade:?} PAI-1 {pai}");
    }
}

#[test]
fn interleukin_6_follows_the_published_medians_of_severe_crs_and_hardly_moves_before_onset() {
    let group = patients(Grade::Three, 600);
    for (day, published) in [(-2.0, 4.0), (0.0, 13.0), (2.0, 130.0), (4.0, 1_472.0), (8.0, 21.0)] {
        let seen = median(group.iter().map(|p| p.labs.true_value(Lab::Il6, p.course.onset() + day * 24.0)));
        assert!((seen / published - 1.0).abs() < 0.2, "day {day}: {seen} instead of {published}");
    }
}

#[test]
fn icans_follows_crs_by_two_to_four_days() {
    for stream in 0..300 {
        let p = patient(Product::BrexuCel, Grade::Two, Grade::Three, stream);
        let after = p.course.icans_reached[0] - p.course.onset();
        assert!((48.0..=96.0).contains(&after), "{after}");
    }
}
