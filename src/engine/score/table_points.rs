//! Computes a points table: every item with its reasons, block sums, band.

use super::answer::{Band, Score};
use super::condition::{Condition, Test};
use super::input::Inputs;
use super::reach::{Reach, Truth};
use super::table::{BandPart, BandRule, Derived, Form, Item, Level, Table};
use super::tally::Tally;
use crate::model::Value;

/// Flag of a score whose band a single finding decides, whatever the points.
pub const HARD: &str = "hard rule met";

impl Table {
    pub(super) fn compute(&self, inputs: &Inputs) -> Score {
        let mut tally = Tally::new(inputs, &self.asks);
        let treated = tally.flag(&self.treated.input).is_certain();
        tally.drop_draft();
        let mut sums = vec![Sum::default(); self.blocks.len()];
        let mut decided = Vec::new();
        for item in &self.items {
            let name = format!("{} {}", item.id, item.title_en);
            if treated && self.treated.items.contains(&item.id) {
                tally.switched_off(&name, "switched off after treatment", &item.source);
                continue;
            }
            let (points, engineering) = self.points(item, inputs, &mut tally);
            let source =
                if engineering { format!("{} [engineering]", item.source) } else { item.source.clone() };
            tally.reason(&name, points, &source);
            if points.is_exact() {
                decided.push((item.id.clone(), points.low / 1000));
            }
            sums[item.block].add(points, inputs.held(&item.id));
        }
        for (sum, block) in sums.iter_mut().zip(&self.blocks) {
            sum.cap(block.cap * 1000);
            tally.part(&block.name, Reach::exactly(sum.least));
        }
        tally.part("p", Reach::exactly(self.predictive.iter().map(|block| sums[*block].least).sum()));
        let total = sums
            .iter()
            .fold(Reach::exactly(0), |all, sum| all.plus(Reach { low: sum.least, high: sum.most }));
        self.probability(&mut tally, total);
        self.note_risk_set(&mut tally);
        if treated {
            tally.flag_up(self.treated.label.clone());
        }
        let least = self.band(&mut tally, &sums, |sum| sum.least);
        let held = self.band(&mut tally, &sums, |sum| sum.held);
        let most = self.band(&mut tally, &sums, |sum| sum.most);
        if self.hard_rule_met(&mut tally) {
            tally.flag_up(HARD);
        }
        let mut score = tally.finish(self.name, total, &self.source);
        score.items = decided;
        if score.available.0 == 0 && least == Band::Green {
            score.band_open = true;
            return score;
        }
        if !total.is_exact() {
            // Points count as they are known; how many items are, is said beside them.
            score.value = Some(Value(total.low));
            score.at_least = score.value;
        }
        score.band = Some(least);
        score.band_held = Some(held);
        score.band_open = treated || least < most;
        if score.band_open && least > Band::Green {
            score.flags.push(format!("band {} or higher", least.name()));
        }
        score
    }

    /// Points of one item, and whether a level certainly met rests on engineering.
    fn points(&self, item: &Item, inputs: &Inputs, tally: &mut Tally<'_>) -> (Reach, bool) {
        if inputs.get(&item.id).is_some() {
            let given = tally.number(&item.id);
            if tally.is_known(&item.id) {
                return (given, false);
            }
        }
        if item.suspended_by.as_ref().is_some_and(|flag| tally.flag(flag).is_certain()) {
            tally.drop_draft();
            if let Some(points) = inputs.held(&item.id) {
                tally.mention("suspended", "held as before the replacement".into());
                return (Reach::points(points, points), false);
            }
            tally.miss(&item.id);
            tally.mention("suspended", "held, its points are not given".into());
            return (Reach::points(0, item.most()), false);
        }
        let mut reach = Reach::exactly(0);
        let mut engineering = false;
        for level in &item.levels {
            let met = self.met(level, tally);
            engineering |= met.is_certain() && level.engineering;
            let points = met.points(level.points);
            reach = if item.adds_up { reach.plus(points) } else { reach.greater(points) };
        }
        for derived in &self.derived {
            let read = |condition: &Condition| condition.name == derived.name;
            if item.levels.iter().flat_map(|level| &level.when).flatten().any(read) {
                mention(derived, tally);
            }
        }
        (reach, engineering)
    }

    fn met(&self, level: &Level, tally: &mut Tally<'_>) -> Truth {
        let (mut certain, mut possible) = (0, 0);
        for line in &level.when {
            let mut all = Truth::Yes;
            for condition in line {
                all = all.and(self.truth(condition, tally));
            }
            certain += usize::from(all.is_certain());
            possible += usize::from(all.is_possible());
        }
        if certain >= level.least {
            Truth::Yes
        } else if possible >= level.least {
            Truth::Unknown
        } else {
            Truth::No
        }
    }

    fn truth(&self, condition: &Condition, tally: &mut Tally<'_>) -> Truth {
        let name = condition.name.as_str();
        match &condition.test {
            Test::AtLeast(limit) => self.extent(name, tally).at_least(*limit),
            Test::Above(limit) => self.extent(name, tally).above(*limit),
            Test::AtMost(limit) => self.extent(name, tally).above(*limit).not(),
            Test::Below(limit) => self.extent(name, tally).at_least(*limit).not(),
            Test::Is(words) => Truth::of(tally.word(name).map(|word| words.iter().any(|w| w == word))),
            Test::IsNot(words) => Truth::of(tally.word(name).map(|word| words.iter().all(|w| w != word))),
            Test::Yes => tally.flag(name),
            Test::No => tally.flag(name).not(),
        }
    }

    fn extent(&self, name: &str, tally: &mut Tally<'_>) -> Extent {
        match self.derived.iter().find(|derived| derived.name == name) {
            None => Extent::plain(tally.number(name)),
            Some(derived) => Extent::derived(derived, tally),
        }
    }

    fn hard_rule_met(&self, tally: &mut Tally<'_>) -> bool {
        let parts = self.bands.iter().flat_map(|rule| &rule.when).flatten();
        let met = parts.into_iter().any(|part| match part {
            BandPart::Flag(name) => tally.flag(name).is_certain(),
            BandPart::Sum { .. } => false,
        });
        tally.drop_draft();
        met
    }

    fn band(&self, tally: &mut Tally<'_>, sums: &[Sum], end: fn(&Sum) -> i64) -> Band {
        let mut highest = Band::Green;
        for rule in &self.bands {
            if rule.band > highest && reaches(rule, tally, sums, end) {
                highest = rule.band;
            }
        }
        tally.drop_draft();
        highest
    }

    /// Logistic of the total, in per cent; hidden until a site has calibrated it.
    fn probability(&self, tally: &mut Tally<'_>, total: Reach) {
        if let (Some((intercept, slope)), Some(total)) = (self.probability, total.value()) {
            let probability = 1.0 / (1.0 + libm::exp(-(intercept + slope * total.as_f64())));
            let percent = Value::from_f64(probability * 100.0);
            tally.part("probability", percent.map_or(Reach::UNKNOWN, |percent| Reach::exactly(percent.0)));
        }
    }

    fn note_risk_set(&self, tally: &mut Tally<'_>) {
        let product =
            self.asks.iter().any(|ask| ask.name == "product").then(|| tally.word("product")).flatten();
        let own = product.and_then(|product| self.risk_set.products.iter().find(|(name, _)| name == product));
        let last = own.map_or(self.risk_set.last_day, |(_, last)| *last);
        if self.asks.iter().any(|ask| ask.name == "day") {
            let day = tally.number("day");
            let (first, end) = (self.risk_set.first_day * 1000, (last + 1) * 1000);
            if day.below(first).or(day.at_least(end)).is_certain() {
                tally.flag_up(format!("outside the risk set: day {} to {last}", self.risk_set.first_day));
            }
        }
        if tally.flag(&self.risk_set.endpoint_reached).is_certain() {
            tally.flag_up("the endpoint was reached before: not a prediction");
        }
        tally.drop_draft();
    }
}

/// A block's points in thousandths.
#[derive(Clone, Copy, Default)]
struct Sum {
    /// Known now.
    least: i64,
    /// With what cannot be decided now as it was when last it could.
    held: i64,
    /// With what cannot be decided at its worst.
    most: i64,
}

impl Sum {
    fn add(&mut self, points: Reach, held: Option<i64>) {
        let before = held.map_or(points.low, |held| (held * 1000).clamp(points.low, points.high));
        self.least += points.low;
        self.held += before;
        self.most += points.high;
    }
    fn cap(&mut self, cap: i64) {
        *self = Sum { least: self.least.min(cap), held: self.held.min(cap), most: self.most.min(cap) };
    }
}

fn reaches(rule: &BandRule, tally: &mut Tally<'_>, sums: &[Sum], end: fn(&Sum) -> i64) -> bool {
    rule.when.iter().any(|line| {
        line.iter().all(|part| match part {
            BandPart::Flag(name) => tally.flag(name).is_certain(),
            BandPart::Sum { blocks, least } => {
                blocks.iter().map(|block| end(&sums[*block])).sum::<i64>() >= *least
            }
        })
    })
}

/// An exact fraction: a ratio is compared with its limit without rounding.
#[derive(Clone, Copy)]
struct Fraction {
    over: i128,
    under: i128,
}

impl Fraction {
    /// Against `limit` thousandths.
    fn at_least(self, limit: i64) -> bool {
        self.over * 1000 >= i128::from(limit) * self.under
    }
    fn above(self, limit: i64) -> bool {
        self.over * 1000 > i128::from(limit) * self.under
    }
}

/// How far a number may reach; an end that is `None` is open.
#[derive(Clone, Copy)]
struct Extent {
    low: Option<Fraction>,
    high: Option<Fraction>,
}

impl Extent {
    fn plain(reach: Reach) -> Extent {
        let end = |end: i64| Fraction { over: i128::from(end), under: 1000 };
        Extent {
            low: (reach.low != i64::MIN).then(|| end(reach.low)),
            high: (reach.high != i64::MAX || reach == Reach::NEVER).then(|| end(reach.high)),
        }
    }

    fn derived(derived: &Derived, tally: &mut Tally<'_>) -> Extent {
        let [first, second] = &derived.of;
        let (first, second) = (tally.number(first), tally.number(second));
        // Measurements are not negative; an open lower end is 0.
        let (a_low, b_low) = (first.low.max(0), second.low.max(0));
        let known = |end: i64| (end != i64::MAX).then_some(i128::from(end));
        let (a_high, b_high) = (known(first.high), known(second.high));
        let (a_low, b_low) = (i128::from(a_low), i128::from(b_low));
        let fraction = |over: i128, under: i128| (under > 0).then_some(Fraction { over, under });
        match derived.form {
            Form::Ratio => Extent {
                low: b_high.and_then(|b| fraction(a_low, b)),
                high: a_high.and_then(|a| fraction(a, b_low)),
            },
            Form::PercentFall => Extent {
                low: b_high.and_then(|b| fraction(100 * (a_low - b), a_low)),
                high: a_high.and_then(|a| fraction(100 * (a - b_low), a)),
            },
            Form::Fall => Extent {
                low: b_high.and_then(|b| fraction(a_low - b, 1000)),
                high: a_high.and_then(|a| fraction(a - b_low, 1000)),
            },
        }
    }

    fn at_least(self, limit: i64) -> Truth {
        if self.low.is_some_and(|low| low.at_least(limit)) {
            Truth::Yes
        } else if self.high.is_some_and(|high| !high.at_least(limit)) {
            Truth::No
        } else {
            Truth::Unknown
        }
    }

    fn above(self, limit: i64) -> Truth {
        if self.low.is_some_and(|low| low.above(limit)) {
            Truth::Yes
        } else if self.high.is_some_and(|high| !high.above(limit)) {
            Truth::No
        } else {
            Truth::Unknown
        }
    }
}

/// Shows a derived number where both inputs are exact: `phosphate fall 32.4 %`.
fn mention(derived: &Derived, tally: &mut Tally<'_>) {
    let [first, second] = &derived.of;
    if !(tally.is_known(first) && tally.is_known(second)) {
        return;
    }
    let (first, second) = (tally.number(first), tally.number(second));
    let (Some(first), Some(second)) = (first.value(), second.value()) else { return };
    let (a, b) = (first.as_f64(), second.as_f64());
    let number = match derived.form {
        Form::Ratio => a / b,
        Form::PercentFall => 100.0 * (a - b) / a,
        Form::Fall => a - b,
    };
    if let Some(number) = Value::from_f64(number) {
        let decimals = if derived.form == Form::Ratio { 2 } else { 1 };
        let space = if derived.unit.is_empty() { "" } else { " " };
        tally.mention(&derived.name, format!("{}{space}{}", number.rounded(decimals), derived.unit));
    }
}
