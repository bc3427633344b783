import { test } from "node:test";
import assert from "node:assert/strict";
import { backOff, hearing, isSkewed, lostAfter, skewOf } from "../src/watch.ts";

test("five seconds without a frame are late, and before ten they are lost", () => {
  assert.deepEqual([0, 4999, 5000, 7999, 8000].map(hearing), ["live", "live", "late", "late", "lost"]);
  assert.ok(lostAfter < 10_000);
});

test("waiting grows, never passes five seconds and never ends", () => {
  for (let attempt = 0; attempt < 10_000; attempt += 97) {
    const least = backOff(attempt, 0);
    const most = backOff(attempt, 0.999999);
    assert.ok(least > 0 && most <= 5000 && least <= most);
  }
  assert.ok(backOff(3, 0.5) > backOff(0, 0.5));
});

test("walls that lost the service together do not return together", () => {
  const waits = new Set(Array.from({ length: 30 }, (_, n) => backOff(6, n / 30)));
  assert.equal(waits.size, 30);
});

test("the least delayed heartbeat tells the clock difference", () => {
  assert.equal(skewOf([]), null);
  assert.equal(skewOf([4800, 4990, 4700]), 4990);
  assert.equal(skewOf([-5300, -5010, -5200]), -5010);
});

test("more than two seconds of difference mislead, in either direction", () => {
  assert.deepEqual([null, 0, 2000, -2000, 2001, -3000].map(isSkewed), [false, false, false, false, true, true]);
});
