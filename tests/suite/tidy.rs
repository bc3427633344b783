//! The shape of the project, checked: floors, lengths, documented keys, independence of the simulator.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).expect("inside the project").display().to_string()
}

/// The part a file belongs to: the name after `crate::` that reaches it.
fn part(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).expect("inside src");
    let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Each part says its floor in the first line of its root.
fn floors() -> BTreeMap<String, u32> {
    let mut floors = BTreeMap::new();
    for entry in fs::read_dir(root().join("src")).expect("src") {
        let path = entry.expect("readable").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if name == "lib" || path.extension().is_none() && !path.is_dir() {
            continue;
        }
        let file = if path.is_dir() { path.join("mod.rs") } else { path.clone() };
        if !file.exists() {
            continue; // A folder beside `name.rs`: the file says it.
        }
        let text = fs::read_to_string(&file).expect("readable");
        let first = text.lines().next().unwrap_or_default();
        let floor = first
            .strip_prefix("//! Floor ")
            .and_then(|rest| rest.chars().next())
            .and_then(|c| c.to_digit(10));
        floors.insert(
            name,
            floor.unwrap_or_else(|| panic!("{} does not begin with `//! Floor N.`", shown(&file))),
        );
    }
    floors
}

#[test]
fn imports_only_go_down_and_parts_on_one_floor_do_not_know_each_other() {
    let floors = floors();
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        let own = part(&file);
        // Scenarios of a part may stand on its neighbours' shipped data; what ships may not.
        if own == "lib" || own == "main" || shown(&file).contains("/tests/") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("readable");
        let code = text
            .lines()
            .take_while(|line| !line.contains("#[cfg(test)]"))
            .filter(|l| !l.trim_start().starts_with("//"));
        for line in code {
            for (at, _) in line.match_indices("crate::") {
                let rest = &line[at + 7..];
                let names: Vec<&str> = if let Some(list) = rest.strip_prefix('{') {
                    list.split('}')
                        .next()
                        .unwrap_or("")
                        .split(',')
                        .map(|n| n.trim().split("::").next().unwrap_or(""))
                        .collect()
                } else {
                    vec![rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("")]
                };
                for name in names {
                    let (Some(mine), Some(theirs)) = (floors.get(&own), floors.get(name)) else { continue };
                    // Commands share each other; the clock and the journal are what their floor stands on.
                    let allowed = (*mine >= 4 && *theirs >= 4)
                        || (*mine == 2 && (name == "clock" || name == "journal"));
                    if name != own && theirs >= mine && !allowed {
                        wrong.push(format!(
                            "{} (floor {mine}) uses crate::{name} (floor {theirs})",
                            shown(&file)
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_has_more_than_600_lines() {
    let mut long = Vec::new();
    for folder in ["src", "simulator/src", "tests/suite"] {
        for file in rust_files(&root().join(folder)) {
            let lines = fs::read_to_string(&file).expect("readable").lines().count();
            if lines > 600 {
                long.push(format!("{}: {lines} lines", shown(&file)));
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn a_function_fits_a_screen() {
    let mut long = Vec::new();
    for folder in ["src", "simulator/src"] {
        for file in rust_files(&root().join(folder)) {
            // A table of a test is as long as the table.
            if shown(&file).contains("test") {
                continue;
            }
            let text = fs::read_to_string(&file).expect("readable");
            let mut open: Option<(usize, usize, String)> = None;
            for (n, line) in text.lines().enumerate() {
                let indent = line.len() - line.trim_start().len();
                let body = line.trim_start();
                let begins = [
                    "fn ",
                    "pub fn ",
                    "async fn ",
                    "pub async fn ",
                    "pub(super) fn ",
                    "pub(crate) fn ",
                    "const fn ",
                    "pub const fn ",
                ]
                .iter()
                .any(|start| body.starts_with(start));
                if begins && !body.ends_with(';') {
                    open = Some((n, indent, body.to_owned()));
                }
                if let Some((start, at, name)) = &open
                    && line.trim_end() == format!("{}}}", " ".repeat(*at))
                {
                    if n - start > 70 {
                        long.push(format!("{}:{} {} lines: {name}", shown(&file), start + 1, n - start));
                    }
                    open = None;
                }
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn the_simulator_knows_nothing_of_the_service() {
    let manifest = fs::read_to_string(root().join("simulator/Cargo.toml")).expect("readable");
    let dependencies = manifest.split("[dependencies]").nth(1).expect("dependencies");
    assert!(
        !dependencies.lines().any(|line| line.starts_with("stormwatch")),
        "the simulator's HL7 is a second opinion"
    );
}

#[test]
fn every_direct_dependency_has_its_reason_beside_it() {
    let mut bare = Vec::new();
    for manifest in ["Cargo.toml", "simulator/Cargo.toml"] {
        let text = fs::read_to_string(root().join(manifest)).expect("readable");
        let section = text.split("[dependencies]").nth(1).expect("dependencies");
        let mut before = "";
        for line in section.lines().take_while(|line| !line.starts_with('[')) {
            let is_dependency = line.contains('=') && !line.starts_with('#');
            if is_dependency && !line.contains(" # ") && !before.starts_with('#') {
                bare.push(format!("{manifest}: {line}"));
            }
            before = line;
        }
    }
    assert!(bare.is_empty(), "{}", bare.join("\n"));
}

#[test]
fn the_example_configuration_loads_and_has_every_key() {
    let file = root().join("stormwatch.example.toml");
    let arguments = stormwatch::cli::ServeArguments { config: Some(file.clone()), ..Default::default() };
    stormwatch::config::Config::load(&arguments).unwrap_or_else(|mistakes| panic!("{}", mistakes.join("\n")));
    let text = fs::read_to_string(file).expect("readable");
    let mut missing = Vec::new();
    for source in ["src/config.rs", "src/intake/listener.rs", "src/intake/broker.rs", "src/model/event.rs"] {
        let code = fs::read_to_string(root().join(source)).expect("readable");
        let mut inside = false;
        for line in code.lines() {
            if [
                "pub struct Config",
                "pub struct Http ",
                "pub struct Listener",
                "pub struct Broker",
                "pub struct Site",
            ]
            .iter()
            .any(|s| line.starts_with(s))
            {
                inside = true;
            } else if line.starts_with('}') {
                inside = false;
            }
            let field =
                line.trim().strip_prefix("pub ").and_then(|rest| rest.split_once(':')).map(|(name, _)| name);
            if let Some(field) = field.filter(|_| inside)
                && !text.contains(&format!("{field} ="))
                && !text.contains(&format!("[{field}]"))
                && !text.contains(&format!("[[{field}]]"))
            {
                missing.push(format!("{source}: {field}"));
            }
        }
    }
    assert!(missing.is_empty(), "not in stormwatch.example.toml: {missing:?}");
}

#[test]
fn nothing_loose_lies_about() {
    let mut loose = Vec::new();
    // Split, so that this list does not find itself.
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("#[ig", "nore"),
        concat!("todo", "!("),
        concat!("unimpl", "emented!("),
    ];
    for folder in ["src", "simulator/src", "tests/suite"] {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&file).expect("readable");
            for (n, line) in text.lines().enumerate() {
                if words.iter().any(|word| line.contains(word)) {
                    loose.push(format!("{}:{}: {}", shown(&file), n + 1, line.trim()));
                }
            }
        }
    }
    assert!(loose.is_empty(), "{}", loose.join("\n"));
}

#[test]
fn every_class_of_rejection_and_oddity_is_in_the_handbook() {
    use stormwatch::{hl7, intake, telemetry, terminology};
    let text = fs::read_to_string(root().join("docs/operating.md")).expect("readable");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
    let classes = [
        hl7::CLASSES.as_slice(),
        &hl7::ODDITIES,
        &intake::CLASSES,
        &intake::ODDITIES,
        &telemetry::CLASSES,
        &terminology::CLASSES,
    ];
    let named = |class: &str| {
        rows.iter().any(|row| row.split('|').nth(1).is_some_and(|cell| cell.contains(&format!("`{class}`"))))
    };
    let missing: Vec<&str> = classes.concat().into_iter().filter(|class| !named(class)).collect();
    assert!(missing.is_empty(), "docs/operating.md has no row for {missing:?}");
}
