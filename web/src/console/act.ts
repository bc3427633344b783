// What a person does to an alert, and what became of it. An answer is shown at the alert itself, never in passing.
import { signal } from "@preact/signals";
import type { Alert, Verdict } from "../wire.ts";
import { segment, tell, type Answer } from "../ask.ts";

/** Seconds in which an acknowledgement or a shelving can be taken back. */
export const undoFor = 10_000;

export type Outcome =
  | { kind: "busy" }
  | { kind: "done"; what: "acknowledged" | "shelved"; alert: Alert; until: number }
  | { kind: "undone" }
  | { kind: "failed"; reason: string };

export const outcomes = signal<Readonly<Record<string, Outcome>>>({});
export const rated = signal<Readonly<Record<string, Verdict>>>({});

function set(alert: string, outcome: Outcome | null): void {
  const next = { ...outcomes.value };
  if (outcome) next[alert] = outcome;
  else delete next[alert];
  outcomes.value = next;
}

function path(alert: string, action: string): string {
  return `/api/v1/alerts/${segment(alert)}/${action}`;
}

function failure(answer: Answer<unknown>): Outcome {
  return { kind: "failed", reason: answer.ok ? "" : answer.reason || "–" };
}

export async function acknowledge(alert: Alert, comment: string | null): Promise<void> {
  set(alert.id, { kind: "busy" });
  const answer = await tell(path(alert.id, "acknowledge"), comment ? { comment } : {});
  finish(alert, answer, "acknowledged");
}

export async function shelve(alert: Alert, minutes: number, reason: string): Promise<void> {
  set(alert.id, { kind: "busy" });
  const answer = await tell(path(alert.id, "shelve"), { minutes, reason });
  finish(alert, answer, "shelved");
}

function finish(alert: Alert, answer: Answer<unknown>, what: "acknowledged" | "shelved"): void {
  if (!answer.ok) return set(alert.id, failure(answer));
  const outcome: Outcome = { kind: "done", what, alert, until: performance.now() + undoFor };
  set(alert.id, outcome);
  setTimeout(() => {
    if (outcomes.value[alert.id] === outcome) set(alert.id, null);
  }, undoFor);
}

export async function undo(alert: string): Promise<void> {
  const answer = await tell(path(alert, "undo"), {});
  set(alert, answer.ok ? { kind: "undone" } : failure(answer));
  if (answer.ok) setTimeout(() => set(alert, null), 3_000);
}

/** Ends a suppression before its time; the alert calls again where its condition still holds. */
export async function unshelve(alert: string): Promise<void> {
  set(alert, { kind: "busy" });
  const answer = await tell(path(alert, "unshelve"), {});
  set(alert, answer.ok ? null : failure(answer));
}

export async function rate(alert: string, verdict: Verdict): Promise<void> {
  const answer = await tell(path(alert, "rate"), { verdict });
  if (answer.ok) rated.value = { ...rated.value, [alert]: verdict };
  else set(alert, failure(answer));
}
