// One patient: why now, how it went, what was given, and what to record.
import { effect, signal } from "@preact/signals";
import "../style/why.css";
import "./patient.css";
import type { Alert, Patient, Series } from "../wire.ts";
import { ask, segment } from "../ask.ts";
import { alertsOf, isShown } from "../ward.ts";
import { Ladder, learnPolicies } from "../ladder.tsx";
import { follow, now, tick, ward } from "../store.ts";
import { Loading, open, spoken } from "../shell.tsx";
import { SignalSign } from "../signal.tsx";
import { instant } from "../time.ts";
import { readingOf } from "../reading.ts";
import type { Key } from "../words/words.ts";
import { infusedAt } from "../wall/place.ts";
import { EvidenceList, MissingList, missingOf, RiskTerms } from "../why.tsx";
import { GradeForm, ObservationForm, Running, TherapyForm } from "./entry.tsx";
import { Handover } from "./handover.tsx";
import { LatestValues, PatientHeader } from "./header.tsx";
import { IceForm } from "./ice.tsx";
import { AlertLane, TherapyLane } from "./lanes.tsx";
import { Trend, type Span } from "./trend.tsx";

const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const shown = ["temperature", "heart_rate", "systolic", "map", "spo2", "phosphate", "pai1", "crp", "ferritin", "platelets", "ice"] as const;
const ranges = { "24h": 24, "72h": 72, "14d": 336 } as const;

const asked = signal<Patient | null>(null);
const refused = signal<string | null>(null);
const range = signal<keyof typeof ranges>("72h");
/** Alerts of the span that are over; the open ones come with the patient. */
const past = signal<readonly Alert[]>([]);
const traces = signal<Readonly<Record<string, Series>>>({});
/** The right edge of every chart; moves once a minute so that charts do not crawl. */
const edge = signal(Date.now());

function Page() {
  const words = spoken.value;
  const patient = ward.value.patients[id] ?? asked.value;
  if (refused.value !== null && !patient)
    return (
      <div class="missing">
        <p>{words.say("patient.notFound")}</p>
        <small>{words.say("patient.notFoundMore")}</small>
      </div>
    );
  if (!patient) return <Loading />;
  const alerts = ward.value.known ? alertsOf(ward.value, id) : (patient.alerts ?? []).filter((one): one is Alert => typeof one !== "string");
  return (
    <>
      <div class="patient stack">
        <PatientHeader patient={patient} words={words} />
        <nav class="row quick" aria-label={words.say("patient.quick")}>
          {jumps.map(([target, name]) => (
            <a class="button" key={target} href={`#${target}`}>
              {words.say(name)}
            </a>
          ))}
          <button type="button" onClick={() => window.print()}>
            {words.say("patient.print")}
          </button>
        </nav>
        <LatestValues patient={patient} words={words} />
        <div class="patient-columns">
          <WhyNow patient={patient} alerts={alerts} />
          <Trends patient={patient} alerts={alerts} />
        </div>
        <h2 class="record-title" id="record">
          {words.say("patient.chart")}
        </h2>
        <div class="record">
          <IceForm patient={id} words={words} />
          <GradeForm patient={id} words={words} />
          <TherapyForm patient={id} therapies={patient.therapies ?? []} words={words} />
          <ObservationForm patient={id} words={words} />
        </div>
      </div>
      <Handover patient={patient} alerts={alerts} words={words} />
    </>
  );
}

/** What is done at the bedside is one tap away, however long the page is. */
const jumps: readonly [string, Key][] = [
  ["ice", "ice.title"],
  ["grade", "grade.title"],
  ["therapy", "therapy.title"],
  ["observation", "observation.title"],
];

function WhyNow({ patient, alerts }: { patient: Patient; alerts: readonly Alert[] }) {
  const words = spoken.value;
  const none = !patient.risk?.crs && !patient.risk?.icans;
  return (
    <section class="card why" aria-labelledby="why-title">
      <h2 id="why-title">{words.say("why.title")}</h2>
      {alerts.map((alert, n) => (
        <div class="why-alert" key={alert.id}>
          <p class="row">
            <SignalSign alert={alert} words={words} />
            <span>{words.both(alert.title)}</span>
          </p>
          {alert.instruction && words.both(alert.instruction) !== "" ? <p>{words.both(alert.instruction)}</p> : null}
          <EvidenceList evidence={alert.evidence ?? []} words={words} />
          <Ladder alert={alert} words={words} folded={n > 0} />
          {alert.source ? <cite>{alert.source}</cite> : null}
        </div>
      ))}
      {none ? <p class="said">{words.say("why.none")}</p> : null}
      <RiskTerms title={words.say("why.crs")} risk={patient.risk?.crs} words={words} />
      <RiskTerms title={words.say("why.icans")} risk={patient.risk?.icans} words={words} />
      <MissingList names={missingOf(patient)} words={words} />
    </section>
  );
}

function Trends({ patient, alerts }: { patient: Patient; alerts: readonly Alert[] }) {
  const words = spoken.value;
  // What was recorded a moment ago must be inside the picture, not beyond its edge.
  const newest = Math.max(edge.value, ...(patient.therapies ?? []).map((therapy) => instant(therapy.at) ?? 0));
  const to = Math.min(newest, now.peek() + 60_000) / 1000;
  const dayZero = infusedAt(patient);
  const span: Span = { from: to - ranges[range.value] * 3600, to, dayZero: dayZero === null ? null : dayZero / 1000 };
  const present = shown.filter((analyte) => (traces.value[analyte]?.points.length ?? 0) > 0 || patient.latest?.[analyte]);
  return (
    <section class="card trends" aria-labelledby="trends-title">
      <div class="trends-head">
        <div>
          <h2 id="trends-title">{words.say("patient.trends")}</h2>
          <p class="said">{words.say("patient.trendsMeaning")}</p>
        </div>
        <div class="segments" role="group" aria-label={words.say("patient.range")}>
          {(Object.keys(ranges) as (keyof typeof ranges)[]).map((one) => (
            <button
              type="button"
              key={one}
              aria-pressed={one === range.value}
              onClick={() => {
                range.value = one;
                void askTraces();
              }}
            >
              {words.say(`patient.range${one}`)}
            </button>
          ))}
        </div>
      </div>
      <TherapyLane therapies={patient.therapies ?? []} span={span} words={words} />
      <Running patient={id} therapies={patient.therapies ?? []} words={words} />
      <AlertLane alerts={[...alerts, ...past.value.filter((one) => !alerts.some((open) => open.id === one.id))]} span={span} words={words} />
      {present.map((analyte, n) => (
        <Trend
          key={analyte}
          analyte={analyte}
          series={traces.value[analyte] ?? empty(analyte)}
          latest={patient.latest?.[analyte]}
          limit={limitOf(alerts, analyte)}
          span={span}
          axis={n === present.length - 1}
          words={words}
        />
      ))}
    </section>
  );
}

const empties: Record<string, Series> = {};
/** The same object each time: a chart is drawn again when its series is another one. */
function empty(analyte: string): Series {
  return (empties[analyte] ??= { analyte, points: [] });
}

function limitOf(alerts: readonly Alert[], analyte: string): number | null {
  for (const alert of alerts)
    for (const row of alert.evidence ?? []) {
      const line = row.analyte === analyte ? readingOf(row)?.line : null;
      if (typeof line === "number") return line;
    }
  return null;
}

async function askPast(from: number): Promise<void> {
  const query = new URLSearchParams({ patient: id, from: new Date(from).toISOString() });
  const answer = await ask<{ alerts?: Alert[] }>(`/api/v1/alerts?${query}`);
  // An alert that is told no more was still told: those that were shown once stay in the picture.
  if (answer.ok) past.value = (answer.body?.alerts ?? []).filter((alert) => alert.state === "closed" || isShown(alert));
}

async function askTraces(): Promise<void> {
  const to = now.peek();
  const from = to - ranges[range.value] * 3_600_000;
  edge.value = to;
  void askPast(from);
  const answers = await Promise.all(
    shown.map(async (analyte) => {
      const query = new URLSearchParams({ analyte, from: new Date(from).toISOString(), to: new Date(to).toISOString(), points: "600" });
      const answer = await ask<Series>(`/api/v1/patients/${segment(id)}/series?${query}`);
      return answer.ok && Array.isArray(answer.body?.points) ? answer.body : null;
    }),
  );
  const next = { ...traces.value };
  for (const series of answers) if (series) next[series.analyte] = series;
  traces.value = next;
}

async function start(): Promise<void> {
  const answer = await ask<Patient>(`/api/v1/patients/${segment(id)}`);
  if (answer.ok && answer.body) asked.value = answer.body;
  else refused.value = answer.ok ? "" : answer.reason;
  setInterval(tick, 1_000);
  if (asked.value) follow([asked.value.ward]);
  await askTraces();
  setInterval(() => void askTraces(), 60_000);
  // New values reach the charts soon after they reach the header, but not with every heartbeat of a monitor.
  let askedAt = performance.now();
  let known = ward.peek().patients[id];
  effect(() => {
    const patient = ward.value.patients[id];
    if (patient === known || performance.now() - askedAt < 10_000) return;
    known = patient;
    askedAt = performance.now();
    void askTraces();
  });
}

open("patient.title", () => <Page />);
void learnPolicies();
void start();
