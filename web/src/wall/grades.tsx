// Day and grades of one bed, and how long ago it last said anything.
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Grade, Patient } from "../wire.ts";
import type { Speech } from "../words/words.ts";
import { ageText, instant, shortAgeText, sinceText } from "../time.ts";
import { dayText } from "../value.ts";
import { now } from "../store.ts";
import { gradeText, isOld, sinceOf } from "./place.ts";
import { lineUnits, unitsOf } from "./width.ts";

export type Graded = "crs" | "icans";

interface GradesProps {
  patient: Patient;
  /** Leave out the day and what is zero, for a tile whose words need the room. */
  brief?: boolean;
  /** The grade that is shown large elsewhere on the tile. */
  without?: Graded | null;
  /** What follows on the same line. */
  children?: ComponentChildren;
}

const names: Graded[] = ["crs", "icans"];
/** Between the parts of a line. */
const gap = 0.28;
/** What a since takes at most, `11/22–`, with the space before it. */
const sinceUnits = 3.32;

/** The grades that stand, 1 to 4: each is always shown with since when. */
export function standing(patient: Patient, without: Graded | null = null): Graded[] {
  return names.filter((name) => name !== without && /[1-4]/.test(gradeText(patient[name])));
}

/** A grade above zero takes the row; without one both are said to be zero or unknown. */
function shownOf({ patient, brief, without }: GradesProps): Graded[] {
  const present = names.filter((name) => gradeText(patient[name]) !== "0");
  const certain = present.filter((name) => gradeText(patient[name]) !== "?");
  return (certain.length > 0 ? certain : brief ? present : names).filter((name) => name !== without);
}

function gradeUnits(patient: Patient, name: Graded): number {
  const since = sinceOf(patient[name]) !== null && standing(patient).includes(name) ? sinceUnits : 0;
  return unitsOf(`${name.toUpperCase()} ${gradeText(patient[name])}`) + since;
}

/** Whether the day finds no room beside the grades and has to stand below them. */
export function isCrowded(patient: Patient, without: Graded | null): boolean {
  const shown = shownOf({ patient, without });
  if (standing(patient, without).length > 1) return true;
  return shown.reduce((sum, name) => sum + gap + gradeUnits(patient, name), unitsOf(dayText(patient.day))) > lineUnits;
}

/** Whether an age, `<59分` at most, has room beside the first of two grades. */
export function hasRoomForAge(patient: Patient): boolean {
  return gradeUnits(patient, "crs") + 2.3 <= lineUnits;
}

/** One line, or where two grades stand a line for each. */
export function Grades({ patient, brief, without, children }: GradesProps) {
  const shown = shownOf({ patient, ...(brief ? { brief } : {}), ...(without ? { without } : {}) });
  return (
    <div class="grades" data-lines={standing(patient, without).length > 1 ? 2 : 1}>
      {brief || isCrowded(patient, without ?? null) ? null : <Day patient={patient} />}
      {shown.map((name) => (
        <span key={name} class="graded">
          <GradeShown name={name.toUpperCase()} grade={patient[name]} />
          <Since grade={patient[name]} />
        </span>
      ))}
      {children}
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

/** Since when a grade stands; nothing for one that does not. */
export function Since({ grade }: { grade: Grade | null | undefined }) {
  const at = /[1-4]/.test(gradeText(grade)) ? sinceOf(grade) : null;
  const text = useComputed(() => (at === null ? "" : sinceText(at, now.value)));
  if (at === null) return null;
  const [before, after] = text.value.split("/");
  return (
    <span class="since" data-size="primary">
      {before}
      {after === undefined ? null : <i>/</i>}
      {after}
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
export function Age({ patient, shown, own, short, speech }: { patient: Patient; shown?: string; own?: boolean; short?: boolean; speech: Speech }) {
  const latest = shown ? patient.latest?.[shown] : undefined;
  const stale = latest?.stale === true || isOld(patient);
  const at = latest && (own || latest.stale === true) ? instant(latest.measured_at) : newest(patient);
  const text = useComputed(() => (at === null ? "–" : (short ? shortAgeText : ageText)(now.value - at, speech)));
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
