//! Any bytes as a message: read, answered and written again without a panic or a loss.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormwatch::hl7::{
    AckCode, AckMode, AckStamp, Answer, CLASSES, Charset, Message, ReadSettings, acknowledge,
    answers_to_bytes, frame, read, split,
};
use stormwatch::model::Time;

fuzz_target!(|raw: &[u8]| {
    for strict in [false, true] {
        let settings = ReadSettings { strict, ..ReadSettings::default() };
        let stamp = AckStamp { now: Time(0), control_id: "1".into(), zone: settings.zone.clone() };
        for raw in split(raw).messages {
            match Message::parse(raw, &settings) {
                Ok(message) => check(&message, &settings, &stamp),
                Err(malformed) => {
                    let answer = Answer::from(&malformed);
                    for bytes in answers_to_bytes(raw, &settings, AckMode::Auto, &answer, &stamp) {
                        assert!(frame::encode(&bytes).is_ok());
                    }
                }
            }
        }
    }
});

fn check(message: &Message, settings: &ReadSettings, stamp: &AckStamp) {
    let answer = match read(message, settings) {
        Ok(content) => Answer::new(AckCode::AA, content.problems),
        Err(refusal) => Answer::from(&refusal),
    };
    assert!(answer.problems.iter().all(|problem| CLASSES.contains(&problem.class)));
    let text = acknowledge(message, &answer, stamp);
    assert!(frame::encode(&message.encode(&text)).is_ok());
    let written = message.write();
    // Nothing but line ends and blanks before segments may be missing.
    let kept = |text: &str| text.chars().filter(|c| !c.is_control() && *c != ' ').count();
    assert_eq!(kept(message.text()), kept(&written));
    let utf8 = ReadSettings { charset: Some(Charset::Utf8), ..settings.clone() };
    if let Ok(again) = Message::parse(written.as_bytes(), &utf8) {
        assert_eq!(again.write(), written);
    }
}
