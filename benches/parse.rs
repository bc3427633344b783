//! How fast a message is read and the parts a ward needs are taken out of it: MSH-10, PID-3.1, and of every OBX 3.1, 5 and
//! 6.1. Beside it, in turns in one run and on one core: a walk with memchr that keeps nothing, which is as fast as
//! looking at every byte can be, and the crates `er7`, `hl7-parser` and `rust-hl7`. All of them must take out the same
//! bytes. `service` is what the service does with the message: every value, code, unit, time and status read.
//!
//! Messages are synthetic, of exactly 313, 1785 and 3551 bytes. One line of JSON a size; compare only within a run.
#![allow(clippy::print_stdout, reason = "the printed line is what this program is for")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "a bench measures time")]

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use memchr::{memchr, memchr_iter};
use stormwatch::hl7::{Message, ReadSettings, read};

/// Name, rows, bytes.
const SIZES: [(&str, usize, usize); 3] = [("small3", 3, 313), ("vitals8", 8, 1785), ("lab20", 20, 3551)];
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(120);

const ROWS: [(&str, &str, &str); 8] = [
    ("8867-4", "97", "/min"),
    ("9279-1", "18", "/min"),
    ("59408-5", "96", "%"),
    ("8310-5", "38.4", "Cel"),
    ("8480-6", "104", "mm[Hg]"),
    ("8462-4", "61", "mm[Hg]"),
    ("2777-1", "2.9", "mg/dL"),
    ("1988-5", "84", "mg/L"),
];

/// What is taken out: a digest of the bytes in their order, so that nobody can leave one out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taken(u64);

impl Taken {
    fn new() -> Taken {
        Taken(0xcbf2_9ce4_8422_2325)
    }
    fn add(&mut self, part: &str) {
        // The ends and the length say enough to notice another part, and cost the same for everybody.
        let bytes = part.as_bytes();
        let ends = [bytes.first(), bytes.last()].map(|end| u64::from(end.copied().unwrap_or(0)));
        self.0 = (self.0 ^ (bytes.len() as u64) << 16 ^ ends[0] << 8 ^ ends[1]).wrapping_mul(0x100_0000_01b3);
    }
}

fn message(rows: usize, bytes: usize) -> String {
    let head = if rows < 5 {
        "MSH|^~\\&|MON|K|S|K|20261122081500||ORU^R01|A1|P|2.5\rPID|1||CT0007^^^K^MR\rOBR|1|||V|||20261122081500\r"
    } else {
        "MSH|^~\\&|LIS|KUH|STORMWATCH|KUH|20261122081500+0900||ORU^R01^ORU_R01|LIS-000481|P|2.5||||||UNICODE UTF-8\r\
         PID|1||CT0007^^^KUH^MR||TEST^ALPHA||19600101|M\rPV1|1|I|6E^01^1\r\
         OBR|1|P100|F100^LIS|PANEL^Panel^L|||20261122080000+0900\r"
    };
    let mut text = head.to_owned();
    for n in 0..rows {
        let (code, value, unit) = ROWS[n % ROWS.len()];
        match rows {
            ..5 => write!(text, "OBX|{}|NM|{code}^x^LN||{value}|{unit}|||||F\r", n + 1),
            _ => write!(
                text,
                "OBX|{}|NM|{code}^Observation of something^LN||{value}|{unit}^{unit}^UCUM|{value}-{value}|N|||F|||20261122080000+0900\r",
                n + 1
            ),
        }
        .expect("a string takes all");
    }
    // A note fills it up to the byte.
    let room = bytes.checked_sub(text.len() + "NTE|1|L|\r".len());
    let room = room.unwrap_or_else(|| panic!("{rows} rows are {} bytes, more than {bytes}", text.len()));
    text.push_str(&format!("NTE|1|L|{}\r", "n".repeat(room)));
    assert_eq!(text.len(), bytes);
    text
}

fn ours(raw: &str, settings: &ReadSettings) -> Taken {
    let mut taken = Taken::new();
    let message = Message::parse(raw.as_bytes(), settings).expect("a message");
    taken.add(message.control_id_raw());
    for segment in message.segments() {
        match segment.name() {
            "PID" => taken.add(segment.field(3).component(1).raw()),
            "OBX" => {
                taken.add(segment.field(3).component(1).raw());
                taken.add(segment.field(5).raw());
                taken.add(segment.field(6).component(1).raw());
            }
            _ => {}
        }
    }
    taken
}

/// Every value, code, unit, time and status, as the service reads them.
fn service(raw: &str, settings: &ReadSettings) -> usize {
    let message = Message::parse(raw.as_bytes(), settings).expect("a message");
    read(&message, settings).expect("content").groups.iter().map(|group| group.parts.len()).sum()
}

/// Looks at every byte once and keeps nothing; escapes, character sets and odd segments are not its business.
fn walk(raw: &str) -> Taken {
    let mut taken = Taken::new();
    let mut start = 0;
    let first = |field: &str| memchr(b'^', field.as_bytes()).unwrap_or(field.len());
    for end in memchr_iter(b'\r', raw.as_bytes()) {
        let line = &raw[start..end];
        start = end + 1;
        let mut from = 0;
        let mut n = 0;
        let kind = &line[..3.min(line.len())];
        let mut field = |n: usize, field: &str| match (kind, n) {
            ("MSH", 9) | ("OBX", 5) => taken.add(field),
            ("PID", 3) | ("OBX", 3 | 6) => taken.add(&field[..first(field)]),
            _ => {}
        };
        for bar in memchr_iter(b'|', line.as_bytes()) {
            field(n, &line[from..bar]);
            (from, n) = (bar + 1, n + 1);
        }
        field(n, &line[from..]);
    }
    taken
}

fn with_er7(raw: &str) -> Taken {
    let mut taken = Taken::new();
    let message = er7::parse(raw).expect("a message");
    let first = |segment: &er7::Segment, n: usize| -> Option<String> {
        Some(segment.field(n)?.repetition(1)?.component(1)?.subcomponent(1)?.raw.clone())
    };
    for segment in &message.segments {
        let mut add = |n: usize| taken.add(&first(segment, n).unwrap_or_default());
        match segment.name.as_str() {
            "MSH" => add(10),
            "PID" => add(3),
            "OBX" => [3, 5, 6].into_iter().for_each(add),
            _ => {}
        }
    }
    taken
}

fn with_hl7_parser(raw: &str) -> Taken {
    let mut taken = Taken::new();
    let message = hl7_parser::parse_message(raw).expect("a message");
    for segment in message.segments() {
        let mut add = |n: usize, whole: bool| {
            let field = segment.field(n);
            let part = field.map(|field| match field.component(1).filter(|_| !whole) {
                Some(component) => component.raw_value(),
                None => field.raw_value(),
            });
            taken.add(part.unwrap_or_default());
        };
        match segment.name {
            "MSH" => add(10, true),
            "PID" => add(3, false),
            "OBX" => [(3, false), (5, true), (6, false)].into_iter().for_each(|(n, whole)| add(n, whole)),
            _ => {}
        }
    }
    taken
}

fn with_rust_hl7(raw: &str) -> Taken {
    let mut taken = Taken::new();
    // It takes the end of the last segment for the beginning of another.
    let message = rusthl7::message::Message::try_from(raw.trim_end()).expect("a message");
    for segment in &message.segments {
        let mut add = |n: usize, whole: bool| {
            let field = segment.fields.get(n);
            let part = field.map(|field| match field.components.first().and_then(|repeat| repeat.first()) {
                Some(component) if !whole => *component,
                _ => field.source,
            });
            taken.add(part.unwrap_or_default());
        };
        match segment.fields.first().map(|name| name.source) {
            Some("MSH") => add(9, true),
            Some("PID") => add(3, false),
            Some("OBX") => {
                [(3, false), (5, true), (6, false)].into_iter().for_each(|(n, whole)| add(n, whole))
            }
            _ => {}
        }
    }
    taken
}

/// Messages a second in one round.
fn rate<T>(mut once: impl FnMut() -> T) -> f64 {
    let began = Instant::now();
    let mut count = 0u32;
    while began.elapsed() < ROUND {
        for _ in 0..16 {
            black_box(once());
        }
        count += 16;
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn main() {
    let settings = ReadSettings::default();
    for (name, rows, bytes) in SIZES {
        let text = message(rows, bytes);
        let raw = text.as_str();
        let wanted = walk(raw);
        for (who, taken) in [
            ("stormwatch", ours(raw, &settings)),
            ("er7", with_er7(raw)),
            ("hl7-parser", with_hl7_parser(raw)),
            ("rust-hl7", with_rust_hl7(raw)),
        ] {
            assert_eq!(taken, wanted, "{who} takes other bytes out of {name}");
        }
        assert_eq!(service(raw, &settings), rows);
        let mut rates: [Vec<f64>; 6] = Default::default();
        for _ in 0..ROUNDS {
            rates[0].push(rate(|| walk(black_box(raw))));
            rates[1].push(rate(|| ours(black_box(raw), &settings)));
            rates[2].push(rate(|| service(black_box(raw), &settings)));
            rates[3].push(rate(|| with_er7(black_box(raw))));
            rates[4].push(rate(|| with_hl7_parser(black_box(raw))));
            rates[5].push(rate(|| with_rust_hl7(black_box(raw))));
        }
        let [walk, ours, service, er7, hl7_parser, rust_hl7] = rates.map(median);
        let best = er7.max(hl7_parser).max(rust_hl7);
        println!(
            "{{\"bench\":\"parse\",\"message\":\"{name}\",\"bytes\":{bytes},\"rows\":{rows},\
             \"messages_per_second\":{ours:.0},\"walk\":{walk:.0},\"ratio_to_walk\":{:.3},\"service\":{service:.0},\
             \"er7\":{er7:.0},\"hl7_parser\":{hl7_parser:.0},\"rust_hl7\":{rust_hl7:.0},\"ratio_to_best_peer\":{:.1}}}",
            ours / walk,
            ours / best
        );
    }
}
