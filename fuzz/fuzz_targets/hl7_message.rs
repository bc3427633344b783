//! Any bytes as a message: read, answered and written again without a panic or a loss.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormwatch::hl7::{
    AckCode, AckStamp, Answer, Charset, Message, ReadSettings, acknowledge, frame, read, split,
};
use stormwatch::model::Time;

fuzz_target!(|input: (bool, Vec<u8>)| {
    let (strict, raw) = input;
    let settings = ReadSettings { strict, ..ReadSettings::default() };
    for raw in split(&raw).messages {
        let Ok(message) = Message::parse(raw, &settings) else {
            let _ = Message::head(raw, &settings);
            continue;
        };
        let answer = match read(&message, &settings) {
            Ok(content) => Answer::new(AckCode::AA, content.problems),
            Err(refusal) => Answer::from(&refusal),
        };
        let stamp = AckStamp { now: Time(0), control_id: "1".into(), zone: settings.zone.clone() };
        let text = acknowledge(&message, &answer, &stamp);
        assert!(frame::encode(&message.encode(&text)).is_ok());
        let written = message.write();
        let utf8 = ReadSettings { charset: Some(Charset::Utf8), ..settings.clone() };
        if let Ok(again) = Message::parse(written.as_bytes(), &utf8) {
            assert_eq!(again.write(), written);
        }
    }
});
