// The wall: one screen, no scrolling, no rotation, nothing to touch.
import { options, render } from "preact";
import { effect, signal } from "@preact/signals";
import "../style/wall-fonts.css";
import "./wall.css";
import "./tile.css";
import "./overlay.css";
import type { Session } from "../wire.ts";
import { ask } from "../ask.ts";
import { isWide, plan } from "../legibility.ts";
import { afterFrame, follow, heard, now, phase, send, session, tick, ward } from "../store.ts";
import { isShown, unplaced } from "../ward.ts";
import { receipts } from "../painted.ts";
import { speech as speak } from "../words/words.ts";
import { onFrame, watchRenderer, withPicture } from "./loop.ts";
import { readProfile, themeAt } from "./profile.ts";
import { isAlarmed, seats, split } from "./place.ts";
import { mayRenew } from "./renew.ts";
import { forget } from "./trace.ts";
import { audible, startVoice } from "./voice.ts";
import { Tile } from "./tile.tsx";
import { Header, Strip } from "./strip.tsx";
import { Overlay } from "./overlay.tsx";

// However many frames arrive between two pictures, they are drawn once.
options.debounceRendering = withPicture;
// What follows a drawing needs no picture of its own.
options.requestAnimationFrame = (then) => void setTimeout(then);

const profile = readProfile();
const named = profile.identity !== "P0";
const speech = speak(profile.language);
const wards = signal<string[]>(new URLSearchParams(location.search).getAll("ward").filter((name) => name !== ""));
const choices = signal<string[] | null>(null);
/** The service has users and this display is none of them. */
const stranger = signal(false);
const size = signal({ width: innerWidth, height: innerHeight });

function Wall() {
  const { width, height } = size.value;
  const all = seats(ward.value);
  const viewing = { ...profile, named, width, height };
  const layout = plan(viewing, profile.beds, all.length, all.filter(isAlarmed).length);
  if (!layout.fits)
    return (
      <main class="refusal">
        <h1>{speech.say("wall.refuseTitle")}</h1>
        <p>
          {speech.say("wall.refuseWhy", {
            beds: layout.wanted,
            inches: profile.inches,
            metres: profile.metres,
            minutes: layout.minutes.toFixed(1),
          })}
        </p>
        {layout.capacity > 0 ? <p>{speech.say("wall.refuseRoom", { n: layout.capacity })}</p> : null}
        <p>{speech.say("wall.refuseFix", { inches: layout.inches, metres: layout.metres })}</p>
      </main>
    );
  if (stranger.value)
    return (
      <main class="refusal">
        <h1>{speech.say("login.needed")}</h1>
        <p>
          <a href={`/login?next=${encodeURIComponent(location.pathname + location.search)}`}>{speech.say("nav.login")}</a>
        </p>
      </main>
    );
  if (choices.value !== null) return <Choice wards={choices.value} />;
  const { tiles, chips } = split(all, layout.tiles);
  const { style, dataset } = document.documentElement;
  style.setProperty("--u", `${layout.grid.unit.toFixed(2)}px`);
  style.setProperty("--columns", String(layout.grid.columns));
  style.setProperty("--rows", String(layout.grid.rows));
  dataset["tiles"] = isWide(layout.grid, viewing) ? "wide" : "tall";
  return (
    <>
      <Header seats={all} wardName={wardName(all)} speech={speech} />
      <main class="grid">
        {tiles.map((seat) => (
          <Tile key={seat.patient.id} patient={seat.patient} alerts={seat.alerts} named={named} speech={speech} />
        ))}
        {all.length === 0 && ward.value.known ? <p class="nobody">{speech.say("wall.empty")}</p> : null}
      </main>
      <Strip chips={chips} technical={unplaced(ward.value)} small={layout.minutes < 16} speech={speech} />
      <Overlay speech={speech} />
    </>
  );
}

function wardName(all: ReturnType<typeof seats>): string {
  const names = wards.value.length > 0 ? wards.value : [...new Set(all.map((seat) => seat.patient.ward))];
  return names.join(" ");
}

function Choice({ wards: names }: { wards: readonly string[] }) {
  return (
    <main class="refusal">
      <h1>{speech.say("wall.choose")}</h1>
      <ul>
        {names.map((name) => (
          <li key={name}>
            <a href={`?ward=${encodeURIComponent(name)}`}>{name}</a>
          </li>
        ))}
      </ul>
    </main>
  );
}

async function start(): Promise<void> {
  show();
  await learnSession();
  if (stranger.value) return;
  const offered = session.value?.ward_choices ?? [];
  if (wards.value.length === 0 && offered.length > 1) {
    choices.value = offered;
    return;
  }
  if (wards.value.length === 0) wards.value = offered;
  follow(wards.value, { identity: profile.identity, bySecond: true });
  const painted = receipts((cursor) => send({ type: "painted", cursor }), withPicture);
  afterFrame((alerted) => painted.applied(ward.value.cursor, alerted));
  startVoice(profile, () => themeAt(profile.theme, now.value));
  // A new connection knows nothing of this display's voice, so every one is told.
  effect(() => {
    if (phase.value === "live" && audible.value !== null) send({ type: "sound", on: audible.value });
  });
  setInterval(() => forget(new Set(Object.keys(ward.value.patients))), 600_000);
  setInterval(() => {
    const calling = Object.values(ward.value.alerts).filter(isShown).length;
    if (mayRenew(performance.now(), now.value, heard.value === "live", calling)) location.reload();
  }, 60_000);
}

/** Draws the page and starts everything that does not need the service. */
function show(): void {
  document.documentElement.lang = profile.language;
  document.title = `${wards.value.join(" ")} ${speech.say("wall.title")}`.trim();
  effect(() => {
    document.documentElement.dataset["theme"] = themeAt(profile.theme, now.value);
  });
  addEventListener("resize", () => (size.value = { width: innerWidth, height: innerHeight }));
  const host = document.getElementById("page");
  if (host) render(<Wall />, host);
  onFrame(tick);
  // The render loop stops with the screen; the watch over the connection must not.
  setInterval(tick, 1_000);
  watchRenderer();
  void keepAwake();
}

/** Who this display is. A service that cannot be reached is asked again, while the wall already tries to follow it. */
async function learnSession(): Promise<void> {
  const answer = await ask<Session>("/api/v1/session");
  if (answer.ok && answer.body) {
    session.value = answer.body;
    stranger.value = answer.body.user === null && !answer.body.open;
    return;
  }
  // A service that does not know the question is an older one, and those have no users.
  const unknown = answer.ok || answer.status === 404;
  session.value = { user: null, open: unknown };
  if (!unknown) setTimeout(() => void learnSession(), 5_000);
}

async function keepAwake(): Promise<void> {
  const hold = async (): Promise<void> => {
    if (document.visibilityState === "visible") await navigator.wakeLock?.request("screen").catch(() => undefined);
  };
  document.addEventListener("visibilitychange", () => void hold());
  await hold();
}

void start();
