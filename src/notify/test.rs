//! Against a real receiver on a real socket that refuses, fails, hangs and then accepts.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use super::*;
use crate::clock::Stopwatch;
use crate::journal::Opened;
use crate::model::alert::{Acknowledgement, Evidence};
use crate::model::event::{Actor, Delivery, Event};
use crate::model::{AlertId, Bound, Kind, Location, PatientId, Priority, Quantity, Role, Time, Value};

/// What the receiver does with a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer {
    Status(u16),
    /// Says nothing until the other side has gone.
    Hang,
    /// Closes at once.
    Cut,
}

/// One request, and what became of it.
#[derive(Clone, Debug)]
struct Post {
    id: String,
    stamp: String,
    signature: Option<String>,
    body: String,
    alert: String,
    step: u64,
    answer: Answer,
}

/// Listens on `port` (0 for any) until the process ends; tells of every request in the order of its answers.
fn receiver(
    port: u16,
    script: impl Fn(usize, &Post) -> Answer + Send + Sync + 'static,
) -> (u16, Receiver<Post>) {
    let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (told, posts) = mpsc::channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let stream = stream.expect("a connection");
            let mut post = read_post(&stream);
            post.answer = script(number, &post);
            if told.send(post.clone()).is_err() {
                return;
            }
            answer(stream, post.answer);
        }
    });
    (port, posts)
}

fn read_post(stream: &TcpStream) -> Post {
    let mut reader = BufReader::new(stream);
    let (mut length, mut id, mut stamp, mut signature) = (0, String::new(), String::new(), None);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            if line == "\r\n" {
                break;
            }
            continue;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().expect("a length"),
            "stormwatch-delivery-id" => id = value.to_owned(),
            "stormwatch-timestamp" => stamp = value.to_owned(),
            "stormwatch-signature" => signature = Some(value.to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let body = String::from_utf8(body).expect("text");
    let json: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    let alert = json["alert"]["id"].as_str().expect("an id").to_owned();
    let step = json["step"].as_u64().expect("a step");
    Post { id, stamp, signature, body, alert, step, answer: Answer::Cut }
}

fn answer(mut stream: TcpStream, answer: Answer) {
    match answer {
        Answer::Status(status) => {
            let text = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(text.as_bytes()).expect("an answer");
        }
        Answer::Hang => {
            // Beside the accepting thread, so that other connections go on.
            std::thread::spawn(move || stream.read(&mut [0]));
        }
        Answer::Cut => {}
    }
}

/// A data directory with its journal.
struct Site {
    dir: tempfile::TempDir,
    opened: Opened,
}

fn site() -> Site {
    let dir = tempfile::tempdir().expect("a folder");
    let opened = Journal::open(dir.path(), Clock::system()).expect("a journal");
    Site { dir, opened }
}

const FAST: Pace = Pace { first: Span(5), longest: Span(40), give_up: Span::DAY };

fn webhook(port: u16) -> Webhook {
    Webhook {
        name: "pager".into(),
        url: format!("http://127.0.0.1:{port}/told"),
        secret_file: None,
        roles: Vec::new(),
        min_priority: Priority::Low,
        wards: Vec::new(),
        timeout_seconds: 1,
        ca_file: None,
        plain_http: false,
    }
}

impl Site {
    fn notifier(&self, webhooks: Vec<Webhook>, pace: Pace) -> Notifier {
        let setup = Setup {
            webhooks,
            pace,
            journal: self.opened.journal.clone(),
            last_seq: self.opened.reader.last_seq().expect("a journal").max(1_000),
            clock: Clock::system(),
            dir: self.dir.path(),
            units: BTreeMap::from([(Analyte::PHOSPHATE, "mg/dL".to_owned())]),
        };
        Notifier::start(setup).expect("a notifier")
    }

    /// Outcomes the journal knows, as `alert step channel delivered detail`.
    fn deliveries(&self) -> Vec<Delivery> {
        let entries = self.opened.reader.entries(1).expect("a walk");
        let events = entries.map(|entry| entry.expect("an entry").event);
        events
            .filter_map(|event| if let Event::Delivery(delivery) = event { Some(delivery) } else { None })
            .collect()
    }
}

fn alert(number: u64, priority: Priority) -> Alert {
    let evidence = Evidence {
        analyte: Analyte::PHOSPHATE,
        quantity: Quantity { value: Value(2_300), bound: Bound::AtMost },
        measured_at: Time(1_795_298_400_000),
        source: "nurse:sato".into(),
        feature: String::new(),
        result: None,
        comparison: None,
        superseded: false,
        doubt: None,
    };
    Alert {
        id: AlertId::new(number, 1),
        rule: "phosphate-fall".into(),
        rule_version: "ab12".into(),
        kind: Kind::Physiological,
        priority,
        state: AlertState::Active,
        patient: PatientId::parse("0012345"),
        location: Location { ward: "6E".into(), bed: "07".into() },
        title_en: "Phosphate is falling".into(),
        title_ja:
            "\u{8840}\u{6e05}\u{30ea}\u{30f3}\u{304c}\u{4f4e}\u{4e0b}\u{3057}\u{3066}\u{3044}\u{307e}\u{3059}"
                .into(),
        instruction_en: "".into(),
        instruction_ja: "".into(),
        source: "engineering".into(),
        raised_at: Time(1_795_298_400_000),
        measured_at: Some(Time(1_795_298_400_000)),
        escalation: "bedside-first".into(),
        step: 1,
        next_step_at: None,
        told: Vec::new(),
        acknowledged: None,
        awaiting: Vec::new(),
        shelf: None,
        rating: None,
        evidence: vec![evidence],
        missing: vec!["ferritin".into()],
        inhibited_by: None,
        flapping: false,
        shadow: false,
        episode: None,
        transitions: Vec::new(),
        ledger: Vec::new(),
    }
}

fn step(alert: &Alert, step: u32) -> Notification {
    let roles = vec![Role::Nurse];
    Notification { alert: alert.id.clone(), step, attempt: 0, roles, reason: "raised".into() }
}

fn next(posts: &Receiver<Post>) -> Post {
    posts.recv_timeout(Duration::from_secs(30)).expect("a request")
}

/// Requests up to the `count`-th that was accepted.
fn until_accepted(posts: &Receiver<Post>, count: usize) -> Vec<Post> {
    let mut all = Vec::new();
    while all.iter().filter(|post: &&Post| post.answer == Answer::Status(200)).count() < count {
        all.push(next(posts));
    }
    all
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let since = Stopwatch::start();
    while !done() {
        assert!(since.milliseconds() < 30_000, "{what}: never");
        std::thread::yield_now();
    }
}

fn accepted(posts: &[Post]) -> Vec<(String, u64)> {
    let accepted = posts.iter().filter(|post| post.answer == Answer::Status(200));
    accepted.map(|post| (post.alert.clone(), post.step)).collect()
}

/// A port nobody listens on for now.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

#[test]
fn each_step_of_each_alert_is_accepted_once_and_in_order() {
    let site = site();
    let port = free_port();
    let notifier = site.notifier(vec![webhook(port)], FAST);
    notifier.replayed();
    let alerts: Vec<Alert> = (1..=3).map(|number| alert(number, Priority::High)).collect();
    for (seq, number) in (2_000..).zip(1..=3) {
        alerts.iter().for_each(|alert| notifier.offer(&step(alert, number), alert, seq));
    }
    // Refused at first: nobody listens.
    wait_until("a refused connection", || site.deliveries().iter().any(|delivery| !delivery.delivered));
    // Then it fails, cuts and hangs in turns before it accepts.
    let script = |number, _: &Post| match number {
        0..4 => Answer::Status(500),
        4 => Answer::Cut,
        5 => Answer::Hang,
        6 => Answer::Status(302),
        _ if number % 3 == 0 => Answer::Status(503),
        _ => Answer::Status(200),
    };
    let (_, posts) = receiver(port, script);
    let all = until_accepted(&posts, 9);
    wait_until("an empty queue", || notifier.queued() == 0);
    notifier.close();
    assert!(posts.try_recv().is_err(), "nothing is posted after it was accepted");
    let accepted = accepted(&all);
    for alert in &alerts {
        let steps: Vec<u64> =
            accepted.iter().filter(|(id, _)| *id == alert.id.as_str()).map(|one| one.1).collect();
        assert_eq!(steps, [1, 2, 3], "alert {}", alert.id);
    }
    let delivered = site.deliveries().into_iter().filter(|delivery| delivery.delivered);
    assert_eq!(delivered.count(), 9);
    site.opened.journal.close();
}

#[test]
fn a_post_received_but_not_answered_comes_again_under_the_same_id() {
    let site = site();
    let (port, posts) = receiver(0, |number, _| if number == 0 { Answer::Hang } else { Answer::Status(200) });
    let notifier = site.notifier(vec![webhook(port)], FAST);
    notifier.replayed();
    let alert = alert(1, Priority::High);
    notifier.offer(&step(&alert, 1), &alert, 2_000);
    let all = until_accepted(&posts, 1);
    assert_eq!(all.len(), 2);
    assert_eq!((&all[0].id, &all[0].body), (&all[1].id, &all[1].body));
    assert_eq!(all[0].id.len(), 32);
    notifier.close();
}

#[test]
fn a_restart_tells_nobody_twice_and_forgets_nobody() {
    let site = site();
    let port = free_port();
    let alert = alert(1, Priority::High);
    let offer = |notifier: &Notifier| {
        for number in 1..=3 {
            notifier.offer(&step(&alert, number), &alert, 100 + u64::from(number));
        }
    };
    let notifier = site.notifier(vec![webhook(port)], FAST);
    offer(&notifier);
    notifier.replayed();
    wait_until("a refused connection", || !site.deliveries().is_empty());
    notifier.close();

    let (_, posts) = receiver(port, |_, _| Answer::Status(200));
    let notifier = site.notifier(vec![webhook(port)], FAST);
    assert_eq!(notifier.queued(), 3, "what was queued is still there");
    offer(&notifier);
    notifier.replayed();
    let all = until_accepted(&posts, 3);
    assert_eq!(all.iter().map(|post| post.step).collect::<Vec<_>>(), [1, 2, 3]);
    wait_until("an empty queue", || notifier.queued() == 0);
    notifier.close();

    let notifier = site.notifier(vec![webhook(port)], FAST);
    offer(&notifier);
    // A repeat of the last step is another notification.
    notifier.offer(&Notification { attempt: 1, ..step(&alert, 3) }, &alert, 2_000);
    notifier.replayed();
    let again = next(&posts);
    assert!(again.body.contains("\"attempt\":1"), "{}", again.body);
    wait_until("an empty queue", || notifier.queued() == 0);
    notifier.close();
    assert!(posts.try_recv().is_err(), "the three steps were not posted again");
}

#[test]
fn an_acknowledgement_taken_back_owes_again_what_it_had_dropped() {
    let site = site();
    let port = free_port();
    let notifier = site.notifier(vec![webhook(port)], FAST);
    notifier.replayed();
    let mut told = alert(1, Priority::High);
    notifier.offer(&step(&told, 1), &told, 2_000);
    wait_until("a refused connection", || !site.deliveries().is_empty());
    told.state = AlertState::Acknowledged;
    notifier.follow(&told, 2_001);
    wait_until("an empty queue", || notifier.queued() == 0);
    told.state = AlertState::Active;
    notifier.resume(&told, 2_002);
    wait_until("a queue", || notifier.queued() == 1);
    let (_, posts) = receiver(port, |_, _| Answer::Status(200));
    assert_eq!(accepted(&until_accepted(&posts, 1)), [(told.id.to_string(), 1)]);
    wait_until("an empty queue", || notifier.queued() == 0);
    notifier.resume(&told, 2_003);
    notifier.close();
    assert!(posts.try_recv().is_err(), "what was delivered is not posted again");
}

#[test]
fn an_acknowledgement_drops_what_is_queued_and_says_why() {
    let site = site();
    let notifier = site.notifier(vec![webhook(free_port())], FAST);
    notifier.replayed();
    let mut told = alert(1, Priority::High);
    let other = alert(2, Priority::High);
    for number in 1..=2 {
        notifier.offer(&step(&told, number), &told, 2_000);
    }
    notifier.offer(&step(&other, 1), &other, 2_000);
    wait_until("a refused connection", || !site.deliveries().is_empty());
    told.state = AlertState::Acknowledged;
    notifier.follow(&told, 2_001);
    let dropped = |delivery: &Delivery| delivery.detail == "acknowledged before it could be delivered";
    wait_until("the drop", || site.deliveries().iter().filter(|delivery| dropped(delivery)).count() == 2);
    assert!(site.deliveries().iter().filter(|delivery| dropped(delivery)).all(|one| one.alert == told.id));
    assert_eq!(notifier.queued(), 1, "the other alert is still to be told");
    notifier.close();
}

#[test]
fn what_was_acknowledged_while_we_were_away_is_not_posted() {
    let site = site();
    let (port, posts) = receiver(0, |_, _| Answer::Status(200));
    let notifier = site.notifier(vec![webhook(port)], FAST);
    let (mut old, open) = (alert(1, Priority::High), alert(2, Priority::Medium));
    notifier.offer(&step(&old, 1), &old, 10);
    notifier.offer(&step(&open, 1), &open, 11);
    old.state = AlertState::Closed;
    notifier.follow(&old, 12);
    notifier.replayed();
    assert_eq!(next(&posts).alert, open.id.as_str());
    wait_until("an empty queue", || notifier.queued() == 0);
    notifier.close();
    assert!(posts.try_recv().is_err());
    assert!(site.deliveries().iter().all(|delivery| delivery.alert == open.id), "history is not reported");
}

#[test]
fn a_realarm_after_an_acknowledgement_is_told_also_in_a_replay() {
    let site = site();
    let port = free_port();
    let mut told = alert(1, Priority::High);
    let live = |notifier: &Notifier, told: &mut Alert| {
        notifier.offer(&step(told, 1), told, 10);
        told.state = AlertState::Acknowledged;
        notifier.follow(told, 11);
        told.state = AlertState::Active;
        notifier.offer(&Notification { attempt: 1, ..step(told, 1) }, told, 12);
    };
    for _ in 0..2 {
        let notifier = site.notifier(vec![webhook(port)], FAST);
        live(&notifier, &mut told);
        notifier.replayed();
        notifier.close();
    }
    let (_, posts) = receiver(port, |_, _| Answer::Status(200));
    let notifier = site.notifier(vec![webhook(port)], FAST);
    notifier.replayed();
    assert!(next(&posts).body.contains("\"attempt\":1"));
    wait_until("an empty queue", || notifier.queued() == 0);
    notifier.close();
    assert!(posts.try_recv().is_err());
}

#[test]
fn a_hanging_receiver_delays_nobody_else() {
    let site = site();
    let (hanging, _hung) = receiver(0, |_, _| Answer::Hang);
    let (good, posts) = receiver(0, |_, _| Answer::Status(204));
    let slow = Webhook { name: "slow".into(), timeout_seconds: 60, ..webhook(hanging) };
    let notifier = site.notifier(vec![slow, webhook(good)], FAST);
    notifier.replayed();
    let since = Stopwatch::start();
    for number in 1..=20 {
        let alert = alert(number, Priority::High);
        notifier.offer(&step(&alert, 1), &alert, 2_000 + number);
    }
    for _ in 0..20 {
        next(&posts);
    }
    assert!(since.milliseconds() < 20_000, "{} ms", since.milliseconds());
}

#[test]
fn low_alerts_are_given_up_in_the_end_and_high_ones_never() {
    let site = site();
    let (port, posts) =
        receiver(0, |_, post| if post.alert == "1-1" { Answer::Status(500) } else { Answer::Status(410) });
    let pace = Pace { give_up: Span(60), ..FAST };
    let notifier = site.notifier(vec![webhook(port)], pace);
    notifier.replayed();
    let (high, low) = (alert(1, Priority::High), alert(2, Priority::Low));
    notifier.offer(&step(&high, 1), &high, 2_000);
    notifier.offer(&step(&low, 1), &low, 2_001);
    let given_up =
        |delivery: &Delivery| delivery.alert == low.id && delivery.detail.starts_with("given up after");
    wait_until("giving up", || site.deliveries().iter().any(given_up));
    let mut of_the_low = 0;
    let since = Stopwatch::start();
    for _ in 0..20 {
        of_the_low += usize::from(next(&posts).alert == low.id.as_str());
    }
    assert!(of_the_low < 20, "the high one is tried on and on ({} ms)", since.milliseconds());
    assert_eq!(notifier.queued(), 1);
    notifier.close();
}

#[test]
fn an_outcome_the_journal_could_not_take_is_told_later() {
    let site = site();
    let (port, posts) = receiver(0, |_, _| Answer::Status(200));
    let notifier = site.notifier(vec![webhook(port)], FAST);
    notifier.replayed();
    site.opened.journal.clone().close();
    let alert = alert(1, Priority::High);
    notifier.offer(&step(&alert, 1), &alert, 2_000);
    next(&posts);
    wait_until("an empty queue", || notifier.queued() == 0);
    notifier.close();
    let Site { dir, opened } = site;
    drop(opened);
    let opened = Journal::open(dir.path(), Clock::system()).expect("a journal");
    let site = Site { dir, opened };
    assert_eq!(site.deliveries().len(), 0);
    let notifier = site.notifier(vec![webhook(port)], FAST);
    notifier.replayed();
    wait_until("the report", || site.deliveries().len() == 1);
    let delivery = site.deliveries().remove(0);
    assert_eq!((delivery.channel.as_str(), delivery.detail.as_str()), ("webhook:pager", "HTTP 200 at try 1"));
    notifier.close();
    assert!(posts.try_recv().is_err(), "told to the journal, not posted again");
}

#[test]
fn a_webhook_hears_only_what_it_asked_for() {
    let site = site();
    let (port, posts) = receiver(0, |_, _| Answer::Status(200));
    let picky = Webhook {
        roles: vec![Role::Physician],
        min_priority: Priority::Medium,
        wards: vec!["6E".into()],
        ..webhook(port)
    };
    let notifier = site.notifier(vec![picky], FAST);
    notifier.replayed();
    let to = |role, alert: &Alert| Notification { roles: vec![role], ..step(alert, 1) };
    let low = alert(1, Priority::Low);
    let elsewhere =
        Alert { location: Location { ward: "5W".into(), bed: "1".into() }, ..alert(2, Priority::High) };
    let wanted = alert(3, Priority::Medium);
    let of_the_service = Alert { location: Location::default(), ..alert(4, Priority::High) };
    notifier.offer(&to(Role::Physician, &low), &low, 2_000);
    notifier.offer(&to(Role::Physician, &elsewhere), &elsewhere, 2_001);
    notifier.offer(&to(Role::Nurse, &wanted), &wanted, 2_002);
    notifier.offer(&to(Role::Physician, &wanted), &wanted, 2_003);
    notifier.offer(&to(Role::Physician, &of_the_service), &of_the_service, 2_004);
    let mut heard = [next(&posts).alert, next(&posts).alert];
    heard.sort();
    assert_eq!(heard, ["3-1", "4-1"]);
    wait_until("an empty queue", || notifier.queued() == 0);
    notifier.close();
    assert!(posts.try_recv().is_err());
}

#[test]
fn a_signature_proves_who_posted_and_when() {
    let site = site();
    let secret: PathBuf = site.dir.path().join("secret");
    std::fs::write(&secret, "0123456789abcdef0123456789abcdef\n").expect("a secret");
    let (port, posts) = receiver(0, |_, _| Answer::Status(200));
    let signed = Webhook { secret_file: Some(secret), ..webhook(port) };
    let notifier = site.notifier(vec![signed], FAST);
    notifier.replayed();
    let alert = alert(1, Priority::High);
    notifier.offer(&step(&alert, 1), &alert, 2_000);
    let post = next(&posts);
    notifier.close();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"0123456789abcdef0123456789abcdef");
    let tag = post.signature.expect("a signature");
    let tag = tag.strip_prefix("sha256=").expect("its kind");
    let bytes: Vec<u8> =
        (0..tag.len()).step_by(2).map(|at| u8::from_str_radix(&tag[at..at + 2], 16).expect("hex")).collect();
    let signed = |stamp: &str| format!("{stamp}.{}", post.body);
    assert!(ring::hmac::verify(&key, signed(&post.stamp).as_bytes(), &bytes).is_ok());
    assert!(ring::hmac::verify(&key, signed("1").as_bytes(), &bytes).is_err());
}

#[test]
fn the_body_keeps_its_form_and_names_no_person() {
    const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/webhook-v1.json");
    let by = Actor { name: "hanako-sato".into(), role: Role::Nurse };
    let (at, expires_at) = (Time(1_795_298_400_000), Time(1_795_300_200_000));
    let comment = "Mrs Sato saw it".into();
    let acknowledged = Some(Acknowledgement { by, at, expires_at, comment });
    let alert = Alert { acknowledged, ..alert(41, Priority::High) };
    let units = BTreeMap::from([(Analyte::PHOSPHATE, "mg/dL".to_owned())]);
    let offer = body::offer("pager", &step(&alert, 2), &alert, &units);
    let json: serde_json::Value = serde_json::from_str(&offer.body).expect("JSON");
    let written = serde_json::to_string_pretty(&json).expect("text") + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(GOLDEN, &written).expect("the golden folder");
    }
    assert_eq!(written, std::fs::read_to_string(GOLDEN).expect("the golden file"));
    assert!(!written.to_lowercase().contains("sato"), "{written}");
}

#[test]
fn a_webhook_that_cannot_work_is_refused_at_start() {
    let site = site();
    let refusal = |change: &dyn Fn(&mut Webhook)| {
        let mut bad = webhook(1);
        change(&mut bad);
        let Err(problem) = webhook::load(vec![bad]) else { panic!("it was taken") };
        problem.to_string()
    };
    let plain = refusal(&|bad| bad.url = "http://pager.hospital.example/x".into());
    assert!(plain.contains("is not encrypted; use https"), "{plain}");
    assert!(refusal(&|bad| bad.url = "pager".into()).contains("neither https:// nor http://"));
    assert!(refusal(&|bad| bad.name = "a b".into()).contains("its name"));
    assert!(refusal(&|bad| bad.timeout_seconds = 0).contains("timeout_seconds"));
    assert!(
        refusal(&|bad| bad.secret_file = Some("/nowhere/secret".into())).contains("cannot read its secret")
    );
    let short = site.dir.path().join("short");
    std::fs::write(&short, "hunter2").expect("a secret");
    assert!(refusal(&|bad| bad.secret_file = Some(short.clone())).contains("shorter than 16 bytes"));
    let Err(twice) = webhook::load(vec![webhook(1), webhook(2)]) else { panic!("two of a name") };
    assert!(matches!(twice, Error::Twice { .. }));
}

#[test]
fn waits_double_up_to_the_longest_and_scatter_the_same_way_each_time() {
    let pace = Pace::default();
    for tries in 1..40 {
        let full = 500i64.saturating_mul(1 << (tries - 1).min(30)).min(60_000);
        let wait = poster::back_off(&pace, "ab", tries);
        assert!(wait.0 >= full * 3 / 4 && wait.0 <= full * 5 / 4, "try {tries}: {} ms of {full}", wait.0);
        assert_eq!(wait, poster::back_off(&pace, "ab", tries));
    }
    assert_ne!(poster::back_off(&pace, "ab", 9), poster::back_off(&pace, "cd", 9));
}
