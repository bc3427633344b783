//! Rows 37 to 42: the same again, numbers, batches and parts.

use crate::support::*;

#[test]
fn row_37_the_same_message_has_no_second_effect_and_the_same_answer() {
    let service = Service::start();
    service.send(&adt("R1", "01", "A", "A01"));
    let message = oru("R1", "SAME", -3, "F", &[(TEMPERATURE.0, TEMPERATURE.1, "38.0", "Cel")]);
    let first = service.send(&message);
    // A sender that repeats stamps anew; MSH-7 is all that differs.
    let again = message.replacen(&stamp(0)[..12], "202601010000", 1);
    assert_eq!(service.send(&message), first);
    assert!(service.send(&again).contains("MSA|AA|SAME"));
    assert_eq!(service.values("R1", "temperature"), [38.0]);
    let service = service.crash_and_restart();
    assert_eq!(service.send(&message), first, "known after a crash as well");
    assert_eq!(service.values("R1", "temperature"), [38.0]);
}

#[test]
fn row_38_the_same_control_id_with_another_body_is_used_and_counted() {
    let service = Service::start();
    service.send(&adt("R2", "01", "A", "A01"));
    for (minutes, value) in [(-2, "37.1"), (-1, "39.2")] {
        let rows = [(TEMPERATURE.0, TEMPERATURE.1, value, "Cel")];
        assert_eq!(code(&service.send(&oru("R2", "CLIA-0001", minutes, "F", &rows))), "AA");
    }
    assert_eq!(service.values("R2", "temperature"), [37.1, 39.2]);
    assert_eq!(service.figure("stormwatch_oddities_total{what=\"reused-control-id\"}"), 1);
}

#[test]
fn row_39_the_same_result_under_a_new_control_id_counts_once() {
    let service = Service::start();
    service.send(&adt("R3", "01", "A", "A01"));
    let at = "20261102100000+0000";
    let same = |control: &str| {
        format!(
            "MSH|^~\\&|LIS|KUH|S|K|{at}||ORU^R01|{control}|P|2.5\nPID|1||R3^^^KUH^MR\nOBR|1|||P|||{at}\n\
             OBX|1|NM|2777-1^P^LN||2.9|mg/dL|||||F|||{at}\n"
        )
    };
    service.send(&same("THIRD"));
    service.send(&same("FOURTH"));
    assert_eq!(service.values("R3", "phosphate"), [2.9]);
}

fn numbered(number: &str, control: &str, value: &str) -> String {
    oru("R4", control, -1, "F", &[(TEMPERATURE.0, TEMPERATURE.1, value, "Cel")]).replacen(
        "|P|2.5\n",
        &format!("|P|2.5|{number}\n"),
        1,
    )
}

#[test]
fn row_40_numbers_are_followed_and_a_gap_is_refused_with_the_number_expected() {
    let config = "[[mllp]]\nsequence_numbers = true\n";
    let service = Service::configured(config);
    service.send(&adt("R4", "01", "A", "A01"));
    let mut line = service.connect();
    let mut says =
        |number: &str, control: &str, value: &str| line.exchange(&numbered(number, control, value));
    assert!(
        says("0", "S0", "36.0").contains("MSA|AA|S0||-1\r"),
        "nothing is expected yet, content counts not"
    );
    assert!(says("7", "S7", "36.7").contains("MSA|AA|S7||8\r"));
    assert!(says("8", "S8", "36.8").contains("MSA|AA|S8||9\r"));
    assert!(says("8", "S8", "36.8").contains("MSA|AA|S8||9\r"), "the same again");
    let gap = says("11", "S11", "37.1");
    assert!(gap.contains("MSA|AR|S11||9\r") && gap.contains("sequence-gap"), "{gap}");
    assert!(says("9", "S9", "36.9").contains("MSA|AA|S9||10\r"));
    assert!(says("10", "S10", "37.0").contains("MSA|AA|S10||11\r"));
    assert!(
        says("11", "S11", "37.1").contains("MSA|AA|S11||12\r"),
        "what was refused comes again and counts"
    );
    assert!(says("0", "S0b", "36.0").contains("MSA|AA|S0b||12\r"));
    assert!(says("-1", "SM", "36.0").contains("MSA|AA|SM||-1\r"));
    assert!(says("40", "S40", "37.4").contains("MSA|AA|S40||41\r"), "begun anew");
    assert_eq!(service.figure("stormwatch_messages_total{answer=\"AR\",via=\"mllp\"}"), 1);
}

#[test]
fn row_40_the_expected_number_is_known_after_a_crash() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("numbered.toml");
    std::fs::write(&file, "[[mllp]]\nsequence_numbers = true\n").expect("written");
    let arguments = ["--config", file.to_str().expect("a plain path")];
    let mut service = Service::start_in(&folder.path().join("data"), &arguments);
    service.send(&adt("R4", "01", "A", "A01"));
    assert!(service.send(&numbered("5", "S5", "36.5")).contains("||6\r"));
    service.kill();
    let service = Service::start_in(&folder.path().join("data"), &arguments);
    assert!(service.send(&numbered("9", "S9", "36.9")).contains("MSA|AR|S9||6\r"));
    assert!(service.send(&numbered("6", "S6", "36.6")).contains("MSA|AA|S6||7\r"));
}

#[test]
fn row_40_without_the_setting_numbers_mean_nothing() {
    let service = Service::start();
    for number in ["5", "3", "99"] {
        assert_eq!(code(&service.send(&numbered(number, &format!("N{number}"), "36.5"))), "AA");
    }
}

#[test]
fn row_41_a_batch_is_taken_message_by_message_and_a_wrong_count_said() {
    let service = Service::start();
    let one = |patient: &str, control: &str| adt(patient, "01", control, "A01");
    let members = [one("R5", "B1"), one("R6", "B2"), one("R7", "B3")].concat();
    let batch = format!("FHS|^~\\&|HIS\nBHS|^~\\&|HIS\n{members}BTS|4\nFTS|1\n");
    let mut line = service.connect();
    line.write(&frame(&batch));
    for control in ["B1", "B2", "B3"] {
        assert!(line.answer().expect("one each").contains(&format!("MSA|AA|{control}")));
    }
    let rows = service.quarantine();
    assert!(rows.iter().any(|row| row["class"] == "batch-count"), "{rows:?}");
    assert_eq!(service.get("/api/v1/patients/R7")["bed"], "01");
    line.write(&frame(&batch.replace("BTS|4", "BTS|3").replace("|B", "|C")));
    assert!(line.answer().is_some());
    assert_eq!(service.quarantine().len(), rows.len(), "a right count is no trouble");
}

#[test]
fn row_42_a_part_of_a_message_is_refused_whole() {
    let service = Service::start();
    service.send(&adt("R8", "01", "A", "A01"));
    let rows = [(TEMPERATURE.0, TEMPERATURE.1, "38.4", "Cel")];
    let part = oru("R8", "PART", -1, "F", &rows) + "DSC|next-1|F\n";
    let answer = service.send(&part);
    assert!(answer.contains("MSA|AR|PART") && answer.contains("|207^"), "{answer}");
    assert!(service.values("R8", "temperature").is_empty());
    let rest = oru("R8", "REST", -1, "F", &rows).replacen("|P|2.5\n", "|P|2.5||next-1\n", 1);
    assert_eq!(code(&service.send(&rest)), "AR");
}
