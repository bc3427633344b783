// What was given, as runs and moments.
import type { Therapy } from "../wire.ts";
import { instant } from "../time.ts";

/** Oxygen and vasopressors run until somebody changes or stops them; the rest is given once. */
export function runs(therapy: { kind: string }): boolean {
  return therapy.kind === "oxygen" || therapy.kind === "vasopressor";
}

/** Each run with its end: the row that replaces or stops it, or the end it was given. Rows that only stop or withdraw something are not drawn themselves. */
export function ended(therapies: readonly Therapy[]): Therapy[] {
  const inOrder = [...therapies].sort((a, b) => (instant(a.at) ?? 0) - (instant(b.at) ?? 0));
  return inOrder.flatMap((therapy, n) => {
    if (therapy.action === "stopped" || therapy.action === "withdrawn" || therapy.device === "none") return [];
    if (!runs(therapy)) return [therapy];
    const next = inOrder.slice(n + 1).find((other) => ends(other, therapy));
    const stopsFirst = next && (instant(next.at) ?? 0) < (instant(therapy.until) ?? Infinity);
    return [stopsFirst ? { ...therapy, until: next.at } : therapy];
  });
}

/** What runs at an instant. */
export function running(therapies: readonly Therapy[], at: number): Therapy[] {
  const begun = therapies.filter((therapy) => (instant(therapy.at) ?? Infinity) <= at);
  return ended(begun).filter((therapy) => runs(therapy) && (instant(therapy.until) ?? Infinity) > at);
}

/** Whether a later row ends an earlier run, as the service sees it: a stop without a name ends whatever ran. */
function ends(later: Therapy, run: Therapy): boolean {
  if (later.kind !== run.kind || later.action === "withdrawn") return false;
  const sameAgent = (later.agent ?? null) === (run.agent ?? null);
  if (later.action !== "stopped") return run.kind === "oxygen" || sameAgent;
  // Taking the cannula away while a mask runs takes no oxygen away.
  if (run.kind === "oxygen") return !later.device || later.device === "none" || !run.device || later.device === run.device;
  return !later.agent || !run.agent || sameAgent;
}
