import { test } from "node:test";
import assert from "node:assert/strict";
import { lengthened, span, type Point } from "../src/wall/trace.ts";

test("a day of one value a second stays a trace of one value a minute, with the newest at its end", () => {
  let points: Point[] = [];
  const start = 1_800_000_000_000;
  const seconds = (span * 1.25) / 1000;
  for (let n = 0; n < seconds; n += 10) {
    const at = start + n * 1000;
    points = lengthened(points, { at, value: n }, at);
  }
  assert.ok(points.length <= 1_441, `${points.length} points`);
  assert.equal(points.at(-1)?.value, seconds - 10);
  assert.ok((points[0]?.at ?? 0) >= start + seconds * 1000 - 10_000 - span);
});

test("values of different minutes are all kept", () => {
  const start = 1_800_000_000_000;
  const points = [0, 1, 2].reduce<Point[]>((known, n) => lengthened(known, { at: start + n * 60_000, value: n }, start + n * 60_000), []);
  assert.deepEqual(points.map((point) => point.value), [0, 1, 2]);
});
