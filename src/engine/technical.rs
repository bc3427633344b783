//! Technical alerts: feeds, displays, clocks, quarantine, the service itself.
//!
//! They have no rule file, because they are about the machinery; their limits are settings of the site.

mod result;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::alert::{AlertKey, Alerts, Moment, Notice};
use super::life::{Judged, Manner};
use super::rule::{Policy, Step, Verdict};
use crate::model::event::{DisplayReport, Site};
use crate::model::{Analyte, Kind, Location, PatientId, Priority, Rejection, Role, Span, Time};

/// What is known of one source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Feed {
    pub via: String,
    pub last_seen: Option<Time>,
    /// The newest measurement it sent.
    pub last_measured: Option<Time>,
    /// How far its clock is ahead; `None` where it does not say what it has.
    pub skew_seconds: Option<i64>,
    /// Values, not messages: one message may bring many.
    pub values: u64,
    pub rejected: u64,
    /// Instants of rejections within the last hour.
    rejections: VecDeque<Time>,
    /// It is watched for silence: a sender, or the gateways of a ward as one. A bed that is empty is silent too, so single
    /// beds are watched by the rules about stale vital signs.
    watched: bool,
}

/// What is known of one display.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Display {
    ward: String,
    painting: bool,
    sound: Option<bool>,
}

impl Display {
    fn is_muted(&self) -> bool {
        self.painting && self.sound == Some(false)
    }
}

/// The machinery as the fold knows it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Machinery {
    pub feeds: BTreeMap<String, Feed>,
    displays: BTreeMap<String, Display>,
    /// Wards with a display that paints.
    pub watched: BTreeSet<String>,
    /// Wards that had a painting display and have none, since when.
    dark: BTreeMap<String, Time>,
    parts: BTreeMap<String, String>,
    refused: Option<String>,
    /// Technical alerts that a fact raised and only a fact ends.
    unmatched: BTreeSet<PatientId>,
    /// Results that were withdrawn and came again: the newest such instant of each analyte.
    again: BTreeMap<PatientId, BTreeMap<Analyte, Time>>,
    /// Displays that said their sound is off, until they say otherwise or go.
    muted: BTreeSet<String>,
    judged_at: Time,
}

/// One finding on the machinery: alert or not.
struct Finding<'a> {
    rule: &'static str,
    subject: &'a str,
    patient: Option<&'a PatientId>,
    location: Location,
    priority: Priority,
    title: (&'static str, &'static str),
    instruction: (&'static str, &'static str),
    holds: bool,
    words: String,
}

impl Machinery {
    /// Displays that paint, with their wards.
    pub fn painting(&self) -> impl Iterator<Item = (&str, &str)> {
        let painting = self.displays.iter().filter(|(_, display)| display.painting);
        painting.map(|(name, display)| (name.as_str(), display.ward.as_str()))
    }

    pub fn heard(&mut self, source: &str, via: &str, skew_seconds: Option<i64>, now: Time) {
        let feed = self.feeds.entry(source.to_owned()).or_default();
        feed.watched = true;
        feed.via = via.to_owned();
        feed.skew_seconds = skew_seconds;
        feed.last_seen = Some(now);
    }

    pub fn received(&mut self, source: &str, measured_at: Time, now: Time) {
        let feed = self.feeds.entry(source.to_owned()).or_default();
        feed.values += 1;
        feed.last_seen = Some(now);
        feed.last_measured = feed.last_measured.max(Some(measured_at));
    }

    pub fn rejected(&mut self, rejection: &Rejection, now: Time) {
        let feed = self.feeds.entry(rejection.source.clone()).or_default();
        feed.via.clone_from(&rejection.via);
        feed.rejected += 1;
        feed.last_seen = Some(now);
        feed.rejections.push_back(now);
    }

    pub fn service(&mut self, part: &str, healthy: bool, detail: &str) {
        if healthy {
            self.parts.remove(part);
        } else {
            self.parts.insert(part.to_owned(), detail.to_owned());
        }
    }

    pub fn rules_refused(&mut self, reason: Option<String>) {
        self.refused = reason;
    }

    /// Takes a display's report; `true` when the set of watched wards changed.
    pub fn display(&mut self, report: &DisplayReport, now: Time) -> bool {
        let display = self.displays.entry(report.display.clone()).or_insert_with(|| Display {
            ward: report.ward.clone(),
            painting: false,
            sound: None,
        });
        display.ward.clone_from(&report.ward);
        display.painting = report.painting;
        display.sound = report.sound.or(display.sound);
        if display.sound == Some(false) {
            self.muted.insert(report.display.clone());
        }
        if !report.painting {
            // Gone: what it said of its sound means nothing any more.
            self.displays.remove(&report.display);
        }
        let watched: BTreeSet<String> =
            self.displays.values().filter(|d| d.painting).map(|d| d.ward.clone()).collect();
        for ward in self.watched.difference(&watched) {
            self.dark.entry(ward.clone()).or_insert(now);
        }
        self.dark.retain(|ward, _| !watched.contains(ward));
        let changed = watched != self.watched;
        self.watched = watched;
        changed
    }

    /// The next instant at which time alone begins or ends a finding, after the last look.
    pub fn next_due(&self, site: &Site) -> Option<Time> {
        let silent =
            self.feeds.values().filter(|f| f.watched).filter_map(|f| Some(f.last_seen? + silence(f, site)));
        let dark = self.dark.values().map(|since| *since + Span::seconds(site.display_gone_after_seconds));
        let forgotten = self.feeds.values().filter_map(|f| Some(*f.rejections.front()? + Span::HOUR));
        silent.chain(dark).chain(forgotten).filter(|at| *at > self.judged_at).min()
    }

    /// Looks at everything and judges every technical alert. `occupied` are wards with patients, `broken` the patients
    /// whose evaluation failed.
    pub fn judge(
        &mut self,
        site: &Site,
        occupied: &BTreeSet<String>,
        broken: &BTreeMap<PatientId, Location>,
        alerts: &mut Alerts,
        moment: &mut Moment<'_>,
    ) {
        let now = moment.now;
        self.judged_at = now;
        for feed in self.feeds.values_mut() {
            while feed.rejections.front().is_some_and(|at| now - *at >= Span::HOUR) {
                feed.rejections.pop_front();
            }
        }
        let mut findings = Vec::new();
        self.feed_findings(site, now, &mut findings);
        self.display_findings(site, occupied, now, &mut findings);
        self.service_findings(&mut findings);
        findings.extend(broken.iter().map(|(patient, location)| result::not_evaluated(patient, location)));
        for finding in findings {
            raise_or_end(&finding, alerts, moment);
        }
        let displays = &self.displays;
        self.muted.retain(|name| displays.get(name).is_some_and(Display::is_muted));
    }

    fn feed_findings<'a>(&'a self, site: &Site, now: Time, findings: &mut Vec<Finding<'a>>) {
        for (source, feed) in &self.feeds {
            let base = Finding {
                rule: "feed-silent",
                subject: source,
                patient: None,
                location: Location::default(),
                priority: Priority::Medium,
                title: ("A feed is silent", "データ送信元が沈黙しています"),
                instruction: (
                    "Check the sender and the network; bedside monitors remain primary.",
                    "送信元とネットワークを確認。ベッドサイドモニタが主です。",
                ),
                holds: feed.watched && feed.last_seen.is_some_and(|at| now - at >= silence(feed, site)),
                words: format!(
                    "{source} was last heard {}",
                    feed.last_seen.map_or_else(String::new, Time::rfc3339)
                ),
            };
            findings.push(base);
            findings.push(Finding {
                rule: "clock-skew",
                subject: source,
                patient: None,
                location: Location::default(),
                priority: Priority::Low,
                title: ("A sender's clock is wrong", "送信元の時計がずれています"),
                instruction: (
                    "Correct the sender's clock; its times cannot be trusted.",
                    "送信元の時計を直してください。",
                ),
                holds: feed.skew_seconds.is_some_and(|skew| skew.saturating_abs() > site.clock_skew_seconds),
                words: match feed.skew_seconds {
                    Some(skew) => format!("{source} is {skew} s off"),
                    None => format!("{source} does not tell its time"),
                },
            });
            findings.push(Finding {
                rule: "quarantine-growing",
                subject: source,
                patient: None,
                location: Location::default(),
                priority: Priority::Low,
                title: ("Results are going to quarantine", "使えない結果が増えています"),
                instruction: (
                    "Open /intake, mend the mapping, retry.",
                    "/intake で原因を確認し、再試行してください。",
                ),
                holds: feed.rejections.len() >= site.quarantine_per_hour as usize,
                words: format!("{} rejections from {source} within an hour", feed.rejections.len()),
            });
        }
    }

    fn display_findings<'a>(
        &'a self,
        site: &Site,
        occupied: &BTreeSet<String>,
        now: Time,
        findings: &mut Vec<Finding<'a>>,
    ) {
        let gone_after = Span::seconds(site.display_gone_after_seconds);
        for (ward, since) in
            self.watched.iter().map(|w| (w, None)).chain(self.dark.iter().map(|(w, t)| (w, Some(*t))))
        {
            findings.push(Finding {
                rule: "display-gone",
                subject: ward,
                patient: None,
                location: place(ward),
                priority: Priority::High,
                title: ("No display of this ward paints", "この病棟の表示が全停止"),
                instruction: (
                    "Look at the wall display now; rely on bedside monitors.",
                    "壁の表示を確認し、ベッドサイドモニタで監視してください。",
                ),
                holds: since.is_some_and(|since| now - since >= gone_after) && occupied.contains(ward),
                words: format!("ward {ward} has no painting display"),
            });
        }
        for name in &self.muted {
            let display = self.displays.get(name);
            findings.push(Finding {
                rule: "display-muted",
                subject: name,
                patient: None,
                location: place(display.map_or("", |d| &d.ward)),
                priority: Priority::Low,
                title: ("A display cannot play sound", "表示端末の音が出ません"),
                instruction: (
                    "Touch the display once to allow sound.",
                    "表示端末の画面に一度触れてください。",
                ),
                holds: display.is_some_and(Display::is_muted),
                words: match display {
                    Some(d) if d.is_muted() => format!("display {name} reports that sound is off"),
                    Some(_) => format!("display {name} plays sound"),
                    None => format!("display {name} is gone"),
                },
            });
        }
    }

    fn service_findings<'a>(&'a self, findings: &mut Vec<Finding<'a>>) {
        for part in ["journal", "mqtt", "webhook", "engine"] {
            let detail = self.parts.get(part);
            findings.push(Finding {
                rule: "service-impaired",
                subject: part,
                patient: None,
                location: Location::default(),
                priority: Priority::High,
                title: ("A part of the service is impaired", "システムの一部に障害があります"),
                instruction: (
                    "Call the engineer on duty; rely on bedside monitors.",
                    "当直エンジニアに連絡。ベッドサイドモニタで監視してください。",
                ),
                holds: detail.is_some(),
                words: detail.map_or_else(|| format!("{part} is well"), |d| format!("{part}: {d}")),
            });
        }
        findings.push(Finding {
            rule: "rules-refused",
            subject: "rules",
            patient: None,
            location: Location::default(),
            priority: Priority::Low,
            title: ("A changed rule set was refused", "変更したルールを拒否しました"),
            instruction: (
                "Run `stormwatch check`; the earlier rules are still in force.",
                "`stormwatch check` で確認。以前のルールが有効です。",
            ),
            holds: self.refused.is_some(),
            words: self.refused.clone().unwrap_or_else(|| "the newest rule set is in force".into()),
        });
    }
}

/// A whole ward; the empty one is none in particular.
fn place(ward: &str) -> Location {
    Location { ward: ward.to_owned(), bed: String::new() }
}

fn silence(feed: &Feed, site: &Site) -> Span {
    Span::seconds(match feed.via.as_str() {
        "mqtt" => site.feed_silent_after_seconds,
        _ => site.sender_silent_after_seconds,
    })
}

/// Everybody who may mend it is told once; after ten minutes the physician too.
fn policy() -> Arc<Policy> {
    let step = |after, roles: &[Role]| Step {
        after,
        roles: roles.to_vec(),
        only_between: None,
        channels: Vec::new(),
    };
    Arc::new(Policy {
        id: "technical".into(),
        steps: vec![
            step(Span::ZERO, &[Role::Nurse, Role::Engineer]),
            step(Span::minutes(10), &[Role::Physician]),
        ],
        repeat_every: None,
        repeat_times: 0,
        acknowledge_by: Vec::new(),
        nobody_watching_after: None,
    })
}

fn raise_or_end(finding: &Finding<'_>, alerts: &mut Alerts, moment: &mut Moment<'_>) {
    let key = AlertKey {
        patient: finding.patient.cloned(),
        rule: finding.rule.into(),
        subject: finding.subject.into(),
    };
    if !finding.holds && alerts.of(&key).is_none() {
        return;
    }
    let hold = if finding.rule == "unmatched-patient" { Span::minutes(10) } else { Span::ZERO };
    let manner = Arc::new(Manner {
        hold,
        latch: false,
        cooldown: Span::ZERO,
        inhibits: Vec::new(),
        policy: policy(),
        acknowledgement_expires: Span::hours(8),
        shelve_max: Span::hours(24),
    });
    let judged = Judged {
        met: if finding.holds { Verdict::Met } else { Verdict::NotMet },
        over: if finding.holds { Verdict::NotMet } else { Verdict::Met },
        worse: Verdict::NotMet,
        evidence: Vec::new(),
        missing: Vec::new(),
        words: finding.words.clone(),
    };
    let notice = || Notice {
        rule_version: "built in".into(),
        kind: Kind::Technical,
        priority: finding.priority,
        location: finding.location.clone(),
        title_en: if finding.patient.is_some() {
            finding.title.0.into()
        } else {
            format!("{}: {}", finding.title.0, finding.subject).into()
        },
        title_ja: if finding.patient.is_some() {
            finding.title.1.into()
        } else {
            format!("{}：{}", finding.title.1, finding.subject).into()
        },
        instruction_en: finding.instruction.0.into(),
        instruction_ja: finding.instruction.1.into(),
        source: "the service's own watch over its parts; limits are settings of the site".into(),
        shadow: false,
        standing: None,
    };
    alerts.judge(&key, judged, &manner, notice, moment);
}
