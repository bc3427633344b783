// The steps of an escalation: who was told, who is told next and when, and who must answer.
import { signal, useComputed } from "@preact/signals";
import type { Alert, Policy } from "./wire.ts";
import type { Speech } from "./words/words.ts";
import { ask } from "./ask.ts";
import { countdownText, instant } from "./time.ts";
import { now } from "./store.ts";

const policies = signal<Readonly<Record<string, Policy>>>({});

/** Asks once: who is told when changes with the rules, and those change with a restart. */
export async function learnPolicies(): Promise<void> {
  const answer = await ask<{ policies?: Policy[] }>("/api/v1/rules");
  if (!answer.ok) return;
  policies.value = Object.fromEntries((answer.body?.policies ?? []).map((policy) => [policy.id, policy]));
}

export type Rung = { roles: string[]; state: "done" } | { roles: string[]; state: "next" | "later"; at: number | null };

/** The steps of `policy` as they stand for an alert; instants in ms since 1970, null where nothing is due. */
export function rungs(alert: Pick<Alert, "step" | "next_step_at">, policy: Policy): Rung[] {
  const reached = alert.step ?? 0;
  const nextAt = instant(alert.next_step_at);
  const first = policy.steps[reached];
  return policy.steps.map((step, n) => {
    if (n < reached) return { roles: step.roles, state: "done" };
    // Later steps keep the distance of the policy to the next one.
    const at = nextAt === null || !first ? null : nextAt + (step.after_seconds - first.after_seconds) * 1000;
    return { roles: step.roles, state: n === reached ? "next" : "later", at };
  });
}

export function Ladder({ alert, words, folded }: { alert: Alert; words: Speech; folded?: boolean }) {
  const policy = alert.escalation ? policies.value[alert.escalation] : undefined;
  if (!policy || policy.steps.length === 0) return null;
  const steps = rungs(alert, policy);
  const calling = alert.state === "active" || alert.state === "returned";
  const over = steps.every((step) => step.state === "done");
  const repeatAt = over && calling ? instant(alert.next_step_at) : null;
  const awaiting = alert.awaiting ?? [];
  const due = steps.find((step) => step.state === "next");
  const nextAt = due && due.state !== "done" ? due.at : repeatAt;
  return (
    <details class="ladder" open={!folded || undefined}>
      <summary>
        {words.say("ladder.title")} <small>{calling && nextAt !== null ? <Countdown at={nextAt} words={words} /> : null}</small>
      </summary>
      <ol>
        {steps.map((step, n) => (
          <li key={n} data-step={step.state} data-paused={!calling || undefined}>
            <span>{namesOf(step.roles, words)}</span>
            <small>
              {step.state === "done" ? words.say("ladder.told") : !calling ? words.say("ladder.paused") : <Countdown at={step.at} words={words} />}
            </small>
          </li>
        ))}
        {repeatAt === null ? null : (
          <li data-step="next">
            <span>{words.say("ladder.again")}</span>
            <small>
              <Countdown at={repeatAt} words={words} />
            </small>
          </li>
        )}
      </ol>
      {awaiting.length > 0 && alert.state !== "closed" ? <p class="said">{words.say("ladder.awaiting", { roles: namesOf(awaiting, words) })}</p> : null}
    </details>
  );
}

function Countdown({ at, words }: { at: number | null; words: Speech }) {
  const text = useComputed(() => {
    if (at === null) return words.say("ladder.none");
    return at > now.value ? words.say("ladder.in", { time: countdownText(at - now.value) }) : words.say("ladder.due");
  });
  return <>{text}</>;
}

function namesOf(roles: readonly string[], words: Speech): string {
  return roles.map((role) => roleText(role, words)).join(words.say("list.comma"));
}

/** The role in full, or as the service names it. */
export function roleText(role: string, words: Speech): string {
  return words.named("role", `${role}.full`).replace(/\.full$/, "");
}
