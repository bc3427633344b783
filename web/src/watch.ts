// The watch over the connection: how long the page has heard nothing, and what that means for who looks at it.

/**
 * Start values from the display guidance: five seconds tell staff, ten seconds end trust in what is shown. The overlay is
 * asked for two seconds earlier, so that it stands by then also where a small or busy computer draws late.
 */
export const lateAfter = 5_000;
export const lostAfter = 8_000;
/** A display clock further off than this misdates everything a nurse reads from it. */
export const skewLimit = 2_000;

export type Hearing = "live" | "late" | "lost";

/** `unheard` is milliseconds since the last frame, by a clock that no one can set. */
export function hearing(unheard: number): Hearing {
  if (unheard >= lostAfter) return "lost";
  return unheard >= lateAfter ? "late" : "live";
}

/** Server clock minus display clock, ms. The way takes time and only ever lowers an offset, so the largest is the truest. */
export function skewOf(offsets: readonly number[]): number | null {
  return offsets.length === 0 ? null : Math.max(...offsets);
}

/** Whether the display clock misleads. */
export function isSkewed(skew: number | null): boolean {
  return skew !== null && Math.abs(skew) > skewLimit;
}

const first = 250;
const cap = 5_000;

/**
 * Milliseconds before attempt `attempt` (0 is the first retry). Doubling with full jitter above a floor, so that thirty
 * walls do not return at the same instant, and never more than five seconds. `chance` is in [0, 1).
 */
export function backOff(attempt: number, chance: number): number {
  const ceiling = Math.min(cap, first * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (ceiling / 2) * chance);
}
