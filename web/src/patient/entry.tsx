// What a person records: a charted grade, a therapy, a value measured by hand.
import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Therapy } from "../wire.ts";
import type { Key, Speech } from "../words/words.ts";
import { segment, tell } from "../ask.ts";
import { now, skew } from "../store.ts";
import { unitText } from "../value.ts";
import { instant, stampText } from "../time.ts";
import { running, runs } from "./course.ts";
import { therapyText } from "./lanes.tsx";

interface EntryProps {
  patient: string;
  words: Speech;
}

/** A form that posts what `read` makes of it and says what became of it. */
function Entry(props: {
  id: string;
  title: Key;
  how?: Key;
  save: Key;
  path: string;
  words: Speech;
  read: (form: FormData) => unknown;
  children: ComponentChildren;
}) {
  const { id, title, how, save, path, words, read, children } = props;
  const [said, setSaid] = useState<{ text: string; bad: boolean } | null>(null);
  return (
    <form
      id={id}
      class="card stack"
      onSubmit={(event) => {
        event.preventDefault();
        const form = event.currentTarget;
        void tell(path, read(new FormData(form))).then((answer) => {
          setSaid(answer.ok ? { text: words.say("ice.saved"), bad: false } : { text: words.say("save.failed", { reason: answer.reason }), bad: true });
        });
      }}
    >
      <div>
        <h2>{words.say(title)}</h2>
        {how ? <p class="said">{words.say(how)}</p> : null}
      </div>
      {children}
      <button type="submit" class="main">
        {words.say(save)}
      </button>
      <p class="said" role="status" data-bad={said?.bad || undefined}>
        {said?.text ?? ""}
      </p>
    </form>
  );
}

export function GradeForm({ patient, words }: EntryProps) {
  const [crs, setCrs] = useState<number | null>(null);
  const [icans, setIcans] = useState<number | null>(null);
  const pick = (name: Key, value: number | null, set: (value: number | null) => void) => (
    <fieldset>
      <legend class="said">{words.say(name)}</legend>
      <div class="grade-pick">
        {[0, 1, 2, 3, 4, 5].map((grade) => (
          <button type="button" key={grade} aria-pressed={grade === value} onClick={() => set(grade === value ? null : grade)}>
            {grade}
          </button>
        ))}
      </div>
    </fieldset>
  );
  return (
    <Entry
      id="grade"
      title="grade.title"
      how="grade.how"
      save="grade.save"
      path={`/api/v1/patients/${segment(patient)}/assessments`}
      words={words}
      read={() => ({ charted: { ...(crs === null ? {} : { crs }), ...(icans === null ? {} : { icans }) } })}
    >
      {pick("grade.crs", crs, setCrs)}
      {pick("grade.icans", icans, setIcans)}
    </Entry>
  );
}

const kinds = ["infusion", "oxygen", "vasopressor", "antipyretic", "tocilizumab", "anticytokine", "steroid", "phosphate", "fluid", "transfusion", "other"] as const;
const devices = ["none", "nasal_cannula", "blow_by", "simple_mask", "venturi", "non_rebreather", "high_flow", "cpap", "bipap", "ventilator"] as const;

interface TherapyProps extends EntryProps {
  therapies: readonly Therapy[];
}

export function TherapyForm({ patient, therapies, words }: TherapyProps) {
  const [kind, setKind] = useState<(typeof kinds)[number]>("oxygen");
  const [action, setAction] = useState<"started" | "stopped">("started");
  const stops = runs({ kind }) && action === "stopped";
  return (
    <Entry
      id="therapy"
      title="therapy.title"
      save="therapy.save"
      path={`/api/v1/patients/${segment(patient)}/therapies`}
      words={words}
      read={(form) => ({
        kind,
        ...(runs({ kind }) ? { action } : {}),
        at: zoned(form.get("at")),
        ...filled("agent", form.get("agent")),
        ...filled("dose", form.get("dose")),
        ...filled("device", form.get("device")),
        ...filled("product", form.get("product")),
        ...numbered("flow", form.get("flow")),
      })}
    >
      <label>
        {words.say("therapy.kind")}
        <select value={kind} onChange={(event) => {
            setKind(event.currentTarget.value as (typeof kinds)[number]);
            // A stop is meant for one kind: the next one chosen is not stopped by what was left pressed.
            setAction("started");
          }}
        >
          {kinds.map((one) => (
            <option key={one} value={one}>
              {words.say(`therapy.${one}`)}
            </option>
          ))}
        </select>
      </label>
      {runs({ kind }) ? (
        <fieldset>
          <legend class="said">{words.say("therapy.action")}</legend>
          <div class="pair">
            {(["started", "stopped"] as const).map((one) => (
              <button type="button" key={one} aria-pressed={one === action} onClick={() => setAction(one)}>
                {words.say(`therapy.${one}`)}
              </button>
            ))}
          </div>
        </fieldset>
      ) : null}
      {stops ? <StopFields kind={kind} therapies={therapies} words={words} /> : <TherapyFields kind={kind} words={words} />}
      <At label={words.say(stops ? "therapy.stoppedAt" : "therapy.at")} />
    </Entry>
  );
}

/** Which one stops is chosen among those that run: a name typed otherwise than it was started would stop nothing. */
function StopFields({ kind, therapies, words }: { kind: string; therapies: readonly Therapy[]; words: Speech }) {
  if (kind === "oxygen") return null;
  const agents = new Set(running(therapies, now.value).flatMap((one) => (one.kind === kind && one.agent ? [one.agent] : [])));
  return (
    <label>
      {words.say("therapy.agent")}
      <select name="agent">
        {[...agents].map((agent) => (
          <option key={agent} value={agent}>
            {agent}
          </option>
        ))}
        <option value="">{words.say("therapy.all")}</option>
      </select>
    </label>
  );
}

/** What runs now, each with one tap to stop it. */
export function Running({ patient, therapies, words }: TherapyProps) {
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const list = running(therapies, now.value);
  const stop = async (therapy: Therapy): Promise<void> => {
    setBusy(true);
    const body = { kind: therapy.kind, action: "stopped", at: zoned(null), ...(therapy.agent ? { agent: therapy.agent } : {}) };
    const answer = await tell(`/api/v1/patients/${segment(patient)}/therapies`, body);
    setSaid(answer.ok ? words.say("therapy.stopRecorded", { therapy: therapyText(therapy, words) }) : words.say("save.failed", { reason: answer.reason }));
    setBusy(false);
  };
  return (
    <>
      <ul class="running" aria-label={words.say("therapy.running")}>
        {list.map((therapy) => {
          // A stop without a name ends every one of its kind, so its button says so where others run.
          const all = !therapy.agent && list.filter((other) => other.kind === therapy.kind).length > 1;
          const name = words.say(all ? "therapy.stopAll" : "therapy.stopNow");
          const text = therapyText(therapy, words);
          return (
            <li key={`${therapy.kind}${therapy.agent ?? ""}`}>
              <span>{words.say("therapy.runsSince", { therapy: text, time: stampText(instant(therapy.at) ?? 0) })}</span>
              <button type="button" disabled={busy} aria-label={`${name}: ${text}`} onClick={() => void stop(therapy)}>
                {name}
              </button>
            </li>
          );
        })}
      </ul>
      <p class="said" role="status">
        {said}
      </p>
    </>
  );
}

function TherapyFields({ kind, words }: { kind: (typeof kinds)[number]; words: Speech }) {
  if (kind === "oxygen")
    return (
      <div class="pair">
        <label>
          {words.say("therapy.device")}
          <select name="device">
            {devices.map((one) => (
              <option key={one} value={one}>
                {words.say(`device.${one}`)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {words.say("therapy.flow")}
          <input name="flow" type="number" inputMode="decimal" min="0" max="80" step="0.5" />
        </label>
      </div>
    );
  if (kind === "infusion")
    return (
      <label>
        {words.say("patient.product")}
        <input name="product" />
      </label>
    );
  return (
    <div class="pair">
      <label>
        {words.say("therapy.agent")}
        <input name="agent" />
      </label>
      <label>
        {words.say("therapy.dose")}
        <input name="dose" />
      </label>
    </div>
  );
}

/** What is measured by hand on a ward, with the unit a ward uses (UCUM). */
const measured: readonly [string, string][] = [
  ["temperature", "Cel"],
  ["heart_rate", "/min"],
  ["systolic", "mm[Hg]"],
  ["diastolic", "mm[Hg]"],
  ["spo2", "%"],
  ["respiratory_rate", "/min"],
  ["phosphate", "mg/dL"],
  ["gcs", "{score}"],
  ["weight", "kg"],
  ["urine", "mL"],
];

export function ObservationForm({ patient, words }: EntryProps) {
  const [analyte, setAnalyte] = useState("temperature");
  const unit = measured.find(([name]) => name === analyte)?.[1] ?? "";
  return (
    <Entry
      id="observation"
      title="observation.title"
      save="observation.save"
      path={`/api/v1/patients/${segment(patient)}/observations`}
      words={words}
      read={(form) => ({ analyte, value: Number(form.get("value")), unit, measured_at: zoned(form.get("at")) })}
    >
      <label>
        {words.say("observation.analyte")}
        <select value={analyte} onChange={(event) => setAnalyte(event.currentTarget.value)}>
          {measured.map(([name]) => (
            <option key={name} value={name}>
              {words.named("analyte", name)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {words.say("observation.value")} ({unitText(unit)})
        <input name="value" type="number" inputMode="decimal" step="any" required />
      </label>
      <At label={words.say("observation.at")} />
    </Entry>
  );
}

/** Shows the present minute until somebody types another, and then means this very second. */
function At({ label }: { label: string }) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <label>
      {label}
      <input
        name={typed === null ? undefined : "at"}
        type="datetime-local"
        required
        value={typed ?? localInput(now.value)}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </label>
  );
}

function localInput(at: number): string {
  const shifted = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}

/** The instant a person meant by a wall-clock time, with the offset of the place where it was typed; else now. */
function zoned(text: FormDataEntryValue | null): string {
  const typed = new Date(String(text));
  return Number.isNaN(typed.getTime()) ? new Date(Date.now() + (skew.peek() ?? 0)).toISOString() : typed.toISOString();
}

function filled(name: string, text: FormDataEntryValue | null): Record<string, string> {
  const typed = String(text ?? "").trim();
  return typed === "" ? {} : { [name]: typed };
}

function numbered(name: string, text: FormDataEntryValue | null): Record<string, number> {
  const typed = Number(text ?? "");
  return text === null || text === "" || Number.isNaN(typed) ? {} : { [name]: typed };
}
