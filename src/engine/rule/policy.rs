//! Who is told when, as data: `alert-rules/escalation.toml`.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::fields::{Fields, Found, document};
use super::mistake::{Mistake, Source};
use crate::model::{Priority, Role, Span};

/// The file's name; every rule set has one.
pub const FILE: &str = "escalation.toml";

/// A chain of steps. An acknowledgement by one of each role in `acknowledge_by` ends it; by anybody, where it is empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub id: Arc<str>,
    /// In order of `after`; at least one.
    pub steps: Vec<Step>,
    /// The last step is repeated this often …
    pub repeat_every: Option<Span>,
    /// … so many times.
    pub repeat_times: u32,
    /// Roles that all must acknowledge.
    pub acknowledge_by: Vec<Role>,
    /// While no display of the ward paints, go to the next step after this long instead.
    pub nobody_watching_after: Option<Span>,
}

/// Tell these roles, so long after the alert was raised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub after: Span,
    pub roles: Vec<Role>,
    /// Webhooks by name, besides those the on-call table gives for the roles.
    pub channels: Vec<Arc<str>>,
    /// Only at these minutes after midnight, local time; the second may lie after midnight.
    pub only_between: Option<(u16, u16)>,
}

/// A stretch of the day with its own on-call people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// `two` or `three`: shifts a day.
    pub pattern: Arc<str>,
    pub name: Arc<str>,
    /// Minutes after midnight, local time; `until` may lie after midnight. Shifts overlap at handover.
    pub from: u16,
    pub until: u16,
}

/// Which webhooks reach a role during a shift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnCall {
    pub role: Role,
    /// Any shift where `None`.
    pub shift: Option<Arc<str>>,
    pub channels: Vec<Arc<str>>,
}

/// How long an acknowledgement holds before the alert is active again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcknowledgementLasts {
    pub high: Span,
    pub medium: Span,
    pub low: Span,
}

/// Engineering start values; a site sets its own.
impl Default for AcknowledgementLasts {
    fn default() -> AcknowledgementLasts {
        AcknowledgementLasts { high: Span::minutes(5), medium: Span::minutes(30), low: Span::hours(8) }
    }
}

/// The whole of `escalation.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policies {
    pub policies: Vec<Policy>,
    pub acknowledgement_lasts: AcknowledgementLasts,
    /// The pattern in force.
    pub pattern: Option<Arc<str>>,
    pub shifts: Vec<Shift>,
    pub on_call: Vec<OnCall>,
}

impl Step {
    /// Whether the step may be taken at this minute of the local day.
    pub fn holds_at(&self, minute: u16) -> bool {
        self.only_between.is_none_or(|(from, until)| within(minute, from, until))
    }
}

fn within(minute: u16, from: u16, until: u16) -> bool {
    if from <= until { from <= minute && minute < until } else { minute >= from || minute < until }
}

impl Policies {
    pub fn get(&self, id: &str) -> Option<&Policy> {
        self.policies.iter().find(|policy| policy.id.as_ref() == id)
    }

    /// How long an acknowledgement of this priority holds; info is never acknowledged.
    pub fn acknowledgement(&self, priority: Priority) -> Option<Span> {
        match priority {
            Priority::High => Some(self.acknowledgement_lasts.high),
            Priority::Medium => Some(self.acknowledgement_lasts.medium),
            Priority::Low => Some(self.acknowledgement_lasts.low),
            Priority::Info => None,
        }
    }

    /// Names of the shifts running at this minute of the local day; two at handover.
    pub fn shifts_at(&self, minute: u16) -> Vec<&str> {
        let running = |shift: &&Shift| {
            self.pattern.as_ref() == Some(&shift.pattern) && within(minute, shift.from, shift.until)
        };
        self.shifts.iter().filter(running).map(|shift| shift.name.as_ref()).collect()
    }

    /// Webhooks that reach a role at this minute of the local day, each once.
    pub fn channels(&self, role: Role, minute: u16) -> Vec<&str> {
        let shifts = self.shifts_at(minute);
        let mut channels: Vec<&str> = Vec::new();
        for entry in &self.on_call {
            let on = entry.shift.as_ref().is_none_or(|shift| shifts.contains(&shift.as_ref()));
            if entry.role == role && on {
                channels.extend(entry.channels.iter().map(|channel| channel.as_ref()));
            }
        }
        let mut seen = Vec::new();
        channels.retain(|channel| {
            let new = !seen.contains(channel);
            seen.push(*channel);
            new
        });
        channels
    }
}

/// Reads `escalation.toml`; mistakes are added to the list.
pub fn read(source: Source, mistakes: &mut Vec<Mistake>) -> Policies {
    let table = document(source, mistakes);
    let mut policies = Policies::default();
    let what = "escalation".to_string();
    let mut fields = Fields { source, table: table.get_ref(), place: 0..0, what, mistakes };
    fields.only(&["acknowledgement", "shifts", "shift", "on_call", "policy"]);
    if let Some(found) = fields.get("acknowledgement")
        && let Some(mut inner) = fields.inner(found, "acknowledgement".into())
    {
        inner.only(&["high", "medium", "low", "source"]);
        let lasts = &mut policies.acknowledgement_lasts;
        for (name, span) in
            [("high", &mut lasts.high), ("medium", &mut lasts.medium), ("low", &mut lasts.low)]
        {
            *span = inner.span(name).unwrap_or(*span);
        }
    }
    for found in fields.list("shift") {
        policies.shifts.extend(read_shift(&mut fields, found));
    }
    for found in fields.list("on_call") {
        policies.on_call.extend(read_on_call(&mut fields, found, &policies.shifts));
    }
    for found in fields.list("policy") {
        if let Some((policy, place)) = read_policy(&mut fields, found) {
            if policies.get(&policy.id).is_some() {
                fields.refuse(place, format!("there are two policies \"{}\"", policy.id), None);
            }
            policies.policies.push(policy);
        }
    }
    if let Some(pattern) = fields.optional_text("shifts") {
        let place = fields.get("shifts").map_or(0..0, |found| found.span());
        if !policies.shifts.iter().any(|shift| shift.pattern.as_ref() == pattern) {
            fields.refuse(place, format!("no shift has the pattern \"{pattern}\""), None);
        }
        policies.pattern = Some(pattern.into());
    }
    policies
}

fn read_shift<'a>(fields: &mut Fields<'a, '_>, found: Found<'a>) -> Option<Shift> {
    let mut inner = fields.inner(found, "shift".into())?;
    inner.only(&["pattern", "name", "from", "until"]);
    let (pattern, name) = (inner.text("pattern"), inner.text("name"));
    let (from, until) = (clock(&mut inner, "from"), clock(&mut inner, "until"));
    Some(Shift { pattern: pattern?.into(), name: name?.into(), from: from?, until: until? })
}

fn read_on_call<'a>(fields: &mut Fields<'a, '_>, found: Found<'a>, shifts: &[Shift]) -> Option<OnCall> {
    let mut inner = fields.inner(found, "on_call".into())?;
    inner.only(&["role", "shift", "channels"]);
    let roles = [("nurse", Role::Nurse), ("physician", Role::Physician), ("engineer", Role::Engineer)];
    let role = inner.required("role").and_then(|found| inner.word("role", found, &roles));
    let shift = inner.optional_text("shift");
    if let (Some(name), Some(found)) = (shift, inner.get("shift"))
        && !shifts.iter().any(|shift| shift.name.as_ref() == name)
    {
        inner.refuse(found.span(), format!("there is no shift \"{name}\""), None);
    }
    let channels = inner.texts("channels").into_iter().map(|(channel, _)| channel).collect();
    Some(OnCall { role: role?, shift: shift.map(Into::into), channels })
}

fn read_policy<'a>(fields: &mut Fields<'a, '_>, found: Found<'a>) -> Option<(Policy, Range<usize>)> {
    let place = found.span();
    let name =
        found.get_ref().as_table().and_then(|table| table.get("id")).and_then(|id| id.get_ref().as_str());
    let what = format!("policy \"{}\"", name.unwrap_or("?"));
    let mut inner = fields.inner(found, what)?;
    inner.only(&["id", "about", "step", "repeat", "acknowledge_by", "nobody_watching"]);
    let id = inner.text("id");
    let mut steps = Vec::new();
    for item in inner.list("step") {
        steps.extend(read_step(&mut inner, item));
    }
    check_steps(&mut inner, &steps, place.clone());
    let (repeat_every, repeat_times) = read_repeat(&mut inner);
    let acknowledge_by = inner.roles("acknowledge_by");
    let nobody_watching_after = inner.span("nobody_watching");
    let policy =
        Policy { id: id?.into(), steps, repeat_every, repeat_times, acknowledge_by, nobody_watching_after };
    Some((policy, place))
}

fn check_steps(fields: &mut Fields, steps: &[Step], place: Range<usize>) {
    if steps.is_empty() {
        fields.refuse(place, "a policy needs at least one `step`", None);
    } else if steps.windows(2).any(|pair| pair[0].after > pair[1].after) {
        fields.refuse(place, "steps are written in order of `after`", None);
    } else if !steps.iter().any(|step| step.only_between.is_none() && !step.roles.is_empty()) {
        fields.refuse(
            place,
            "at some hours nobody would be told; leave `only_between` out of one step",
            None,
        );
    }
}

fn read_step<'a>(fields: &mut Fields<'a, '_>, found: Found<'a>) -> Option<Step> {
    let what = format!("{}, step", fields.what);
    let mut inner = fields.inner(found, what)?;
    inner.only(&["after", "roles", "channels", "only_between"]);
    let after = inner.required("after").and_then(|found| inner.span_of(found, "after"));
    let roles = inner.roles("roles");
    let channels = inner.texts("channels").into_iter().map(|(channel, _)| channel).collect();
    if roles.is_empty() {
        inner.refuse(found.span(), "`roles` names nobody", None);
    }
    let only_between = match inner.get("only_between") {
        None => None,
        Some(found) => {
            let ends = found
                .get_ref()
                .as_array()
                .map(|items| items.iter().map(|item| item.get_ref().as_str()).collect::<Vec<_>>());
            let minutes = match ends.as_deref() {
                Some([Some(from), Some(until)]) => minute(from).zip(minute(until)),
                Some(_) | None => None,
            };
            if minutes.is_none() {
                inner.refuse(
                    found.span(),
                    "`only_between` is two times of day: [\"22:00\", \"06:00\"]",
                    None,
                );
            }
            minutes
        }
    };
    Some(Step { after: after?, roles, channels, only_between })
}

fn read_repeat(fields: &mut Fields) -> (Option<Span>, u32) {
    let Some(found) = fields.get("repeat") else { return (None, 0) };
    let what = format!("{}, repeat", fields.what);
    let Some(mut inner) = fields.inner(found, what) else { return (None, 0) };
    inner.only(&["every", "times"]);
    let every = inner.required("every").and_then(|found| inner.span_of(found, "every"));
    if every == Some(Span::ZERO) {
        inner.refuse(found.span(), "`every` is longer than nothing", None);
    }
    (every.filter(|every| *every > Span::ZERO), inner.whole("times").unwrap_or(1))
}

fn clock(fields: &mut Fields, name: &str) -> Option<u16> {
    let text = fields.text(name)?;
    let found = minute(text);
    if let (None, Some(place)) = (found, fields.get(name)) {
        fields.refuse(
            place.span(),
            format!("`{name}` is a time of day such as \"08:30\", not \"{text}\""),
            None,
        );
    }
    found
}

/// `08:30` as minutes after midnight.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (hours.parse::<u16>().ok()?, minutes.parse::<u16>().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(text: &str) -> Result<Policies, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let policies = read(Source { file: FILE, text }, &mut mistakes);
        if mistakes.is_empty() { Ok(policies) } else { Err(mistakes) }
    }
    #[track_caller]
    fn refused(text: &str, words: &str) {
        let mistakes = policies(text).expect_err("refused");
        assert!(mistakes.iter().any(|mistake| mistake.message.contains(words)), "{mistakes:?}");
    }

    const NIGHT: &str = r#"
shifts = "two"
[acknowledgement]
high = "4m"
[[shift]]
pattern = "two"
name = "day"
from = "08:30"
until = "20:30"
[[shift]]
pattern = "two"
name = "night"
from = "20:00"
until = "09:00"
[[on_call]]
role = "physician"
channels = ["haematology"]
[[on_call]]
role = "physician"
shift = "night"
channels = ["night-physician", "haematology"]
[[policy]]
id = "a"
repeat = { every = "3m", times = 5 }
nobody_watching = "20s"
acknowledge_by = ["nurse", "physician"]
step = [
    { after = "0s", roles = ["nurse"] },
    { after = "5m", roles = ["physician"], channels = ["pager"], only_between = ["22:00", "06:00"] },
]
"#;

    #[test]
    fn a_policy_is_read_with_all_it_says() {
        let policies = policies(NIGHT).expect("good policies");
        let policy = policies.get("a").expect("the policy");
        assert_eq!((policy.repeat_every, policy.repeat_times), (Some(Span::minutes(3)), 5));
        assert_eq!(policy.acknowledge_by, [Role::Nurse, Role::Physician]);
        assert_eq!(policy.nobody_watching_after, Some(Span::seconds(20)));
        assert_eq!(policy.steps[1].only_between, Some((22 * 60, 6 * 60)));
        assert!(policy.steps[1].holds_at(23 * 60) && policy.steps[1].holds_at(0));
        assert!(!policy.steps[1].holds_at(6 * 60) && policy.steps[0].holds_at(12 * 60));
        assert_eq!(policies.acknowledgement(Priority::High), Some(Span::minutes(4)));
        assert_eq!(policies.acknowledgement(Priority::Low), Some(Span::hours(8)));
        assert_eq!(policies.acknowledgement(Priority::Info), None);
    }

    #[test]
    fn shifts_overlap_at_handover() {
        let policies = policies(NIGHT).expect("good policies");
        assert_eq!(policies.shifts_at(12 * 60), ["day"]);
        assert_eq!(policies.shifts_at(20 * 60 + 15), ["day", "night"]);
        assert_eq!(policies.shifts_at(3 * 60), ["night"]);
        assert_eq!(policies.channels(Role::Physician, 12 * 60), ["haematology"]);
        assert_eq!(policies.channels(Role::Physician, 3 * 60), ["haematology", "night-physician"]);
        assert_eq!(policies.channels(Role::Nurse, 3 * 60), [""; 0]);
    }

    #[test]
    fn a_policy_that_could_tell_nobody_is_refused() {
        refused("[[policy]]\nid = \"a\"\n", "at least one `step`");
        let night = "[[policy]]\nid = \"a\"\nstep = [{ after = \"0s\", roles = [\"nurse\"], only_between = [\"22:00\", \"06:00\"] }]\n";
        refused(night, "at some hours nobody would be told");
        refused("[[policy]]\nid = \"a\"\nstep = [{ after = \"0s\", roles = [] }]\n", "names nobody");
        let backwards = "[[policy]]\nid = \"a\"\nstep = [{ after = \"5m\", roles = [\"nurse\"] }, { after = \"1m\", roles = [\"nurse\"] }]\n";
        refused(backwards, "in order of `after`");
    }

    #[test]
    fn slips_are_named() {
        refused("[[policy]]\nid = \"a\"\nstep = [{ after = \"0s\", roles = [\"nurs\"] }]\n", "not \"nurs\"");
        refused("shifts = \"four\"\n", "no shift has the pattern");
        refused(
            "[[on_call]]\nrole = \"nurse\"\nshift = \"dusk\"\nchannels = []\n",
            "there is no shift \"dusk\"",
        );
        refused(
            "[[shift]]\npattern = \"two\"\nname = \"day\"\nfrom = \"8\"\nuntil = \"20:30\"\n",
            "a time of day",
        );
        refused("[acknowledgement]\nhihg = \"5m\"\n", "unknown field `hihg`");
    }
}
