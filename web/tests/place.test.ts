import { test } from "node:test";
import assert from "node:assert/strict";
import { gradeOf, numberFirst, sinceOf, split, type Seat } from "../src/wall/place.ts";
import { companions, stepIn, workList, everything } from "../src/console/list.ts";
import { profileFrom, themeAt } from "../src/wall/profile.ts";
import { tally } from "../src/patient/score.ts";
import { csvOf } from "../src/pages/csv.ts";
import { mayRenew } from "../src/wall/renew.ts";
import { nobody } from "../src/ward.ts";
import type { Alert, Priority } from "../src/wire.ts";

const alert = (id: string, priority: Priority, fields: Partial<Alert> = {}): Alert => ({
  id,
  rule: "r",
  kind: "physiological",
  priority,
  state: "active",
  patient: id,
  ward: "6E",
  title: { en: id, ja: id },
  raised_at: "2026-11-22T06:00:00Z",
  ...fields,
});
const seat = (bed: number, priority: Priority | null, crs: number | null = 0): Seat => ({
  patient: { id: String(bed), ward: "6E", bed: `6E-${bed}`, crs: { suggested: crs } },
  alerts: priority ? [alert(String(bed), priority)] : [],
});
const beds = (seats: Seat[]): string[] => seats.map((one) => one.patient.id);

test("beds above the capacity become chips, those at least risk first, in bed order", () => {
  const { tiles, chips } = split([seat(1, null), seat(2, "low"), seat(3, null, 2), seat(4, null)], 2);
  assert.deepEqual(beds(tiles), ["2", "3"]);
  assert.deepEqual(beds(chips), ["1", "4"]);
});

test("an alarmed bed never becomes a chip", () => {
  const { tiles, chips } = split([seat(1, "low"), seat(2, "high"), seat(3, "low"), seat(4, null)], 2);
  assert.deepEqual(beds(tiles), ["1", "2", "3"]);
  assert.deepEqual(beds(chips), ["4"]);
});

test("a charted grade stands before a suggested one, and unknown is not zero", () => {
  assert.equal(gradeOf({ suggested: 1, charted: 2 }), 2);
  assert.equal(gradeOf({ suggested: 0, charted: null }), 0);
  assert.equal(gradeOf({ grade: null }), null);
  assert.equal(gradeOf(undefined), null);
});

test("a charted grade stands since it was charted, unless it is the suggestion too", () => {
  const since = "2026-11-22T01:00:00Z";
  const charted_at = "2026-11-22T05:00:00Z";
  assert.equal(sinceOf({ suggested: 1, since }), Date.parse(since));
  assert.equal(sinceOf({ suggested: 1, charted: 2, since, charted_at }), Date.parse(charted_at));
  assert.equal(sinceOf({ suggested: 2, charted: 2, since, charted_at }), Date.parse(since));
  assert.equal(sinceOf(undefined), null);
});

test("the work list filters by ward and by least priority", () => {
  const ward = { ...nobody, alerts: { a: alert("a", "high"), b: alert("b", "low"), c: alert("c", "high", { ward: "7W" }) } };
  assert.deepEqual(workList(ward, everything).map((one) => one.id), ["a", "c", "b"]);
  assert.deepEqual(workList(ward, { ...everything, ward: "6E" }).map((one) => one.id), ["a", "b"]);
  assert.deepEqual(workList(ward, { ...everything, priority: "medium" }).map((one) => one.id), ["a", "c"]);
});

test("one acknowledgement may cover one patient and never a ward", () => {
  const list = [alert("a", "high"), alert("b", "low", { patient: "a" }), alert("c", "high"), alert("t", "low", { patient: null })];
  assert.deepEqual(companions(list, list[0] as Alert).map((one) => one.id), ["a", "b"]);
  assert.deepEqual(companions(list, list[3] as Alert), []);
});

test("arrows stop at both ends", () => {
  const list = [alert("a", "high"), alert("b", "low")];
  assert.equal(stepIn(list, null, 1), "a");
  assert.equal(stepIn(list, "b", 1), "b");
  assert.equal(stepIn(list, "a", -1), "a");
  assert.equal(stepIn([], null, 1), null);
});

test("a display starts as 55 inches read from 5 m in Japanese, and nonsense changes nothing", () => {
  const plain = profileFrom(new URLSearchParams(""), {});
  assert.deepEqual([plain.inches, plain.metres, plain.language, plain.theme, plain.beds], [55, 5, "ja", "day", null]);
  const odd = profileFrom(new URLSearchParams("inches=-3&metres=abc&beds=900"), {});
  assert.deepEqual([odd.inches, odd.metres, odd.beds], [55, 5, null]);
  assert.equal(profileFrom(new URLSearchParams("inches=43"), { inches: "65", metres: "3" }).inches, 43);
  assert.equal(profileFrom(new URLSearchParams(""), { metres: "3" }).metres, 3);
  assert.deepEqual(["", "identity=P2", "identity=all"].map((query) => profileFrom(new URLSearchParams(query), {}).identity), ["P0", "P2", "P0"]);
});

test("auto is night from nine to six", () => {
  const hour = (h: number): number => new Date(2026, 10, 22, h, 30).getTime();
  assert.deepEqual([20, 21, 3, 6].map((h) => themeAt("auto", hour(h))), ["day", "night", "night", "day"]);
});

test("ten taps make ten points, by domain", () => {
  assert.deepEqual(tally(new Set(["ice.year", "ice.month", "ice.object1", "ice.command"])), {
    orientation: 2,
    naming: 1,
    commands: 1,
    writing: 0,
    attention: 0,
  });
});

test("the spreadsheet quotes commas and never runs a name as a formula", () => {
  const text = csvOf({ patient_days: 3, top: [{ rule: "=HYPERLINK(1)", count: 2 }, { rule: 'a,"b"', count: 1 }] });
  assert.ok(text.startsWith("\ufeffsection,name,value\r\n"));
  assert.ok(text.includes("rule,'=HYPERLINK(1),2"));
  assert.ok(text.includes('rule,"a,""b""",1'));
  assert.ok(text.includes("summary,alerts_per_patient_day,\r\n"));
});

test("a wall loads itself anew only at night, only when old, connected and calm", () => {
  const four = new Date(2026, 10, 22, 4, 20).getTime();
  const noon = new Date(2026, 10, 22, 12, 0).getTime();
  const day = 24 * 3_600_000;
  assert.equal(mayRenew(day, four, true, 0), true);
  assert.equal(mayRenew(day, noon, true, 0), false);
  assert.equal(mayRenew(day, four, false, 0), false);
  assert.equal(mayRenew(day, four, true, 1), false);
  assert.equal(mayRenew(3_600_000, four, true, 0), false);
});

test("of alerts that call equally loud the one with a value against its limit stands on the tile", () => {
  const valued = (id: string, priority: Priority, fields: Partial<Alert> = {}): Alert =>
    alert(id, priority, { evidence: [{ analyte: "phosphate", value: 0.52, unit: "mmol/L", limit: 0.81, comparison: "<" }], ...fields });
  const led = (...alerts: Alert[]): string[] => numberFirst(alerts).map(({ id }) => id);
  assert.deepEqual(led(alert("words", "medium"), valued("number", "medium")), ["number", "words"]);
  // Neither a lesser priority nor one that somebody took comes before.
  assert.deepEqual(led(alert("words", "high"), valued("number", "medium")), ["words", "number"]);
  assert.deepEqual(led(alert("words", "medium"), valued("number", "medium", { state: "acknowledged" })), ["words", "number"]);
  assert.deepEqual(led(valued("older", "medium"), valued("newer", "medium")), ["older", "newer"]);
  assert.deepEqual(led(), []);
});
