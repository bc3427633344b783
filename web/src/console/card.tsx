// One alert as a card: what, where, how far, since when, what happens next, and the one large button.
import { useState } from "preact/hooks";
import { useComputed } from "@preact/signals";
import type { Alert, Patient, Verdict } from "../wire.ts";
import type { Key, Speech } from "../words/words.ts";
import { SignalSign } from "../signal.tsx";
import { signalOf } from "../glyph.tsx";
import { clockText, countdownText, instant } from "../time.ts";
import { leading, readingOf } from "../reading.ts";
import { bedText, dayText, unitText } from "../value.ts";
import { now } from "../store.ts";
import { agoText, Why } from "../why.tsx";
import { roleText } from "../ladder.tsx";
import { segment } from "../ask.ts";
import { acknowledge, outcomes, rate, rated, shelve, undo, unshelve, type Outcome } from "./act.ts";
import { isWaiting } from "./list.ts";

interface CardProps {
  alert: Alert;
  patient: Patient | undefined;
  companions: readonly Alert[];
  selected: boolean;
  open: boolean;
  inline: boolean;
  words: Speech;
  onSelect: () => void;
  onWhy: () => void;
}

export function Card({ alert, patient, companions, selected, open, inline, words, onSelect, onWhy }: CardProps) {
  const outcome = outcomes.value[alert.id];
  const waiting = isWaiting(alert);
  return (
    <li>
      <article
        class="alert card arrives"
        id={`alert-${alert.id}`}
        data-signal={signalOf(alert)}
        data-state={alert.state}
        data-selected={selected || undefined}
        tabIndex={selected ? 0 : -1}
        aria-label={`${words.say("patient.bed")} ${bedText(alert.bed, alert.ward)} ${words.both(alert.title)}`}
        onFocusIn={onSelect}
        onClick={onSelect}
      >
        <header class="alert-head">
          <b class="alert-bed">{alert.bed ? bedText(alert.bed, alert.ward) : "–"}</b>
          <span class="alert-day">{patient ? dayText(patient.day) : ""}</span>
          <SignalSign alert={alert} words={words} />
        </header>
        <h2 class="alert-title">{words.both(alert.title)}</h2>
        <ReadingLine alert={alert} words={words} />
        {alert.instruction && words.both(alert.instruction) !== "" ? <p class="alert-instruction">{words.both(alert.instruction)}</p> : null}
        <p class="alert-times">
          {agoText(alert.raised_at, words)}
          <Next alert={alert} words={words} />
        </p>
        {outcome ? <OutcomeLine alert={alert.id} outcome={outcome} words={words} /> : null}
        {waiting && outcome?.kind !== "done" ? <Answer alert={alert} companions={companions} words={words} /> : null}
        <div class="row alert-more">
          <button type="button" aria-expanded={open} onClick={onWhy}>
            {words.say(open && inline ? "console.whyHide" : "console.why")}
          </button>
          {alert.state !== "shelved" ? <Shelve alert={alert} words={words} /> : null}
          {alert.patient ? (
            <a class="button" href={`/patients/${segment(alert.patient)}`}>
              {words.say("console.open")}
            </a>
          ) : null}
        </div>
        {open && inline ? <Why alert={alert} patient={patient} words={words} /> : null}
        {alert.state === "acknowledged" || outcome?.kind === "done" ? <Rate alert={alert.id} words={words} /> : null}
      </article>
    </li>
  );
}

function ReadingLine({ alert, words }: { alert: Alert; words: Speech }) {
  const row = leading(alert.evidence);
  const reading = readingOf(row);
  if (!row || !reading) return null;
  return (
    <p class="alert-reading">
      {words.named("analyte", reading.analyte)}{" "}
      <b>
        {reading.mark}
        {reading.value}
      </b>{" "}
      <small>{reading.line === null && reading.limit !== null ? "" : unitText(row.unit)}</small>
      {reading.limit === null ? null : (
        <span>
          {reading.sign ?? "/"} {reading.limit}
        </span>
      )}
    </p>
  );
}

/** Who has it and for how long, or who is told next and when. */
function Next({ alert, words }: { alert: Alert; words: Speech }) {
  const taken = alert.acknowledged;
  const expires = instant(taken?.expires_at);
  const nextAt = instant(alert.next_step_at);
  const text = useComputed(() => {
    if (alert.state === "acknowledged")
      return expires === null ? "" : words.say("console.expires", { time: countdownText(expires - now.value) });
    if (alert.state === "returned") return words.say("state.returned");
    if (nextAt === null) return "";
    return nextAt > now.value ? words.say("console.next", { time: countdownText(nextAt - now.value) }) : words.say("console.overdue");
  });
  const takenAt = instant(taken?.at);
  return (
    <>
      {alert.step && alert.state === "active" ? <span>{words.say("console.step", { n: alert.step })}</span> : null}
      {alert.state === "active" && alert.told && alert.told.length > 0 ? (
        <span>{words.say("console.told", { roles: alert.told.map((role) => roleText(role, words)).join(words.say("list.comma")) })}</span>
      ) : null}
      {alert.state === "acknowledged" && takenAt !== null ? (
        <span>
          {words.say("console.ackedBy", {
            role: roleText(taken?.role ?? "unknown", words),
            by: taken?.by ?? "",
            time: clockText(takenAt),
          })}
          {taken?.comment ? `（${words.named("reason", taken.comment)}）` : ""}
        </span>
      ) : null}
      <span>{text}</span>
    </>
  );
}

const reasons = ["attending", "known", "artefact", "threshold"] as const;

function Answer({ alert, companions, words }: { alert: Alert; companions: readonly Alert[]; words: Speech }) {
  const busy = outcomes.value[alert.id]?.kind === "busy";
  return (
    <div class="answer">
      <button type="button" class="main ack" disabled={busy} onClick={() => void acknowledge(alert, null)}>
        {words.say("console.ack")}
      </button>
      <div class="row reasons" role="group" aria-label={words.say("console.comment")}>
        {reasons.map((reason) => (
          <button type="button" key={reason} disabled={busy} onClick={() => void acknowledge(alert, reason)}>
            {words.say(`reason.${reason}` as Key)}
          </button>
        ))}
      </div>
      {companions.length > 1 && companions[0]?.id === alert.id ? (
        <button type="button" class="group" disabled={busy} onClick={() => companions.forEach((one) => void acknowledge(one, null))}>
          {words.say("console.ackAll", { bed: bedText(alert.bed, alert.ward), n: companions.length })}
        </button>
      ) : null}
    </div>
  );
}

function OutcomeLine({ alert, outcome, words }: { alert: string; outcome: Outcome; words: Speech }) {
  const left = useComputed(() => {
    // Reading the clock of the service makes this count once a second; what it counts is the page's own time.
    void now.value;
    return outcome.kind === "done" ? Math.max(0, Math.ceil((outcome.until - performance.now()) / 1000)) : 0;
  });
  switch (outcome.kind) {
    case "busy":
      return <p class="said">…</p>;
    case "undone":
      return (
        <p class="said" role="status">
          {words.say("console.undone")}
        </p>
      );
    case "failed":
      return (
        <p class="said" data-bad role="alert">
          {words.say("console.failed", { reason: outcome.reason })}
        </p>
      );
    case "done":
      return (
        <p class="row done" role="status">
          <span>{words.say(outcome.what === "acknowledged" ? "console.acked" : "console.shelved")}</span>
          <button type="button" onClick={() => void undo(alert)}>
            {words.say("console.undoLeft", { n: left.value })}
          </button>
        </p>
      );
  }
}

/** An alert somebody put aside: what, who, why, until when, and the way back. */
export function PutAside({ alert, words }: { alert: Alert; words: Speech }) {
  const until = instant(alert.shelf?.until);
  const left = useComputed(() => (until === null ? "" : words.say("console.asideLeft", { time: countdownText(until - now.value) })));
  const outcome = outcomes.value[alert.id];
  const who = [alert.shelf?.role ? roleText(alert.shelf.role, words) : null, alert.shelf?.by].filter(Boolean).join(" ");
  return (
    <li class="put-aside" id={`aside-${alert.id}`}>
      <p>
        <b>{alert.bed ? bedText(alert.bed, alert.ward) : "–"}</b> <SignalSign alert={alert} words={words} /> {words.both(alert.title)}
      </p>
      <p class="said">
        {[who, alert.shelf?.reason].filter(Boolean).join(" · ")} <span>{left}</span>
      </p>
      {outcome?.kind === "failed" ? (
        <p class="said" data-bad role="alert">
          {words.say("console.failed", { reason: outcome.reason })}
        </p>
      ) : null}
      <button type="button" disabled={outcome?.kind === "busy"} onClick={() => void unshelve(alert.id)}>
        {words.say("console.unshelve")}
      </button>
    </li>
  );
}

const minutes = [15, 30, 60, 120] as const;

/** Putting an alert aside asks for a time and a reason: it is the one action that can hide something. */
function Shelve({ alert, words }: { alert: Alert; words: Speech }) {
  const [asked, setAsked] = useState(false);
  const [chosen, setChosen] = useState<number>(30);
  const [reason, setReason] = useState("");
  if (!asked)
    return (
      <button type="button" onClick={() => setAsked(true)}>
        {words.say("console.shelve")}
      </button>
    );
  return (
    <form
      class="shelve stack"
      onSubmit={(event) => {
        event.preventDefault();
        setAsked(false);
        void shelve(alert, chosen, reason.trim());
      }}
    >
      <fieldset>
        <legend class="said">{words.say("console.shelveMinutes")}</legend>
        <div class="row">
          {minutes.map((one) => (
            <button type="button" key={one} aria-pressed={one === chosen} onClick={() => setChosen(one)}>
              {one} {words.say("unit.minute")}
            </button>
          ))}
        </div>
      </fieldset>
      <label>
        {words.say("console.shelveReason")}
        <input required value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      </label>
      <div class="row">
        <button type="submit" class="main">
          {words.say("console.shelveDo", { n: chosen })}
        </button>
        <button type="button" onClick={() => setAsked(false)}>
          {words.say("close")}
        </button>
      </div>
    </form>
  );
}

const verdicts: Verdict[] = ["useful", "known", "artefact", "threshold"];

function Rate({ alert, words }: { alert: string; words: Speech }) {
  const given = rated.value[alert];
  return (
    <div class="rate" role="group" aria-label={words.say("console.rate")}>
      <span class="said">{words.say(given ? "console.rated" : "console.rate")}</span>
      <div class="row">
        {verdicts.map((verdict) => (
          <button type="button" key={verdict} aria-pressed={given === verdict} onClick={() => void rate(alert, verdict)}>
            {words.say(`verdict.${verdict}`)}
          </button>
        ))}
      </div>
    </div>
  );
}
