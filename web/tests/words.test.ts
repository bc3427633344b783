import { test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ja } from "../src/words/ja.ts";
import { en } from "../src/words/en.ts";
import { chooseLanguage, fill, speech } from "../src/words/words.ts";
import { lineUnits, unitsOf } from "../src/wall/width.ts";

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

test("a build without one of the words, in either language, fails", () => {
  const web = fileURLToPath(new URL("..", import.meta.url));
  assert.match(String(JSON.parse(readFileSync(join(web, "package.json"), "utf8")).scripts.build), /^npm run check && /);
  const folder = mkdtempSync(join(web, "node_modules", ".words-"));
  try {
    for (const part of ["src", "tests", "tsconfig.json", "package.json"]) cpSync(join(web, part), join(folder, part), { recursive: true });
    symlinkSync(join(web, "node_modules"), join(folder, "node_modules"));
    const check = () => spawnSync("npm", ["run", "check"], { cwd: folder, encoding: "utf8" });
    assert.equal(check().status, 0);
    for (const language of ["ja", "en"]) {
      const file = join(folder, "src", "words", `${language}.ts`);
      const whole = readFileSync(file, "utf8");
      const without = whole.replace(/^ {2}"wall\.soundOff": .*\n/m, "");
      assert.notEqual(without, whole);
      writeFileSync(file, without);
      const { status, stdout } = check();
      assert.notEqual(status, 0, language);
      assert.match(stdout, /wall\.soundOff/, language);
      writeFileSync(file, whole);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the title of every shipped rule fits the two lines that a tile has for an alert's words", () => {
  const rules = fileURLToPath(new URL("../../alert-rules/", import.meta.url));
  const files = readdirSync(rules).filter((name) => name.endsWith(".toml"));
  const titles = files.flatMap((name) => [...readFileSync(join(rules, name), "utf8").matchAll(/^title = \{ en = "([^"]+)", ja = "([^"]+)"/gm)]);
  assert.ok(titles.length > 30, `${titles.length} titles`);
  // What is left of a line where a word did not fit any more.
  const held = lineUnits * 2 - 1.4;
  for (const [, english, japanese] of titles)
    for (const title of [english, japanese]) assert.ok(unitsOf(title ?? "") <= held, `${title}: ${unitsOf(title ?? "").toFixed(1)} of ${held.toFixed(1)}`);
});
