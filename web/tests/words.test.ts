import { test } from "node:test";
import assert from "node:assert/strict";
import { ja } from "../src/words/ja.ts";
import { en } from "../src/words/en.ts";
import { chooseLanguage, fill, speech } from "../src/words/words.ts";

test("both languages have the same keys and no empty sentence", () => {
  assert.deepEqual(Object.keys(en).sort(), Object.keys(ja).sort());
  for (const [key, sentence] of [...Object.entries(ja), ...Object.entries(en)]) assert.notEqual(sentence.trim(), "", key);
});

test("both languages fill in the same places", () => {
  const places = (sentence: string): string[] => [...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").sort();
  for (const key of Object.keys(ja) as (keyof typeof ja)[]) assert.deepEqual(places(en[key]), places(ja[key]), key);
});

test("an unfilled place stays visible instead of becoming undefined", () => {
  assert.equal(fill("{n} of {m}", { n: 3 }), "3 of {m}");
});

test("the address decides the language, then the display, then the page, then the browser", () => {
  assert.equal(chooseLanguage("en", "ja", ["ja"], "ja"), "en");
  assert.equal(chooseLanguage(null, "en", ["ja"], "ja"), "en");
  assert.equal(chooseLanguage("xx", null, ["en-GB"], "ja"), "ja");
  assert.equal(chooseLanguage(null, null, ["fr", "ja-JP"], null), "ja");
  assert.equal(chooseLanguage(null, null, ["de"], null), "en");
});

test("an alert's title comes in the language of the page, and a name without a word stays itself", () => {
  assert.equal(speech("ja").both({ en: "Fever", ja: "発熱" }), "発熱");
  assert.equal(speech("en").named("analyte", "phosphate"), "Phosphate");
  assert.equal(speech("en").named("analyte", "unheard_of"), "unheard_of");
});
