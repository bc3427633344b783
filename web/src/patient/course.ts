// What was given, as runs and moments.
import type { Therapy } from "../wire.ts";
import { instant } from "../time.ts";

/** Oxygen and vasopressors run until somebody changes or stops them; the rest is given once. */
export function runs(therapy: Therapy): boolean {
  return therapy.kind === "oxygen" || therapy.kind === "vasopressor";
}

/** Each run with its end: the next row of its kind. Rows that only stop or withdraw something are not drawn themselves. */
export function ended(therapies: readonly Therapy[]): Therapy[] {
  const inOrder = [...therapies].sort((a, b) => (instant(a.at) ?? 0) - (instant(b.at) ?? 0));
  return inOrder.flatMap((therapy, n) => {
    if (therapy.action === "stopped" || therapy.action === "withdrawn" || therapy.device === "none") return [];
    if (!runs(therapy) || therapy.until) return [therapy];
    const next = inOrder.slice(n + 1).find((other) => other.kind === therapy.kind && (therapy.kind === "oxygen" || other.agent === therapy.agent));
    return [next ? { ...therapy, until: next.at } : therapy];
  });
}
