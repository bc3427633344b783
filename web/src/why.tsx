// Why now: the values behind an alert, what the score is made of, what is missing, and who says so.
import type { Alert, Evidence, Patient, Risk, Term } from "./wire.ts";
import type { Speech } from "./words/words.ts";
import { instant, spanText, stampText } from "./time.ts";
import { readingOf } from "./reading.ts";
import { riskText } from "./risk.ts";
import { numberText, unitText } from "./value.ts";
import { now } from "./store.ts";
import { termText } from "./words/terms.ts";
import { Ladder } from "./ladder.tsx";

export function EvidenceList({ evidence, words }: { evidence: readonly Evidence[]; words: Speech }) {
  if (evidence.length === 0) return null;
  return (
    <section class="evidence">
      <h3>{words.say("why.evidence")}</h3>
      <ul>
        {evidence.map((row) => (
          <li key={`${row.analyte}${row.feature ?? ""}`}>
            <span class="evidence-name">{words.named("analyte", row.analyte)}</span>
            <span class="evidence-value">
              <b>
                {row.comparator ?? ""}
                {numberText(row.analyte, row.value)}
              </b>{" "}
              {unitText(row.unit)}
            </span>
            <Limit row={row} words={words} />
            <span class="evidence-age">
              {agoText(row.measured_at, words)}
              {row.source ? ` · ${row.source}` : ""}
            </span>
            <Doubt flag={row.superseded ? "superseded" : row.flag} words={words} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The limit; where the rule asked for something reckoned, what that gave stands before it. */
function Limit({ row, words }: { row: Evidence; words: Speech }) {
  const reading = readingOf(row);
  if (!reading || reading.limit === null) return null;
  return (
    <span class="evidence-limit">
      {reading.line === null ? `${reading.mark}${reading.value} ` : ""}
      {words.say("why.limit", { comparison: reading.sign ?? "", limit: reading.limit })}
    </span>
  );
}

/** What is known against a value: it is used all the same, so a reader has to see it. */
export function Doubt({ flag, words }: { flag: string | undefined; words: Speech }) {
  if (!flag) return null;
  return <span class="doubt">△ {words.named("doubt", flag)}</span>;
}

export function agoText(at: string | null | undefined, words: Speech): string {
  const read = instant(at);
  if (read === null) return words.say("age.none");
  return words.say("age.ago", { age: spanText(now.value - read, words) });
}

/** One early score as bars: the points of each term, its value, its age, its source. */
export function RiskTerms({ title, risk, words }: { title: string; risk: Risk | null | undefined; words: Speech }) {
  if (!risk) return null;
  const terms = (risk.terms ?? []).filter((term) => term.points > 0).sort((a, b) => b.points - a.points);
  const widest = Math.max(3, ...terms.map((term) => term.points));
  return (
    <section class="risk">
      <h3>
        {title}{" "}
        <span class="risk-total">
          {riskText(risk, words)}
        </span>
      </h3>
      {terms.length > 0 ? (
        <ul class="bars">
          {terms.map((term) => (
            <li key={term.name}>
              <span class="bar-name">{termText(term.name, words.language)}</span>
              <span class="bar-track" aria-hidden="true">
                <i style={{ width: `${(term.points / widest) * 100}%` }} />
              </span>
              <span class="bar-points">{words.say("why.points", { n: term.points })}</span>
              <span class="bar-note">
                {noteOf(term, words)}
                {term.source ? <cite>{term.source}</cite> : null}
              </span>
            </li>
          ))}
        </ul>
      ) : null}
      {risk.source ? <cite>{risk.source}</cite> : null}
    </section>
  );
}

/** Value and age of a term, each only where there is one; a source follows behind its own dot. */
function noteOf(term: Term, words: Speech): string {
  const parts = [termText(String(term.value ?? ""), words.language), instant(term.at) === null ? "" : agoText(term.at, words)].filter((part) => part !== "");
  return parts.join(" · ") + (parts.length > 0 && term.source ? " · " : "");
}

/** Missing is unknown: it is listed with the same weight as what is there. */
export function MissingList({ names, words }: { names: readonly string[]; words: Speech }) {
  const once = [...new Set(names)];
  return (
    <section class="missing-list">
      <h3>{words.say("why.missing")}</h3>
      {once.length === 0 ? (
        <p class="said">{words.say("why.missingNone")}</p>
      ) : (
        <>
          <p class="row">
            {once.map((name) => (
              <span class="chip" key={name}>
                {nameText(name, words)}
              </span>
            ))}
          </p>
          <p class="said">{words.say("why.missingMeaning")}</p>
        </>
      )}
    </section>
  );
}

/** An analyte by its own word, an input of a score by the word of its term. */
export function nameText(name: string, words: Speech): string {
  const known = words.named("analyte", name);
  if (known !== name) return known;
  const whole = words.language === "ja" ? termText(name.replaceAll("_", " "), "ja") : "";
  const [, analyte, part] = /^(.+?)_(lasting|pre|baseline|(?:min|max|median)_\d+h)$/.exec(name) ?? [];
  if (analyte === undefined || part === undefined || /[\u3040-\u9fff]/.test(whole)) return whole || name.replaceAll("_", " ");
  const [kind = "", span = ""] = part.split("_");
  const key = `part.${kind}` as "part.lasting" | "part.pre" | "part.baseline" | "part.min" | "part.max" | "part.median";
  const base = analyte === "easix" ? "EASIX" : words.named("analyte", analyte);
  return words.say(key, { name: base, span: span.replace("h", " h") });
}

/** What early warning reads as "for five minutes" is missing as that, though a single value may be there. */
const lasting = new Set(["systolic", "map", "spo2"]);

export function missingOf(patient: Patient | undefined): string[] {
  return [
    ...(patient?.crs?.missing ?? []),
    ...(patient?.icans?.missing ?? []),
    ...(patient?.risk?.crs?.missing ?? []).map((name) => (lasting.has(name) ? `${name}_lasting` : name)),
    ...(patient?.risk?.icans?.missing ?? []),
  ];
}

export function Why({ alert, patient, words }: { alert: Alert; patient: Patient | undefined; words: Speech }) {
  const raised = instant(alert.raised_at);
  return (
    <div class="why">
      <Ladder alert={alert} words={words} />
      <EvidenceList evidence={alert.evidence ?? []} words={words} />
      <RiskTerms title={words.say("why.crs")} risk={patient?.risk?.crs} words={words} />
      <RiskTerms title={words.say("why.icans")} risk={patient?.risk?.icans} words={words} />
      {patient ? <MissingList names={[...(alert.missing ?? []), ...missingOf(patient)]} words={words} /> : null}
      <p class="said">
        {words.say("why.rule")} <code>{alert.rule}</code>
        {raised === null ? "" : ` · ${words.say("console.raised", { time: stampText(raised) })}`}
        {alert.source ? (
          <>
            <br />
            {words.say("why.source")} <cite>{alert.source}</cite>
          </>
        ) : null}
      </p>
    </div>
  );
}
