// An early score in words. A sum over what is known is a floor and not a value, and "nothing found" is not "low risk".
import type { Risk } from "./wire.ts";
import type { Speech } from "./words/words.ts";

/** Whether the points are the least they can be, because something is missing or hidden by treatment. */
export function isFloor(risk: Risk): boolean {
  return risk.band_open === true || (risk.missing?.length ?? 0) > 0 || typeof risk.points !== "number";
}

/** `13 points in all`; `at least 3 points` where that much is certain; `unknown` where nothing is. */
export function pointsText(risk: Risk, words: Speech): string {
  const points = risk.points ?? risk.at_least ?? 0;
  if (!isFloor(risk)) return words.say("why.total", { n: points });
  return points > 0 ? words.say("why.atLeast", { n: points }) : words.say("why.unknown");
}

/** The band; with something missing it is that or a higher one, and the lowest is not said at all. */
export function bandText(risk: Risk, words: Speech): string {
  const band = risk.band ?? null;
  // Above red there is nothing: it is settled whatever is missing.
  if (!isFloor(risk) || band === "red") return band === null ? "" : words.say("why.band", { band: words.named("band", band) });
  if (band === null || band === "green") return words.say("why.bandOpen");
  return words.say("why.bandOrHigher", { band: words.named("band", band) });
}

/** Both, as one line. */
export function riskText(risk: Risk, words: Speech): string {
  return [pointsText(risk, words), bandText(risk, words)].filter((part) => part !== "").join(" · ");
}
