// The console: what waits for an answer, on a phone first.
import { useEffect, useState } from "preact/hooks";
import { effect, signal, useComputed } from "@preact/signals";
import "../style/why.css";
import "./console.css";
import type { Alert, Priority } from "../wire.ts";
import { follow, afterFrame, heard, send, session, tick, unheard, ward } from "../store.ts";
import { putAside } from "../ward.ts";
import { receipts } from "../painted.ts";
import { Loading, open, spoken } from "../shell.tsx";
import { spanText } from "../time.ts";
import { bedText } from "../value.ts";
import { Why } from "../why.tsx";
import { acknowledge, outcomes } from "./act.ts";
import { Card, PutAside } from "./card.tsx";
import { learnPolicies, roleText } from "../ladder.tsx";
import { companions, everything, isWaiting, rolesOf, stepIn, workList, type Filter } from "./list.ts";

const filterKey = "stormwatch.console";
/** The address names wards once, for a bookmark or a link; what is chosen here holds from then on. */
const fromAddress = new URLSearchParams(location.search).getAll("ward");
const filter = signal<Filter>(storedFilter());
const selected = signal<string | null>(null);
const opened = signal<string | null>(null);
const wide = signal(matchMedia("(min-width: 1100px)").matches);

function storedFilter(): Filter {
  try {
    const stored = { ...everything, ...(JSON.parse(localStorage.getItem(filterKey) ?? "{}") as Partial<Filter>) };
    return fromAddress[0] ? { ...stored, ward: fromAddress[0] } : stored;
  } catch {
    return everything;
  }
}

/** Asks the service for what is chosen and no more; who is told of an alert changes with each step, so that is chosen here. */
function subscribe(): void {
  const { ward: chosen, priority } = filter.value;
  const wards = chosen !== null ? [chosen, ...fromAddress.filter((name) => name !== chosen && fromAddress[0] === chosen)] : [];
  follow(wards, priority === null ? {} : { minPriority: priority });
}

/** The list, with alerts just answered kept in their place until they can no longer be taken back. */
function shownList(): Alert[] {
  const list = workList(ward.value, filter.value);
  const present = new Set(list.map((alert) => alert.id));
  const lingering = Object.values(outcomes.value).flatMap((outcome) =>
    outcome.kind === "done" && !present.has(outcome.alert.id) ? [outcome.alert] : [],
  );
  return [...list, ...lingering];
}

function Console() {
  const words = spoken.value;
  const list = shownList();
  const waiting = list.filter(isWaiting).length;
  const current = list.find((alert) => alert.id === selected.value) ?? null;
  return (
    <div class="console">
      <div class="console-list stack">
        <div class="console-head">
          <h1>{words.say("console.title")}</h1>
          <p class="count" data-none={waiting === 0 || undefined}>
            {words.say("console.count", { n: waiting })}
          </p>
        </div>
        <Disconnected />
        <Filters />
        {!ward.value.known ? <Loading /> : null}
        {ward.value.known && list.length === 0 ? (
          <div class="calm card">
            <p>{words.say("console.calm")}</p>
            <small>{words.say("console.calmMore")}</small>
          </div>
        ) : null}
        <ol class="stack">
          {list.map((alert) => (
            <Card
              key={alert.id}
              alert={alert}
              patient={alert.patient ? ward.value.patients[alert.patient] : undefined}
              companions={companions(list, alert)}
              selected={alert.id === (selected.value ?? list[0]?.id)}
              open={wide.value ? alert.id === selected.value : alert.id === opened.value}
              inline={!wide.value}
              words={words}
              onSelect={() => (selected.value = alert.id)}
              onWhy={() => {
                selected.value = alert.id;
                opened.value = opened.value === alert.id ? null : alert.id;
              }}
            />
          ))}
        </ol>
        <Aside />
        <p class="said keys">{words.say("console.keys")}</p>
      </div>
      {wide.value && current ? (
        <aside class="console-why card" aria-label={words.say("why.title")}>
          <h2>
            {bedText(current.bed, current.ward)} {words.say("why.title")}
          </h2>
          <Why alert={current} patient={current.patient ? ward.value.patients[current.patient] : undefined} words={words} />
        </aside>
      ) : null}
      <News list={list} />
    </div>
  );
}

function Disconnected() {
  const words = spoken.value;
  const age = useComputed(() => Math.floor(unheard.value / 1000) * 1000);
  if (heard.value === "live") return null;
  return (
    <p class="offline" data-lost={heard.value === "lost" || undefined} role="alert">
      {words.say("console.offline", { time: spanText(age.value, words) })} {words.say("secondary.notice")}
    </p>
  );
}

function Filters() {
  const words = spoken.value;
  const chosenWard = filter.value.ward === null ? [] : [filter.value.ward];
  const names = [...new Set([...(session.value?.ward_choices ?? []), ...chosenWard, ...Object.values(ward.value.patients).map((one) => one.ward)])].sort();
  const chosenRole = filter.value.role === null ? [] : [filter.value.role];
  const roles = [...new Set([...chosenRole, ...Object.values(ward.value.alerts).flatMap(rolesOf)])].sort();
  const change = (part: Partial<Filter>): void => {
    const { ward: before, priority } = filter.value;
    filter.value = { ...filter.value, ...part };
    localStorage.setItem(filterKey, JSON.stringify(filter.value));
    if (filter.value.ward !== before || filter.value.priority !== priority) subscribe();
  };
  const priorities: Priority[] = ["high", "medium", "low"];
  return (
    <div class="filters">
      {names.length > 1 ? (
        <label>
          {words.say("console.ward")}
          <select value={filter.value.ward ?? ""} onChange={(event) => change({ ward: event.currentTarget.value || null })}>
            <option value="">{words.say("console.allWards")}</option>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      ) : null}
      {roles.length > 0 ? (
        <label>
          {words.say("console.role")}
          <select value={filter.value.role ?? ""} onChange={(event) => change({ role: event.currentTarget.value || null })}>
            <option value="">{words.say("console.all")}</option>
            {roles.map((role) => (
              <option key={role} value={role}>
                {roleText(role, words)}
              </option>
            ))}
          </select>
        </label>
      ) : null}
      <div class="segments" role="group" aria-label={words.say("console.priority")}>
        <button type="button" aria-pressed={filter.value.priority === null} onClick={() => change({ priority: null })}>
          {words.say("console.all")}
        </button>
        {priorities.slice(0, 2).map((priority) => (
          <button
            type="button"
            key={priority}
            aria-pressed={filter.value.priority === priority}
            onClick={() => change({ priority })}
          >
            {words.say(`priority.${priority}`)}
            {priority === "medium" ? "+" : ""}
          </button>
        ))}
      </div>
      {filter.value.ward !== null || filter.value.priority !== null || filter.value.role !== null ? (
        <p class="narrowed" role="status">
          {words.say("console.narrowed")}{" "}
          <button type="button" class="plain" onClick={() => change(everything)}>
            {words.say("console.showAll")}
          </button>
        </p>
      ) : null}
    </div>
  );
}

/** What was put aside: it hides something, so it is listed with who did it, why, and when it comes back. */
function Aside() {
  const words = spoken.value;
  const list = putAside(ward.value);
  if (list.length === 0) return null;
  return (
    <details class="aside card" open>
      <summary>{words.say("console.asideTitle", { n: list.length })}</summary>
      <ul>
        {list.map((alert) => (
          <PutAside key={alert.id} alert={alert} words={words} />
        ))}
      </ul>
    </details>
  );
}

/** Says new alerts to a screen reader, once each. */
function News({ list }: { list: readonly Alert[] }) {
  const words = spoken.value;
  const [seen, setSeen] = useState<ReadonlySet<string> | null>(null);
  const [text, setText] = useState("");
  const key = list.map((alert) => alert.id).join(" ");
  useEffect(() => {
    if (!ward.value.known) return;
    const fresh = seen === null ? [] : list.filter((alert) => !seen.has(alert.id) && isWaiting(alert));
    const first = fresh[0];
    if (first) setText(words.say("console.new", { bed: bedText(first.bed, first.ward), title: words.both(first.title) }));
    setSeen(new Set(list.map((alert) => alert.id)));
  }, [key, ward.value.known]);
  return (
    <p class="visually-hidden" aria-live="assertive">
      {text}
    </p>
  );
}

function keyboard(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) return;
  const list = shownList();
  const current = list.find((alert) => alert.id === selected.value) ?? list[0];
  switch (event.key) {
    case "ArrowDown":
    case "ArrowUp": {
      selected.value = stepIn(list, selected.value, event.key === "ArrowDown" ? 1 : -1);
      const element = document.getElementById(`alert-${selected.value ?? ""}`);
      element?.focus({ preventScroll: true });
      element?.scrollIntoView({ block: "nearest" });
      break;
    }
    case "a":
      if (current && isWaiting(current) && outcomes.value[current.id]?.kind !== "busy") void acknowledge(current, null);
      break;
    case "w":
      if (current) {
        selected.value = current.id;
        opened.value = opened.value === current.id ? null : current.id;
      }
      break;
    default:
      return;
  }
  event.preventDefault();
}

open("console.title", () => <Console />);
matchMedia("(min-width: 1100px)").addEventListener("change", (event) => (wide.value = event.matches));
addEventListener("keydown", keyboard);
void learnPolicies();
setInterval(tick, 500);
subscribe();
const painted = receipts((cursor) => send({ type: "painted", cursor }));
afterFrame((alerted) => painted.applied(ward.value.cursor, alerted));
// The first alert is the selected one until somebody chooses, so that `a` and `w` act on what is on top.
effect(() => {
  if (selected.value === null && wide.value) selected.value = workList(ward.value, filter.value)[0]?.id ?? null;
});
