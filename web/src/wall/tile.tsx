// One bed. Drawn again only when its patient, its alerts or the minute changes.
import { memo } from "./memo.ts";
import { useComputed } from "@preact/signals";
import type { Alert, Patient } from "../wire.ts";
import type { Speech } from "../words/words.ts";
import { flashes, GlyphField, marks, signalOf, wordOf } from "../glyph.tsx";
import { leading, readingOf } from "../reading.ts";
import { instant, shortSpanText } from "../time.ts";
import { bedText, dayText } from "../value.ts";
import { now } from "../store.ts";
import { Age, Day, Grades, isCrowded, standing } from "./grades.tsx";
import { Against, GradeLarge, gradedBy, GradeVital, Headline, Vitals } from "./readings.tsx";
import { Sparkline } from "./sparkline.tsx";

interface TileProps {
  patient: Patient;
  alerts: readonly Alert[];
  named: boolean;
  speech: Speech;
}

export const Tile = memo<TileProps>(
  ({ patient, alerts, named, speech }) => {
    const alert = alerts[0];
    const reading = readingOf(leading(alert?.evidence));
    const graded = alert && !reading ? gradedBy(alert) : null;
    const without = reading ? null : graded;
    const dayBelow = isCrowded(patient, without);
    const grades = standing(patient, without).length;
    const words = alert !== undefined && !reading && !graded;
    const vital = graded && !reading ? <GradeVital patient={patient} name={graded} /> : null;
    const shown = reading?.analyte ?? (graded === "icans" ? "ice" : "temperature");
    return (
      <article
        class="tile"
        data-bed={patient.bed}
        data-signal={alert ? signalOf(alert) : "normal"}
        data-beat={alert?.priority}
        data-state={alert?.state ?? "normal"}
        data-named={named || undefined}
        data-grades={grades}
        data-words={words || undefined}
        aria-label={describe(patient, alert, speech)}
      >
        <div class="tile-top">
          <span class="bed" data-size="bed">
            {bedText(patient.bed, patient.ward)}
          </span>
          {alert ? <Flag alert={alert} more={alerts.length - 1} speech={speech} /> : null}
        </div>
        {named ? (
          <p class="name" data-size="primary">
            {patient.same_name ? <span class="same-name">{speech.say("wall.sameName")}</span> : null}
            <span>{patient.name ?? "–"}</span>
          </p>
        ) : null}
        {words ? (
          <Headline patient={patient} alert={alert} speech={speech} />
        ) : (
          <>
            <div class="readings">
              {reading ? (
                <Against reading={reading} stale={patient.latest?.[reading.analyte]?.stale ?? false} />
              ) : graded ? (
                <GradeLarge patient={patient} name={graded} />
              ) : (
                <Vitals patient={patient} />
              )}
            </div>
            <div class="tile-low">
              <Grades patient={patient} without={without}>
                {grades > 0 ? null : vital}
              </Grades>
              <div class="tile-foot">
                {dayBelow ? <Day patient={patient} /> : null}
                {grades > 0 ? vital : null}
                {dayBelow && vital ? null : <Sparkline patient={patient} analyte={shown} limit={reading?.line ?? null} />}
                <Age patient={patient} shown={shown} own={reading !== null} short={grades > 1 || (dayBelow && vital !== null)} speech={speech} />
              </div>
            </div>
          </>
        )}
        {alert ? <i class="frame" /> : null}
        {alert && flashes(alert) ? <i class="frame lit" /> : null}
      </article>
    );
  },
  (a, b) => a.patient === b.patient && a.speech === b.speech && sameList(a.alerts, b.alerts),
);

function sameList(a: readonly Alert[], b: readonly Alert[]): boolean {
  return a.length === b.length && a.every((alert, n) => alert === b[n]);
}

/** The alarm itself: glyph, word and asterisks; once acknowledged who took it and the minutes that are left. */
function Flag({ alert, more, speech }: { alert: Alert; more: number; speech: Speech }) {
  const signal = signalOf(alert);
  const calm = alert.state !== "active";
  return (
    <span class="flag" data-calm={calm || undefined}>
      <GlyphField alert={alert} />
      {alert.state === "acknowledged" ? (
        <Taken alert={alert} speech={speech} />
      ) : (
        <span class="word" data-size="word">
          {speech.say(wordOf(signal))}
        </span>
      )}
      <span class="marks" aria-hidden="true">
        {[...marks[alert.priority]].map((_, n) => (
          <i key={n} />
        ))}
      </span>
      {more > 0 ? <span class="more">+{more}</span> : null}
    </span>
  );
}

function Taken({ alert, speech }: { alert: Alert; speech: Speech }) {
  const until = instant(alert.acknowledged?.expires_at);
  const left = useComputed(() => (until === null ? "" : shortSpanText(until - now.value, speech)));
  const role = speech.named("role", alert.acknowledged?.role ?? "unknown");
  return (
    <span class="taken" data-size="primary">
      <svg class="tick" viewBox="0 0 24 24" aria-hidden="true">
        <path d="M3 13l6 6L21 5" fill="none" stroke="currentColor" stroke-width="4" />
      </svg>
      {role} {left}
    </span>
  );
}

function describe(patient: Patient, alert: Alert | undefined, speech: Speech): string {
  const place = `${speech.say("patient.bed")} ${bedText(patient.bed, patient.ward)} ${dayText(patient.day)}`;
  if (!alert) return place;
  return `${place} ${speech.say(wordOf(signalOf(alert)))} ${speech.both(alert.title)} ${speech.say(`state.${alert.state}`)}`;
}
