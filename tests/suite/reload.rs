//! A rule set that changes while the service runs.

use std::fs;
use std::path::Path;

use super::support::*;

/// A copy of the shipped rules that a test may change.
fn copied(into: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("alert-rules");
    for folder in ["", "scores"] {
        fs::create_dir_all(into.join(folder)).expect("a folder");
        for file in fs::read_dir(from.join(folder)).expect("the shipped rules") {
            let file = file.expect("a file").path();
            if file.is_file() {
                let name = file.file_name().expect("a name");
                fs::copy(&file, into.join(folder).join(name)).expect("copied");
            }
        }
    }
}

fn changed(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).expect("readable");
    assert!(text.contains(from), "{} does not say {from}", file.display());
    fs::write(file, text.replace(from, to)).expect("writable");
}

fn in_force(service: &Service) -> String {
    service.get("/api/v1/rules")["hash"].as_str().expect("a hash").to_owned()
}

fn refused(service: &Service) -> bool {
    let alerts = service.get("/api/v1/alerts");
    let open = alerts["alerts"].as_array().expect("alerts").iter();
    open.into_iter().any(|alert| alert["rule"] == "rules-refused" && alert["state"] != "closed")
}

#[test]
fn a_changed_rule_takes_effect_and_running_alerts_keep_the_version_that_raised_them() {
    let folder = tempfile::tempdir().expect("a folder");
    copied(folder.path());
    let service = Service::start_with(&["--rules", folder.path().to_str().expect("a path")]);
    let first = in_force(&service);
    with_baseline(&service, "H1", "01");
    with_baseline(&service, "H2", "02");
    let low = [(PHOSPHATE.0, PHOSPHATE.1, "3.1", "mg/dL")];
    service.send(&oru("H1", "A1", -2, "F", &[(PHOSPHATE.0, PHOSPHATE.1, "2.8", "mg/dL")]));
    let before = service.alert("H1", "phosphate-fall");
    // 3.1 of 3.5 is a fall of 11 %: nothing by the shipped limit of 15 %.
    service.send(&oru("H2", "B1", -2, "F", &low));
    changed(&folder.path().join("phosphate.toml"), "<= -15", "<= -10.5");
    assert!(
        eventually(PATIENCE, || (in_force(&service) != first).then_some(())).is_some(),
        "the change is not seen"
    );
    let after = service.alert("H2", "phosphate-fall");
    assert_eq!(before["rule_version"], first.as_str());
    assert_eq!(after["rule_version"], in_force(&service).as_str());
    assert_eq!(service.alert("H1", "phosphate-fall")["rule_version"], first.as_str());
}

#[test]
fn a_rule_set_with_a_mistake_is_refused_with_an_alert_and_the_old_one_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    copied(folder.path());
    let service = Service::start_with(&["--rules", folder.path().to_str().expect("a path")]);
    let first = in_force(&service);
    let file = folder.path().join("phosphate.toml");
    changed(
        &file,
        "phosphate.change_from_baseline(\"24h\") <= -15",
        "phosphat.change_from_baseline(\"24h\") <= -15",
    );
    assert!(eventually(PATIENCE, || refused(&service).then_some(())).is_some(), "nobody was told");
    assert_eq!(in_force(&service), first);
    with_baseline(&service, "H3", "03");
    service.send(&oru("H3", "C1", -2, "F", &[(PHOSPHATE.0, PHOSPHATE.1, "2.3", "mg/dL")]));
    assert_eq!(service.alert("H3", "phosphate-fall")["rule_version"], first.as_str());
    changed(&file, "phosphat.change", "phosphate.change");
    assert!(
        eventually(PATIENCE, || (!refused(&service)).then_some(())).is_some(),
        "mended, and still refused"
    );
}
