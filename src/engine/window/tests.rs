use proptest::prelude::*;

use super::*;
use crate::model::{Analyte, PatientId, RateLimit, Span};

fn seen(minute: i64, value: i64, status: Status, order: Option<&str>) -> Observation {
    Observation {
        patient: PatientId::parse("P1").expect("an id"),
        analyte: Analyte::PHOSPHATE,
        quantity: (value >= 0).then_some(Quantity::exactly(Value(value))),
        measured_at: Time(minute * 60_000),
        source: "LIS".into(),
        code: "2777-1^LN".into(),
        status,
        quality: Quality::default(),
        order: order.map(String::from),
        device: None,
        original: String::new(),
    }
}

fn values(window: &Window) -> Vec<i64> {
    window.samples().map(|s| s.value.0).collect()
}

#[test]
fn a_correction_equals_never_having_had_the_wrong_value() {
    let mut corrected = Window::default();
    corrected.push(&seen(1, 3_500, Status::Final, Some("A")), 0, 0);
    let pushed = corrected.push(&seen(1, 2_300, Status::Corrected, Some("A")), 0, 0);
    assert!(matches!(pushed, Pushed::Superseded(ref old) if old.len() == 1));
    let mut right = Window::default();
    right.push(&seen(1, 2_300, Status::Final, Some("A")), 0, 0);
    assert_eq!(values(&corrected), values(&right));
}

#[test]
fn a_correction_that_comes_first_still_wins() {
    let mut window = Window::default();
    window.push(&seen(1, 2_300, Status::Corrected, None), 0, 0);
    assert_eq!(window.push(&seen(1, 3_500, Status::Final, None), 0, 0), Pushed::Unchanged);
    assert_eq!(values(&window), vec![2_300]);
}

#[test]
fn a_withdrawn_result_is_gone_and_stays_gone() {
    let mut window = Window::default();
    window.push(&seen(1, 3_500, Status::Final, None), 0, 0);
    window.push(&seen(1, -1, Status::Wrong, None), 0, 0);
    window.push(&seen(1, 3_500, Status::Final, None), 0, 0);
    assert_eq!(values(&window), Vec::<i64>::new());
}

#[test]
fn a_final_result_replaces_its_preliminary() {
    let mut window = Window::default();
    window.push(&seen(1, 3_000, Status::Preliminary, None), 0, 0);
    window.push(&seen(1, 3_100, Status::Final, None), 0, 0);
    window.push(&seen(1, 3_000, Status::Preliminary, None), 0, 0);
    assert_eq!(values(&window), vec![3_100]);
}

#[test]
fn the_same_result_twice_changes_nothing() {
    let mut window = Window::default();
    assert_eq!(window.push(&seen(1, 3_000, Status::Final, None), 0, 0), Pushed::New);
    assert_eq!(window.push(&seen(1, 3_000, Status::Final, None), 0, 0), Pushed::Unchanged);
    assert_eq!(window.push(&seen(1, 3_001, Status::Final, None), 0, 0), Pushed::New);
    assert_eq!(window.samples().count(), 2);
}

#[test]
fn a_censored_value_keeps_its_bound() {
    let mut window = Window::default();
    let mut low = seen(1, 500, Status::Final, None);
    low.quantity = Some(Quantity { value: Value(500), bound: Bound::Below });
    window.push(&low, 0, 0);
    window.push(&seen(2, 700, Status::Final, None), 0, 0);
    let all = (Time(0), Time(i64::MAX));
    assert_eq!(window.min(all.0, all.1), Some(Quantity { value: Value(500), bound: Bound::Below }));
    assert_eq!(window.mean(all.0, all.1), None, "a mean over `<0.5` is not known");
}

proptest! {
    #[test]
    fn sums_agree_with_a_plain_walk(
        points in prop::collection::vec((0i64..5_000, 0i64..50_000), 1..900),
        from in 0i64..5_000, length in 0i64..5_000, removed in prop::collection::vec(0usize..900, 0..20),
    ) {
        let mut window = Window::default();
        for (minute, value) in &points {
            window.push(&seen(*minute, *value, Status::Final, None), 0, 0);
        }
        for place in removed {
            if let Some(sample) = window.samples().nth(place) {
                window.remove(&sample);
            }
        }
        let (from, to) = (Time(from * 60_000), Time((from + length) * 60_000));
        let walk: Vec<Sample> = window.samples().filter(|s| s.at >= from && s.at <= to).collect();
        prop_assert_eq!(window.count(from, to), walk.len());
        prop_assert_eq!(window.min(from, to).map(|q| q.value), walk.iter().map(|s| s.value).min());
        prop_assert_eq!(window.max(from, to).map(|q| q.value), walk.iter().map(|s| s.value).max());
        let sum: i128 = walk.iter().map(|s| i128::from(s.value.0)).sum();
        let mean = (!walk.is_empty()).then(|| Value(divide(sum, walk.len() as i128)));
        prop_assert_eq!(window.mean(from, to), mean);
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        points in prop::collection::vec((0i64..50, 0i64..5), 1..60).prop_shuffle(), seed in any::<u64>(),
    ) {
        let mut shuffled = points.clone();
        let n = shuffled.len();
        for i in 0..n { shuffled.swap(i, (seed as usize).wrapping_mul(i + 7) % n); }
        let build = |points: &[(i64, i64)]| {
            let mut window = Window::default();
            for (minute, value) in points { window.push(&seen(*minute, *value, Status::Final, None), 0, 0); }
            values(&window)
        };
        prop_assert_eq!(build(&points), build(&shuffled));
    }
}

/// A step from one sample to the next: regular or not, with another mark or not, and backwards where it comes late.
fn any_sample() -> impl Strategy<Value = (i64, i64, u8, u16)> {
    let step = prop_oneof![8 => Just(60_000i64), 2 => -200_000i64..200_000, 1 => -90_000_000i64..90_000_000];
    let value = prop_oneof![4 => (360i64..420).prop_map(|t| t * 100), 1 => 0i64..9_000_000_000_000_000];
    let mark = prop_oneof![9 => Just(0u8), 1 => 1u8..4];
    (step, value, mark, 0u16..2)
}

fn samples_of(steps: &[(i64, i64, u8, u16)]) -> Vec<Sample> {
    let mut at = 1_760_000_000_000i64;
    let marked = |(step, value, mark, source): &(i64, i64, u8, u16)| {
        at += step;
        Sample {
            at: Time(at),
            value: Value(*value),
            bound: if *mark == 1 { Bound::Below } else { Bound::Exactly },
            status: if *mark == 2 { Status::Corrected } else { Status::Final },
            quality: Quality { implausible: *mark == 3, ..Quality::default() },
            source: *source,
            code: u16::from(*mark == 2),
            order: u32::from(*mark),
        }
    };
    steps.iter().map(marked).collect()
}

proptest! {
    #[test]
    fn packed_samples_are_the_samples_that_were_put_in(
        steps in prop::collection::vec(any_sample(), 1..700), removed in prop::collection::vec(any::<prop::sample::Index>(), 0..300),
        from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(), limit in 36_000i64..42_000,
    ) {
        let (mut window, mut plain) = (Window::default(), Vec::<Sample>::new());
        for sample in samples_of(&steps) {
            window.insert(sample);
            let place = plain.partition_point(|known| known.key() <= sample.key());
            plain.insert(place, sample);
        }
        for which in removed {
            if plain.is_empty() { break; }
            let gone = plain[which.index(plain.len())];
            window.remove(&gone);
            let place = plain.iter().rposition(|known| *known == gone).expect("chosen from it");
            plain.remove(place);
        }
        // Of samples equal in order the window may hold either first; as a set they are the same.
        let sorted = |mut all: Vec<Sample>| { all.sort_by_key(|s| (s.key(), s.order, s.bound, s.quality.implausible)); all };
        prop_assert_eq!(sorted(window.samples().collect()), sorted(plain.clone()));
        let mut backwards: Vec<Sample> = window.samples().rev().collect();
        backwards.reverse();
        prop_assert_eq!(&backwards, &window.samples().collect::<Vec<_>>());
        if plain.is_empty() {
            prop_assert!(window.is_empty());
            return Ok(());
        }
        let (from, to) = (plain[from.index(plain.len())].at, plain[to.index(plain.len())].at);
        let within: Vec<Sample> = window.samples().filter(|s| s.at >= from && s.at <= to).collect();
        prop_assert_eq!(&window.between(from, to).collect::<Vec<_>>(), &within);
        let mut both_ends = (Vec::new(), Vec::new());
        let mut between = window.between(from, to);
        while let Some(first) = between.next() {
            both_ends.0.push(first);
            let last = between.peek_back();
            prop_assert_eq!(last, between.next_back());
            both_ends.1.extend(last);
        }
        both_ends.0.extend(both_ends.1.into_iter().rev());
        prop_assert_eq!(&both_ends.0, &within);
        prop_assert_eq!(window.last_until(to), plain_last(&window, to));
        let above = within.iter().find(|s| s.value.0 >= limit).copied();
        prop_assert_eq!(window.first_at_or_above(Value(limit), from, to), above);
        if let Some(one) = within.first() {
            let same = within.iter().rfind(|s| s.value == one.value).copied();
            prop_assert_eq!(window.last_of_value(one.value, from, to), same);
        }
    }
}

fn plain_last(window: &Window, to: Time) -> Option<Sample> {
    window.samples().rfind(|s| s.at <= to)
}

#[test]
fn a_vital_sign_a_minute_with_uneven_stamps_takes_nine_bytes_a_sample_at_most() {
    let mut window = Window::default();
    for minute in 0..14 * 1440 {
        let mut reading = seen(0, 36_500 + (minute * 7 % 13) * 100, Status::Final, None);
        reading.measured_at = Time(minute * 60_000 + minute * 7_919 % 3_000);
        window.push(&reading, 0, 0);
    }
    let each = window.bytes() / (14 * 1440);
    assert!(each <= 9, "{each} bytes a sample, stamps not quite regular");
}

#[test]
fn a_window_forgets_what_is_older_than_it_keeps() {
    let mut window = Window::default();
    for hour in 0..24 * 90 {
        window.push(&seen(hour * 60, 3_500, Status::Final, Some(&format!("A{hour}"))), 0, 0);
    }
    let kept = window.samples().count();
    assert!((24 * 35..=24 * 45).contains(&kept), "{kept} samples of 90 days");
    assert_eq!(window.orders.len(), kept, "order numbers go with their samples");
}

#[test]
fn a_value_that_leaps_is_in_doubt_until_a_second_one_confirms_it() {
    let limit = RateLimit { change: Some(Value(2_000)), percent: None, within: Span::minutes(10) };
    let doubt = |rows: &[(i64, i64)]| {
        let mut window = Window::default();
        for (minute, value) in rows {
            window.push(&seen(*minute, *value, Status::Final, None), 0, 0);
        }
        let newest = window.last().expect("a value");
        window.doubt(&newest, Some(&limit))
    };
    assert_eq!(doubt(&[(0, 37_000)]), None, "alone");
    assert_eq!(doubt(&[(0, 37_000), (5, 39_000)]), None, "as fast as the limit allows");
    assert_eq!(doubt(&[(0, 37_000), (5, 39_001)]), Some("unconfirmed"));
    assert_eq!(doubt(&[(0, 37_000), (5, 34_999)]), Some("unconfirmed"), "also downwards");
    assert_eq!(doubt(&[(0, 37_000), (11, 40_000)]), None, "there was time to change");
    assert_eq!(doubt(&[(0, 37_000), (5, 40_000), (6, 39_500)]), None, "confirmed");
    assert_eq!(doubt(&[(0, 37_000), (5, 40_000), (6, 37_000)]), None, "back where it was");
}

#[test]
fn a_limit_in_per_cent_is_of_the_other_value() {
    let limit = RateLimit { change: None, percent: Some(Value::whole(50)), within: Span::hours(12) };
    let doubt = |value: i64| {
        let mut window = Window::default();
        window.push(&seen(0, 4_000, Status::Final, None), 0, 0);
        window.push(&seen(360, value, Status::Final, None), 0, 0);
        window.doubt(&window.last().expect("a value"), Some(&limit))
    };
    assert_eq!(
        [doubt(2_000), doubt(1_999), doubt(6_000), doubt(6_001)],
        [None, Some("unconfirmed"), None, Some("unconfirmed")]
    );
}
