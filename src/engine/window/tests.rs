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
    window.samples().iter().map(|s| s.value.0).collect()
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
    assert_eq!(window.samples().len(), 2);
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
        points in prop::collection::vec((0i64..5_000, 0i64..50_000), 1..400),
        from in 0i64..5_000, length in 0i64..5_000, removed in prop::collection::vec(0usize..400, 0..20),
    ) {
        let mut window = Window::default();
        for (minute, value) in &points {
            window.push(&seen(*minute, *value, Status::Final, None), 0, 0);
        }
        for place in removed {
            if let Some(sample) = window.samples().get(place).copied() {
                window.remove(&sample);
            }
        }
        let (from, to) = (Time(from * 60_000), Time((from + length) * 60_000));
        let walk: Vec<Sample> = window.samples().iter().filter(|s| s.at >= from && s.at <= to).copied().collect();
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

#[test]
fn a_value_that_leaps_is_in_doubt_until_a_second_one_confirms_it() {
    let limit = RateLimit { change: Some(Value(2_000)), percent: None, within: Span::minutes(10) };
    let doubt = |rows: &[(i64, i64)]| {
        let mut window = Window::default();
        for (minute, value) in rows {
            window.push(&seen(*minute, *value, Status::Final, None), 0, 0);
        }
        let newest = window.last().copied().expect("a value");
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
        window.doubt(&window.last().copied().expect("a value"), Some(&limit))
    };
    assert_eq!(
        [doubt(2_000), doubt(1_999), doubt(6_000), doubt(6_001)],
        [None, Some("unconfirmed"), None, Some("unconfirmed")]
    );
}
