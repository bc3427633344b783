// Whether we call too often: the figures by which an alarm system is judged, with their targets, and the way out as CSV.
import { signal } from "@preact/signals";
import { Loading, Missing, open, spoken } from "../shell.tsx";
import "./pages.css";
import type { BothLanguages } from "../wire.ts";
import type { Key, Speech } from "../words/words.ts";
import { SignalSign } from "../signal.tsx";
import { watched } from "./answer.ts";
import { instant, stampText } from "../time.ts";
import { ask } from "../ask.ts";
import { csvOf, saveText, type Named, type Quality } from "./csv.ts";
import { Outcomes, WaitTable } from "./outcomes.tsx";

const listing = watched<Quality>("/api/v1/quality", 60_000);
/** Titles of rules by id: a figure is read by people who do not know ids. */
const titles = signal<Readonly<Record<string, BothLanguages>>>({});
void ask<{ rules?: { id: string; title?: BothLanguages }[] }>("/api/v1/rules").then((answer) => {
  if (answer.ok) titles.value = Object.fromEntries((answer.body?.rules ?? []).flatMap((rule) => (rule.title ? [[rule.id, rule.title]] : [])));
});

function ruleText(id: string, words: Speech): string {
  return words.both(titles.value[id]) || words.named("technical", id);
}

open("quality.title", () => {
  const words = spoken.value;
  const answer = listing.answer.value;
  if (!answer) return <Loading />;
  if (!answer.ok || !answer.body) return <Missing reason={answer.ok ? "" : answer.reason} />;
  const quality = answer.body;
  return (
    <div class="stack">
      <div class="page-head">
        <h1>{words.say("quality.title")}</h1>
        <button type="button" onClick={() => saveText("stormwatch-quality.csv", csvOf(quality))}>
          {words.say("quality.csv")}
        </button>
      </div>
      <Figures quality={quality} />
      {quality.waits ? <WaitTable waits={quality.waits} words={words} /> : null}
      {quality.outcomes ? <Outcomes outcomes={quality.outcomes} words={words} /> : null}
      <ByDay quality={quality} />
      <div class="halves">
        <Bars title="quality.top" rows={(quality.top ?? []).map(({ rule, count }) => [ruleText(rule, words), count])} />
        <Bars
          title="quality.ratings"
          rows={Object.entries(quality.ratings ?? {}).map(([verdict, count]) => [words.named("verdict", verdict), count])}
        />
      </div>
      <div class="thirds">
        <Lines
          title="quality.floods"
          meaning="quality.floodsMeaning"
          list={(quality.floods ?? []).map((flood) => `${stamp(flood.at)} · ${words.say("quality.floodOf", { n: flood.alerts ?? 0 })}`)}
        />
        <Lines title="quality.chattering" meaning="quality.chatteringMeaning" list={named(quality.chattering, words)} />
        <Lines title="quality.standing" meaning="quality.standingMeaning" list={named(quality.standing, words)} />
      </div>
    </div>
  );
});

function Figures({ quality }: { quality: Quality }) {
  const words = spoken.value;
  const targets = quality.targets ?? {};
  const minutes = (value: number | null | undefined): string => (typeof value === "number" ? `${(value / 60).toFixed(1)} ${words.say("unit.minute")}` : "–");
  // A rate over less than one day of one patient is a number without a meaning.
  const perDay = (value: number | null | undefined): string => ((quality.patient_days ?? 0) < 1 ? "–" : text(value));
  const figures: [string, string, number | undefined, (n: number) => string][] = [
    [words.say("quality.patientDays"), text(quality.patient_days), undefined, String],
    [words.say("quality.perDay"), perDay(quality.alerts_per_patient_day), targets["alerts_per_patient_day"], String],
    [words.say("quality.interruptive"), perDay(quality.interruptive_per_patient_day), targets["interruptive_per_patient_day"], String],
    [`${words.say("quality.ack")} ${words.say("quality.ackP50")}`, minutes(quality.ack_seconds?.p50), targets["ack_seconds_p50"], minutes],
    [`${words.say("quality.ack")} ${words.say("quality.ackP90")}`, minutes(quality.ack_seconds?.p90), targets["ack_seconds_p90"], minutes],
  ];
  return (
    <dl class="figures">
      {figures.map(([name, value, target, write]) => (
        <div class="card" key={name}>
          <dt>{name}</dt>
          <dd>
            <b>{value}</b>
            {target === undefined ? null : <small>{words.say("quality.target", { value: write(target) })}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function text(value: number | null | undefined): string {
  return typeof value === "number" ? (Number.isInteger(value) ? String(value) : value.toFixed(1)) : "–";
}

const priorities = ["high", "medium", "low"] as const;

/** Stacked columns by priority, and the same numbers as a table. */
function ByDay({ quality }: { quality: Quality }) {
  const words = spoken.value;
  const days = quality.by_day ?? [];
  const most = Math.max(1, ...days.map((day) => priorities.reduce((sum, one) => sum + (day[one] ?? 0), 0)));
  return (
    <section class="card stack">
      <div class="page-head">
        <h2>{words.say("quality.byDay")}</h2>
        <p class="row" aria-hidden="true">
          {priorities.map((priority) => (
            <SignalSign key={priority} alert={{ kind: "physiological", priority, state: "active" }} words={words} />
          ))}
        </p>
      </div>
      {days.length === 0 ? <p class="said">{words.say("quality.none")}</p> : null}
      <div class="columns" aria-hidden="true">
        {days.map((day) => (
          <div class="column" key={day.day}>
            <div class="column-stack">
              {priorities.map((one) => (
                <i key={one} data-signal={one} style={{ height: `${((day[one] ?? 0) / most) * 100}%` }} />
              ))}
            </div>
            <small>{day.day.slice(5)}</small>
          </div>
        ))}
      </div>
      <details>
        <summary>{words.say("patient.table", { name: words.say("quality.byDay") })}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.say("quality.day")}</th>
              {priorities.map((one) => (
                <th scope="col" class="number" key={one}>
                  {words.say(`priority.${one}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days.map((day) => (
              <tr key={day.day}>
                <th scope="row">{day.day}</th>
                {priorities.map((one) => (
                  <td class="number" key={one}>
                    {day[one] ?? 0}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}

function Bars({ title, rows }: { title: Key; rows: [string, number][] }) {
  const words = spoken.value;
  const most = Math.max(1, ...rows.map(([, count]) => count));
  return (
    <section class="card stack">
      <h2>{words.say(title)}</h2>
      {rows.length === 0 ? <p class="said">{words.say("quality.none")}</p> : null}
      <ul class="counts">
        {rows.map(([name, count]) => (
          <li key={name}>
            <span>{name}</span>
            <span class="count-track" aria-hidden="true">
              <i style={{ width: `${(count / most) * 100}%` }} />
            </span>
            <b>{count}</b>
          </li>
        ))}
      </ul>
    </section>
  );
}

function stamp(at: string | undefined): string {
  const read = instant(at);
  return read === null ? "–" : stampText(read);
}

function named(list: readonly Named[] | undefined, words: Speech): string[] {
  return (list ?? []).map((one) => [`${one.ward ?? ""} ${one.bed ?? ""}`.trim(), ruleText(one.rule ?? "", words), stamp(one.since)].filter(Boolean).join(" · "));
}

function Lines({ title, meaning, list }: { title: Key; meaning: Key; list: readonly string[] }) {
  const words = spoken.value;
  return (
    <section class="card">
      <h2>
        {words.say(title)} <span class="said">{list.length}</span>
      </h2>
      <p class="said">{words.say(meaning)}</p>
      {list.length === 0 ? <p>{words.say("quality.none")}</p> : null}
      <ul class="lines">
        {list.map((line, n) => (
          <li key={n}>{line}</li>
        ))}
      </ul>
    </section>
  );
}
