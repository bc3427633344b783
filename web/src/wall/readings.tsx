// What a tile says in its middle: the value against its limit, or the grade, or the alert's own words, or the vital signs.
import type { Alert, Patient } from "../wire.ts";
import type { Speech } from "../words/words.ts";
import type { Reading } from "../reading.ts";
import { compactText, writtenAs } from "../value.ts";
import { Age, Day, Grades, hasRoomForAge, Since, standing, type Graded } from "./grades.tsx";
import { gradeText } from "./place.ts";
import { Sparkline } from "./sparkline.tsx";
import { lineUnits, unitsOf } from "./width.ts";

/** An alert about something that has no number says it in words; where one line does, the vital signs stay. */
export function Headline({ patient, alert, speech }: { patient: Patient; alert: Alert; speech: Speech }) {
  const words = speech.both(alert.title);
  const short = unitsOf(words) <= lineUnits;
  const grades = standing(patient).length;
  return (
    <>
      <p class="headline" data-size="primary" data-short={short || undefined}>
        {words}
      </p>
      {short ? (
        <div class="readings">
          <Vitals patient={patient} />
        </div>
      ) : null}
      <div class="tile-low">
        <Grades patient={patient} brief />
        <div class="tile-foot" data-tight={(grades > 1 && !hasRoomForAge(patient)) || undefined}>
          {grades > 0 ? <Day patient={patient} /> : null}
          {grades > 1 ? null : <Sparkline patient={patient} analyte="temperature" limit={null} />}
          <Age patient={patient} short={grades > 0} speech={speech} />
        </div>
      </div>
    </>
  );
}

/** Rules about a grade have no value of their own: the grade is the value. Null for every other rule. */
export function gradedBy(alert: Alert): Graded | null {
  const name = /^(crs|icans)-\d/.exec(alert.rule)?.[1];
  return name === "crs" || name === "icans" ? name : null;
}

export function GradeLarge({ patient, name }: { patient: Patient; name: Graded }) {
  return (
    <>
      <span class="reading">
        <span class="short" data-size="primary">
          {name.toUpperCase()}
        </span>
        <b data-size="value">{gradeText(patient[name])}</b>
      </span>
      <Since grade={patient[name]} />
    </>
  );
}

/** The measurement nearest to a grade, in the small letters: the large ones are the grade's. */
export function GradeVital({ patient, name }: { patient: Patient; name: Graded }) {
  return <Vital patient={patient} analyte={name === "crs" ? "temperature" : "ice"} small />;
}

export function Vitals({ patient }: { patient: Patient }) {
  return (
    <>
      <Vital patient={patient} analyte="temperature" />
      <Vital patient={patient} analyte="spo2" />
    </>
  );
}

function Vital({ patient, analyte, small }: { patient: Patient; analyte: string; small?: boolean }) {
  const latest = patient.latest?.[analyte];
  return (
    <span class="reading" data-small={small || undefined} data-stale={latest?.stale || undefined}>
      <Short analyte={analyte} />
      <b data-size={small ? "primary" : "value"}>
        {latest?.comparator ?? ""}
        {compactText(analyte, latest?.value)}
      </b>
    </span>
  );
}

/** Value against limit: the number large, the limit beside it, so that "how far" is one glance. */
export function Against({ reading, stale }: { reading: Reading; stale: boolean }) {
  return (
    <span class="reading against" data-stale={stale || undefined}>
      <Short analyte={reading.analyte} />
      <b data-size="value">
        {reading.mark}
        {reading.value}
      </b>
      {reading.limit === null ? null : (
        <span class="limit" data-size="primary">
          {reading.sign ?? "/"} {reading.limit}
        </span>
      )}
    </span>
  );
}

/** Subscripts are set, not typed: the condensed face has none. */
function Short({ analyte }: { analyte: string }) {
  const { short } = writtenAs(analyte);
  return (
    <span class="short" data-size="primary">
      {short.endsWith("₂") ? (
        <>
          {short.slice(0, -1)}
          <sub>2</sub>
        </>
      ) : (
        short
      )}
    </span>
  );
}
