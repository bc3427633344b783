// The one render loop of the wall, and the watch that notices when it stops.
import { signal } from "@preact/signals";
import { skew } from "../store.ts";

const callbacks = new Set<() => void>();
let running = false;
let drawnAt = performance.now();

/** Seconds the page did not draw although it was visible; null while all is well. */
export const stalled = signal<number | null>(null);
const shownFor = 60_000;
const stallAfter = 3_000;

/**
 * Four pictures a second, on quarters of the service's second: every edge of a flash falls on one, a second hand is seen
 * to move, and sixty beds that each speak once a second are drawn four times and not sixty. A small computer stays cool.
 */
const every = 250;
/** What waits to be drawn with the next picture. */
let drawings: (() => void)[] = [];

export function onFrame(callback: () => void): () => void {
  callbacks.add(callback);
  if (!running) {
    running = true;
    requestAnimationFrame(turn);
  }
  return () => callbacks.delete(callback);
}

/** Draws with the next picture. */
export function withPicture(draw: () => void): void {
  drawings.push(draw);
}

function turn(): void {
  drawnAt = performance.now();
  for (const callback of callbacks) callback();
  // Drawing may ask for more drawing; that waits for the next picture.
  const due = drawings;
  drawings = [];
  for (const draw of due) draw();
  // After the drawing: a bed that begins to flash with this picture begins in phase with all others.
  beat(serviceTime());
  setTimeout(() => requestAnimationFrame(turn), every - (serviceTime() % every));
}

/** The time of the service as far as it is known, whole ms since 1970. */
function serviceTime(): number {
  return Math.floor(Date.now() + (skew.peek() ?? 0));
}

/** Milliseconds of light and of dimness: 2 Hz for high; 0.67 Hz for medium, so that its edges fall on edges of high. */
const half = { high: 250, medium: 750 } as const;

/** As good as 1, at and from which Chromium puts all layers together anew. */
const lightest = "0.999";

/**
 * One clock for every flash, taken from the time of the service: all beds of all walls flash in phase, so that no two add
 * up to more than three flashes a second, and a page that stands still stops flashing with its second hand.
 */
function beat(at: number): void {
  for (const priority of ["high", "medium"] as const) {
    const lit = Math.floor(at / half[priority]) % 2 === 0 ? lightest : "0";
    // Opacity of a layer of its own: the edge of a flash paints nothing, it is put together from what was painted before.
    for (const { style } of document.querySelectorAll<HTMLElement>(`[data-beat="${priority}"][data-state="active"] .lit`))
      if (style.opacity !== lit) style.opacity = lit;
  }
}

/**
 * A worker asks once a second whether the page still answers and still draws. The worker's clock runs on when the page
 * stands still, so a freeze is measured from outside and told as soon as the page can tell it.
 */
export function watchRenderer(): void {
  const beat = new Worker(new URL("./beat.worker.ts", import.meta.url), { type: "module" });
  let clearing: ReturnType<typeof setTimeout> | undefined;
  beat.onmessage = (message: MessageEvent<{ stalled: number }>) => {
    const visible = document.visibilityState === "visible";
    const undrawn = visible ? performance.now() - drawnAt : 0;
    const still = Math.max(message.data.stalled, undrawn);
    beat.postMessage("here");
    if (still < stallAfter || !visible) return;
    stalled.value = Math.round(still / 1000);
    clearTimeout(clearing);
    clearing = setTimeout(() => (stalled.value = null), shownFor);
  };
}
