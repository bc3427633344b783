import { test } from "node:test";
import assert from "node:assert/strict";
import { bandText, pointsText, riskText } from "../src/risk.ts";
import { speech } from "../src/words/words.ts";

const en = speech("en");

test("what is wholly known is a sum with its band", () => {
  assert.equal(riskText({ points: 8, band: "amber", missing: [], band_open: false }, en), "8 points in all · band amber");
  assert.equal(riskText({ points: 0, band: "green", missing: [] }, en), "0 points in all · band green");
});

test("with something missing points are a floor and the band is that or a higher one", () => {
  const risk = { points: 8, at_least: 8, band: "amber", band_open: true, missing: ["il6"] };
  assert.equal(riskText(risk, en), "at least 8 points · band amber or higher");
  assert.equal(riskText(risk, speech("ja")), "8 点以上 · 区分 橙以上");
});

test("there is nothing above red, so red is red", () => {
  assert.equal(riskText({ points: 13, band: "red", band_open: true, missing: ["il6"] }, en), "at least 13 points · band red");
});

test("either sign of something missing is enough", () => {
  assert.equal(pointsText({ points: 3, missing: ["crp"] }, en), "at least 3 points");
  assert.equal(pointsText({ points: 3, band_open: true, missing: [] }, en), "at least 3 points");
  assert.equal(pointsText({ points: null, at_least: 2 }, en), "at least 2 points");
});

test("nothing found while something is missing is unknown, and never green", () => {
  for (const band of ["green", null]) {
    const open = { points: 0, band, band_open: true, missing: ["il6"] };
    assert.equal(pointsText(open, en), "unknown");
    for (const language of ["en", "ja"] as const) assert.doesNotMatch(bandText(open, speech(language)), /green|緑/);
  }
  assert.equal(bandText({ points: 2, band: "green", missing: ["crp"] }, en), "band open: not all is known");
});
