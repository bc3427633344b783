//! What goes wrong between a ward and those who listen, in the order a seed decides.
//!
//! Nothing is ever lost by a fault: where it spoils a message, the good one follows.

use std::collections::BTreeMap;
use std::str::FromStr;

use anyhow::{Result, bail};

use crate::chance::Chance;
use crate::moment::{self, MINUTE};
use crate::stay::{About, Message, Slips, Via};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The same message twice.
    Duplicate,
    /// A message after those that follow it.
    Reorder,
    /// A result hours after the sample.
    Late,
    /// A message cut short.
    Truncate,
    /// The connection is lost in the middle of a block.
    HalfFrame,
    /// Bytes that are no UTF-8 although MSH-18 says so.
    BadCharset,
    /// A sender whose clock is ahead.
    FutureClock,
    /// Another laboratory's code and unit.
    UnitSwitch,
    /// A quarter of an hour's messages at once.
    Burst,
    /// Bytes that belong to no block.
    Garbage,
    /// A result corrected later.
    Correction,
}

impl Fault {
    pub const ALL: [Fault; 11] = [
        Fault::Duplicate,
        Fault::Reorder,
        Fault::Late,
        Fault::Truncate,
        Fault::HalfFrame,
        Fault::BadCharset,
        Fault::FutureClock,
        Fault::UnitSwitch,
        Fault::Burst,
        Fault::Garbage,
        Fault::Correction,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Fault::Duplicate => "duplicate",
            Fault::Reorder => "reorder",
            Fault::Late => "late",
            Fault::Truncate => "truncate",
            Fault::HalfFrame => "half-frame",
            Fault::BadCharset => "bad-charset",
            Fault::FutureClock => "future-clock",
            Fault::UnitSwitch => "unit-switch",
            Fault::Burst => "burst",
            Fault::Garbage => "garbage",
            Fault::Correction => "correction",
        }
    }
}

impl FromStr for Fault {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match Fault::ALL.into_iter().find(|fault| fault.name() == text) {
            Some(fault) => Ok(fault),
            None => bail!("unknown fault `{text}`; known: {}", Fault::ALL.map(Fault::name).join(", ")),
        }
    }
}

/// How often the laboratory errs when these faults are wanted: late 5 %, corrected 8 %, switched 15 %.
/// Engineering.
pub fn slips(wanted: &[Fault]) -> Slips {
    let when =
        |fault: Fault, share: f64, otherwise: f64| if wanted.contains(&fault) { share } else { otherwise };
    Slips {
        late: when(Fault::Late, 0.05, Slips::USUAL.late),
        corrected: when(Fault::Correction, 0.08, Slips::USUAL.corrected),
        switched: when(Fault::UnitSwitch, 0.15, Slips::USUAL.switched),
        ..Slips::USUAL
    }
}

/// One thing to do on the wire.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    Send(Message),
    /// A whole block or telegram of these bytes, sent once whatever the answer.
    Spoiled {
        via: Via,
        topic: String,
        bytes: Vec<u8>,
    },
    /// These bytes, then the connection is closed.
    BreakOff(Vec<u8>),
    /// These bytes between blocks, on a connection of their own.
    Babble(Vec<u8>),
}

/// A stream of messages with faults in it. Each fault that works on single messages befalls 2 % of them
/// (engineering).
pub struct Faulty<I> {
    messages: I,
    wanted: Vec<Fault>,
    chance: Chance,
    /// Acts by time, then by the order in which they were decided.
    agenda: BTreeMap<(i64, u64), Act>,
    decided: u64,
    held_until: i64,
    read_until: i64,
}

const SHARE: f64 = 0.02;

impl<I: Iterator<Item = Message>> Faulty<I> {
    pub fn new(messages: I, wanted: &[Fault], seed: u64) -> Self {
        Self {
            messages,
            wanted: wanted.to_vec(),
            chance: Chance::new(seed, u64::MAX),
            agenda: BTreeMap::new(),
            decided: 0,
            held_until: i64::MIN,
            read_until: i64::MIN,
        }
    }

    fn plan(&mut self, at: i64, act: Act) {
        self.decided += 1;
        self.agenda.insert((at, self.decided), act);
    }

    fn befalls(&mut self, fault: Fault) -> bool {
        self.wanted.contains(&fault) && self.chance.yes(SHARE)
    }

    fn decide(&mut self, mut message: Message) {
        if self.wanted.contains(&Fault::Burst) {
            if self.chance.yes(SHARE / 10.0) {
                self.held_until = message.at + 15 * MINUTE;
            }
            message.at = message.at.max(self.held_until);
        }
        if self.befalls(Fault::Garbage) {
            let bytes = self.garbage();
            self.plan(message.at, Act::Babble(bytes));
        }
        self.spoil(&message);
        let movable = matches!(message.about, About::Laboratory | About::Vitals | About::Examination);
        if movable && self.befalls(Fault::Reorder) {
            message.at += self.chance.whole(2, 15) * MINUTE;
        }
        if self.befalls(Fault::Duplicate) {
            let again = message.at + self.chance.whole(0, 120);
            self.plan(again, Act::Send(message.clone()));
        }
        self.plan(message.at, Act::Send(message));
    }

    /// Plans spoiled copies of a message, to be sent before the good one.
    fn spoil(&mut self, message: &Message) {
        let spoiled = |bytes: Vec<u8>| Act::Spoiled { via: message.via, topic: message.topic.clone(), bytes };
        if self.befalls(Fault::Truncate) {
            let keep = self.cut(&message.body);
            self.plan(message.at, spoiled(message.body.as_bytes()[..keep].to_vec()));
        }
        if self.befalls(Fault::BadCharset) {
            self.plan(message.at, spoiled(in_another_charset(&message.body)));
        }
        if self.befalls(Fault::FutureClock) {
            let ahead = self.chance.whole(20, 90) * MINUTE;
            if let Some(body) = ahead_of_time(message, ahead) {
                self.plan(message.at, spoiled(body.into_bytes()));
            }
        }
        if message.via == Via::Mllp && self.befalls(Fault::HalfFrame) {
            let keep = self.cut(&message.body);
            let mut bytes = vec![0x0B];
            bytes.extend_from_slice(&message.body.as_bytes()[..keep]);
            self.plan(message.at, Act::BreakOff(bytes));
        }
    }

    fn cut(&mut self, body: &str) -> usize {
        self.chance.whole(1, body.len() as i64 - 1) as usize
    }

    fn garbage(&mut self) -> Vec<u8> {
        match self.chance.whole(0, 2) {
            0 => b"GET / HTTP/1.1\r\nHost: ward\r\n\r\n".to_vec(),
            1 => vec![0; 64],
            _ => (0..200).map(|_| self.chance.word() as u8).collect(),
        }
    }
}

impl<I: Iterator<Item = Message>> Iterator for Faulty<I> {
    /// When, in seconds since 1970, and what.
    type Item = (i64, Act);

    fn next(&mut self) -> Option<(i64, Act)> {
        loop {
            let next = self.agenda.first_key_value().map(|((at, _), _)| *at);
            // Messages come in order of time and are only ever moved back, so what is older than the newest
            // one read is settled.
            if next.is_some_and(|at| at <= self.read_until) {
                return self.agenda.pop_first().map(|((at, _), act)| (at, act));
            }
            match self.messages.next() {
                Some(message) => {
                    self.read_until = message.at;
                    self.decide(message);
                }
                None => return self.agenda.pop_first().map(|((at, _), act)| (at, act)),
            }
        }
    }
}

/// The Japanese name as Shift_JIS, which is no UTF-8; the rest stays as it is. Where there is none, one byte
/// too many.
fn in_another_charset(body: &str) -> Vec<u8> {
    const SIMULATED_PATIENT: [u8; 8] = [0x96, 0xCD, 0x8B, 0x5B, 0x8A, 0xB3, 0x8E, 0xD2];
    match body.split_once("模擬") {
        Some((before, after)) => [before.as_bytes(), &SIMULATED_PATIENT, after.as_bytes()].concat(),
        None => [body.as_bytes(), &[0xFF]].concat(),
    }
}

/// The same measured `ahead` seconds later, under another message id. `None` for what carries no measuring
/// time.
fn ahead_of_time(message: &Message, ahead: i64) -> Option<String> {
    match (message.about, message.via) {
        (About::Vitals, Via::Mqtt) => {
            let (now, then) = (moment::rfc3339(message.at), moment::rfc3339(message.at + ahead));
            Some(message.body.replace(&now, &then).replacen("\"id\":\"", "\"id\":\"F", 1))
        }
        (About::Laboratory | About::Vitals, Via::Mllp) => {
            let control = crate::send::control_of(&message.body);
            let group = message.body.split('\r').find(|line| line.starts_with("OBR|"))?;
            let measured = group.split('|').nth(7)?;
            let then = moment::hl7(message.at + ahead);
            Some(message.body.replace(measured, &then).replacen(control, &format!("F{control}"), 1))
        }
        (About::Place | About::Therapy | About::Examination | About::Laboratory, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(count: i64) -> impl Iterator<Item = Message> {
        (0..count).map(|n| Message {
            at: n * 30,
            via: if n % 2 == 0 { Via::Mllp } else { Via::Mqtt },
            topic: "t".into(),
            body: format!(
                "MSH|^~\\&|A|B|C|D|{}||ORU^R01|X{n}|P|2.5\rPID|1||7||模擬^患者\rOBR|1||F|P|||{}\r",
                moment::hl7(n * 30),
                moment::hl7(n * 30 - 60)
            ),
            about: About::Laboratory,
        })
    }

    fn sent(acts: &[(i64, Act)]) -> Vec<&Message> {
        acts.iter()
            .filter_map(|(_, act)| if let Act::Send(message) = act { Some(message) } else { None })
            .collect()
    }

    #[test]
    fn without_faults_nothing_changes() {
        let acts: Vec<_> = Faulty::new(messages(100), &[], 1).collect();
        let expected: Vec<_> = messages(100).map(|message| (message.at, Act::Send(message))).collect();
        assert_eq!(acts, expected);
    }

    #[test]
    fn with_every_fault_every_good_message_is_still_sent_and_time_never_runs_backwards() {
        let acts: Vec<_> = Faulty::new(messages(3000), &Fault::ALL, 1).collect();
        assert!(acts.is_sorted_by_key(|(at, _)| *at));
        let bodies: std::collections::BTreeSet<&str> = sent(&acts).iter().map(|m| m.body.as_str()).collect();
        assert_eq!(bodies.len(), 3000);
        let count = |is: fn(&Act) -> bool| acts.iter().filter(|(_, act)| is(act)).count();
        assert!(count(|act| matches!(act, Act::Spoiled { .. })) > 50);
        assert!(count(|act| matches!(act, Act::BreakOff(_))) > 10);
        assert!(count(|act| matches!(act, Act::Babble(_))) > 30);
        assert!(sent(&acts).len() > 3030, "duplicates");
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let acts = |seed| Faulty::new(messages(500), &Fault::ALL, seed).collect::<Vec<_>>();
        assert_eq!(acts(1), acts(1));
        assert_ne!(acts(1), acts(2));
    }

    #[test]
    fn reordered_messages_come_after_later_ones() {
        let acts: Vec<_> = Faulty::new(messages(1000), &[Fault::Reorder], 3).collect();
        let order: Vec<&str> = sent(&acts).iter().map(|m| crate::send::control_of(&m.body)).collect();
        let numbers: Vec<u32> = order.iter().map(|control| control[1..].parse().unwrap()).collect();
        assert!(!numbers.is_sorted() && numbers.len() == 1000);
    }

    #[test]
    fn another_charset_is_really_no_utf_8_and_keeps_the_numbers() {
        let body = messages(1).next().unwrap().body;
        let bytes = in_another_charset(&body);
        assert!(std::str::from_utf8(&bytes).is_err());
        assert!(bytes.windows(4).any(|part| part == b"OBR|"));
    }

    #[test]
    fn a_clock_ahead_moves_the_measuring_time_and_nothing_else() {
        let message = messages(1).next().unwrap();
        let body = ahead_of_time(&message, 3600).unwrap();
        assert!(body.contains(&moment::hl7(3600)) && body.contains("|FX0|"));
        assert!(!body.contains(&moment::hl7(-60)));
    }

    #[test]
    fn a_fault_is_read_by_name_and_an_unknown_one_is_named() {
        for fault in Fault::ALL {
            assert_eq!(fault.name().parse::<Fault>().unwrap(), fault);
        }
        assert!("explode".parse::<Fault>().unwrap_err().to_string().contains("half-frame"));
    }
}
