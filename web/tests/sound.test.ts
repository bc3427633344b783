import { test } from "node:test";
import assert from "node:assert/strict";
import { calling, harmonics, lengthOf, patternOf } from "../src/sound.ts";

test("high is ten pulses, medium three, low two", () => {
  assert.deepEqual(
    (["high", "medium", "low"] as const).map((one) => patternOf(one).pulses.length),
    [10, 3, 2],
  );
});

test("high is three and two, a pause, three and two", () => {
  const { pulses } = patternOf("high");
  const gaps = pulses.slice(1).map((pulse, n) => pulse.at - ((pulses[n]?.at ?? 0) + (pulses[n]?.length ?? 0)));
  const rounded = gaps.map((gap) => Math.round(gap * 1000));
  assert.deepEqual(rounded, [50, 50, 220, 50, 500, 50, 50, 220, 50]);
});

test("pulse lengths lie in their bands: 80 to 150 ms for high, 130 to 200 ms for the others", () => {
  for (const { length } of patternOf("high").pulses) assert.ok(length >= 0.08 && length <= 0.15);
  for (const priority of ["medium", "low"] as const)
    for (const { length } of patternOf(priority).pulses) assert.ok(length >= 0.13 && length <= 0.2);
});

test("every pitch has at least four overtones below 4 kHz within 15 dB", () => {
  for (const priority of ["high", "medium", "low"] as const)
    for (const { pitch } of patternOf(priority).pulses) {
      assert.ok(pitch >= 150 && pitch <= 1000);
      const heard = harmonics.filter((strength, n) => n > 0 && pitch * (n + 1) <= 4000 && 20 * Math.log10(strength) > -15);
      assert.ok(heard.length >= 4);
    }
});

test("the wall repeats every 10, 25 and 30 seconds, and a pattern ends before it starts again", () => {
  for (const [priority, every] of [["high", 10], ["medium", 25], ["low", 30]] as const) {
    assert.equal(patternOf(priority).every, every);
    assert.ok(lengthOf(patternOf(priority)) < every);
  }
});

test("only the highest calls, information never, low not at night unless asked", () => {
  const day = { night: false, lowAtNight: false };
  const night = { night: true, lowAtNight: false };
  assert.equal(calling(["low", "high", "medium"], day), "high");
  assert.equal(calling(["low", "medium"], night), "medium");
  assert.equal(calling(["low"], day), "low");
  assert.equal(calling(["low"], night), null);
  assert.equal(calling(["low"], { night: true, lowAtNight: true }), "low");
  assert.equal(calling(["info"], day), null);
  assert.equal(calling([], day), null);
});
