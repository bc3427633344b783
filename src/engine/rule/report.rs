//! Outcomes of cases as text, JSON and JUnit.

use serde_json::{Value as Json, json};

use super::coverage::RuleCoverage;
use super::run::Outcome;

/// For people: each failure with its place, what was expected, what was there, and what had happened.
pub fn text(outcomes: &[Outcome]) -> String {
    let mut report = String::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.passed()) {
        report += &format!("{}:{}: FAILED: {}\n", outcome.file, outcome.line, outcome.name);
        for failure in &outcome.failures {
            report += &format!("  {}:{}: {}\n", outcome.file, failure.line, failure.expected);
            report += &format!("    but {}\n", failure.found);
        }
        report += "  what happened:\n";
        for line in &outcome.transcript {
            report += &format!("    {line}\n");
        }
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.passed()).count();
    let passed = outcomes.len() - failed;
    report + &format!("{} cases, {passed} passed, {failed} failed\n", outcomes.len())
}

pub fn json(outcomes: &[Outcome]) -> String {
    let case = |outcome: &Outcome| -> Json {
        let failures: Vec<Json> = outcome
            .failures
            .iter()
            .map(
                |failure| json!({"line": failure.line, "expected": failure.expected, "found": failure.found}),
            )
            .collect();
        json!({"file": outcome.file, "line": outcome.line, "name": outcome.name, "passed": outcome.passed(),
               "failures": failures, "transcript": outcome.transcript})
    };
    let cases: Vec<Json> = outcomes.iter().map(case).collect();
    let passed = outcomes.iter().filter(|outcome| outcome.passed()).count();
    format!("{:#}\n", json!({"cases": cases, "passed": passed, "failed": outcomes.len() - passed}))
}

/// JUnit XML, one suite a file, as build servers read it.
pub fn junit(outcomes: &[Outcome]) -> String {
    let failed = outcomes.iter().filter(|outcome| !outcome.passed()).count();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml += &format!("<testsuites tests=\"{}\" failures=\"{failed}\">\n", outcomes.len());
    let mut rest = outcomes;
    while let Some(first) = rest.first() {
        let count = rest.iter().take_while(|outcome| outcome.file == first.file).count();
        let (suite, others) = rest.split_at(count);
        rest = others;
        let failed = suite.iter().filter(|outcome| !outcome.passed()).count();
        let file = escape(&first.file);
        xml += &format!("  <testsuite name=\"{file}\" tests=\"{count}\" failures=\"{failed}\">\n");
        for outcome in suite {
            let (name, line) = (escape(&outcome.name), outcome.line);
            xml += &format!(
                "    <testcase classname=\"{file}\" name=\"{name}\" file=\"{file}\" line=\"{line}\">"
            );
            for failure in &outcome.failures {
                let (expected, found) = (escape(&failure.expected), escape(&failure.found));
                xml += &format!("<failure message=\"line {}: {expected}\">{found}</failure>", failure.line);
            }
            xml += "</testcase>\n";
        }
        xml += "  </testsuite>\n";
    }
    xml + "</testsuites>\n"
}

fn escape(text: &str) -> String {
    let letter = |letter: char| match letter {
        '&' => "&amp;".to_string(),
        '<' => "&lt;".to_string(),
        '>' => "&gt;".to_string(),
        '"' => "&quot;".to_string(),
        c if c.is_control() => " ".to_string(),
        c => c.to_string(),
    };
    text.chars().map(letter).collect()
}

/// What of each rule the cases left untested; the summary last.
pub fn coverage(rules: &[RuleCoverage]) -> String {
    let mut report = String::new();
    let (mut branches, mut covered, mut mutants, mut survivors) = (0, 0, 0, 0);
    let mut raised = 0;
    for rule in rules {
        branches += rule.branches.len();
        covered += rule.branches.iter().filter(|branch| branch.seen.both()).count();
        mutants += rule.mutants;
        survivors += rule.survivors.len();
        raised += usize::from(rule.whole.both());
        let gaps = gaps(rule);
        if !gaps.is_empty() {
            report += &format!("{} ({})\n", rule.id, rule.file);
            for gap in gaps {
                report += &format!("  {gap}\n");
            }
        }
    }
    let percent =
        |part: usize, whole: usize| if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 };
    let killed = mutants - survivors;
    report += &format!("rules met and not met   {raised} of {}\n", rules.len());
    report +=
        &format!("branches met and not met {covered} of {branches} ({:.1} %)\n", percent(covered, branches));
    report + &format!("moved limits noticed     {killed} of {mutants} ({:.1} %)\n", percent(killed, mutants))
}

/// Whether nothing is left untested.
pub fn is_complete(rules: &[RuleCoverage]) -> bool {
    rules.iter().all(|rule| gaps(rule).is_empty())
}

fn gaps(rule: &RuleCoverage) -> Vec<String> {
    let mut gaps = Vec::new();
    if !rule.whole.met {
        gaps.push("no case meets the whole condition".to_string());
    }
    if !rule.whole.not_met {
        gaps.push("no case leaves the condition unmet by known values".to_string());
    }
    for branch in &rule.branches {
        let missing = match (branch.seen.met, branch.seen.not_met) {
            (true, true) => continue,
            (true, false) => "never not met",
            (false, true) => "never met",
            (false, false) => "never known",
        };
        gaps.push(format!("{}: {} was {missing}", branch.condition, branch.words));
    }
    for survivor in &rule.survivors {
        let (condition, from, to, words) =
            (survivor.condition, &survivor.from, &survivor.to, &survivor.words);
        gaps.push(format!("{condition}: {from} could be {to} and no case would notice, in {words}"));
    }
    gaps
}

pub fn coverage_json(rules: &[RuleCoverage]) -> String {
    let one = |rule: &RuleCoverage| -> Json {
        let branches: Vec<Json> = rule
            .branches
            .iter()
            .map(|branch| {
                json!({"condition": branch.condition, "words": branch.words, "met": branch.seen.met,
                       "not_met": branch.seen.not_met, "unknown": branch.seen.unknown})
            })
            .collect();
        let survivors: Vec<Json> = rule
            .survivors
            .iter()
            .map(|survivor| json!({"condition": survivor.condition, "words": survivor.words, "from": survivor.from, "to": survivor.to}))
            .collect();
        json!({"rule": rule.id.as_ref(), "file": rule.file.as_ref(), "met": rule.whole.met, "not_met": rule.whole.not_met,
               "unknown": rule.whole.unknown, "branches": branches, "mutants": rule.mutants, "survivors": survivors})
    };
    let rules: Vec<Json> = rules.iter().map(one).collect();
    format!("{:#}\n", json!({ "rules": rules }))
}

#[cfg(test)]
mod tests {
    use super::super::run::Failure;
    use super::*;

    fn outcomes() -> Vec<Outcome> {
        let failure = Failure {
            line: 4,
            expected: "24h  expect fever <low>".into(),
            found: "fever is not there".into(),
        };
        let outcome = |name: &str, failures| Outcome {
            file: "a.case".into(),
            line: 1,
            name: name.into(),
            failures,
            transcript: vec!["24h  raised phosphate-fall low active".into()],
        };
        vec![outcome("good & well", Vec::new()), outcome("bad", vec![failure])]
    }

    #[test]
    fn a_failure_says_where_what_was_expected_and_what_happened() {
        let shown = text(&outcomes());
        let lines =
            ["a.case:1: FAILED: bad", "  a.case:4: 24h  expect fever <low>", "    but fever is not there"];
        assert!(shown.starts_with(&lines.join("\n")), "{shown}");
        assert!(
            shown.contains("    24h  raised phosphate-fall low active\n2 cases, 1 passed, 1 failed\n"),
            "{shown}"
        );
        assert!(!shown.contains("good"), "{shown}");
    }

    #[test]
    fn machines_read_json_and_junit() {
        let read: Json = serde_json::from_str(&json(&outcomes())).expect("JSON");
        assert_eq!((&read["passed"], &read["cases"][1]["failures"][0]["line"]), (&json!(1), &json!(4)));
        let xml = junit(&outcomes());
        assert!(xml.contains("<testsuite name=\"a.case\" tests=\"2\" failures=\"1\">"), "{xml}");
        assert!(
            xml.contains("name=\"good &amp; well\"") && xml.contains("expect fever &lt;low&gt;"),
            "{xml}"
        );
        assert_eq!(xml.matches("<testcase").count(), xml.matches("</testcase>").count());
    }
}
