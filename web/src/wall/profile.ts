// What this display is: set once through the address, kept on the display, so that a kiosk starts as it was left.
import type { Identity, Language } from "../wire.ts";
import { chooseLanguage } from "../words/words.ts";

export type Theme = "day" | "night";

export interface Profile {
  inches: number;
  metres: number;
  language: Language;
  theme: Theme | "auto";
  /** Tiles the site asked for, or null for as many as are legible. */
  beds: number | null;
  /** 0 to 1. */
  volume: number;
  sound: boolean;
  lowAtNight: boolean;
  /** The most this wall asks for and shows about people. Visitors overlook a wall, so by default it is the bed alone. */
  identity: Identity;
}

const identities: readonly Identity[] = ["P0", "P1", "P2", "P3"];
const key = "stormwatch.display";
const kept = ["inches", "metres", "lang", "theme", "beds", "volume", "sound", "low_at_night", "identity"] as const;

/** Out-of-range wishes fall back to the defaults of a 55-inch screen read from 5 m. */
export function profileFrom(query: URLSearchParams, stored: Record<string, string>): Profile {
  const wish = (name: (typeof kept)[number]): string | null => query.get(name) ?? stored[name] ?? null;
  const theme = wish("theme");
  return {
    inches: within(wish("inches"), 5, 200) ?? 55,
    metres: within(wish("metres"), 0.3, 30) ?? 5,
    language: chooseLanguage(query.get("lang"), stored["lang"] ?? null, [], "ja"),
    theme: theme === "night" || theme === "auto" ? theme : "day",
    beds: within(wish("beds"), 1, 60),
    volume: within(wish("volume"), 0.05, 1) ?? 0.5,
    sound: wish("sound") !== "off",
    lowAtNight: wish("low_at_night") === "on",
    identity: identities.find((level) => level === wish("identity")) ?? "P0",
  };
}

function within(text: string | null, low: number, high: number): number | null {
  if (text === null || text === "") return null;
  const read = Number(text);
  return Number.isFinite(read) && read >= low && read <= high ? read : null;
}

export function readProfile(): Profile {
  const query = new URLSearchParams(location.search);
  const stored = storedSettings();
  for (const name of kept) {
    const given = query.get(name);
    if (given !== null) stored[name] = given;
  }
  try {
    localStorage.setItem(key, JSON.stringify(stored));
  } catch {
    // A display that may not keep anything still works from its address.
  }
  return profileFrom(query, stored);
}

function storedSettings(): Record<string, string> {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(key) ?? "{}");
    return typeof read === "object" && read !== null ? { ...(read as Record<string, string>) } : {};
  } catch {
    return {};
  }
}

/** Night from nine to six, by the time of the service. */
export function themeAt(theme: Profile["theme"], at: number): Theme {
  if (theme !== "auto") return theme;
  const hour = new Date(at).getHours();
  return hour >= 21 || hour < 6 ? "night" : "day";
}
