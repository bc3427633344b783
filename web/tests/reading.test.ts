import { test } from "node:test";
import assert from "node:assert/strict";
import { leading, readingOf } from "../src/reading.ts";
import { ended, running } from "../src/patient/course.ts";
import { gradeText } from "../src/wall/place.ts";
import type { Evidence, Therapy } from "../src/wire.ts";

const row = (fields: Partial<Evidence>): Evidence => ({ analyte: "phosphate", value: 0.71, unit: "mmol/L", ...fields });
const said = (fields: Partial<Evidence>): string => {
  const reading = readingOf(row(fields));
  return reading ? `${reading.mark}${reading.value} ${reading.sign ?? ""} ${reading.limit ?? ""}`.trim().replace(/\s+/g, " ") : "none";
};

test("a value is shown against its own limit, and the limit is a line in the chart", () => {
  assert.equal(said({ limit: 0.7, comparison: "<" }), "0.71 < 0.70");
  assert.equal(readingOf(row({ limit: 0.7, comparison: "<" }))?.line, 0.7);
  assert.equal(said({ comparator: "<", limit: 0.7, comparison: "<" }), "<0.71 < 0.70");
  assert.equal(said({}), "0.71");
});

test("a change against the baseline is shown in per cent and is no line in the chart of the value", () => {
  const fields = { feature: 'change_from_baseline("24h")', result: -32.4, limit: -15, comparison: "<=" };
  assert.equal(said(fields), "Δ−32% ≤ −15");
  assert.equal(readingOf(row(fields))?.line, null);
});

test("ratios, falls, rises and statistics are told apart", () => {
  assert.equal(said({ analyte: "pai1", value: 41, feature: 'ratio_to_baseline("36h")', result: 1.82, limit: 1.8, comparison: ">=" }), "×1.8 ≥ 1.8");
  assert.equal(said({ analyte: "ice", value: 7, feature: 'fall("12h")', result: 3, limit: 3, comparison: ">=" }), "↓3 ≥ 3");
  assert.equal(said({ analyte: "temperature", value: 38.2, feature: 'max("6h")', result: 39, limit: 38.9, comparison: ">=" }), "39.0 ≥ 38.9");
});

test("a sustained limit is read from what the rule asked", () => {
  const fields = { analyte: "map", value: 62, feature: 'sustained_below(65, "5m")' };
  assert.equal(said(fields), "62 < 65");
  assert.equal(readingOf(row(fields))?.line, 65);
});

test("an age or a count is no reading", () => {
  assert.equal(said({ feature: "age", result: null }), "none");
  assert.equal(said({ feature: 'count("6h")', result: 3, limit: 2, comparison: "<" }), "none");
  assert.equal(readingOf(undefined), null);
});

test("the row that is beyond its limit leads, not one that was asked and within", () => {
  const ratio = row({ analyte: "pai1", value: 52, feature: 'ratio_to_baseline("36h")', result: 1.0, limit: 2.5, comparison: ">=" });
  const plain = row({ analyte: "pai1", value: 52, limit: 50, comparison: ">" });
  assert.equal(leading([ratio, plain]), plain);
  assert.equal(leading([plain, ratio]), plain);
});

test("the row that was compared with something leads", () => {
  const rows = [row({ analyte: "heart_rate", value: 120 }), row({ value: 0.65, limit: 0.7, comparison: "<" })];
  assert.equal(leading(rows)?.analyte, "phosphate");
  assert.equal(leading([row({})])?.analyte, "phosphate");
  assert.equal(leading([]), undefined);
});

test("a grade of which only a part is certain says so", () => {
  assert.equal(gradeText({ suggested: null, at_least: 1 }), "≥1");
  assert.equal(gradeText({ suggested: null, at_least: 0 }), "?");
  assert.equal(gradeText({ suggested: 2, at_least: 2 }), "2");
  assert.equal(gradeText(null), "?");
});

test("oxygen runs until it is changed or stopped", () => {
  const at = (hour: number): string => `2026-11-22T0${hour}:00:00Z`;
  const lanes = ended([
    { kind: "oxygen", at: at(1), device: "nasal_cannula", flow: 2 },
    { kind: "oxygen", at: at(3), device: "simple_mask", flow: 6 },
    { kind: "oxygen", at: at(5), action: "stopped" },
    { kind: "tocilizumab", at: at(2) },
    { kind: "steroid", at: at(2), action: "withdrawn" },
  ]);
  assert.deepEqual(
    lanes.map((one) => [one.kind, one.at, one.until ?? null]),
    [
      ["oxygen", at(1), at(3)],
      ["tocilizumab", at(2), null],
      ["oxygen", at(3), at(5)],
    ],
  );
});

test("a stop ends the vasopressor it names, one without a name ends all, and an end that was given counts unless a stop came first", () => {
  const at = (hour: number): string => `2026-11-22T0${hour}:00:00Z`;
  const kind = "vasopressor";
  const left = (...later: Therapy[]): string[] => {
    const rows: Therapy[] = [{ kind, at: at(1), agent: "noradrenaline" }, { kind, at: at(2), agent: "vasopressin", until: at(7) }, { kind: "oxygen", at: at(1), device: "simple_mask" }];
    return running([...rows, ...later], Date.parse(at(5))).map((one) => one.agent ?? one.device ?? "");
  };
  assert.deepEqual(left(), ["noradrenaline", "simple_mask", "vasopressin"]);
  assert.deepEqual(left({ kind, at: at(3), action: "stopped", agent: "noradrenaline" }), ["simple_mask", "vasopressin"]);
  assert.deepEqual(left({ kind, at: at(3), action: "stopped", agent: "vasopressin" }), ["noradrenaline", "simple_mask"]);
  assert.deepEqual(left({ kind, at: at(3), action: "stopped" }), ["simple_mask"]);
  assert.deepEqual(left({ kind: "oxygen", at: at(3), action: "stopped", device: "nasal_cannula" }), ["noradrenaline", "simple_mask", "vasopressin"]);
  assert.deepEqual(left({ kind: "oxygen", at: at(3), action: "stopped" }), ["noradrenaline", "vasopressin"]);
  assert.deepEqual(left({ kind, at: at(6), action: "stopped" }), ["noradrenaline", "simple_mask", "vasopressin"], "a stop that is not yet");
});
