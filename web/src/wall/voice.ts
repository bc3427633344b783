// The sound of the wall: plays what calls, checks every five seconds that it can be heard, and says when it cannot.
import { effect, signal } from "@preact/signals";
import { calling, patternOf, schedule, type Loud } from "../sound.ts";
import { heard, ward } from "../store.ts";
import { isShown } from "../ward.ts";
import type { Profile, Theme } from "./profile.ts";

/** False while the browser keeps the page mute; null before it was tried. */
export const audible = signal<boolean | null>(null);

const checkEvery = 5_000;
/** Half the amplitude at night (−6 dB), with a floor below which a wall cannot be heard across a room. */
const floor = 0.15;

export function startVoice(profile: Profile, theme: () => Theme): void {
  if (!profile.sound) return;
  const audio = new AudioContext();
  const check = (): void => {
    const on = audio.state === "running";
    audible.value = on;
    if (!on) void audio.resume().catch(() => undefined);
  };
  for (const gesture of ["pointerdown", "keydown"])
    addEventListener(gesture, () => void audio.resume().then(check, () => undefined));
  audio.onstatechange = check;
  check();
  setInterval(check, checkEvery);

  let playing: Loud | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const play = (): void => {
    if (!playing) return;
    const pattern = patternOf(playing);
    const volume = Math.max(floor, profile.volume * (theme() === "night" ? 0.5 : 1));
    if (audio.state === "running") schedule(audio, pattern, audio.currentTime + 0.05, volume / 2);
    timer = setTimeout(play, pattern.every * 1000);
  };
  effect(() => {
    const night = theme() === "night";
    const wanted = heard.value === "lost" ? "medium" : loudest(night, profile.lowAtNight);
    if (wanted === playing) return;
    playing = wanted;
    clearTimeout(timer);
    play();
  });
}

function loudest(night: boolean, lowAtNight: boolean): Loud | null {
  const calls = Object.values(ward.value.alerts).filter((alert) => isShown(alert) && alert.state === "active");
  return calling(
    calls.map((alert) => alert.priority),
    { night, lowAtNight },
  );
}
