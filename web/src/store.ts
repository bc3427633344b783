// What a page holds while it is open, as signals: the ward, the connection, the time of the service.
import { computed, signal } from "@preact/signals";
import type { ClientFrame, Identity, Priority, ServerFrame, Session } from "./wire.ts";
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

let offsets: number[] = [];
const remembered = 15;

let link: Link | null = null;
/** Display clock minus the clock nobody can set, ms: it changes only when the display clock is set or the machine slept. */
let drift = Date.now() - performance.now();
/** Time that passed without this page since the last frame, ms. */
let asleep = 0;
const setBy = 1_000;
const painters: ((alerted: boolean) => void)[] = [];

/** Called after every applied frame; `alerted` when the frame brought an alert. */
export function afterFrame(painter: (alerted: boolean) => void): void {
  painters.push(painter);
}

export interface Wanted {
  identity?: Identity;
  minPriority?: Priority;
  /** Values are taken in together, once a second with the clock; alerts at once, with what came before them. */
  bySecond?: boolean;
}

/** What came and waits for the second to end. */
let waiting: ServerFrame[] = [];

export function follow(wards: string[], { bySecond, ...wanted }: Wanted = {}): Link {
  link?.close();
  waiting = [];
  // Another subscription starts afresh: what the old one was sent is neither all of it nor only that.
  ward.value = { ...ward.peek(), cursor: null };
  link = connect(
    {
      wards,
      after: () => {
        takeIn();
        return ward.value.cursor;
      },
      ...wanted,
    },
    {
      frame: (frame) => {
        waiting.push(frame);
        unheard.value = 0;
        asleep = 0;
        if (frame.type === "heartbeat") learnTime(Date.parse(frame.now));
        const mayWait = bySecond && (frame.type === "patient" || frame.type === "heartbeat");
        if (!mayWait) takeIn();
      },
      phase: (next, count) => {
        phase.value = next;
        attempt.value = count;
      },
    },
  );
  return link;
}

/** Folds in what waits, in the order in which it came. */
function takeIn(): void {
  if (waiting.length === 0) return;
  const frames = waiting;
  waiting = [];
  ward.value = frames.reduce(reduce, ward.value);
  const alerted = frames.some(({ type }) => type === "alert");
  if (frames.some(({ type }) => type !== "error")) for (const painter of painters) painter(alerted);
}

/**
 * The display clock was set, or the machine slept. The time of the service goes on as it was, and a jump ahead counts as
 * time in which nothing was heard: after a sleep the values are as old as that.
 */
function noticeJump(by: number): void {
  if (Math.abs(by) < setBy) return;
  drift += by;
  offsets = offsets.map((offset) => offset - by);
  skew.value = skewOf(offsets);
  if (by > 0) asleep += by;
}

function learnTime(server: number): void {
  if (Number.isNaN(server)) return;
  offsets.push(server - Date.now());
  if (offsets.length > remembered) offsets.shift();
  skew.value = skewOf(offsets);
  tick();
}

/** Sends a frame over the present connection; without one it is lost, like everything a page says to nobody. */
export function send(frame: ClientFrame): void {
  link?.send(frame);
}

/** Reads both clocks once; called by the render loop of the wall and by a timer elsewhere. */
export function tick(): void {
  noticeJump(Date.now() - performance.now() - drift);
  if (link) unheard.value = performance.now() - link.heardAt() + asleep;
  const second = Math.floor((Date.now() + (skew.value ?? 0)) / 1000) * 1000;
  if (second === now.peek()) return;
  now.value = second;
  takeIn();
}
