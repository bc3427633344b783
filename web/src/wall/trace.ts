// The 24 hours behind a tile: asked once a minute, lengthened by what the socket brings in between.
import { signal, type Signal } from "@preact/signals";
import type { Latest, Series, SeriesPoint } from "../wire.ts";
import { ask, segment } from "../ask.ts";
import { instant } from "../time.ts";

export interface Point {
  at: number;
  value: number;
}

export const span = 24 * 3_600_000;
const askEvery = 60_000;
/** A trace is a few hundred dots wide: of one minute the newest value stands for all, however fast a monitor speaks. */
const closest = 60_000;
/** And that is looked at so often; what came last in a burst is in the answer to the next question. */
const renewed = 60_000;

interface Trace {
  points: Signal<Point[]>;
  askedAt: number;
}

const traces = new Map<string, Trace>();

/** The trace of one analyte of one patient; the same signal each time it is asked for. */
export function traceOf(patient: string, analyte: string): Signal<Point[]> {
  return entry(patient, analyte).points;
}

function entry(patient: string, analyte: string): Trace {
  const key = `${patient}\n${analyte}`;
  let found = traces.get(key);
  if (!found) {
    found = { points: signal([]), askedAt: -Infinity };
    traces.set(key, found);
  }
  return found;
}

/** Asks again when a minute has passed. `now` is server time, `clock` the page's own. */
export async function refresh(patient: string, analyte: string, now: number, clock: number): Promise<void> {
  const trace = entry(patient, analyte);
  if (clock - trace.askedAt < askEvery) return;
  trace.askedAt = clock;
  const query = new URLSearchParams({
    analyte,
    from: new Date(now - span).toISOString(),
    to: new Date(now).toISOString(),
    points: "240",
  });
  const answer = await ask<Series>(`/api/v1/patients/${segment(patient)}/series?${query}`);
  if (answer.ok && Array.isArray(answer.body?.points)) trace.points.value = joined(answer.body.points, trace.points.value, now);
}

/** What was asked for, then what came over the socket after it. */
function joined(asked: SeriesPoint[], known: Point[], now: number): Point[] {
  const points = asked.flatMap((point) => {
    const at = instant(point.at);
    return at === null || point.value === null ? [] : [{ at, value: point.value }];
  });
  const last = points.at(-1)?.at ?? -Infinity;
  return trimmed([...points, ...known.filter((point) => point.at > last)], now);
}

/** A newer value from the patient's own record. */
export function lengthen(patient: string, analyte: string, latest: Latest | undefined, now: number): void {
  const at = instant(latest?.measured_at);
  if (!latest || latest.value === null || at === null) return;
  const trace = entry(patient, analyte);
  const known = trace.points.peek();
  if (at < (known.at(-1)?.at ?? -Infinity) + renewed) return;
  trace.points.value = lengthened(known, { at, value: latest.value }, now);
}

/** With the new value at its end, in place of the last one where both are of the same minute. */
export function lengthened(known: readonly Point[], point: Point, now: number): Point[] {
  const last = known.at(-1);
  const same = last !== undefined && Math.floor(last.at / closest) === Math.floor(point.at / closest);
  return trimmed([...(same ? known.slice(0, -1) : known), point], now);
}

function trimmed(points: Point[], now: number): Point[] {
  return points.filter((point) => point.at >= now - span);
}

/** Patients that left take their traces along; a kiosk runs for months. */
export function forget(present: ReadonlySet<string>): void {
  for (const key of traces.keys()) if (!present.has(key.split("\n", 1)[0] ?? "")) traces.delete(key);
}
