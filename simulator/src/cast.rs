//! The demo ward: twelve patients at different days, staged around the moment the ward comes alive, so that
//! the wall is varied and something happens soon. Beds beyond the twelfth are drawn from the seed's mix.

use crate::chance::Chance;
use crate::course::{Course, Grade, Route};
use crate::moment::{DAY, HOUR, MINUTE};
use crate::person::Person;
use crate::product::{Product, Profile};
use crate::stay::{Cadence, Plan, Rhythm, Slips, Stay};

/// One part to play. Times in hours from the moment the ward comes alive; negative is before.
struct Role {
    product: Product,
    route: Route,
    infusion: f64,
    /// When each grade of CRS is reached.
    crs: &'static [f64],
    icans: &'static [f64],
    pressor_end: Option<f64>,
    oxygen_end: Option<f64>,
    crs_end: Option<f64>,
}

const fn role(product: Product, infusion: f64, route: Route, crs: &'static [f64]) -> Role {
    Role { product, route, infusion, crs, icans: &[], pressor_end: None, oxygen_end: None, crs_end: None }
}

/// In order of beds. What happens soon after the start, in simulated minutes: by 12 the first bed's phosphate
/// has fallen, at 8 the seventh's ICE, at 12 the second becomes hypotensive, at 15 the fifth crosses 38.0 °C, at
/// 18 the twelfth is infused, at 36 the second gets a pressor, at 48 the fourth no longer needs one.
const CAST: [Role; 12] = [
    // Phosphate falls half a day before the fever.
    role(Product::TisaCel, -58.0, Route::Pressure, &[11.0, 27.0]),
    // A fever since yesterday; hypotension now, a pressor soon.
    role(Product::BrexuCel, -100.0, Route::Pressure, &[-16.0, 0.2, 0.6]),
    // Fever and nothing else.
    role(Product::LisoCel, -130.0, Route::Pressure, &[-9.0]),
    // One pressor and oxygen; the pressor can be stopped soon.
    Role {
        pressor_end: Some(0.8),
        oxygen_end: Some(20.0),
        ..role(Product::AxiCel, -120.0, Route::Both, &[-50.0, -20.0, -12.0])
    },
    // The fever comes now, oxygen tomorrow.
    role(Product::AxiCel, -54.0, Route::Oxygen, &[0.25, 26.0]),
    // Well, day 1.
    role(Product::TisaCel, -25.0, Route::Pressure, &[]),
    // CRS is nearly over, ICANS is here.
    Role {
        icans: &[-14.0, 0.1, 3.0],
        crs_end: Some(-20.0),
        pressor_end: Some(-60.0),
        oxygen_end: Some(-60.0),
        ..role(Product::AxiCel, -156.0, Route::Pressure, &[-100.0, -75.0])
    },
    // Low-flow oxygen since three hours.
    role(Product::IdeCel, -86.0, Route::Oxygen, &[-40.0, -3.0]),
    // Day 12, recovered from a fever.
    Role {
        crs_end: Some(-90.0),
        pressor_end: Some(-120.0),
        oxygen_end: Some(-120.0),
        ..role(Product::LisoCel, -287.0, Route::Pressure, &[-190.0])
    },
    // Waits for tomorrow's infusion.
    role(Product::CiltaCel, 22.0, Route::Pressure, &[190.0]),
    // Day 9 and never ill.
    role(Product::TisaCel, -222.0, Route::Pressure, &[]),
    // Infused soon after the start.
    role(Product::AxiCel, 0.3, Route::Pressure, &[42.0]),
];

/// How the demo ward is set up.
pub struct Setting<'a> {
    pub ward: &'a str,
    pub beds: usize,
    pub seed: u64,
    /// Seconds since 1970: when history ends and the ward comes alive.
    pub live: i64,
    pub over_mqtt: bool,
    pub slips: Slips,
    /// Begins every MSH-10.
    pub run: &'a str,
}

/// The stays of a demo ward, in order of admission.
pub fn stays(setting: &Setting) -> Vec<Stay> {
    let mut stays: Vec<Stay> = (0..setting.beds).map(|index| stay(setting, index)).collect();
    stays.sort_by_key(|stay| (stay.plan.admitted, stay.plan.person.number));
    stays
}

fn stay(setting: &Setting, index: usize) -> Stay {
    let number = index + 1;
    let mut chance = Chance::new(setting.seed, number as u64);
    let (infusion, course) = match CAST.get(index) {
        Some(role) => (hours(setting.live, role.infusion), staged(role, &mut chance)),
        None => {
            let (product, crs, icans) = Profile::Seed.draw(&mut chance);
            let infusion = hours(setting.live, -chance.between(-24.0, 280.0));
            (infusion, Course::draw(product, crs, icans, &mut chance))
        }
    };
    let bed = format!("{number:02}");
    let person = Person::draw(setting.seed, number, setting.ward, &bed, setting.live, &mut chance);
    // Blood is drawn and ICE examined at another minute in every bed, so that results come one by one; in the
    // first bed blood was drawn just before the start, so that its result is the first to come.
    let (turn, turns) = (index as i64, setting.beds.max(12) as i64);
    let spread = |every: i64| turn * every / turns;
    let rhythm = Rhythm {
        cadence: Cadence::Watched { live: setting.live },
        drawn: setting.live - 38 * MINUTE + spread(2 * HOUR),
        delay: (40.0, 50.0),
        examined: setting.live + 8 * MINUTE + spread(2 * HOUR) - 6 * 2 * HOUR / turns,
        over_mqtt: setting.over_mqtt,
    };
    // Twelve monitors do not send in the same second.
    let admitted = (infusion - 2 * DAY - HOUR).div_euclid(MINUTE) * MINUTE + turn * MINUTE / turns;
    let plan = Plan {
        person,
        course,
        infusion,
        admitted,
        discharged: None,
        rhythm,
        slips: setting.slips,
        run: setting.run.to_string(),
    };
    Stay::new(plan, &mut chance)
}

fn staged(role: &Role, chance: &mut Chance) -> Course {
    let since = |times: &[f64]| times.iter().map(|at| at - role.infusion).collect::<Vec<f64>>();
    let (crs, icans) = (Grade::of(role.crs.len()), Grade::of(role.icans.len()));
    let (crs_reached, icans_reached) = (since(role.crs), since(role.icans));
    let mut course = Course::staged(role.product, crs, icans, role.route, crs_reached, icans_reached, chance);
    course.hlh_like = false;
    for (end, staged) in [
        (&mut course.pressor_end, role.pressor_end),
        (&mut course.oxygen_end, role.oxygen_end),
        (&mut course.crs_end, role.crs_end),
    ] {
        if let Some(at) = staged {
            *end = at - role.infusion;
        }
    }
    course
}

fn hours(from: i64, hours: f64) -> i64 {
    from + (hours * HOUR as f64).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Feed;
    use crate::stay::{About, Message};

    const LIVE: i64 = 1_795_300_000;

    fn messages(seed: u64, from: i64, until: i64) -> Vec<Message> {
        let setting = Setting {
            ward: "6E",
            beds: 12,
            seed,
            live: LIVE,
            over_mqtt: true,
            slips: Slips { corrected: 0.0, unobtainable: 0.0, late: 0.0, switched: 0.0 },
            run: "R",
        };
        Feed::new(stays(&setting).into_iter())
            .take_while(|message| message.at < until)
            .filter(|message| message.at >= from)
            .collect()
    }

    fn phosphates(messages: &[Message], bed: &str) -> Vec<f64> {
        let place = format!("|6E^{bed}^1");
        let of_bed = messages.iter().filter(|m| m.about == About::Laboratory && m.body.contains(&place));
        let row = |m: &Message| {
            m.body
                .split('\r')
                .find(|line| line.contains("3H040"))
                .and_then(|line| line.split('|').nth(5)?.parse().ok())
        };
        of_bed.filter_map(row).collect()
    }

    fn sign(message: &Message, code: &str) -> Option<f64> {
        let value: serde_json::Value = serde_json::from_str(&message.body).ok()?;
        let rows = value["observations"].as_array()?.clone();
        rows.iter().find(|row| row["code"] == code)?["value"].as_f64()
    }

    #[test]
    fn the_first_phosphate_fall_the_first_fever_and_the_first_hypotension_come_within_half_an_hour() {
        for seed in 1..=8 {
            let (history, soon): (Vec<Message>, Vec<Message>) =
                messages(seed, 0, LIVE + 30 * MINUTE).into_iter().partition(|message| message.at < LIVE);
            let before = phosphates(&history, "01");
            let baseline = before[..4].iter().sum::<f64>() / 4.0;
            let fallen = |value: f64| value / baseline <= 0.85;
            assert!(!before.iter().any(|value| fallen(*value)), "seed {seed}: {before:?}");
            let early: Vec<Message> = soon.iter().filter(|m| m.at < LIVE + 20 * MINUTE).cloned().collect();
            assert!(
                phosphates(&early, "01").iter().any(|value| fallen(*value)),
                "seed {seed}: {before:?} {:?}",
                phosphates(&early, "01")
            );
            let count = |bed: &str, list: &[Message], is: fn(&Message) -> bool| {
                let topic = format!("stormwatch/v1/6E/{bed}/vitals");
                list.iter().filter(|m| m.topic == topic && is(m)).count()
            };
            let fever: fn(&Message) -> bool = |m| sign(m, "8310-5").is_some_and(|t| t >= 38.0);
            let clear_fever: fn(&Message) -> bool = |m| sign(m, "8310-5").is_some_and(|t| t >= 38.1);
            let low: fn(&Message) -> bool = |m| sign(m, "76534-7").is_some_and(|p| p <= 90.0);
            // A noisy reading just before is as in life.
            assert!(
                count("05", &history, clear_fever) == 0 && count("05", &soon, fever) >= 8,
                "seed {seed}: fever"
            );
            assert!(count("02", &history, low) <= 1 && count("02", &soon, low) >= 3, "seed {seed}: pressure");
        }
    }

    #[test]
    fn the_wall_is_varied() {
        let until = LIVE + HOUR;
        let all = messages(1, 0, until);
        let bodies = |part: &str| all.iter().filter(|m| m.body.contains(part)).count();
        assert_eq!(bodies("ADT^A01"), 12);
        assert!(bodies("norepinephrine") >= 1 && bodies("nasal_cannula") >= 2 && bodies("tocilizumab") >= 2);
        assert_eq!(bodies("ICE^99STW||5|"), 1, "the seventh bed's ICE has just fallen to 5");
        let first = all.iter().map(|m| m.at).min().unwrap();
        let span = (LIVE - first) / DAY;
        assert!((13..=14).contains(&span), "history of {span} days");
    }

    #[test]
    fn from_the_start_on_every_bed_sends_vital_signs_every_minute() {
        let soon = messages(1, LIVE + MINUTE, LIVE + 31 * MINUTE);
        for bed in 1..=12 {
            let topic = format!("stormwatch/v1/6E/{bed:02}/vitals");
            let count = soon.iter().filter(|m| m.topic == topic).count();
            assert!((28..=30).contains(&count), "bed {bed}: {count}");
        }
    }
}
