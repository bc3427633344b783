// The audit: who looked at whom, who did what, when, from where, and what was refused. Searched, never scrolled for.
import { signal } from "@preact/signals";
import { Loading, Missing, open, spoken } from "../shell.tsx";
import "./pages.css";
import { ask, type Answer } from "../ask.ts";
import { instant } from "../time.ts";
import type { Key, Speech } from "../words/words.ts";
import { csvLines, saveText } from "./csv.ts";
import { rows } from "./answer.ts";

interface Deed {
  at?: string;
  by?: string;
  role?: string;
  action?: string;
  patient?: string | null;
  subject?: string | null;
  address?: string;
  outcome?: string;
}

/** How the action of a line begins; the empty one is every action. */
const actions = ["", "read", "list", "connect", "chart", "acknowledge", "shelve", "unshelve", "rate", "undo", "close", "retry", "search", "sign in"] as const;
const outcomes = ["", "done", "refused", "failed"] as const;
const fields = ["who", "patient", "action", "outcome", "from", "to"] as const;
/** The most the service answers to one search. */
const most = 1000;

const found = signal<Answer<unknown> | null>(null);
const asking = signal(false);
const query = new URLSearchParams(location.search);

async function search(form: HTMLFormElement): Promise<void> {
  const typed = new FormData(form);
  const wanted = new URLSearchParams();
  for (const name of fields) {
    const text = String(typed.get(name) ?? "").trim();
    if (text !== "") wanted.set(name, text);
  }
  // The address keeps what was typed, so that a search can be sent to somebody; the question has instants with a zone.
  history.replaceState(null, "", `${location.pathname}${wanted.size > 0 ? `?${wanted}` : ""}`);
  for (const name of ["from", "to"]) {
    const text = wanted.get(name);
    if (text === null) continue;
    const at = new Date(text);
    if (Number.isNaN(at.getTime())) wanted.delete(name);
    else wanted.set(name, at.toISOString());
  }
  wanted.set("limit", String(most));
  asking.value = true;
  found.value = await ask<unknown>(`/api/v1/audit?${wanted}`);
  asking.value = false;
}

function Form({ words }: { words: Speech }) {
  const pick = (name: "action" | "outcome", title: Key, choices: readonly string[], family: string) => (
    <label>
      {words.say(title)}
      <select name={name}>
        {choices.map((one) => (
          <option key={one} value={one} selected={query.get(name) === one}>
            {one === "" ? words.say("audit.any") : words.named(family, one)}
          </option>
        ))}
      </select>
    </label>
  );
  const word = (name: "who" | "patient") => (
    <label>
      {words.say(`audit.${name}`)}
      <input name={name} defaultValue={query.get(name) ?? ""} autocomplete="off" />
    </label>
  );
  const moment = (name: "from" | "to") => (
    <label>
      {words.say(`audit.${name}`)}
      <input name={name} type="datetime-local" defaultValue={query.get(name) ?? ""} />
    </label>
  );
  return (
    <form
      class="card audit-form"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        void search(event.currentTarget);
      }}
    >
      {word("who")}
      {word("patient")}
      {pick("action", "audit.action", actions, "deed")}
      {pick("outcome", "audit.outcome", outcomes, "outcome")}
      {moment("from")}
      {moment("to")}
      <button type="submit" class="main" disabled={asking.value}>
        {words.say("audit.search")}
      </button>
    </form>
  );
}

function Lines({ list, words }: { list: readonly Deed[]; words: Speech }) {
  if (list.length === 0) return <p class="missing">{words.say("audit.none")}</p>;
  const titles: Key[] = ["audit.at", "audit.who", "audit.role", "audit.action", "audit.patient", "audit.subject", "audit.outcome", "audit.address"];
  return (
    <div class="table-frame card" tabIndex={0} role="region" aria-label={words.say("audit.title")}>
      <table class="audit">
        <thead>
          <tr>
            {titles.map((title) => (
              <th scope="col" key={title}>
                {words.say(title)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {list.map((deed, n) => (
            <tr key={n} data-refused={deed.outcome !== "done" || undefined}>
              <td class="at">{secondText(deed.at)}</td>
              <td>{deed.by ?? ""}</td>
              <td>{words.named("role", `${deed.role ?? ""}.full`).replace(/\.full$/, "")}</td>
              <td>{words.named("deed", deed.action ?? "")}</td>
              <td>{deed.patient ?? ""}</td>
              <td>{deed.subject ?? ""}</td>
              <td>{outcomeText(deed.outcome ?? "", words)}</td>
              <td>{deed.address ?? ""}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** `refused: role`: what came of it, and why, each in the words of the page where there are any. */
function outcomeText(text: string, words: Speech): string {
  const [what = "", why] = text.split(": ", 2);
  return [words.named("outcome", what), why ? words.named("why_not", why) : null].filter(Boolean).join(": ");
}

/** To the second and with the year: an audit is read long afterwards. */
function secondText(at: string | undefined): string {
  const read = instant(at);
  if (read === null) return "–";
  const local = new Date(read - new Date(read).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace("T", " ");
}

function save(list: readonly Deed[]): void {
  const columns = ["at", "by", "role", "action", "patient", "subject", "outcome", "address"] as const;
  saveText("stormwatch-audit.csv", csvLines([[...columns], ...list.map((deed) => columns.map((name) => deed[name]))]));
}

function Found({ words }: { words: Speech }) {
  const answer = found.value;
  if (!answer) return asking.value ? <Loading /> : null;
  if (!answer.ok) return <Missing reason={answer.reason} />;
  const list = rows<Deed>(answer.body, "audit");
  return (
    <>
      <div class="page-head">
        <p class="said" role="status">
          {words.say(list.length >= most ? "audit.countMost" : "audit.count", { n: list.length })}
        </p>
        {list.length > 0 ? (
          <button type="button" onClick={() => save(list)}>
            {words.say("quality.csv")}
          </button>
        ) : null}
      </div>
      <Lines list={list} words={words} />
    </>
  );
}

open("audit.title", () => {
  const words = spoken.value;
  return (
    <div class="stack">
      <h1>{words.say("audit.title")}</h1>
      <p class="said">{words.say("audit.meaning")}</p>
      <Form words={words} />
      <Found words={words} />
    </div>
  );
});

// An address that asks for something is answered at once; otherwise the newest lines are.
const form = document.querySelector<HTMLFormElement>(".audit-form");
if (form) void search(form);
