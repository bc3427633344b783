//! How long a band must hold.

use crate::engine::score::{Band, BandHold};
use crate::model::{Span, Time};

/// Steps as `minutes band`, `!` for hard, `?` for open with at least that band; gives the shown bands.
fn shown(steps: &str) -> String {
    let mut hold = BandHold::default();
    let bands: Vec<&str> = steps
        .split(',')
        .map(|step| {
            let (minutes, band) = step.trim().split_once(' ').expect("minutes and band");
            let now = Time(0) + Span::minutes(minutes.parse().expect("minutes"));
            let hard = band.ends_with('!');
            let open = band.ends_with('?');
            let band = Band::parse(band.trim_end_matches(['!', '?']));
            let shown = match (band, open) {
                (band, true) => hold.step(band, None, now, hard),
                (Some(band), false) => hold.step(Some(band), Some(band), now, hard),
                (None, false) => panic!("a band is named"),
            };
            shown.name()
        })
        .collect();
    bands.join(" ")
}

#[test]
fn a_band_rises_after_two_evaluations_ten_minutes_apart() {
    assert_eq!(shown("0 amber, 9 amber, 10 amber"), "green green amber");
    assert_eq!(shown("0 amber, 15 amber"), "green amber");
}

#[test]
fn a_break_starts_the_wait_again() {
    assert_eq!(shown("0 amber, 5 green, 10 amber, 19 amber, 20 amber"), "green green green green amber");
}

#[test]
fn a_hard_rule_or_a_new_result_lifts_the_band_at_once() {
    assert_eq!(shown("0 red!"), "red");
    assert_eq!(shown("0 green!"), "green");
}

#[test]
fn a_lower_band_within_the_wait_rises_to_what_held() {
    assert_eq!(shown("0 amber, 5 yellow, 10 amber, 15 amber, 20 amber"), "green green yellow yellow amber");
}

#[test]
fn a_band_falls_after_four_hours_below() {
    assert_eq!(shown("0 red!, 15 yellow, 254 yellow, 255 yellow"), "red red red yellow");
    assert_eq!(
        shown("0 amber!, 15 green, 200 amber, 215 green, 454 green, 455 green"),
        "amber amber amber amber amber green"
    );
}

#[test]
fn missing_inputs_never_lower_a_band_and_interrupt_the_fall() {
    assert_eq!(shown("0 amber!, 15 ?, 300 ?, 600 ?"), "amber amber amber amber");
    assert_eq!(
        shown("0 amber!, 15 green, 200 ?, 255 green, 494 green, 495 green"),
        "amber amber amber amber amber green"
    );
    assert_eq!(shown("0 yellow?, 10 yellow?"), "green yellow");
}

#[test]
fn a_hold_survives_being_written_and_read() {
    let mut hold = BandHold::default();
    hold.step(Some(Band::Amber), Some(Band::Amber), Time(0), false);
    let text = serde_json::to_string(&hold).expect("plain data");
    let mut read: BandHold = serde_json::from_str(&text).expect("as written");
    assert_eq!(read, hold);
    let again = |hold: &mut BandHold| hold.step(Some(Band::Amber), Some(Band::Amber), Time(600_000), false);
    assert_eq!(again(&mut read), again(&mut hold));
    assert_eq!(read.band(), Band::Amber);
}
