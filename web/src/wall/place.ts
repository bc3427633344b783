// Which bed gets a tile and which becomes a chip when a ward has more beds than the screen can show legibly.
import type { Alert, Patient } from "../wire.ts";
import { instant } from "../time.ts";
import { leading, readingOf } from "../reading.ts";
import { alertsOf, type Ward } from "../ward.ts";

export interface Seat {
  patient: Patient;
  alerts: Alert[];
}

const rank = { high: 3000, medium: 2000, low: 1000, info: 0 } as const;

/** Every patient with a bed, by ward and bed: a bed keeps its place on the wall whatever happens in it. */
export function seats(ward: Ward): Seat[] {
  return Object.values(ward.patients)
    .map((patient) => ({ patient, alerts: numberFirst(alertsOf(ward, patient.id).filter((alert) => alert.priority !== "info")) }))
    .sort((a, b) => byBed(a.patient, b.patient));
}

/**
 * What and how far is one glance: of the alerts that call equally loud the first one with a value against its limit
 * stands on the tile, not one that has words only.
 */
export function numberFirst(alerts: readonly Alert[]): Alert[] {
  const [first] = alerts;
  const lead = alerts.find((alert) => alert.priority === first?.priority && alert.state === first.state && hasLimit(alert)) ?? first;
  return lead ? [lead, ...alerts.filter((alert) => alert !== lead)] : [];
}

function hasLimit(alert: Alert): boolean {
  return (readingOf(leading(alert.evidence))?.limit ?? null) !== null;
}

const order = new Intl.Collator("en", { numeric: true });

export function byBed(a: Patient, b: Patient): number {
  return order.compare(a.ward, b.ward) || order.compare(a.bed ?? "", b.bed ?? "");
}

export function isAlarmed(seat: Seat): boolean {
  return seat.alerts.length > 0;
}

/** Whether everything known of the bed is old. */
export function isOld(patient: Patient): boolean {
  const all = Object.values(patient.latest ?? {});
  return all.length > 0 && all.every((one) => one.stale);
}

/** Tiles for the `room` beds at greatest risk, alarmed ones always; the rest as chips. Both in bed order. */
export function split(all: readonly Seat[], room: number): { tiles: Seat[]; chips: Seat[] } {
  if (all.length <= room) return { tiles: [...all], chips: [] };
  const chosen = new Set(
    [...all]
      .sort((a, b) => risk(b) - risk(a))
      .slice(0, Math.max(room, all.filter(isAlarmed).length)),
  );
  return { tiles: all.filter((seat) => chosen.has(seat)), chips: all.filter((seat) => !chosen.has(seat)) };
}

/** An order, not a probability: alarmed beds first by priority, then grade, then the early score. */
function risk(seat: Seat): number {
  const alarmed = seat.alerts.reduce((most, alert) => Math.max(most, rank[alert.priority]), 0);
  const grade = Math.max(gradeOf(seat.patient.crs) ?? 0, gradeOf(seat.patient.icans) ?? 0);
  const points = Math.max(seat.patient.risk?.crs?.points ?? 0, seat.patient.risk?.icans?.points ?? 0);
  return alarmed + grade * 100 + points;
}

/** How the grade is written: a number, `≥1` where only that much is certain, `?` where nothing is. */
export function gradeText(grade: Patient["crs"]): string {
  const known = gradeOf(grade);
  if (known !== null) return String(known);
  return grade?.at_least ? `≥${grade.at_least}` : "?";
}

/** Since when the grade that is shown stands: a charted one that is not the suggestion, since it was charted. */
export function sinceOf(grade: Patient["crs"]): number | null {
  const charted = grade?.charted ?? null;
  const ours = charted === null || charted === (grade?.suggested ?? null);
  return instant(ours ? grade?.since : (grade?.charted_at ?? grade?.since));
}

/** When the infusion was, ms since 1970. */
export function infusedAt(patient: Patient): number | null {
  return instant(patient.infused_at) ?? instant(patient.therapies?.find((therapy) => therapy.kind === "infusion")?.at);
}

/** The grade to show: what a clinician charted, else what was suggested; null is unknown and never zero. */
export function gradeOf(grade: Patient["crs"]): number | null {
  return grade?.charted ?? grade?.suggested ?? grade?.grade ?? null;
}
