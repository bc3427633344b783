import { test } from "node:test";
import assert from "node:assert/strict";
import { capacity, floorMinutes, gridFor, isWide, minutesOfArc, pixelsFor, plan, tall, wide, type Viewing } from "../src/legibility.ts";

const at = (inches: number, metres = 5): Viewing => ({ inches, metres, width: 1920, height: 1080 });

test("a capital of 23.3 mm at five metres is seen under 16 minutes of arc", () => {
  // 55 inches at 1920 x 1080: 0.6342 mm a pixel; 23.27 mm of capital is 52.6 px of font at a ratio of 0.698.
  assert.ok(Math.abs(pixelsFor(16, at(55)) - 52.6) < 0.2);
  assert.ok(Math.abs(minutesOfArc(52.57, at(55)) - 16) < 0.02);
});

test("the guidance's table of sizes comes out, its 0.72 cap height converted to this face's 0.698", () => {
  for (const [inches, floor] of [[43, 65], [50, 56], [55, 51], [65, 43], [75, 37]] as const)
    assert.ok(Math.abs((pixelsFor(16, at(inches)) * 0.698) / 0.72 - floor) < 1, `${inches} inches`);
});

test("angle and size undo each other", () => {
  for (const minutes of [16, 20, 22, 30]) assert.ok(Math.abs(minutesOfArc(pixelsFor(minutes, at(65, 4)), at(65, 4)) - minutes) < 1e-9);
});

test("twelve beds fit 55 inches, six fit 43, sixteen fit 65", () => {
  assert.equal(capacity(at(55), 12), 12);
  assert.equal(capacity(at(43), 12), 6);
  assert.equal(capacity(at(65), 16), 16);
  assert.ok(capacity(at(55), 16) < 16);
});

test("twelve tiles stand in four columns and three rows", () => {
  const grid = gridFor(12, at(55));
  assert.deepEqual([grid.columns, grid.rows], [4, 3]);
  assert.ok(minutesOfArc(grid.unit, at(55)) >= floorMinutes);
});

test("a tile is tall enough for two grades and a line below them, or wide enough to have that line beside them", () => {
  assert.equal(isWide(gridFor(12, at(55)), at(55)), false);
  assert.equal(isWide(gridFor(16, at(65)), at(65)), true);
  for (const named of [false, true])
    for (const [width, height] of [[1920, 1080], [1920, 1200], [1280, 1024], [2560, 1080], [1080, 1920]] as const)
      for (let beds = 1; beds <= 20; beds += 1) {
        const viewing = { ...at(55), width, height, named };
        const grid = gridFor(beds, viewing);
        const least = isWide(grid, viewing) ? wide.width : tall.width;
        assert.ok(width / grid.columns / grid.unit >= least - 1e-9, `${beds} beds on ${width} x ${height}`);
      }
});

test("a layout below 16 minutes of arc is refused, with what would do", () => {
  const refused = plan(at(43), 12, 12, 0);
  assert.equal(refused.fits, false);
  if (refused.fits) return;
  assert.equal(refused.capacity, 6);
  assert.ok(refused.minutes < floorMinutes);
  assert.equal(plan({ ...at(43), metres: refused.metres }, 12, 12, 0).fits, true);
  assert.equal(plan({ ...at(43), inches: refused.inches }, 12, 12, 0).fits, true);
});

test("a screen on which not even one bed is legible is refused", () => {
  assert.equal(plan(at(10, 30), null, 1, 0).fits, false);
});

test("alarmed beds have tiles even where the letters then shrink", () => {
  const crowded = plan(at(43), null, 12, 9);
  assert.equal(crowded.fits, true);
  if (!crowded.fits) return;
  assert.equal(crowded.tiles, 9);
  assert.ok(crowded.minutes < floorMinutes);
});

test("a ward smaller than the screen gets larger letters, up to thirty minutes of arc", () => {
  const few = plan(at(55), null, 2, 0);
  assert.equal(few.fits, true);
  if (!few.fits) return;
  assert.ok(few.minutes > 20 && few.minutes <= 30.001);
});

test("names cost a line, so a screen that shows them shows fewer beds", () => {
  assert.ok(capacity({ ...at(55), named: true }, 12) < capacity(at(55), 12));
  assert.ok(capacity({ ...at(55), named: true }, 12) >= 6);
});
