// What was given and what was raised, on the same time axis as the charts.
import type { ComponentChildren } from "preact";
import type { Alert, Therapy } from "../wire.ts";
import type { Speech } from "../words/words.ts";
import { Glyph, signalOf } from "../glyph.tsx";
import { instant, stampText } from "../time.ts";
import { ended, runs } from "./course.ts";
import { gutter, type Span } from "./trend.tsx";

export function TherapyLane({ therapies, span, words }: { therapies: readonly Therapy[]; span: Span; words: Speech }) {
  const inside = ended(therapies).filter((therapy) => touches(instant(therapy.at), instant(therapy.until) ?? lastsUntil(therapy, span), span));
  // A row for each kind: what was given twice lies on one line, and no two names cover each other.
  const rows = [...new Set(inside.map((therapy) => therapy.kind))];
  return (
    <Lane title={words.say("patient.therapies")} rows={rows.length}>
      {inside.map((therapy) => {
        const from = place(instant(therapy.at) ?? 0, span);
        const until = instant(therapy.until);
        const lasting = runs(therapy) || until !== null;
        const to = place(until ?? span.to * 1000, span);
        return (
          <li
            key={`${therapy.kind}${therapy.at}`}
            class={lasting ? "lane-bar" : "lane-mark"}
            data-kind={therapy.kind}
            style={{
              ...top(rows.indexOf(therapy.kind)),
              left: percent(from),
              ...(lasting ? { width: percent(Math.max(to - from, 0.01)) } : {}),
            }}
            title={`${therapyText(therapy, words)} ${stampText(instant(therapy.at) ?? 0)}`}
          />
        );
      })}
      {rows.map((kind, row) => (
        <RowLabel key={kind} row={row} all={inside.filter((therapy) => therapy.kind === kind)} span={span} words={words} />
      ))}
    </Lane>
  );
}

/** The newest of a row in words, on the side where nothing of the row lies. */
function RowLabel({ row, all, span, words }: { row: number; all: readonly Therapy[]; span: Span; words: Speech }) {
  const newest = all.at(-1);
  if (!newest) return null;
  const first = Math.min(...all.map((therapy) => place(instant(therapy.at) ?? 0, span)));
  const last = Math.max(...all.map((therapy) => place(instant(therapy.until) ?? lastsUntil(therapy, span) ?? instant(therapy.at) ?? 0, span)));
  const after = 1 - last > first;
  return (
    <li class="lane-label" style={{ ...top(row), ...(after ? { left: percent(last), maxWidth: percent(1 - last) } : { right: percent(1 - first), maxWidth: percent(first) }) }}>
      {therapyText(newest, words)}
    </li>
  );
}

function lastsUntil(therapy: Therapy, span: Span): number | null {
  return runs(therapy) ? span.to * 1000 : null;
}

/** A row for each rule: when it called, how long, and whether it still does. Graver rules first. */
export function AlertLane({ alerts, span, words }: { alerts: readonly Alert[]; span: Span; words: Speech }) {
  const inside = alerts
    .filter((alert) => alert.priority !== "info" && touches(instant(alert.raised_at), endOf(alert, span), span))
    .sort((a, b) => gravity[a.priority] - gravity[b.priority] || (instant(a.raised_at) ?? 0) - (instant(b.raised_at) ?? 0));
  const rows = [...new Set(inside.map((alert) => alert.rule))];
  return (
    <Lane title={words.say("patient.alerts")} rows={rows.length}>
      {inside.map((alert) => {
        const from = place(instant(alert.raised_at) ?? 0, span);
        const to = place(endOf(alert, span), span);
        const row = rows.indexOf(alert.rule);
        return (
          <li
            key={`bar ${alert.id}`}
            class="lane-run"
            data-signal={signalOf(alert)}
            data-over={alert.state === "closed" || undefined}
            style={{ ...top(row), left: percent(from), width: percent(Math.max(to - from, 0)) }}
          />
        );
      })}
      {inside.map((alert) => (
        <li
          key={alert.id}
          class="lane-mark"
          data-signal={signalOf(alert)}
          style={{ ...top(rows.indexOf(alert.rule)), left: percent(place(instant(alert.raised_at) ?? 0, span)) }}
          title={`${words.both(alert.title)} ${stampText(instant(alert.raised_at) ?? 0)}`}
        >
          <Glyph signal={signalOf(alert)} outline={alert.state === "closed" && signalOf(alert) !== "technical"} />
        </li>
      ))}
      {rows.map((rule, row) => (
        <AlertLabel key={rule} row={row} all={inside.filter((alert) => alert.rule === rule)} span={span} words={words} />
      ))}
    </Lane>
  );
}

const gravity = { high: 0, medium: 1, low: 2, info: 3 } as const;

/** An alert lasts until it is closed, and one that is not lasts still. */
function endOf(alert: Alert, span: Span): number {
  return instant(alert.closed_at) ?? (alert.state === "closed" ? (instant(alert.raised_at) ?? 0) : span.to * 1000);
}

function AlertLabel({ row, all, span, words }: { row: number; all: readonly Alert[]; span: Span; words: Speech }) {
  const newest = all.at(-1);
  if (!newest) return null;
  const first = Math.min(...all.map((alert) => place(instant(alert.raised_at) ?? 0, span)));
  const last = Math.max(...all.map((alert) => place(endOf(alert, span), span)));
  const after = 1 - last > first;
  return (
    <li class="lane-label" style={{ ...top(row), ...(after ? { left: percent(last), maxWidth: percent(1 - last) } : { right: percent(1 - first), maxWidth: percent(first) }) }}>
      {words.both(newest.title)}
    </li>
  );
}

const rowHeight = 24;

function top(row: number): { top: string } {
  return { top: `${row * rowHeight + 2}px` };
}

function Lane({ title, rows, children }: { title: string; rows: number; children: ComponentChildren }) {
  return (
    <section class="lane">
      <h3>{title}</h3>
      <ul
        style={{
          height: `${Math.max(1, rows) * rowHeight + 2}px`,
          marginLeft: `${gutter.left}px`,
          marginRight: `${gutter.right}px`,
        }}
      >
        {children}
      </ul>
    </section>
  );
}

/** UCUM writes in braces what is no unit: `1 {dose}` is said by the therapy itself. */
function doseText(dose: Therapy["dose"]): string | null {
  return dose === null || dose === undefined ? null : String(dose).replace(/^1 \{\w+\}$/, "").replace(/[{}]/g, "");
}

export function therapyText(therapy: Therapy, words: Speech): string {
  const parts = [
    words.named("therapy", therapy.kind),
    therapy.action === "stopped" ? words.say("therapy.stopped") : null,
    therapy.agent,
    therapy.device ? words.named("device", therapy.device) : null,
    therapy.flow ? `${therapy.flow} L/min` : null,
    doseText(therapy.dose),
    therapy.kind === "infusion" ? therapy.product : null,
  ];
  return parts.filter((part) => part !== null && part !== undefined && part !== "").join(" ");
}

function touches(from: number | null, until: number | null, span: Span): boolean {
  if (from === null) return false;
  return from / 1000 <= span.to && (until ?? from) / 1000 >= span.from;
}

/** 0 at the left edge of the plots, 1 at the right. */
function place(at: number, span: Span): number {
  return Math.min(1, Math.max(0, (at / 1000 - span.from) / (span.to - span.from)));
}

function percent(part: number): string {
  return `${(part * 100).toFixed(2)}%`;
}
