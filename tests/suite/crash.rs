//! kill -9, again and again.

use std::time::Duration;

use super::support::*;

#[test]
fn nothing_answered_is_lost_by_kill_nine() {
    let mut service = Service::start();
    assert_eq!(code(&service.send(&adt("K1", "01", "ADT", "A01"))), "AA");
    let mut answered = 0usize;
    let mut n = 0u32;
    for cycle in 0..5u64 {
        let pid = service.pid();
        let killer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(150 + 70 * cycle));
            let _ = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status();
        });
        let mut line = service.connect();
        loop {
            n += 1;
            let value = format!("36.{:03}", n % 1000);
            let message = oru(
                "K1",
                &format!("K{n}"),
                -i64::from(n),
                "F",
                &[(TEMPERATURE.0, TEMPERATURE.1, &value, "Cel")],
            );
            if std::io::Write::write_all(&mut line.stream, &frame(&message)).is_err() {
                break;
            }
            match line.answer() {
                Some(answer) if code(&answer) == "AA" => answered += 1,
                Some(answer) => panic!("{answer}"),
                None => break,
            }
        }
        killer.join().expect("the killer ends");
        service = service.crash_and_restart();
    }
    let path = "/api/v1/patients/K1/series?analyte=temperature&points=1000000&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z";
    let kept = service.get(path)["points"].as_array().expect("points").len();
    assert!(answered > 20, "only {answered} were answered");
    assert!(kept >= answered, "{} of {answered} answered results are missing", answered - kept);
}

#[test]
fn an_active_alert_is_still_active_and_still_escalates_after_kill_nine() {
    let service = Service::start();
    with_baseline(&service, "E1", "01");
    service.send(&oru("E1", "LOW", 0, "F", &[(PHOSPHATE.0, PHOSPHATE.1, "2.3", "mg/dL")]));
    let before = service.alert("E1", "phosphate-fall-deep");
    let service = service.crash_and_restart();
    let after = service.alert("E1", "phosphate-fall-deep");
    for field in ["id", "state", "raised_at", "step", "next_step_at"] {
        assert_eq!(before[field], after[field], "{field} is what it was");
    }
    assert!(after["next_step_at"].is_string(), "the escalation still runs: {after}");
}
