//! Other readers' opinions of the corpus: where hl7apy reads a message, it reads the same segments, control id, codes,
//! values and units as we do. (`er7` is asked in `src/hl7/tests/oracle.rs`.)

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;
use stormwatch::hl7::{Message, ReadSettings};

/// Where hl7apy is known to read something else, and why we do not follow it.
const APART: [(&str, &str); 19] = [
    ("charset-double-escape", "it knows no ISO 2022"),
    ("charset-ir159-jis-x-0212", "it knows no ISO 2022"),
    ("charset-iso-ir87", "it knows no ISO 2022"),
    ("charset-iso-ir87-undeclared", "it knows no ISO 2022"),
    ("charset-jis-roman", "it knows no ISO 2022"),
    ("charset-kanji-in-msh-4", "it knows no ISO 2022"),
    ("charset-missing-switch-back", "it knows no ISO 2022"),
    ("escapes-all", "it escapes the marks of sequences it does not know"),
    ("escapes-unfinished", "it escapes a mark that begins nothing; we keep the text as it came"),
    ("ft-formatted", "it escapes the marks of layout"),
    ("lines-mixed", "it loses what follows a line feed"),
    ("nm-repeats", "it gives the first of several values only"),
    ("obx-3-text-only", "it drops an empty component at the end"),
    ("segments-four-letters", "it cuts names to three letters, so OBXX becomes a result"),
    ("segments-lower-case", "it writes names in capitals"),
    ("segments-space-before-bar", "it shifts every field of the row"),
    ("segments-two-letters", "it takes the separator into the name"),
    ("segments-small-letters", "it writes names in capitals"),
    ("tx-unescaped", "it splits text at the separators its sender forgot to escape"),
];

#[test]
fn hl7apy_reads_the_corpus_as_we_do() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let python = root.join("tests/.tools/python/bin/python");
    assert!(python.exists(), "{} is missing; run `make test-tools`", python.display());
    let mut files: Vec<PathBuf> = std::fs::read_dir(root.join("tests/hl7/corpus"))
        .expect("the corpus")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "hl7"))
        .collect();
    files.sort();
    let output = Command::new(python)
        .arg(root.join("tests/clients/hl7apy_reads.py"))
        .args(&files)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let mut apart = Vec::new();
    let mut compared = 0;
    for line in text.lines() {
        let theirs: Json = serde_json::from_str(line).expect("JSON");
        let path = Path::new(theirs["path"].as_str().expect("a path"));
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let raw = std::fs::read(path).expect("readable");
        let Ok(message) = Message::parse(&raw, &ReadSettings::default()) else { continue };
        compared += 1;
        let known = APART.iter().any(|(file, _)| *file == name);
        if ours(&message) != said(&theirs) && !known {
            apart.push(format!("{name}:\n  ours   {}\n  theirs {}", ours(&message), said(&theirs)));
        }
    }
    assert!(apart.is_empty(), "{} of {compared} differ:\n{}", apart.len(), apart.join("\n"));
    assert!(compared >= 300, "only {compared} were compared");
}

/// Names, MSH-10 and the rows, as text.
fn ours(message: &Message) -> String {
    let names: Vec<&str> = message.segments().map(|segment| segment.name()).collect();
    let rows: Vec<[&str; 3]> = message
        .segments()
        .filter(|segment| segment.name() == "OBX")
        .map(|segment| [3, 5, 6].map(|n| segment.field(n).raw()))
        .collect();
    format!("{names:?} {:?} {rows:?}", message.control_id_raw())
}

fn said(theirs: &Json) -> String {
    let list = |json: &Json| -> Vec<String> {
        json.as_array().expect("a list").iter().map(|text| text.as_str().expect("text").to_owned()).collect()
    };
    let rows: Vec<Vec<String>> = theirs["rows"].as_array().expect("a list").iter().map(list).collect();
    format!("{:?} {:?} {rows:?}", list(&theirs["names"]), theirs["id"].as_str().expect("text"))
}
