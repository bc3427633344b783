// The rules: what is alerted on, on what grounds, and how often it happened.
import { signal } from "@preact/signals";
import { Loading, Missing, open, spoken } from "../shell.tsx";
import "./pages.css";
import type { BothLanguages, Priority } from "../wire.ts";
import type { Key } from "../words/words.ts";
import { SignalSign } from "../signal.tsx";
import { instant, stampText } from "../time.ts";
import { bedText } from "../value.ts";
import { rows, watched } from "./answer.ts";

interface Rule {
  id: string;
  title?: BothLanguages;
  priority?: Priority;
  kind?: "physiological" | "technical";
  when?: string;
  until?: string | null;
  for?: string | null;
  source?: string;
  rationale?: { cause?: string; consequence?: string; response?: string; time_to_respond?: string } | null;
  escalate?: string;
  shadow?: boolean;
  file?: string;
  last_fired?: string | null;
  fired?: number;
  evidence?: string;
  recent?: { at: string; ward?: string; bed?: string; state?: string; shadow?: boolean }[];
}

type Choice = "all" | "shadow" | "fired" | "never";
const choices: Choice[] = ["all", "fired", "never", "shadow"];

const listing = watched<{ hash?: string }>("/api/v1/rules", 60_000);
const sought = signal("");
const choice = signal<Choice>("all");

function isChosen(rule: Rule): boolean {
  switch (choice.value) {
    case "all":
      return true;
    case "shadow":
      return rule.shadow === true;
    case "fired":
      return (rule.fired ?? 0) > 0;
    case "never":
      return (rule.fired ?? 0) === 0;
  }
}

/** The newest alerts of a rule; for a rule on trial these are its results: what it would have called for. */
function Recent({ rule }: { rule: Rule }) {
  const words = spoken.value;
  const list = rule.recent ?? [];
  if (list.length === 0) return null;
  return (
    <details class="recent" open={rule.shadow || undefined}>
      <summary>{words.say(rule.shadow ? "rules.shadowResults" : "rules.recent", { n: list.length })}</summary>
      <ul class="lines">
        {list.map((one, n) => (
          <li key={n}>
            {stampText(instant(one.at) ?? 0)} · {one.ward} {bedText(one.bed, one.ward)} · {words.named("state", one.state ?? "")}
          </li>
        ))}
      </ul>
    </details>
  );
}

function RuleCard({ rule }: { rule: Rule }) {
  const words = spoken.value;
  const last = instant(rule.last_fired);
  const facts: [Key, string | null | undefined][] = [
    ["rules.cause", rule.rationale?.cause],
    ["rules.consequence", rule.rationale?.consequence],
    ["rules.response", rule.rationale?.response],
    ["rules.timeToRespond", rule.rationale?.time_to_respond],
    ["rules.escalate", rule.escalate],
    ["rules.source", rule.source],
    ["rules.evidence", rule.evidence ? words.named("grounds", rule.evidence) : null],
    ["rules.file", rule.file],
  ];
  return (
    <li class="card rule" id={rule.id}>
      <div class="rule-head">
        <SignalSign alert={{ kind: rule.kind ?? "physiological", priority: rule.priority ?? "info", state: rule.shadow ? "pending" : "active" }} words={words} />
        <h2>{words.both(rule.title) || rule.id}</h2>
        <code>{rule.id}</code>
      </div>
      <p class="said">
        {rule.shadow ? `${words.say("rules.shadow")} · ` : ""}
        {rule.fired ? words.say("rules.fired", { n: rule.fired }) : words.say("rules.never")}
        {last === null ? "" : ` · ${words.say("rules.lastFired", { time: stampText(last) })}`}
      </p>
      <dl>
        {([["rules.when", rule.when], ["rules.until", rule.until], ["rules.for", rule.for]] as [Key, string | undefined][]).map(([key, text]) =>
          text ? (
            <div key={key}>
              <dt>{words.say(key)}</dt>
              <dd>
                <code>{text}</code>
              </dd>
            </div>
          ) : null,
        )}
        {facts.map(([key, text]) =>
          text ? (
            <div key={key}>
              <dt>{words.say(key)}</dt>
              <dd>{text}</dd>
            </div>
          ) : null,
        )}
      </dl>
      <Recent rule={rule} />
    </li>
  );
}

open("rules.title", () => {
  const words = spoken.value;
  const answer = listing.answer.value;
  if (!answer) return <Loading />;
  if (!answer.ok) return <Missing reason={answer.reason} />;
  const wish = sought.value.toLowerCase();
  const list = rows<Rule>(answer.body, "rules").filter((rule) => isChosen(rule) && JSON.stringify(rule).toLowerCase().includes(wish));
  return (
    <div class="stack">
      <div class="page-head">
        <h1>{words.say("rules.title")}</h1>
        {answer.body?.hash ? <p class="said">{words.say("rules.hash", { hash: answer.body.hash.slice(0, 12) })}</p> : null}
      </div>
      <div class="filters">
        <label class="search">
          {words.say("rules.search")}
          <input type="search" value={sought.value} onInput={(event) => (sought.value = event.currentTarget.value)} />
        </label>
        <div class="segments" role="group" aria-label={words.say("rules.show")}>
          {choices.map((one) => (
            <button type="button" key={one} aria-pressed={choice.value === one} onClick={() => (choice.value = one)}>
              {words.say(`rules.show.${one}`)}
            </button>
          ))}
        </div>
      </div>
      <p class="said" role="status">
        {words.say("rules.count", { n: list.length })}
      </p>
      <ul class="stack">
        {list.map((rule) => (
          <RuleCard key={rule.id} rule={rule} />
        ))}
      </ul>
    </div>
  );
});
