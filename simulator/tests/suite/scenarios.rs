use std::path::Path;

use stormwatch_simulator::{scenario, story};

#[test]
fn every_shipped_scenario_loads_and_becomes_messages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "scenario") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let cases =
            story::read(&text, &folder).unwrap_or_else(|error| panic!("{}: {error:#}", path.display()));
        let messages = scenario::messages(&cases, "6E", "R", 1_795_302_900).unwrap();
        assert!(messages.len() > cases.len(), "{}", path.display());
        assert!(messages.iter().all(|message| message.starts_with("MSH|") && message.ends_with('\r')));
        let open_places =
            messages.iter().any(|m| ["{patient}", "{time}", "{control}"].iter().any(|p| m.contains(p)));
        assert!(!open_places && messages.iter().all(|message| message.contains("R-")), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 6, "{seen} scenarios are shipped");
}
