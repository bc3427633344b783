//! Parts of the white cells in per cent.

use super::*;

fn share(code: &str, percent: &str, unit: &str) -> Share {
    match meaning(&reading(code, "LN", percent, unit)) {
        Ok(Meaning::Share(share)) => share,
        other => panic!("no share: {other:?}"),
    }
}

fn white_cells(value: &str) -> Observation {
    observed(&reading("6690-2", "LN", value, "10*9/L"))
}

#[test]
fn a_share_of_the_white_cells_is_a_count() {
    let white = white_cells("4.0");
    let shares = vec![share("770-8", "62", "%"), share("736-9", "20.5", "%")];
    let (counted, refused) = counts(shares, &[&white]);
    assert!(refused.is_empty());
    assert_eq!(counted[0].analyte, Analyte::named("neutrophils"));
    assert_eq!(counted[0].quantity, Some(Quantity::exactly(Value(2_480))));
    assert_eq!(counted[1].quantity, Some(Quantity::exactly(Value(820))));
    assert_eq!(counted[0].original, "62 % of 4.0 10*9/L");
}

#[test]
fn a_count_beside_its_share_is_the_better_one() {
    let (white, count) = (white_cells("4.0"), observed(&reading("751-8", "LN", "2.5", "10*9/L")));
    assert_eq!(counts(vec![share("770-8", "62", "%")], &[&white, &count]), (Vec::new(), Vec::new()));
}

#[test]
fn a_share_without_the_white_cells_of_its_instant_is_refused_by_name() {
    let (counted, refused) = counts(vec![share("770-8", "62", "%")], &[]);
    assert!(counted.is_empty());
    assert_eq!((refused[0].class, refused[0].place.as_str()), ("incomplete", "OBX^1"));
    assert!(refused[0].reason.starts_with("neutrophils came in per cent"), "{}", refused[0].reason);
    let earlier = Observation { measured_at: NOW - Span::minutes(1), ..white_cells("4.0") };
    assert_eq!(counts(vec![share("770-8", "62", "%")], &[&earlier]).1.len(), 1);
}

#[test]
fn limits_stay_limits_in_a_count() {
    let below = observed(&reading("6690-2", "LN", "<0.1", "10*9/L"));
    let (counted, _) = counts(vec![share("770-8", "50", "%")], &[&below]);
    assert_eq!(counted[0].quantity, Some(Quantity { value: Value(50), bound: Bound::Below }));
    let (_, refused) = counts(vec![share("770-8", ">50", "%")], &[&below]);
    assert_eq!(refused[0].class, "interval");
}

#[test]
fn a_share_that_is_none_is_refused() {
    assert_eq!(class(&reading("770-8", "LN", "62", "")), "unknown-unit");
    assert_eq!(class(&reading("770-8", "LN", "0.62", "10*9/L")), "unknown-unit");
    assert_eq!(class(&reading("770-8", "LN", "620", "%")), "hard-limit");
    assert_eq!(class(&reading("770-8", "LN", "many", "%")), "number");
}

#[test]
fn a_share_that_is_taken_back_takes_its_count_back() {
    let gone = Reading { status: Status::Deleted, ..reading("770-8", "LN", "62", "") };
    let Ok(Meaning::Share(gone)) = meaning(&gone) else { panic!("a share") };
    let (counted, refused) = counts(vec![gone], &[]);
    assert!(refused.is_empty());
    assert_eq!((counted[0].quantity, counted[0].status), (None, Status::Deleted));
}
