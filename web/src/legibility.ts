// How large a letter must be to be read from where people stand, and how many beds fit a screen at that size.
// Visual angle: at least 16 minutes of arc at the greatest viewing distance (NUREG-0700, group-view displays).

/** Height of a capital letter over font size in IBM Plex Sans and its condensed cut (698 of 1000 units). */
export const capRatio = 0.698;
export const floorMinutes = 16;

export interface Viewing {
  /** Screen diagonal, inches. */
  inches: number;
  /** Greatest distance from which the wall is read, metres. */
  metres: number;
  /** Page size in CSS pixels; the page is taken to fill the screen. */
  width: number;
  height: number;
  /** Names are shown: a line more on every tile. */
  named?: boolean;
}

export interface Grid {
  columns: number;
  rows: number;
  /** Font size of the smallest primary text on a tile, px. All tile sizes are multiples of it. */
  unit: number;
}

/**
 * Tile sizes over the unit, borders and gaps included: what the fullest tile needs at any language. Two grades, each with
 * its since, take a line each; day and age stand in a line below them, or beside them where a tile is wide enough.
 */
export const tall = { width: 9, height: 5.86 };
export const wide = { width: 10.7, height: 5.4 };
export const nameHeight = 1.15;
export const headerHeight = 1.5;
/** Chips and what belongs to no bed share the strip below the grid. */
export const stripHeight = 1.14;

export function millimetresPerPixel(viewing: Viewing): number {
  const diagonal = Math.hypot(viewing.width, viewing.height);
  return (viewing.inches * 25.4) / diagonal;
}

/** The angle under which a capital of this font size is seen, minutes of arc. */
export function minutesOfArc(fontPixels: number, viewing: Viewing): number {
  const height = fontPixels * capRatio * millimetresPerPixel(viewing);
  return (2 * Math.atan(height / (2 * viewing.metres * 1000)) * 180 * 60) / Math.PI;
}

/** The font size, px, whose capitals are seen under `minutes` of arc. */
export function pixelsFor(minutes: number, viewing: Viewing): number {
  const angle = (minutes / 60) * (Math.PI / 180);
  return (2 * viewing.metres * 1000 * Math.tan(angle / 2)) / millimetresPerPixel(viewing) / capRatio;
}

/** The grid that shows `beds` tiles in the largest letters. */
export function gridFor(beds: number, viewing: Viewing): Grid {
  const wanted = Math.max(1, beds);
  const name = viewing.named ? nameHeight : 0;
  let best: Grid = { columns: 1, rows: wanted, unit: 0 };
  for (let columns = 1; columns <= wanted; columns += 1) {
    const rows = Math.ceil(wanted / columns);
    for (const shape of [tall, wide]) {
      const across = viewing.width / columns / shape.width;
      const down = viewing.height / (rows * (shape.height + name) + headerHeight + stripHeight);
      const unit = Math.min(across, down);
      if (unit > best.unit) best = { columns, rows, unit };
    }
  }
  return best;
}

/** Whether the tiles of a grid lack the height for a line below two grades. Then they are wide enough for it beside them. */
export function isWide({ rows, unit }: Grid, viewing: Viewing): boolean {
  const height = (viewing.height / unit - headerHeight - stripHeight) / rows - (viewing.named ? nameHeight : 0);
  return height < tall.height - 0.001;
}

/** The most beds this screen can show legibly, at most `limit`; 0 when not even one. */
export function capacity(viewing: Viewing, limit: number): number {
  for (let beds = limit; beds > 0; beds -= 1)
    if (minutesOfArc(gridFor(beds, viewing).unit, viewing) >= floorMinutes) return beds;
  return 0;
}

export type Plan =
  | { fits: true; grid: Grid; tiles: number; minutes: number }
  | { fits: false; wanted: number; capacity: number; minutes: number; metres: number; inches: number };

/**
 * The layout of a wall. `wanted` is the number of tiles a site asked for, or null for as many as are legible (12 at
 * most). `beds` are there; `alarmed` of them must have a tile whatever the size, because an alarm never collapses.
 */
export function plan(viewing: Viewing, wanted: number | null, beds: number, alarmed: number): Plan {
  const limit = wanted ?? 12;
  const legible = capacity(viewing, limit);
  if (legible === 0 || (wanted !== null && legible < wanted)) return refusal(viewing, limit, legible);
  const tiles = Math.max(Math.min(legible, Math.max(beds, 1)), alarmed);
  const grid = gridFor(tiles, viewing);
  // Few beds on a large screen would grow letters past use; thirty minutes of arc is what kanji want.
  const unit = Math.min(grid.unit, pixelsFor(30, viewing));
  return { fits: true, grid: { ...grid, unit }, tiles, minutes: minutesOfArc(unit, viewing) };
}

function refusal(viewing: Viewing, wanted: number, legible: number): Plan {
  const minutes = minutesOfArc(gridFor(wanted, viewing).unit, viewing);
  // The angle falls with distance and grows with the diagonal, so what would do follows by proportion.
  const metres = Math.floor(((viewing.metres * minutes) / floorMinutes) * 10) / 10;
  const inches = Math.ceil((viewing.inches * floorMinutes) / minutes);
  return { fits: false, wanted, capacity: legible, minutes, metres, inches };
}
