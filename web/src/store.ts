// What a page holds while it is open, as signals: the ward, the connection, the time of the service.
import { computed, signal } from "@preact/signals";
import type { Identity, Session } from "./wire.ts";
import { nobody, reduce, type Ward } from "./ward.ts";
import { connect, type Link, type Phase } from "./link.ts";
import { hearing, skewOf, type Hearing } from "./watch.ts";

export const ward = signal<Ward>(nobody);
export const phase = signal<Phase>("connecting");
export const attempt = signal(0);
/** Milliseconds since the last frame, refreshed four times a second; null before the connection was asked for. */
export const unheard = signal(0);
export const heard = computed<Hearing>(() => hearing(unheard.value));
/** Server clock minus display clock, ms; null before the first heartbeat. */
export const skew = signal<number | null>(null);
/** The time of the service, ms since 1970, once a second. Before the first heartbeat it is the display's own. */
export const now = signal(Date.now());
export const session = signal<Session | null>(null);

const offsets: number[] = [];
const remembered = 15;

let link: Link | null = null;
const painters: ((alerted: boolean) => void)[] = [];

/** Called after every applied frame; `alerted` when the frame brought an alert. */
export function afterFrame(painter: (alerted: boolean) => void): void {
  painters.push(painter);
}

export function follow(wards: string[], identity?: Identity): Link {
  link?.close();
  link = connect(
    { wards, after: () => ward.value.cursor, ...(identity ? { identity } : {}) },
    {
      frame: (frame) => {
        ward.value = reduce(ward.value, frame);
        if (frame.type === "heartbeat") learnTime(Date.parse(frame.now));
        unheard.value = 0;
        if (frame.type !== "error") for (const painter of painters) painter(frame.type === "alert");
      },
      phase: (next, count) => {
        phase.value = next;
        attempt.value = count;
      },
    },
  );
  return link;
}

function learnTime(server: number): void {
  if (Number.isNaN(server)) return;
  offsets.push(server - Date.now());
  if (offsets.length > remembered) offsets.shift();
  skew.value = skewOf(offsets);
  tick();
}

/** Reads both clocks once; called by the render loop of the wall and by a timer elsewhere. */
export function tick(): void {
  if (link) unheard.value = performance.now() - link.heardAt();
  const second = Math.floor((Date.now() + (skew.value ?? 0)) / 1000) * 1000;
  if (second !== now.peek()) now.value = second;
}
