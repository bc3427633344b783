// The handover on paper: situation, background, assessment, recommendation. Shown on paper only.
import type { Alert, Patient, Risk } from "../wire.ts";
import type { Speech } from "../words/words.ts";
import { instant, stampText } from "../time.ts";
import { leading, readingOf } from "../reading.ts";
import { riskText } from "../risk.ts";
import { bedText, boundText, dayText, unitText } from "../value.ts";
import { now } from "../store.ts";
import { Doubt, missingOf, nameText } from "../why.tsx";
import { therapyText } from "./lanes.tsx";

const told = ["temperature", "heart_rate", "systolic", "map", "spo2", "respiratory_rate", "phosphate", "pai1", "crp", "ferritin", "platelets", "ice"];

export function Handover({ patient, alerts, words }: { patient: Patient; alerts: readonly Alert[]; words: Speech }) {
  const missing = [...new Set(missingOf(patient))].map((name) => nameText(name, words));
  const waiting = alerts.filter((alert) => alert.state === "active" || alert.state === "returned").length;
  return (
    <section class="handover" aria-label={words.say("handover.title")}>
      <h1>
        {words.say("handover.title")} — {patient.ward} {bedText(patient.bed, patient.ward)} {dayText(patient.day)}
      </h1>
      <p>
        {patient.name ? `${patient.name} · ` : ""}
        {patient.id} · {words.say("handover.printed", { time: stampText(now.value) })}
      </p>
      <h2>S {words.say("handover.s")}</h2>
      <ul>
        <li>
          {gradeLine("CRS", patient.crs, words)} · {gradeLine("ICANS", patient.icans, words)}
        </li>
        {alerts.length === 0 ? <li>{words.say("handover.noAlerts")}</li> : null}
        {alerts.map((alert) => (
          <li key={alert.id}>
            {words.say(`priority.${alert.priority}`)} {words.both(alert.title)} ({words.say(`state.${alert.state}`)},{" "}
            {stampText(instant(alert.raised_at) ?? 0)}) {readingText(alert)}
          </li>
        ))}
      </ul>
      <h2>B {words.say("handover.b")}</h2>
      <ul>
        <li>
          {words.say("patient.product")} {patient.product ?? "–"}, {dayText(patient.day)}
        </li>
        {(patient.therapies ?? []).length === 0 ? <li>{words.say("handover.noTherapies")}</li> : null}
        {(patient.therapies ?? []).map((therapy) => (
          <li key={`${therapy.kind}${therapy.at}`}>
            {stampText(instant(therapy.at) ?? 0)} {therapyText(therapy, words)}
          </li>
        ))}
      </ul>
      <h2>A {words.say("handover.a")}</h2>
      <ul>
        <RiskLine name={words.say("why.crs")} risk={patient.risk?.crs} words={words} />
        <RiskLine name={words.say("why.icans")} risk={patient.risk?.icans} words={words} />
      </ul>
      <Values patient={patient} words={words} />
      <h2>R {words.say("handover.r")}</h2>
      <ul>
        {waiting > 0 ? <li>{words.say("handover.answerAlerts", { n: waiting })}</li> : null}
        {missing.length > 0 ? <li>{words.say("handover.checkMissing", { list: missing.join(", ") })}</li> : null}
        <li>{words.say("handover.continue")}</li>
      </ul>
      <p>{words.say("secondary.notice")}</p>
      <p>{words.say("overview.use")}</p>
    </section>
  );
}

function Values({ patient, words }: { patient: Patient; words: Speech }) {
  return (
    <table>
      <tbody>
        {told
          .filter((analyte) => patient.latest?.[analyte])
          .map((analyte) => {
            const latest = patient.latest?.[analyte];
            return (
              <tr key={analyte}>
                <th scope="row">{words.named("analyte", analyte)}</th>
                <td>
                  {boundText(analyte, latest)} {unitText(latest?.unit)}
                  {latest?.stale ? ` (${words.say("wall.stale")})` : ""}{" "}
                  <Doubt flag={latest?.flag} words={words} />
                </td>
                <td>{stampText(instant(latest?.measured_at) ?? 0)}</td>
              </tr>
            );
          })}
      </tbody>
    </table>
  );
}

function RiskLine({ name, risk, words }: { name: string; risk: Risk | null | undefined; words: Speech }) {
  return risk ? (
    <li>
      {name}: {riskText(risk, words)}
    </li>
  ) : null;
}

function gradeLine(name: string, grade: Patient["crs"], words: Speech): string {
  const certain = grade?.at_least ? `≥${grade.at_least}` : words.say("patient.gradeUnknown");
  return `${name} ${words.say("patient.suggested")} ${grade?.suggested ?? certain} / ${words.say("patient.charted")} ${grade?.charted ?? "–"}`;
}

function readingText(alert: Alert): string {
  const row = leading(alert.evidence);
  const reading = readingOf(row);
  if (!row || !reading) return "";
  const unit = reading.line === null && reading.limit !== null ? "" : unitText(row.unit);
  return `${reading.mark}${reading.value} ${unit}${reading.limit === null ? "" : ` ${reading.sign ?? "/"} ${reading.limit}`}`;
}
