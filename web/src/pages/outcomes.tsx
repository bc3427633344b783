// What became of patients after their infusion, and how long alerts waited: the figures of a ward's own review.
import { signal } from "@preact/signals";
import type { Key, Speech } from "../words/words.ts";
import { SignalSign } from "../signal.tsx";
import { instant, stampText } from "../time.ts";
import { bedText } from "../value.ts";
import { coursesCsv, saveText, type ByGrade, type Course, type Days, type Incidence, type Outcomes as Found, type Treatment, type Waits } from "./csv.ts";

/** Null until somebody chooses: those whose thirty days are over, where there are any. */
const when = signal<"day_30" | "so_far" | null>(null);

export function Outcomes({ outcomes, words }: { outcomes: Found; words: Speech }) {
  const chosen = when.value ?? ((outcomes.day_30_over ?? 0) > 0 ? "day_30" : "so_far");
  const counted = outcomes.incidence?.[chosen];
  return (
    <section class="stack" aria-labelledby="outcomes-title">
      <div class="page-head">
        <div>
          <h2 id="outcomes-title">{words.say("outcomes.title")}</h2>
          <p class="said">{words.say("outcomes.meaning", { n: outcomes.patients ?? 0, over: outcomes.day_30_over ?? 0 })}</p>
        </div>
        <div class="row">
          <div class="segments" role="group" aria-label={words.say("outcomes.when")}>
            {(["day_30", "so_far"] as const).map((one) => (
              <button type="button" key={one} aria-pressed={one === chosen} onClick={() => (when.value = one)}>
                {words.say(`outcomes.${one}`)}
              </button>
            ))}
          </div>
          {outcomes.courses ? (
            <button type="button" onClick={() => saveText("stormwatch-courses.csv", coursesCsv(outcomes.courses ?? []))}>
              {words.say("outcomes.csv")}
            </button>
          ) : null}
        </div>
      </div>
      <div class="halves">
        <Grades title="CRS" counted={counted} scale="crs" words={words} />
        <Grades title="ICANS" counted={counted} scale="icans" words={words} />
      </div>
      <dl class="figures">
        <TreatmentFigure title="outcomes.tocilizumab" found={outcomes.to_tocilizumab} words={words} />
        <TreatmentFigure title="outcomes.steroid" found={outcomes.to_steroid} words={words} />
        <DaysFigure title="outcomes.stay" found={outcomes.stay_days} words={words} />
        <DaysFigure title="outcomes.afterInfusion" found={outcomes.infusion_to_discharge_days} words={words} />
        <DaysFigure title="outcomes.beforeInfusion" found={outcomes.admission_to_infusion_days} words={words} />
        <div class="card">
          <dt>{words.say("outcomes.missed")}</dt>
          <dd>
            <b data-warn={(outcomes.missed_patients ?? 0) > 0 || undefined}>{outcomes.missed_patients ?? "–"}</b>
            <small>{words.say("outcomes.missedMeaning")}</small>
          </dd>
        </div>
      </dl>
      <Misses courses={outcomes.courses ?? []} words={words} />
    </section>
  );
}

const rows = [5, 4, 3, 2, 1, 0] as const;

/** How many patients reached which grade at worst: what a physician charted beside what was suggested. */
function Grades({ title, counted, scale, words }: { title: string; counted: Incidence | undefined; scale: "crs" | "icans"; words: Speech }) {
  const { charted, suggested } = counted?.[scale] ?? {};
  const all = counted?.patients ?? 0;
  const of = (by: ByGrade | undefined, grade: number | null): number => (grade === null ? by?.unknown : by?.grades?.[grade]) ?? 0;
  const share = (n: number): string => (all === 0 ? "0%" : `${((n / all) * 100).toFixed(0)}%`);
  const bar = (by: "charted" | "suggested", n: number) => (
    <td class="share" data-by={by}>
      <span class="count-track" aria-hidden="true">
        <i style={{ width: share(n) }} />
      </span>
      <span>
        <b>{n}</b> {n > 0 ? <small>{share(n)}</small> : null}
      </span>
    </td>
  );
  return (
    <section class="card stack">
      <h3>{words.say("outcomes.incidence", { scale: title })}</h3>
      {all === 0 ? <p class="said">{words.say("quality.none")}</p> : null}
      <table class="incidence">
        <thead>
          <tr>
            <th scope="col">{words.say("outcomes.grade")}</th>
            <th scope="col">{words.say("patient.charted")}</th>
            <th scope="col">{words.say("patient.suggested")}</th>
          </tr>
        </thead>
        <tbody>
          {[...rows, null].map((grade) => (
            <tr key={String(grade)}>
              <th scope="row">{grade ?? words.say("outcomes.unknown")}</th>
              {bar("charted", of(charted, grade))}
              {bar("suggested", of(suggested, grade))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function TreatmentFigure({ title, found, words }: { title: Key; found: Treatment | undefined; words: Speech }) {
  return (
    <div class="card">
      <dt>{words.say(title)}</dt>
      <dd>
        <b>{spanOf(found?.p50_minutes, words)}</b>
        <small>
          {words.say("outcomes.ninety", { value: spanOf(found?.p90_minutes, words) })} · {words.say("outcomes.treated", { n: found?.patients ?? 0, before: found?.before_alert ?? 0 })}
        </small>
      </dd>
    </div>
  );
}

function DaysFigure({ title, found, words }: { title: Key; found: Days | undefined; words: Speech }) {
  const write = (value: number | null | undefined): string => (typeof value === "number" ? `${value} ${words.say("outcomes.days")}` : "–");
  return (
    <div class="card">
      <dt>{words.say(title)}</dt>
      <dd>
        <b>{write(found?.p50)}</b>
        <small>
          {words.say("outcomes.ninety", { value: write(found?.p90) })} · {words.say("outcomes.patients", { n: found?.patients ?? 0 })}
        </small>
      </dd>
    </div>
  );
}

/** Minutes below two hours, then hours: a median of 743 minutes says nothing. */
function spanOf(minutes: number | null | undefined, words: Speech): string {
  if (typeof minutes !== "number") return "–";
  return minutes < 120 ? `${minutes} ${words.say("unit.minute")}` : `${(minutes / 60).toFixed(1)} ${words.say("unit.hour")}`;
}

function Misses({ courses, words }: { courses: readonly Course[]; words: Speech }) {
  const missed = courses.filter((course) => (course.misses ?? []).length > 0);
  if (missed.length === 0) return null;
  return (
    <section class="card stack">
      <h3>{words.say("outcomes.missedList")}</h3>
      <div class="table-frame" tabIndex={0} role="region" aria-label={words.say("outcomes.missedList")}>
        <table class="misses">
          <thead>
            <tr>
              {(["console.ward", "patient.bed", "outcomes.infused", "outcomes.happened", "outcomes.firstAlert"] as Key[]).map((key) => (
                <th scope="col" key={key}>
                  {words.say(key)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {missed.map((course) => (
              <tr key={`${course.infused_at}${course.ward}${course.bed}`}>
                <td>{course.ward}</td>
                <td>{bedText(course.bed, course.ward)}</td>
                <td>{stamp(course.infused_at)}</td>
                <td>{(course.misses ?? []).map((miss) => `${words.named("miss", miss.what)} ${stamp(miss.at)}`).join(" · ")}</td>
                <td>{stamp(course.alerted_at)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function stamp(at: string | null | undefined): string {
  const read = instant(at);
  return read === null ? "–" : stampText(read);
}

const priorities = ["high", "medium", "low"] as const;

/** How long alerts waited for an answer, by priority, and how many waited longer than their rule allows. */
export function WaitTable({ waits, words }: { waits: Record<string, Waits>; words: Speech }) {
  const minutes = (seconds: number | null | undefined): string => (typeof seconds === "number" ? `${(seconds / 60).toFixed(1)} ${words.say("unit.minute")}` : "–");
  const titles: Key[] = ["console.priority", "waits.alerts", "waits.acknowledged", "waits.p50", "waits.p90", "waits.late", "waits.never"];
  return (
    <section class="card stack">
      <div>
        <h2>{words.say("waits.title")}</h2>
        <p class="said">{words.say("waits.meaning")}</p>
      </div>
      <div class="table-frame" tabIndex={0} role="region" aria-label={words.say("waits.title")}>
        <table>
          <thead>
            <tr>
              {titles.map((key, n) => (
                <th scope="col" key={key} class={n === 0 ? undefined : "number"}>
                  {words.say(key)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {priorities.map((priority) => {
              const found = waits[priority] ?? {};
              return (
                <tr key={priority}>
                  <th scope="row">
                    <SignalSign alert={{ kind: "physiological", priority, state: "active" }} words={words} />
                  </th>
                  <td class="number">{found.alerts ?? 0}</td>
                  <td class="number">{found.acknowledged ?? 0}</td>
                  <td class="number">{minutes(found.p50_seconds)}</td>
                  <td class="number">{minutes(found.p90_seconds)}</td>
                  <td class="number" data-warn={(found.late ?? 0) > 0 || undefined}>
                    {found.late ?? 0}
                  </td>
                  <td class="number" data-warn={(found.never ?? 0) > 0 || undefined}>
                    {found.never ?? 0}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
