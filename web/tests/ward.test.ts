import { test } from "node:test";
import assert from "node:assert/strict";
import { alertsOf, byUrgency, nobody, reduce, unplaced, type Ward } from "../src/ward.ts";
import { readFrame, type Alert, type Patient, type ServerFrame } from "../src/wire.ts";

const patient = (id: string, fields: Partial<Patient> = {}): Patient => ({ id, ward: "6E", bed: `6E-${id}`, ...fields });
const alert = (id: string, fields: Partial<Alert> = {}): Alert => ({
  id,
  rule: "fever",
  kind: "physiological",
  priority: "medium",
  state: "active",
  patient: "1",
  title: { en: "Fever", ja: "発熱" },
  raised_at: "2026-11-22T06:00:00+09:00",
  ...fields,
});
const fold = (frames: ServerFrame[], from: Ward = nobody): Ward => frames.reduce(reduce, from);
const snapshot = (cursor: string, patients: Patient[], alerts: Alert[]): ServerFrame => ({ type: "snapshot", cursor, patients, alerts });

test("a snapshot replaces everything that was known", () => {
  const before = fold([snapshot("1", [patient("1"), patient("2")], [alert("a"), alert("b")])]);
  const after = reduce(before, snapshot("9", [patient("3")], [alert("c", { patient: "3" })]));
  assert.deepEqual(Object.keys(after.patients), ["3"]);
  assert.deepEqual(Object.keys(after.alerts), ["c"]);
  assert.equal(after.cursor, "9");
  assert.equal(after.known, true);
});

test("a repeated frame changes nothing", () => {
  const frames: ServerFrame[] = [
    snapshot("1", [patient("1")], []),
    { type: "alert", cursor: "2", change: "raised", alert: alert("a") },
    { type: "patient", cursor: "3", patient: patient("1", { day: 2 }) },
  ];
  const once = fold(frames);
  assert.deepEqual(fold([...frames, ...frames.slice(1)]), once);
});

test("an alert leaves only when the service closes it", () => {
  const raised = fold([snapshot("1", [patient("1")], [alert("a")])]);
  const moved = reduce(raised, { type: "patient", cursor: "2", patient: patient("1", { alerts: [] }) });
  assert.deepEqual(Object.keys(moved.alerts), ["a"]);
  const returned = reduce(moved, { type: "alert", cursor: "3", change: "returned", alert: alert("a", { state: "returned" }) });
  assert.equal(alertsOf(returned, "1").length, 1);
  const closed = reduce(returned, { type: "alert", cursor: "4", change: "closed", alert: alert("a", { state: "closed" }) });
  assert.equal(alertsOf(closed, "1").length, 0);
});

test("a frame about one bed leaves the other beds' objects as they were", () => {
  const before = fold([snapshot("1", [patient("1"), patient("2")], [])]);
  const after = reduce(before, { type: "patient", cursor: "2", patient: patient("1", { day: 3 }) });
  assert.equal(after.patients["2"], before.patients["2"]);
  assert.notEqual(after.patients["1"], before.patients["1"]);
});

test("what follows a resume is applied to what was known", () => {
  const before = fold([snapshot("1", [patient("1")], [alert("a")])]);
  const after = fold(
    [
      { type: "alert", cursor: "2", change: "acknowledged", alert: alert("a", { state: "acknowledged" }) },
      { type: "heartbeat", cursor: "3", now: "2026-11-22T06:00:02+09:00" },
    ],
    before,
  );
  assert.equal(after.alerts["a"]?.state, "acknowledged");
  assert.equal(after.cursor, "3");
  assert.equal(after.heardAt, Date.parse("2026-11-21T21:00:02Z"));
});

test("a patient without a bed leaves the wall and keeps nobody else's place", () => {
  const before = fold([snapshot("1", [patient("1"), patient("2")], [])]);
  const after = reduce(before, { type: "patient", cursor: "2", patient: patient("1", { bed: null }) });
  assert.deepEqual(Object.keys(after.patients), ["2"]);
});

test("pending and shelved alerts call nobody", () => {
  const ward = fold([snapshot("1", [patient("1")], [alert("a", { state: "pending" }), alert("b", { state: "shelved" })])]);
  assert.deepEqual(alertsOf(ward, "1"), []);
});

test("an alert without a patient belongs to the strip and to no bed", () => {
  const ward = fold([snapshot("1", [patient("1")], [alert("t", { patient: null, kind: "technical" })])]);
  assert.equal(unplaced(ward).length, 1);
  assert.equal(alertsOf(ward, "1").length, 0);
});

test("unacknowledged comes before acknowledged, then priority, then the longest wait", () => {
  const order = [
    alert("taken", { priority: "high", state: "acknowledged" }),
    alert("young", { raised_at: "2026-11-22T06:05:00+09:00" }),
    alert("low", { priority: "low" }),
    alert("old"),
    alert("high", { priority: "high" }),
  ]
    .sort(byUrgency)
    .map((one) => one.id);
  assert.deepEqual(order, ["high", "old", "young", "low", "taken"]);
});

test("a refusal is kept until the next snapshot and changes nothing else", () => {
  const before = fold([snapshot("1", [patient("1")], [])]);
  const refused = reduce(before, { type: "error", reason: "not your ward" });
  assert.equal(refused.refused, "not your ward");
  assert.equal(refused.patients, before.patients);
  assert.equal(reduce(refused, snapshot("2", [], [])).refused, null);
});

test("frames this page does not know and text that is no frame are left aside", () => {
  assert.equal(readFrame('{"type":"weather"}'), null);
  assert.equal(readFrame("nonsense"), null);
  assert.equal(readFrame("null"), null);
  assert.equal(readFrame('{"type":"heartbeat","cursor":"1","now":"x"}')?.type, "heartbeat");
});
