// Which language a page speaks, and how a key becomes a sentence.
import type { BothLanguages, Language } from "../wire.ts";
import { ja } from "./ja.ts";
import { en } from "./en.ts";

export type Key = keyof typeof ja;
export type Words = Record<Key, string>;

export const catalogue: Record<Language, Words> = { ja, en };

/** The words of one language, bound once so that a page writes `say("nav.wall")`. */
export interface Speech {
  language: Language;
  say: (key: Key, values?: Record<string, string | number>) => string;
  /** For names made at run time (an analyte, a role): the catalogue's word, or the name itself if there is none. */
  named: (family: string, name: string) => string;
  both: (text: BothLanguages | string | null | undefined) => string;
}

export function speech(language: Language): Speech {
  const words = catalogue[language];
  return {
    language,
    say: (key, values) => fill(words[key], values),
    named: (family, name) => (words as Record<string, string>)[`${family}.${name}`] ?? name,
    both: (text) => (typeof text === "object" && text !== null ? (text[language] ?? text.en) : (text ?? "")),
  };
}

export function fill(sentence: string, values?: Record<string, string | number>): string {
  if (!values) return sentence;
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The query wins, then what this display was set to, then the browser, then the page's own default. */
export function chooseLanguage(
  query: string | null,
  stored: string | null,
  browser: readonly string[],
  preferred: Language | null,
): Language {
  for (const wish of [query, stored, preferred]) if (wish === "ja" || wish === "en") return wish;
  const first = browser.map((tag) => tag.slice(0, 2)).find((tag) => tag === "ja" || tag === "en");
  return first === "ja" ? "ja" : "en";
}
