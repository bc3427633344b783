import { test } from "node:test";
import assert from "node:assert/strict";
import { bedText, boundText, compactText, dayText, numberText, signOf, unitText } from "../src/value.ts";
import { ageText, counterText, countdownText, instant, shortAgeText, sinceText, spanText } from "../src/time.ts";
import { speech } from "../src/words/words.ts";

const ja = speech("ja");

test("a missing value is a dash and never a zero", () => {
  assert.equal(numberText("temperature", null), "–");
  assert.equal(numberText("temperature", undefined), "–");
  assert.equal(numberText("temperature", 0), "0.0");
});

test("digits follow the analyte", () => {
  assert.equal(numberText("temperature", 39), "39.0");
  assert.equal(numberText("spo2", 88.4), "88");
  assert.equal(numberText("phosphate", 0.614), "0.61");
  assert.equal(numberText("phosphate", 2.34), "2.3");
  assert.equal(numberText("ferritin", 12345.6), "12346");
});

test("a value beyond what the method measures keeps its sign, and its limit is not rounded to another", () => {
  assert.equal(boundText("crp", { value: 320, comparator: ">" }), ">320");
  assert.equal(boundText("crp", { value: 0.5, comparator: "<" }), "<0.5");
  assert.equal(boundText("phosphate", { value: 0.3, comparator: "<" }), "<0.30");
  assert.equal(boundText("crp", { value: 86.4, comparator: null }), "86");
  assert.equal(boundText("crp", { value: null, comparator: "<" }), "–");
  assert.equal(boundText("crp", undefined), "–");
});

test("since when says the hour of today and of last night, and of what is older the date, so that no other day is read as today", () => {
  const at = (day: number, hour: number): number => new Date(2026, 10, day, hour, 5).getTime();
  assert.equal(sinceText(at(22, 3), at(22, 23)), "03:05–");
  assert.equal(sinceText(at(21, 23), at(22, 1)), "23:05–");
  assert.equal(sinceText(at(21, 14), at(22, 3)), "11/21–");
  assert.equal(sinceText(at(20, 14), at(22, 14)), "11/20–");
});

test("an age has a shorter form where 時間 has no room", () => {
  const ja = speech("ja");
  assert.deepEqual([30_000, 59 * 60_000, 7 * 3_600_000, 47 * 3_600_000, 72 * 3_600_000].map((span) => shortAgeText(span, ja)), ["<1分", "59分", "7h", "47h", "3日"]);
});

test("a value of five digits is written in thousands where there is no room", () => {
  assert.deepEqual([9999, 10000, 12345].map((value) => compactText("ferritin", value)), ["9999", "10k", "12.3k"]);
  assert.equal(compactText("ferritin", null), "–");
});

test("a bed drops its ward's prefix and nothing else", () => {
  assert.equal(bedText("6E-01", "6E"), "01");
  assert.equal(bedText("6E", "6E"), "6E");
  assert.equal(bedText("12", "6E"), "12");
  assert.equal(bedText(null, "6E"), "–");
});

test("days count from the infusion, with a sign and unknown as a dash", () => {
  assert.deepEqual([2, 0, -1, null, undefined, 2.9].map(dayText), ["D+2", "D0", "D−1", "D–", "D–", "D+2"]);
});

test("a comparison nobody named shows no sign", () => {
  assert.equal(signOf({ analyte: "spo2", value: 88 }), null);
  assert.equal(signOf({ analyte: "spo2", value: 88, comparison: "<=" }), "≤");
  assert.equal(unitText("Cel"), "°C");
  assert.equal(unitText("furlong"), "furlong");
});

test("an age is rounded down to one unit and seconds are not counted on a wall", () => {
  assert.equal(spanText(119_000, ja), "1分");
  assert.equal(spanText(119 * 60_000, ja), "119分");
  assert.equal(spanText(5.9 * 3_600_000, ja), "5時間");
  assert.equal(spanText(-4_000, ja), "0秒");
  assert.equal(ageText(40_000, ja), "<1分");
});

test("counters run on", () => {
  assert.equal(counterText(14_900), "00:00:14");
  assert.equal(counterText(3_725_000), "01:02:05");
  assert.equal(countdownText(249_000), "4:09");
  assert.equal(instant("not a time"), null);
});
