//! What the commands say to the person who configures a site.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Exit code and standard output of `stormwatch` with `input`.
fn stormwatch(arguments: &[&str], input: &[u8]) -> (Option<i32>, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stormwatch"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("piped").write_all(input).expect("written");
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn check_tells_every_mistake_of_the_configuration_at_once_and_still_looks_at_what_it_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = folder.path().join("rules");
    std::fs::create_dir(&rules).expect("made");
    std::fs::write(rules.join("ours.toml"), "[[rule]]\nid = \"x\"\nwhenn = \"true\"\n").expect("written");
    let config = folder.path().join("site.toml");
    let text = format!(
        "rules = \"{}\"\ndat = \"./d\"\n[http]\nbnd = \"127.0.0.1:1\"\n[[mllp]]\nname = \"lab\"\ntimezone = \"Asia/Tokyo\"\nacks = 3\n",
        rules.display()
    );
    std::fs::write(&config, text).expect("written");
    let (code, said) = stormwatch(&["check", "--config", &config.display().to_string()], b"");
    assert_eq!(code, Some(2), "{said}");
    for (place, named) in [("2:1", "dat"), ("4:1", "bnd"), ("7:1", "timezone"), ("8:8", "string")] {
        let line = said.lines().find(|line| line.contains(&format!("site.toml:{place}:")));
        assert!(line.is_some_and(|line| line.contains(named)), "{place} {named}: {said}");
    }
    assert!(
        said.contains("ours.toml:3:1") && said.contains("whenn"),
        "the rules it names are read too: {said}"
    );
}

#[test]
fn a_message_is_tried_as_the_listener_it_would_come_to_reads_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("site.toml");
    let doors = "[[mllp]]\nname = \"lab\"\n[[mllp]]\nname = \"west\"\nbind = \"127.0.0.1:2576\"\ndecimal_comma = true\ncharset = \"shift_jis\"\n";
    std::fs::write(&config, doors).expect("written");
    let config = config.display().to_string();
    // 0.05未満, in Shift_JIS.
    let mut message =
        b"MSH|^~\\&|LIS|KUH|SW|KUH|20261122081500+0900||ORU^R01|T1|P|2.5\rPID|1||CT1^^^KUH^MR\r\
        OBR|1|||X\rOBX|1|NM|8310-5^T^LN||38,7|Cel|||||F|||20261122081500+0900\r\
        OBX|2|ST|1988-5^CRP^LN||0.05\x96\xa2\x96\x9e|mg/dL|||||F|||20261122081500+0900\r"
            .to_vec();
    let western =
        stormwatch(&["terminology", "try", "-", "--config", &config, "--listener", "west"], &message);
    assert_eq!(western.0, Some(0), "{}", western.1);
    assert!(western.1.contains("38.7") && western.1.contains("every row is used"), "{}", western.1);
    let (code, said) =
        stormwatch(&["terminology", "try", "-", "--config", &config, "--listener", "lab"], &message);
    assert_eq!(code, Some(1), "38,7 is no number at the other listener: {said}");
    let (code, _) =
        stormwatch(&["terminology", "try", "-", "--config", &config, "--listener", "attic"], &message);
    assert_eq!(code, Some(2), "a listener that is not there is a mistake");
    // A batch in a frame, as a capture holds it.
    let second = String::from_utf8_lossy(&message).replace("|T1|", "|T2|").into_bytes();
    message = [b"\x0bBHS|^~\\&|LIS\r".to_vec(), message, second, b"BTS|2\r\x1c\r".to_vec()].concat();
    let (_, said) =
        stormwatch(&["terminology", "try", "-", "--config", &config, "--listener", "west"], &message);
    assert_eq!(said.matches("ORU^R01 from LIS|KUH").count(), 2, "{said}");
}
