//! Points tables as files: what is built in is sound, and mistakes are told with line and remedy.

use crate::engine::score::{Mistake, Tables};

const CRS: &str = include_str!("../../../../alert-rules/scores/crs-ews.toml");
const ICANS: &str = include_str!("../../../../alert-rules/scores/icans-ews.toml");

fn mistakes(text: &str) -> Vec<Mistake> {
    match Tables::load(&[("crs-ews.toml".to_owned(), text.to_owned())]) {
        Ok(_tables) => panic!("a mistake is expected"),
        Err(mistakes) => mistakes,
    }
}

/// The mistakes of the CRS table with `from` once replaced, as text.
fn after(from: &str, to: &str) -> String {
    assert!(CRS.contains(from), "{from}");
    let found = mistakes(&CRS.replacen(from, to, 1));
    let lines: Vec<String> = found.iter().map(Mistake::to_string).collect();
    lines.join("\n")
}

#[test]
fn the_files_in_the_tree_are_what_is_built_in() {
    let files =
        [("crs-ews.toml".to_owned(), CRS.to_owned()), ("icans-ews.toml".to_owned(), ICANS.to_owned())];
    assert_eq!(Tables::load(&files).expect("sound"), Tables::builtin());
    assert_eq!(Tables::load(&[]).expect("nothing given"), Tables::builtin());
}

#[test]
fn an_unknown_name_is_told_with_its_line_and_a_suggestion() {
    let line = CRS.lines().position(|line| line.contains("temperature_max_6h >= 37.5")).expect("a line") + 1;
    assert_eq!(
        after("temperature_max_6h >= 37.5", "temprature_max_6h >= 37.5"),
        format!(
            "crs-ews.toml, line {line}: unknown input `temprature_max_6h`; did you mean `temperature_max_6h`?"
        )
    );
}

#[test]
fn each_kind_of_mistake_names_the_thing_and_the_remedy() {
    for (from, to, expected) in [
        ("name = \"crs_ews\"", "name = \"crs_ew\"", "unknown table `crs_ew`; did you mean `crs_ews`?"),
        ("predictive = [\"B\", \"D\"]", "predictive = [\"B\", \"E\"]", "unknown block `E`"),
        (
            "items = [\"D1\", \"D2\", \"D6\"]",
            "items = [\"D1\", \"D9\"]",
            "unknown item `D9`; did you mean `D1`?",
        ),
        (
            "evidence = \"published\"",
            "evidence = \"publishd\"",
            "unknown evidence `publishd`; did you mean `published`?",
        ),
        ("easix_pre >= 2.34", "easix_pre => 2.34", "`=>` is not a comparison"),
        ("easix_pre >= 2.34", "easix_pre >= two", "`two` is not a number"),
        ("easix_pre >= 2.34", "easix_pre is low", "`easix_pre` cannot be asked like this"),
        (
            "when = [\"disease_active\"]",
            "when = [\"disease_active >= 1\"]",
            "`disease_active` cannot be asked like this",
        ),
        ("combine = \"sum\"\nsource", "combine = \"add\"\nsource", "unknown way to combine `add`"),
        ("ratio = [\"pai1\",", "ratio = [\"pai2\",", "unknown number `pai2`; did you mean `pai1`?"),
        ("T >= 5 and D+H >= 2", "T >= 5 and D+X >= 2", "unknown block `X`"),
        ("T >= 5 and D+H >= 2", "T < 5", "a band cannot ask this of `T`"),
        ("name = \"yellow\"", "name = \"orange\"", "unknown band `orange`"),
        (
            "suspended_by = \"phosphate_suspended\"",
            "suspended_by = \"oxygen\"",
            "unknown optional flag `oxygen`",
        ),
        ("id = \"B2\"\nblock", "id = \"B1\"\nblock", "item id `B1` is taken"),
        ("points = 1\n", "points = -1\n", "points below 0"),
        ("max = 1000000\n", "", "input `easix_pre` has no max"),
        ("version = \"0.1\"", "versoin = \"0.1\"", "unknown field `versoin`"),
    ] {
        let found = after(from, to);
        assert!(found.contains(expected), "{to}: {found}");
        assert!(found.starts_with("crs-ews.toml, line "), "{found}");
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let text = CRS.replacen("easix_pre >= 2.34", "easix >= 2.34", 1).replacen("spo2 <= 93", "sp02 <= 93", 1);
    assert_eq!(mistakes(&text).len(), 2);
}

#[test]
fn a_file_that_is_not_toml_is_told_with_its_line() {
    let found = mistakes("name = \"crs_ews\"\nversion = \n");
    assert_eq!((found.len(), found[0].line), (1, 2), "{found:?}");
}

#[test]
fn a_table_given_twice_is_refused() {
    let files = [("a.toml".to_owned(), CRS.to_owned()), ("b.toml".to_owned(), CRS.to_owned())];
    let found = Tables::load(&files).expect_err("twice");
    assert!(
        found[0].to_string().starts_with("b.toml: table `crs_ews` is given twice, here and in a.toml"),
        "{found:?}"
    );
}
