// Whether we call too often: the figures by which an alarm system is judged, with their targets, and the way out as CSV.
import { Loading, Missing, open, spoken } from "../shell.tsx";
import "./pages.css";
import type { Key } from "../words/words.ts";
import { SignalSign } from "../signal.tsx";
import { watched } from "./answer.ts";
import { csvOf, type Quality } from "./csv.ts";

const listing = watched<Quality>("/api/v1/quality", 60_000);

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
        <button type="button" onClick={() => save(quality)}>
          {words.say("quality.csv")}
        </button>
      </div>
      <Figures quality={quality} />
      <ByDay quality={quality} />
      <div class="halves">
        <Bars title="quality.top" rows={(quality.top ?? []).map(({ rule, count }) => [rule, count])} />
        <Bars
          title="quality.ratings"
          rows={Object.entries(quality.ratings ?? {}).map(([verdict, count]) => [words.named("verdict", verdict), count])}
        />
      </div>
      <div class="thirds">
        <Named title="quality.floods" meaning="quality.floodsMeaning" list={quality.floods} />
        <Named title="quality.chattering" meaning="quality.chatteringMeaning" list={quality.chattering} />
        <Named title="quality.standing" meaning="quality.standingMeaning" list={quality.standing} />
      </div>
    </div>
  );
});

function Figures({ quality }: { quality: Quality }) {
  const words = spoken.value;
  const targets = quality.targets ?? {};
  const minutes = (value: number | null | undefined): string => (typeof value === "number" ? `${(value / 60).toFixed(1)} ${words.say("unit.minute")}` : "–");
  const figures: [string, string, number | undefined, (n: number) => string][] = [
    [words.say("quality.patientDays"), text(quality.patient_days), undefined, String],
    [words.say("quality.perDay"), text(quality.alerts_per_patient_day), targets["alerts_per_patient_day"], String],
    [words.say("quality.interruptive"), text(quality.interruptive_per_patient_day), targets["interruptive_per_patient_day"], String],
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

function Named({ title, meaning, list }: { title: Key; meaning: Key; list: unknown[] | undefined }) {
  const words = spoken.value;
  const lines = (list ?? []).map((one) => (typeof one === "object" && one !== null ? Object.values(one).join(" · ") : String(one)));
  return (
    <section class="card">
      <h2>
        {words.say(title)} <span class="said">{lines.length}</span>
      </h2>
      <p class="said">{words.say(meaning)}</p>
      {lines.length === 0 ? <p>{words.say("quality.none")}</p> : null}
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  );
}

function save(quality: Quality): void {
  const address = URL.createObjectURL(new Blob([csvOf(quality)], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = "stormwatch-quality.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
