// Intake: what arrives from where, and what could not be read and why.
import { signal } from "@preact/signals";
import { Loading, Missing, open, spoken } from "../shell.tsx";
import "./pages.css";
import { ask, segment, tell, type Answer } from "../ask.ts";
import { instant, spanText, stampText } from "../time.ts";
import { now, tick } from "../store.ts";
import { rows, watched } from "./answer.ts";

interface Feed {
  source: string;
  via?: string;
  last_seen?: string | null;
  lag_seconds?: number | null;
  /** Values, of which one message may bring many. */
  values?: number;
  rejected?: number;
  skew_seconds?: number | null;
}

interface Kept {
  id: string;
  /** Counts up; the list goes from the highest down. */
  number?: number;
  received_at?: string;
  source?: string;
  via?: string;
  reason?: string;
  location?: string | null;
  raw?: string;
  state?: string;
}

interface Listed {
  list: readonly Kept[];
  /** The last page was full: there may be older rows. */
  older: boolean;
}

interface Retried extends Partial<Kept> {
  /** Rows of the message that are used now, and that still cannot be. */
  used?: number;
  rejected?: number;
}

const feeds = watched<unknown>("/api/v1/feeds", 5_000);
/** Rows of one answer: what the service gives where nothing else is asked. */
const pageSize = 100;
const pages = signal(1);
/** What waits is what there is to do; what was resolved stays to be looked up. */
const choices = ["waiting", "all"] as const;
const choice = signal<(typeof choices)[number]>("waiting");
const kept = watched<Listed>(askKept, 15_000);
/** How many values a minute, from two looks at the counter at least half a minute apart. */
const counted = new Map<string, { at: number; values: number }[]>();
const lookBack = 5 * 60_000;
const leastSpan = 30_000;

function rateOf(feed: Feed): string {
  if (typeof feed.values !== "number") return "–";
  const key = `${feed.source} ${feed.via ?? ""}`;
  const at = performance.now();
  const seen = (counted.get(key) ?? []).filter((one) => at - one.at < lookBack);
  if ((seen.at(-1)?.at ?? -Infinity) < at - 1_000) seen.push({ at, values: feed.values });
  counted.set(key, seen);
  const first = seen[0];
  if (!first || at - first.at < leastSpan) return "–";
  const rate = (feed.values - first.values) / ((at - first.at) / 60_000);
  // A counter that went back is a service that started anew.
  return rate < 0 ? "–" : rate < 10 ? rate.toFixed(1) : rate.toFixed(0);
}

const raws = signal<Readonly<Record<string, string>>>({});
const retried = signal<Readonly<Record<string, string>>>({});

function Feeds() {
  const words = spoken.value;
  const answer = feeds.answer.value;
  if (!answer) return <Loading />;
  if (!answer.ok) return <Missing reason={answer.reason} />;
  const list = rows<Feed>(answer.body, "feeds");
  if (list.length === 0) return <p class="missing">{words.say("intake.feedsNone")}</p>;
  return (
    <div class="table-frame card" tabIndex={0} role="region" aria-label={words.say("intake.feeds")}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.say("intake.source")}</th>
            <th scope="col">{words.say("intake.via")}</th>
            <th scope="col">{words.say("intake.lastSeen")}</th>
            <th scope="col" class="number">{words.say("intake.lag")}</th>
            <th scope="col" class="number">{words.say("intake.rate")}</th>
            <th scope="col" class="number">{words.say("intake.values")}</th>
            <th scope="col" class="number">{words.say("intake.rejected")}</th>
            <th scope="col" class="number">{words.say("intake.skew")}</th>
          </tr>
        </thead>
        <tbody>
          {list.map((feed) => {
            const seen = instant(feed.last_seen);
            const skewed = Math.abs(feed.skew_seconds ?? 0) > 2;
            return (
              <tr key={`${feed.source}${feed.via ?? ""}`}>
                <th scope="row">{feed.source}</th>
                <td>{feed.via ?? "–"}</td>
                <td>{seen === null ? "–" : words.say("age.ago", { age: spanText(now.value - seen, words) })}</td>
                <td class="number">{seconds(feed.lag_seconds)}</td>
                <td class="number">{rateOf(feed)}</td>
                <td class="number">{feed.values ?? "–"}</td>
                <td class="number" data-warn={(feed.rejected ?? 0) > 0 || undefined}>
                  {feed.rejected ?? "–"}
                </td>
                <td class="number" data-warn={skewed || undefined}>
                  {seconds(feed.skew_seconds)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  return Math.abs(value) < 120 ? `${value.toFixed(1)} s` : `${Math.round(value / 60)} min`;
}

/** All pages anew each time: what is retried on an old one changes its state, and what comes in moves every one of them. */
async function askKept(): Promise<Answer<Listed>> {
  const list: Kept[] = [];
  for (let page = 1; page <= pages.peek(); page += 1) {
    const before = list.at(-1)?.number;
    const asked = new URLSearchParams({ limit: String(pageSize) });
    if (choice.peek() === "waiting") asked.set("state", "waiting");
    if (before !== undefined) asked.set("before", String(before));
    const answer = await ask<unknown>(`/api/v1/quarantine?${asked}`);
    if (!answer.ok) return answer;
    const next = rows<Kept>(answer.body, "quarantine");
    list.push(...next);
    if (next.length < pageSize || list.at(-1)?.number === undefined) return { ok: true, body: { list, older: false } };
  }
  return { ok: true, body: { list, older: true } };
}

function Quarantine() {
  const words = spoken.value;
  const answer = kept.answer.value;
  if (!answer) return <Loading />;
  if (!answer.ok) return <Missing reason={answer.reason} />;
  const { list, older } = answer.body;
  // A row that is resolved leaves the list of what waits; what became of it is still said.
  const gone = Object.entries(retried.value).filter(([id]) => !list.some((one) => one.id === id));
  return (
    <>
      <Choice />
      <p class="said" role="status">
        {gone.at(-1)?.[1] ?? ""}
      </p>
      {list.length === 0 ? <p class="missing">{words.say(choice.value === "waiting" ? "intake.waitingNone" : "intake.quarantineNone")}</p> : null}
      <ul class="stack">
        {list.map((one) => (
          <li class="card kept" key={one.number ?? one.id}>
            <p class="kept-reason">{one.reason ?? "–"}</p>
            <p class="said">
              {[one.location, one.source, one.via, one.state && words.named("kept", one.state), stampText(instant(one.received_at) ?? 0)].filter(Boolean).join(" · ")}
            </p>
            <details onToggle={(event) => (event.currentTarget.open ? void readRaw(one) : undefined)}>
              <summary>{words.say("intake.raw")}</summary>
              <pre tabIndex={0}>{(one.raw ?? raws.value[one.id] ?? words.say("loading")).replaceAll("\r", "\n")}</pre>
            </details>
            <div class="row">
              <button type="button" onClick={() => void retry(one.id)}>
                {words.say("intake.retry")}
              </button>
              <p class="said" role="status">
                {retried.value[one.id] ?? ""}
              </p>
            </div>
          </li>
        ))}
      </ul>
      {list.length === 0 ? null : (
        <div class="row">
          <p class="said" role="status">
            {words.say(older ? "intake.shownNewest" : "intake.shownAll", { n: list.length })}
          </p>
          {older ? (
            <button
              type="button"
              onClick={() => {
                pages.value = list.length / pageSize + 1;
                void kept.again();
              }}
            >
              {words.say("intake.older")}
            </button>
          ) : null}
        </div>
      )}
    </>
  );
}

function Choice() {
  const words = spoken.value;
  const choose = (one: (typeof choices)[number]): void => {
    choice.value = one;
    pages.value = 1;
    void kept.again();
  };
  return (
    <div class="segments" role="group" aria-label={words.say("intake.show")}>
      {choices.map((one) => (
        <button type="button" key={one} aria-pressed={choice.value === one} onClick={() => choose(one)}>
          {words.say(`intake.show.${one}`)}
        </button>
      ))}
    </div>
  );
}

/** A message may name a person, so it is asked for one at a time, when somebody wants to read it. */
async function readRaw(one: Kept): Promise<void> {
  if (one.raw !== undefined || raws.value[one.id] !== undefined) return;
  const answer = await ask<Kept>(`/api/v1/quarantine/${segment(one.id)}`);
  const words = spoken.peek();
  const text = answer.ok ? (answer.body?.raw ?? "–") : words.say("console.failed", { reason: answer.reason });
  raws.value = { ...raws.value, [one.id]: text };
}

async function retry(id: string): Promise<void> {
  const answer = await tell<Retried>(`/api/v1/quarantine/${segment(id)}/retry`, {});
  const said = answer.ok ? outcomeText(answer.body ?? {}) : spoken.peek().say("console.failed", { reason: answer.reason });
  retried.value = { ...retried.value, [id]: said };
  await kept.again();
}

/** A retry reads the whole message: where this reason is gone, other rows may still be refused, or this one for another reason. */
function outcomeText({ state, used, rejected, reason }: Retried): string {
  const words = spoken.peek();
  const refused = rejected ?? 0;
  if (state !== "resolved" && (refused > 0 || state === "retried")) return reason ? words.say("intake.stillWhy", { reason }) : words.say("intake.still");
  if (refused > 0) return words.say("intake.othersStill", { n: refused });
  return used === undefined ? words.say("intake.retried") : words.say("intake.retriedUsed", { n: used });
}

open("intake.title", () => {
  const words = spoken.value;
  return (
    <div class="stack">
      <h1>{words.say("intake.title")}</h1>
      <h2>{words.say("intake.feeds")}</h2>
      <Feeds />
      <h2>{words.say("intake.quarantine")}</h2>
      <Quarantine />
    </div>
  );
});
setInterval(tick, 1_000);
