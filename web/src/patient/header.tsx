// Who lies where, on which day after what, and the two grades: what we suggest and what a clinician charted.
import type { Grade, Patient } from "../wire.ts";
import type { Speech } from "../words/words.ts";
import { clockText, instant, stampText } from "../time.ts";
import { bedText, boundText, dayText, unitText } from "../value.ts";
import { now } from "../store.ts";
import { agoText, Doubt } from "../why.tsx";
import { termText } from "../words/terms.ts";
import { gradeText } from "../wall/place.ts";

export function PatientHeader({ patient, words }: { patient: Patient; words: Speech }) {
  const news2 = typeof patient.news2 === "object" ? patient.news2?.value : patient.news2;
  return (
    <header class="patient-head">
      <div class="patient-place">
        <h1>
          <small>{patient.ward}</small> {bedText(patient.bed, patient.ward)}
        </h1>
        {patient.name ? <p>{patient.name}</p> : null}
        <p>
          <b>{dayText(patient.day)}</b> {words.say("patient.day")}
          {patient.product ? ` · ${patient.product}` : ""}
        </p>
      </div>
      <div class="grades-row">
        <GradeCard name="CRS" grade={patient.crs} words={words} />
        <GradeCard name="ICANS" grade={patient.icans} words={words} />
        <div class="grade-card">
          <span>NEWS2</span>
          <b>{news2 ?? "?"}</b>
        </div>
      </div>
    </header>
  );
}

function GradeCard({ name, grade, words }: { name: string; grade: Grade | null | undefined; words: Speech }) {
  const suggested = gradeText(grade ? { ...grade, charted: null, grade: null } : grade);
  const since = instant(grade?.since);
  const reasons = grade?.reasons ?? [];
  return (
    <div class="grade-card">
      <span>{name}</span>
      <b>{suggested}</b>
      <small>
        {words.say("patient.suggested")}
        {since === null ? "" : ` ${words.say("patient.since", { time: now.value - since > 20 * 3_600_000 ? stampText(since) : clockText(since) })}`}
      </small>
      <small class="charted">
        {words.say("patient.charted")} <b>{grade?.charted ?? "–"}</b>
      </small>
      {reasons.length > 0 ? <small>{reasons.map((reason) => termText(words.both(reason), words.language)).join(" · ")}</small> : null}
    </div>
  );
}

const shown = ["temperature", "heart_rate", "systolic", "map", "spo2", "respiratory_rate", "phosphate", "crp", "ice"];

export function LatestValues({ patient, words }: { patient: Patient; words: Speech }) {
  return (
    <ul class="latest" aria-label={words.say("patient.latest")}>
      {shown.map((analyte) => {
        const latest = patient.latest?.[analyte];
        return (
          <li key={analyte} data-stale={latest?.stale || undefined}>
            <span>{words.named("analyte", analyte)}</span>
            <p>
              <b>{boundText(analyte, latest)}</b>{" "}
              <small>{unitText(latest?.unit)}</small>
            </p>
            <small>
              {latest ? agoText(latest.measured_at, words) : words.say("age.none")}
              {latest?.stale ? ` · ${words.say("wall.stale")}` : ""}
            </small>
            <Doubt flag={latest?.flag} words={words} />
          </li>
        );
      })}
    </ul>
  );
}
