// The shapes that mean a priority without colour: triangle, diamond, circle, crossed square.
import type { Alert, Priority } from "./wire.ts";
import type { Key } from "./words/words.ts";

export type Signal = "high" | "medium" | "low" | "info" | "technical";

/** Technical alerts have a look of their own and flash by their own priority. */
export function signalOf(alert: Pick<Alert, "kind" | "priority">): Signal {
  return alert.kind === "technical" ? "technical" : alert.priority;
}

export const marks: Record<Priority, string> = { high: "***", medium: "**", low: "*", info: "" };

export function wordOf(signal: Signal): Key {
  return `priority.${signal}`;
}

const shapes: Record<Signal, string> = {
  high: "M12 2.5 23 21.5H1Z",
  medium: "M12 1 23 12 12 23 1 12Z",
  low: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Z",
  info: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6Z",
  technical: "M2 2H22V22H2ZM5 5V7.1L9.9 12 5 16.9V19H7.1L12 14.1 16.9 19H19V16.9L14.1 12 19 7.1V5H16.9L12 9.9 7.1 5Z",
};

/** Drawn, not typed, so that no font decides what an alarm looks like. */
export function Glyph({ signal, outline }: { signal: Signal; outline?: boolean }) {
  return (
    <svg class="glyph" data-shape={signal} viewBox="0 0 24 24" aria-hidden="true">
      <path
        d={shapes[signal]}
        fill={outline ? "none" : "currentColor"}
        fill-rule="evenodd"
        stroke="currentColor"
        stroke-width={outline ? 2.6 : 0}
        stroke-linejoin="round"
      />
    </svg>
  );
}

/**
 * A glyph in its field, for walls. What flashes is a second one over it: on a layer of its own it is shown and hidden
 * without anything being painted; see loop.ts.
 */
export function GlyphField({ alert }: { alert: Pick<Alert, "kind" | "priority" | "state"> }) {
  const signal = signalOf(alert);
  const calm = alert.state !== "active";
  return (
    <span class="flag-glyph">
      <Glyph signal={signal} outline={calm && signal !== "technical"} />
      {flashes(alert) ? (
        <span class="lit">
          <Glyph signal={signal} />
        </span>
      ) : null}
    </span>
  );
}

/** Whether an alert flashes; low and what somebody took are steady. */
export function flashes(alert: Pick<Alert, "priority" | "state">): boolean {
  return alert.state === "active" && (alert.priority === "high" || alert.priority === "medium");
}
