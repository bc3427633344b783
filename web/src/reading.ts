// What an alert's evidence says in one glance: which value, how far from which limit. A rule may compare the value itself or
// something reckoned from it (a fall against the patient's own baseline); the two must not be mixed up.
import type { Evidence } from "./wire.ts";
import { compactText, signOf, writtenAs } from "./value.ts";

export interface Reading {
  analyte: string;
  /** Set before the value, because that is what fell or rose: `Δ` for a change, `↓` for a fall, `↑` for a rise; empty for the value itself. */
  mark: string;
  value: string;
  sign: string | null;
  /** Null where the service named none. */
  limit: string | null;
  /** The limit on the axis of the value, for a line in a chart; null where the limit is about something reckoned. */
  line: number | null;
}

const statistics = new Set(["", "last", "min", "max", "mean", "median"]);
const sustained: Record<string, string> = {
  sustained_below: "<",
  sustained_at_most: "≤",
  sustained_above: ">",
  sustained_at_least: "≥",
};

/**
 * The row that a glance should show: one that is beyond its limit. A rule may ask for one of several things, and the one
 * that was not the reason must not stand for it.
 */
export function leading(evidence: readonly Evidence[] | undefined): Evidence | undefined {
  return (
    evidence?.find((row) => isBeyond(row) && readingOf(row) !== null) ??
    evidence?.find((row) => measureOf(row) in sustained) ??
    evidence?.find((row) => typeof row.limit === "number" && !isWithin(row)) ??
    evidence?.[0]
  );
}

function compared(row: Evidence): boolean | null {
  const value = (row.feature ?? "") === "" ? (row.result ?? row.value) : row.result;
  if (typeof row.limit !== "number" || typeof value !== "number") return null;
  switch (signOf(row)) {
    case ">":
      return value > row.limit;
    case "≥":
      return value >= row.limit;
    case "<":
      return value < row.limit;
    case "≤":
      return value <= row.limit;
    default:
      return null;
  }
}

function isBeyond(row: Evidence): boolean {
  return compared(row) === true;
}

function isWithin(row: Evidence): boolean {
  return compared(row) === false;
}

/** `change_from_baseline("24h")` is asked by `change_from_baseline`. */
function measureOf(row: Evidence): string {
  return /^\w*/.exec(row.feature ?? "")?.[0] ?? "";
}

/** Null where the evidence has no number to show, such as an age; then the alert's own title has to say it. */
export function readingOf(row: Evidence | undefined): Reading | null {
  if (!row || row.value === null || row.value === undefined) return null;
  const measure = measureOf(row);
  const limit = typeof row.limit === "number" ? row.limit : null;
  const plain = { analyte: row.analyte, mark: "", sign: limit === null ? null : signOf(row), line: limit };
  const write = (value: number): string => compactText(row.analyte, value);
  const heard = `${row.comparator ?? ""}${write(row.value)}`;
  if (statistics.has(measure)) {
    const value = measure === "" || typeof row.result !== "number" ? heard : write(row.result);
    return { ...plain, value, limit: limit === null ? null : write(limit) };
  }
  const held = sustained[measure];
  if (held) {
    const named = Number(/\(\s*(-?[\d.]+)/.exec(row.feature ?? "")?.[1] ?? "");
    const known = /\(\s*-?[\d.]+/.test(row.feature ?? "");
    return { ...plain, value: heard, sign: known ? held : null, limit: known ? write(named) : null, line: known ? named : null };
  }
  if (typeof row.result !== "number") return null;
  const reckoned = reckonedText(measure, row.analyte);
  if (!reckoned) return null;
  return {
    ...plain,
    mark: reckoned.mark,
    value: reckoned.write(row.result),
    // The unit was said with the value; on a wall there is no room to say it twice.
    limit: limit === null ? null : reckoned.write(limit).replace(/[%×]|\/h$/g, ""),
    line: null,
  };
}

function reckonedText(measure: string, analyte: string): { mark: string; write: (n: number) => string } | null {
  const own = (n: number): string => minus(n.toFixed(writtenAs(analyte).digits));
  switch (measure) {
    case "change_from_baseline":
    case "change_percent":
      return { mark: "Δ", write: (n) => `${minus(n.toFixed(0))}%` };
    case "ratio_to_baseline":
      return { mark: "", write: (n) => `×${n.toFixed(1)}` };
    case "change":
      return { mark: "Δ", write: own };
    case "fall":
      return { mark: "↓", write: own };
    case "rise":
      return { mark: "↑", write: own };
    case "slope":
      return { mark: "Δ", write: (n) => `${own(n)}/h` };
    default:
      return null;
  }
}

/** A true minus sign: a hyphen is lost at five metres. */
function minus(text: string): string {
  return text.replace(/^-/, "−");
}
