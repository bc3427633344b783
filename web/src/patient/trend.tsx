// One analyte over time as a chart, with the same numbers as a table beside it. All charts share one cursor and one span.
import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Latest, Series } from "../wire.ts";
import type { Speech } from "../words/words.ts";
import { instant, stampText } from "../time.ts";
import { boundText, unitText, writtenAs } from "../value.ts";

export interface Span {
  /** Seconds since 1970, as the charts count. */
  from: number;
  to: number;
  /** The infusion, or null before it is known. */
  dayZero: number | null;
}

/** Pixels left and right of every plot, so that lanes drawn by other means line up. */
export const gutter = { left: 52, right: 14 } as const;
const height = 96;

/** Charts are painted, not styled: when the page turns dark or light they have to be painted again. */
const dark = matchMedia("(prefers-color-scheme: dark)");
const scheme = signal(dark.matches);
dark.addEventListener("change", () => (scheme.value = dark.matches));

const day = 86_400;

interface TrendProps {
  analyte: string;
  series: Series;
  latest: Latest | undefined;
  limit: number | null;
  span: Span;
  axis: boolean;
  words: Speech;
}

export function Trend({ analyte, series, latest, limit, span, axis, words }: TrendProps) {
  const host = useRef<HTMLDivElement>(null);
  const name = words.named("analyte", analyte);
  const unit = unitText(latest?.unit ?? series.unit);

  const drawn = useRef<uPlot | null>(null);
  const wanted = useRef<Wanted>({ limit, span });
  wanted.current = { limit, span };

  // Values and span change often; the plot stays, and with it the cursor somebody is reading at.
  useEffect(() => {
    drawn.current?.setData(columns(series, analyte));
  }, [series, limit, span.from, span.to, span.dayZero]);

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const plot = new uPlot(options(analyte, element, wanted, axis), columns(series, analyte), element);
    drawn.current = plot;
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: axis ? height + 26 : height }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
      drawn.current = null;
    };
  }, [analyte, axis, scheme.value]);

  return (
    <figure class="trend" data-analyte={analyte}>
      <figcaption>
        <span class="trend-name">{name}</span>
        <b data-stale={latest?.stale || undefined}>{boundText(analyte, latest)}</b>
        <small>{unit}</small>
      </figcaption>
      <div class="trend-plot" ref={host} aria-hidden="true" />
      <PointTable name={name} analyte={analyte} unit={unit} series={series} words={words} />
    </figure>
  );
}

function PointTable(props: { name: string; analyte: string; unit: string; series: Series; words: Speech }) {
  const { name, analyte, unit, series, words } = props;
  const rows = [...series.points].reverse().slice(0, 60);
  return (
    <details class="trend-table">
      <summary>{words.say("patient.table", { name })}</summary>
      {rows.length === 0 ? (
        <p class="said">{words.say("patient.noPoints")}</p>
      ) : (
        <div class="table-frame" tabIndex={0} role="region" aria-label={words.say("patient.table", { name })}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.say("patient.tableAt")}</th>
                <th scope="col" class="number">
                  {words.say("patient.tableValue")} {unit}
                </th>
                <th scope="col">{words.say("patient.tableSource")}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((point) => (
                <tr key={point.at}>
                  <td>{stampText(instant(point.at) ?? 0)}</td>
                  <td class="number">{boundText(analyte, point)}</td>
                  <td>{point.source ?? ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

/** Times and values; a null between two values that lie too far apart keeps the line from claiming what nobody measured. */
export function columns(series: Series, analyte: string): [number[], (number | null)[]] {
  const times: number[] = [];
  const values: (number | null)[] = [];
  const { gap } = writtenAs(analyte);
  let before: number | null = null;
  for (const point of series.points) {
    const at = instant(point.at);
    if (at === null || (before !== null && at <= before)) continue;
    if (before !== null && at - before > gap) {
      times.push((before + 1) / 1000);
      values.push(null);
    }
    times.push(at / 1000);
    values.push(point.value);
    before = at;
  }
  return [times, values];
}

interface Wanted {
  limit: number | null;
  span: Span;
}

function options(analyte: string, element: HTMLElement, wanted: { current: Wanted }, axis: boolean): uPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const written = writtenAs(analyte);
  const grid = { stroke: colour("--edge"), width: 1 };
  const font = `12px ${style.fontFamily}`;
  return {
    width: element.clientWidth || 300,
    height: axis ? height + 26 : height,
    padding: [8, gutter.right, axis ? 0 : 6, 0],
    legend: { show: false },
    cursor: { sync: { key: "patient" }, y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      x: { range: () => [wanted.current.span.from, wanted.current.span.to] },
      y: {
        range: (_plot, low, high) => {
          const { limit } = wanted.current;
          const values = [low ?? Infinity, high ?? -Infinity, ...(limit === null ? [] : [limit])].filter(Number.isFinite);
          const least = Math.min(written.low, ...values);
          const most = Math.max(written.high, ...values);
          return Number.isFinite(least) && Number.isFinite(most) && most > least ? [least, most] : [0, 1];
        },
      },
    },
    series: [
      {},
      {
        stroke: colour("--text"),
        width: 2,
        spanGaps: false,
        points: { show: (plot) => (plot.data[0]?.length ?? 0) < 60, size: 5, fill: colour("--text") },
      },
    ],
    axes: [
      {
        show: true,
        size: axis ? 26 : 0,
        stroke: axis ? colour("--quiet") : "transparent",
        font,
        grid,
        ticks: { show: false },
        splits: () => splits(wanted.current.span),
        values: (_plot, marks) => (axis ? marks.map((at) => mark(at, wanted.current.span)) : marks.map(() => "")),
      },
      { size: gutter.left, stroke: colour("--quiet"), font, grid: { show: false }, ticks: { show: false }, space: 30 },
    ],
    hooks: { draw: [(plot) => drawLines(plot, wanted.current, colour("--brand"), colour("--medium-text"))] },
  };
}

/** Whole days on the treatment clock; hours where a day is wider than the screen. */
function splits(span: Span): number[] {
  const wide = span.to - span.from;
  const step = wide <= 1.5 * day ? day / 4 : wide <= 4 * day ? day / 2 : wide <= 8 * day ? day : 2 * day;
  const zero = span.dayZero ?? 0;
  const found: number[] = [];
  for (let at = zero + Math.ceil((span.from - zero) / step) * step; at <= span.to; at += step) found.push(at);
  return found;
}

function mark(at: number, span: Span): string {
  if (span.dayZero === null) return stampText(at * 1000);
  const days = (at - span.dayZero) / day;
  const whole = Math.round(days);
  if (Math.abs(days - whole) > 0.01) return `${Math.round((days - Math.floor(days)) * 24)}h`;
  return whole === 0 ? "D0" : whole > 0 ? `D+${whole}` : `D−${-whole}`;
}

function drawLines(plot: uPlot, { limit, span }: Wanted, zero: string, limits: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.lineWidth = 1.5 * devicePixelRatio;
  if (span.dayZero !== null && span.dayZero >= span.from && span.dayZero <= span.to) {
    const x = plot.valToPos(span.dayZero, "x", true);
    ctx.strokeStyle = zero;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  if (limit !== null) {
    const y = plot.valToPos(limit, "y", true);
    ctx.strokeStyle = limits;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}
