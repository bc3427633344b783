// How wide a text of a tile is, in units of its small letters, so that what does not fit is put elsewhere instead of cut.

/** Advance widths of IBM Plex Sans Condensed at weight 600 over its font size, measured in a browser. */
const widths: Record<string, number> = {
  " ": 0.21,
  ".": 0.29,
  ":": 0.3,
  "/": 0.42,
  i: 0.27,
  l: 0.28,
  I: 0.4,
  A: 0.62,
  C: 0.59,
  D: 0.63,
  N: 0.66,
  R: 0.61,
  S: 0.56,
  "?": 0.46,
  "%": 0.89,
};
const latin = 0.54;

/** Japanese letters are a unit wide. */
export function unitsOf(text: string): number {
  return [...text].reduce((sum, letter) => sum + ((letter.codePointAt(0) ?? 0) > 0x2e7f ? 1 : (widths[letter] ?? latin)), 0);
}

/** What a line of a tile holds: its width without gap, frame and padding. */
export const lineUnits = 8.3;
