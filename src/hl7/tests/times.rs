//! Row 66 of the conformance table: every way of writing a time.

use jiff::tz::TimeZone;

use super::*;
use crate::model::ReadingTime;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect("a zone")
}

fn exact(text: &str) -> Option<ReadingTime> {
    Some(ReadingTime { at: at(text), date_only: false, ambiguous: false })
}

#[test]
fn row_66_a_time_is_read_with_the_precision_it_has() {
    let tokyo = zone("Asia/Tokyo");
    for (text, wanted) in [
        ("20261122081500+0900", "2026-11-22T08:15:00+09:00"),
        ("20261122081500", "2026-11-22T08:15:00+09:00"),
        ("202611220815", "2026-11-22T08:15:00+09:00"),
        ("2026112208", "2026-11-22T08:00:00+09:00"),
        ("20261122081500.123+0900", "2026-11-22T08:15:00.123+09:00"),
        ("20261122081500.1", "2026-11-22T08:15:00.1+09:00"),
        ("20261122081500.123456789-0030", "2026-11-22T08:15:00.123-00:30"),
        ("20080203163012345", "2008-02-03T16:30:12.345+09:00"),
        ("20261122081500+09", "2026-11-22T08:15:00+09:00"),
        ("20261122081500+09:00", "2026-11-22T08:15:00+09:00"),
        ("20261122081500Z", "2026-11-22T08:15:00Z"),
        (" 20261122081500+0000 ", "2026-11-22T08:15:00Z"),
        ("20261122240000", "2026-11-23T00:00:00+09:00"),
        ("202612312400", "2027-01-01T00:00:00+09:00"),
        ("20261122081500-1200", "2026-11-22T08:15:00-12:00"),
    ] {
        assert_eq!(read_time(text, &tokyo), exact(wanted), "{text}");
    }
}

#[test]
fn row_66_a_date_alone_says_so() {
    let tokyo = zone("Asia/Tokyo");
    for (text, wanted) in [
        ("20261122", "2026-11-22T00:00:00+09:00"),
        ("202611", "2026-11-01T00:00:00+09:00"),
        ("2026", "2026-01-01T00:00:00+09:00"),
    ] {
        let read = read_time(text, &tokyo).expect("a date");
        assert_eq!((read.at, read.date_only), (at(wanted), true), "{text}");
    }
}

#[test]
fn row_66_second_sixty_is_fifty_nine_and_marked() {
    let read = read_time("20161231235960+0000", &TimeZone::UTC).expect("a leap second");
    assert_eq!((read.at, read.ambiguous), (at("2016-12-31T23:59:59Z"), true));
}

#[test]
fn row_66_a_repeated_hour_is_the_first_and_marked_and_a_skipped_one_moves_forward() {
    let berlin = zone("Europe/Berlin");
    let fold = read_time("20261025023000", &berlin).expect("a time");
    assert_eq!((fold.at, fold.ambiguous), (at("2026-10-25T02:30:00+02:00"), true));
    let gap = read_time("20260329023000", &berlin).expect("a time");
    assert_eq!((gap.at, gap.ambiguous), (at("2026-03-29T03:30:00+02:00"), true));
    let told = read_time("20261025023000+0100", &berlin).expect("a time");
    assert_eq!((told.at, told.ambiguous), (at("2026-10-25T02:30:00+01:00"), false));
}

#[test]
fn row_66_what_is_no_time_is_none() {
    for text in [
        "",
        "\"\"",
        "now",
        "20261",
        "2026112",
        "202611220",
        "20261322",
        "20261132",
        "20260230",
        "0000",
        "00000000",
        "2026112225",
        "202611220860",
        "20261122081561",
        "20261122240001",
        "20261122081500+",
        "20261122081500+9",
        "20261122081500+090",
        "20261122081500+1500",
        "20261122081500+0960",
        "20261122.5",
        "２０２６１１２２",
        "2026-11-22",
        "20261122081500.+0900x",
        "20261122081500.12a",
        "999999999999999999999999",
    ] {
        assert_eq!(read_time(text, &TimeZone::UTC), None, "{text}");
    }
}

#[test]
fn a_written_time_reads_back() {
    for name in ["Asia/Tokyo", "UTC", "America/St_Johns", "Europe/Berlin"] {
        let now = at("2026-11-22T08:15:03+09:00");
        let text = write_time(now, &zone(name));
        assert_eq!(read_time(&text, &TimeZone::UTC).expect("a time").at, now, "{text}");
    }
    assert_eq!(write_time(at("2026-11-22T08:15:03+09:00"), &zone("Asia/Tokyo")), "20261122081503+0900");
    assert_eq!(write_time(at("2026-11-22T08:15:03Z"), &zone("America/St_Johns")), "20261122044503-0330");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_reading_a_time_fail(text in "\\PC*", digits in "[0-9]{0,20}[.+Z-]?[0-9:]{0,6}") {
        for zone in [TimeZone::UTC, zone("Europe/Berlin")] {
            let _ = read_time(&text, &zone);
            let _ = read_time(&digits, &zone);
        }
    }
}
