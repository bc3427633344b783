// 24 hours of the value that drives the tile, with its limit, the days since infusion and what was given.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { useComputed } from "@preact/signals";
import type { Patient } from "../wire.ts";
import { instant } from "../time.ts";
import { writtenAs } from "../value.ts";
import { now } from "../store.ts";
import { memo } from "./memo.ts";
import { infusedAt } from "./place.ts";
import { lengthen, refresh, span, traceOf, type Point } from "./trace.ts";

const day = 24 * 3_600_000;

interface Box {
  width: number;
  height: number;
  /** What a mark at an edge needs on either side, px: the last dot is a fifth of the small letters wide. */
  edge: number;
}

interface SparklineProps {
  patient: Patient;
  analyte: string;
  limit: number | null;
}

/** Looked at again when the trace may have grown, not whenever something about the patient is news. */
export const Sparkline = memo<SparklineProps>(Trace, (a, b) => {
  const same = a.patient === b.patient || (a.patient.id === b.patient.id && newestMinute(a) === newestMinute(b) && treatmentOf(a.patient) === treatmentOf(b.patient));
  return same && a.analyte === b.analyte && a.limit === b.limit;
});

function newestMinute({ patient, analyte }: SparklineProps): number | null {
  const at = instant(patient.latest?.[analyte]?.measured_at);
  return at === null ? null : Math.floor(at / 60_000);
}

function Trace({ patient, analyte, limit }: SparklineProps) {
  const host = useRef<HTMLDivElement>(null);
  const [box, setBox] = useState<Box>({ width: 0, height: 0, edge: 0 });
  const points = traceOf(patient.id, analyte);
  const minute = useComputed(() => Math.floor(now.value / 60_000) * 60_000);
  const to = minute.value + 60_000;

  useEffect(() => {
    void refresh(patient.id, analyte, now.peek(), performance.now());
    lengthen(patient.id, analyte, patient.latest?.[analyte], now.peek());
  }, [patient, analyte, to]);

  useLayoutEffect(() => {
    const element = host.current;
    if (!element) return;
    const measure = (): void => setBox({ width: element.clientWidth, height: element.clientHeight, edge: parseFloat(getComputedStyle(element).fontSize) * 0.1 });
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    measure();
    return () => watch.disconnect();
  }, []);

  // Most frames change a number and not the trace: the same drawing is not compared line by line again.
  const known = points.value;
  const drawn = useMemo(() => (box.width > 0 ? draw(known, patient, analyte, limit, box, to) : null), [known, treatmentOf(patient), analyte, limit, box, to]);
  return (
    <div class="sparkline" ref={host} data-analyte={analyte} aria-hidden="true">
      {drawn}
    </div>
  );
}

/** What of the patient's record is in the drawing, as one text. */
function treatmentOf(patient: Patient): string {
  return `${infusedAt(patient)} ${(patient.therapies ?? []).map(({ kind, at }) => kind + at).join(" ")}`;
}

function draw(points: Point[], patient: Patient, analyte: string, limit: number | null, box: Box, to: number) {
  const written = writtenAs(analyte);
  const from = to - span;
  const inside = points.filter((point) => point.at >= from && point.at <= to);
  const values = [...inside.map((point) => point.value), ...(limit === null ? [] : [limit])];
  const low = Math.min(written.low, ...values);
  const high = Math.max(written.high, ...values);
  if (!Number.isFinite(low) || !Number.isFinite(high)) return null;
  const pad = box.height * 0.12;
  const marks = given(patient, from, to);
  // Told apart at five metres, and room is kept for them only where there are any.
  const lane = marks.length > 0 ? Math.min(box.height * 0.36, box.width * 0.1) : 0;
  const x = (at: number): number => ((at - from) / span) * box.width;
  const y = (value: number): number =>
    box.height - lane - pad - ((value - low) / (high - low || 1)) * (box.height - lane - 2 * pad);
  return (
    <svg width={box.width} height={box.height} viewBox={`0 0 ${box.width} ${box.height}`}>
      {dayLines(patient, from, to).map((at) => (
        <line key={at} class="spark-day" x1={x(at)} x2={x(at)} y1={0} y2={box.height} />
      ))}
      {limit !== null ? <line class="spark-limit" x1={0} x2={box.width} y1={y(limit)} y2={y(limit)} /> : null}
      <path class="spark-line" d={path(inside, written.gap, x, y)} />
      {inside.length < 12
        ? inside.slice(0, -1).map((point) => <circle key={point.at} class="spark-dot" cx={x(point.at)} cy={y(point.value)} />)
        : null}
      {lastDot(inside, x, y, box)}
      {marks.map(({ at, kind }) => (
        <path
          key={`${kind}${at}`}
          class="spark-given"
          data-kind={kind}
          d={(kind === "tocilizumab" ? down : rhomb)(within(x(at), lane, box), box.height, lane)}
        />
      ))}
    </svg>
  );
}

function lastDot(points: Point[], x: (at: number) => number, y: (value: number) => number, box: Box) {
  const last = points.at(-1);
  return last ? <circle class="spark-last" cx={Math.min(x(last.at), box.width - box.edge)} cy={y(last.value)} /> : null;
}

/** A gap in the data is a gap in the line: nothing was measured there, so nothing is drawn. */
function path(points: Point[], gap: number, x: (at: number) => number, y: (value: number) => number): string {
  let text = "";
  let before: number | null = null;
  for (const point of points) {
    const joined = before !== null && point.at - before <= gap;
    text += `${joined ? "L" : "M"}${x(point.at).toFixed(1)} ${y(point.value).toFixed(1)}`;
    before = point.at;
  }
  return text;
}

/** Midnights of the treatment clock: whole days since the infusion that fall into the span. */
function dayLines(patient: Patient, from: number, to: number): number[] {
  const infusion = infusedAt(patient);
  if (infusion === null) return [];
  const lines: number[] = [];
  for (let at = infusion + Math.ceil((from - infusion) / day) * day; at <= to; at += day) lines.push(at);
  return lines;
}

function given(patient: Patient, from: number, to: number): { at: number; kind: string }[] {
  return (patient.therapies ?? []).flatMap((therapy) => {
    const at = instant(therapy.at);
    const marked = therapy.kind === "tocilizumab" || therapy.kind === "steroid";
    return marked && at !== null && at >= from && at <= to ? [{ at, kind: therapy.kind }] : [];
  });
}

/** Moved in from an edge by as much as keeps a mark whole: half of one is no shape. */
function within(x: number, lane: number, box: Box): number {
  const half = lane * 0.7;
  return Math.min(Math.max(x, half), Math.max(half, box.width - half));
}

function down(x: number, height: number, lane: number): string {
  const half = lane * 0.55;
  return `M${x - half} ${height - lane}H${x + half}L${x} ${height - 1}Z`;
}

function rhomb(x: number, height: number, lane: number): string {
  const half = lane * 0.5;
  const middle = height - half - 1;
  return `M${x} ${middle - half}L${x + half} ${middle}L${x} ${middle + half}L${x - half} ${middle}Z`;
}
