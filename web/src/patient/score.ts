// The ICE score as arithmetic: ten items, five domains (Lee 2019).
import type { Key } from "../words/words.ts";

export type Domain = "orientation" | "naming" | "commands" | "writing" | "attention";

/** The ten items of the ASTCT score and the domain each adds a point to (Lee 2019). */
export const items: readonly { key: Key; domain: Domain }[] = [
  { key: "ice.year", domain: "orientation" },
  { key: "ice.month", domain: "orientation" },
  { key: "ice.city", domain: "orientation" },
  { key: "ice.hospital", domain: "orientation" },
  { key: "ice.object1", domain: "naming" },
  { key: "ice.object2", domain: "naming" },
  { key: "ice.object3", domain: "naming" },
  { key: "ice.command", domain: "commands" },
  { key: "ice.writing", domain: "writing" },
  { key: "ice.attention", domain: "attention" },
];

/** Points by domain of the items that were done. */
export function tally(done: ReadonlySet<Key>): Record<Domain, number> {
  const points: Record<Domain, number> = { orientation: 0, naming: 0, commands: 0, writing: 0, attention: 0 };
  for (const item of items) if (done.has(item.key)) points[item.domain] += 1;
  return points;
}
