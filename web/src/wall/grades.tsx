// Day and grades of one bed, and how long ago it last said anything.
import { useComputed } from "@preact/signals";
import type { Grade, Patient } from "../wire.ts";
import type { Speech } from "../words/words.ts";
import { ageText, clockText, instant } from "../time.ts";
import { dayText } from "../value.ts";
import { now } from "../store.ts";
import { gradeText, isOld } from "./place.ts";
import { lineUnits, unitsOf } from "./width.ts";

export type Graded = "crs" | "icans";

interface GradesProps {
  patient: Patient;
  /** Leave out what is zero, for a tile whose words need the room. */
  brief?: boolean;
  /** The grade that is shown large elsewhere on the tile. */
  without?: Graded | null;
}

const names: Graded[] = ["crs", "icans"];

/** One grade above zero takes the row, with the time since when; without one both are said to be zero or unknown. */
function shownOf({ patient, brief, without }: GradesProps): Graded[] {
  const present = names.filter((name) => gradeText(patient[name]) !== "0");
  const certain = present.filter((name) => gradeText(patient[name]) !== "?");
  return (certain.length > 0 ? certain : brief ? present : names).filter((name) => name !== without);
}

/** Whether the day finds no room beside the grades and has to stand below them. */
export function isCrowded(patient: Patient, without: Graded | null): boolean {
  const shown = shownOf({ patient, without });
  if (shown.length < 2) return false;
  const words = [dayText(patient.day), ...shown.map((name) => `${name.toUpperCase()} ${gradeText(patient[name])}`)];
  return unitsOf(words.join("")) + (words.length - 1) * 0.28 > lineUnits;
}

export function Grades({ patient, brief, without }: GradesProps) {
  const shown = shownOf({ patient, ...(brief ? { brief } : {}), ...(without ? { without } : {}) });
  const since = names
    .filter((name) => /[1-4]/.test(gradeText(patient[name])))
    .map((name) => instant(patient[name]?.since))
    .reduce<number | null>((last, at) => (at !== null && (last === null || at > last) ? at : last), null);
  const roomy = shown.length < 2;
  const dayElsewhere = brief ? !roomy : isCrowded(patient, without ?? null);
  return (
    <div class="grades">
      {dayElsewhere ? null : <Day patient={patient} />}
      {shown.map((name) => (
        <GradeShown key={name} name={name.toUpperCase()} grade={patient[name]} />
      ))}
      {since !== null && roomy && !brief ? (
        <span class="since" data-size="primary">
          {clockText(since)}–
        </span>
      ) : null}
    </div>
  );
}

export function Day({ patient }: { patient: Patient }) {
  return (
    <span class="day" data-size="primary">
      {dayText(patient.day)}
    </span>
  );
}

function GradeShown({ name, grade }: { name: string; grade: Grade | null | undefined }) {
  const charted = grade?.charted !== null && grade?.charted !== undefined;
  const text = gradeText(grade);
  return (
    <span class="grade" data-size="primary" data-grade={text === "?" ? "unknown" : text} data-charted={charted || undefined}>
      {name} <b>{text}</b>
    </span>
  );
}

/**
 * How old what the tile shows is: of a value against its limit the age of that value, because a fresh pulse must not lend
 * its age to this morning's phosphate; otherwise how long ago the bed last said anything, or, where the value shown has
 * grown old, since when.
 */
export function Age({ patient, shown, own, speech }: { patient: Patient; shown?: string; own?: boolean; speech: Speech }) {
  const latest = shown ? patient.latest?.[shown] : undefined;
  const stale = latest?.stale === true || isOld(patient);
  const at = latest && (own || latest.stale === true) ? instant(latest.measured_at) : newest(patient);
  const text = useComputed(() => (at === null ? "–" : ageText(now.value - at, speech)));
  return (
    <span class="age" data-size="primary" data-stale={stale || at === null || undefined}>
      {text}
    </span>
  );
}

function newest(patient: Patient): number | null {
  return Object.values(patient.latest ?? {}).reduce<number | null>((last, latest) => {
    const at = instant(latest.measured_at);
    return at !== null && (last === null || at > last) ? at : last;
  }, null);
}
