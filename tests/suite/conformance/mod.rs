//! The table of situations every HL7 receiver meets, row by row: `row_NN_…` is row NN. Most are driven through the built
//! service; what only bytes can show stands in `src/hl7/tests` under the same numbers.

mod answers;
mod encoding;
mod framing;
mod meaning;
mod repetition;
mod streams;

use std::fs;
use std::path::Path;

/// Rows of the table.
const ROWS: usize = 86;

fn names(folder: &Path, found: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            names(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("readable");
            found.extend(text.lines().filter(|line| line.contains("fn row")).map(|line| format!("{line}\n")));
        }
    }
}

#[test]
fn every_row_of_the_table_has_a_test_of_its_number() {
    let mut found = String::new();
    names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/conformance"), &mut found);
    let missing: Vec<usize> = (1..=ROWS).filter(|row| !found.contains(&format!("row_{row:02}_"))).collect();
    assert!(missing.is_empty(), "no test is named after rows {missing:?}");
}
