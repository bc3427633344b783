// What every page but the wall has around it: where you are, where you can go, who you are, and whether it is safe to believe.
import { render, type ComponentChildren } from "preact";
import { signal } from "@preact/signals";
import "./style/fonts.css";
import "./style/page.css";
import "./style/top.css";
import type { Session } from "./wire.ts";
import { ask, tell } from "./ask.ts";
import { session } from "./store.ts";
import { chooseLanguage, speech as speak, type Key, type Speech } from "./words/words.ts";

const languageKey = "stormwatch.language";

function readLanguage(): Speech {
  const query = new URLSearchParams(location.search).get("lang");
  const stored = localStorage.getItem(languageKey);
  const chosen = chooseLanguage(query, stored, navigator.languages, null);
  if (query === "ja" || query === "en") localStorage.setItem(languageKey, query);
  return speak(chosen);
}

/** The language of the page; changing it draws everything again. */
export const spoken = signal<Speech>(readLanguage());

const places: [Key, string][] = [
  ["nav.wall", "/wall"],
  ["nav.console", "/console"],
  ["nav.intake", "/intake"],
  ["nav.rules", "/rules"],
  ["nav.quality", "/quality"],
  ["nav.scores", "/scores"],
  ["nav.audit", "/audit"],
];

/** Who is asking sees the places that answer: the audit is an administrator's. */
function placesFor(who: Session | null): [Key, string][] {
  const audits = who === null || who.open || who.user?.role === "admin";
  return places.filter(([, path]) => path !== "/audit" || audits);
}

/** Draws `page` inside the shell, titled by `title`; asks who is logged in. */
export function open(title: Key, Page: () => ComponentChildren): void {
  const host = document.getElementById("page");
  if (!host) return;
  const Whole = () => {
    const words = spoken.value;
    document.documentElement.lang = words.language;
    document.title = `${words.say(title)} · ${words.say("product")}`;
    return (
      <>
        <Top title={title} />
        <main id="content" tabIndex={-1}>
          <Page />
        </main>
      </>
    );
  };
  render(<Whole />, host);
  void learnSession();
}

/** An older service without this question is one without users. */
async function learnSession(): Promise<void> {
  const answer = await ask<Session>("/api/v1/session");
  session.value = answer.ok && answer.body ? answer.body : { user: null, open: answer.ok || answer.status === 404 };
  const stranger = answer.ok && session.value.user === null && !session.value.open;
  if (stranger && location.pathname !== "/login" && location.pathname !== "/")
    location.replace(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/** On a phone the row of places scrolls, and where one is must be seen. */
function showCurrent(nav: HTMLElement | null): void {
  // The letters of the page decide how wide the row is.
  void document.fonts.ready.then(() => {
    const current = nav?.querySelector<HTMLElement>("[aria-current]");
    if (nav && current) nav.scrollLeft = current.offsetLeft - nav.offsetLeft - (nav.clientWidth - current.offsetWidth) / 2;
  });
}

function Top({ title }: { title: Key }) {
  const words = spoken.value;
  const who = session.value;
  const other = words.language === "ja" ? "en" : "ja";
  return (
    <header class="top">
      <a class="skip" href="#content">
        {words.say("nav.skip")}
      </a>
      <a class="brand" href="/" aria-label={`${words.say("product")} ${words.say("nav.overview")}`}>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" />
          <path d="M5 19h5l3-9 5 14 3-8h6" />
        </svg>
        <span>{words.say("product")}</span>
      </a>
      <nav aria-label={words.say("product")} ref={showCurrent}>
        {placesFor(who).map(([key, path]) => (
          <a key={path} href={path} aria-current={key === title || location.pathname === path ? "page" : undefined}>
            {words.say(key)}
          </a>
        ))}
      </nav>
      <div class="who">
        {who?.user ? (
          <>
            <span>
              {who.user.name} · {words.named("role", `${who.user.role}.full`)}
            </span>
            <button type="button" class="plain" onClick={() => void tell("/api/v1/logout", {}).then(() => location.assign("/login"))}>
              {words.say("nav.logout")}
            </button>
          </>
        ) : who && !who.open ? (
          <a href="/login">{words.say("nav.login")}</a>
        ) : null}
        <button
          type="button"
          class="plain"
          lang={other}
          onClick={() => {
            localStorage.setItem(languageKey, other);
            spoken.value = speak(other);
          }}
        >
          {words.say("nav.language")}
        </button>
      </div>
      {who?.open ? (
        <p class="open-notice" role="note">
          {words.say("open.notice")}
        </p>
      ) : null}
    </header>
  );
}

/** A part of a page that the service did not give. */
export function Missing({ reason }: { reason: string }) {
  const words = spoken.value;
  return (
    <div class="missing" role="status">
      <p>{words.say("missing.page")}</p>
      <small>{reason === "" ? words.say("missing.unreachable") : words.say("missing.reason", { reason })}</small>
    </div>
  );
}

export function Loading() {
  return (
    <p class="loading" role="status">
      {spoken.value.say("loading")}
    </p>
  );
}
