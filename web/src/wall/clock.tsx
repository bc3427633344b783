// Server time, with a second hand moved by the same render loop as the tiles: when it stops, so has everything else.
import { useEffect, useRef } from "preact/hooks";
import { useComputed } from "@preact/signals";
import { clockText } from "../time.ts";
import { now, skew } from "../store.ts";
import { onFrame } from "./loop.ts";

export function Clock() {
  const hand = useRef<SVGGElement>(null);
  const text = useComputed(() => clockText(now.value));
  useEffect(
    () =>
      onFrame(() => {
        const at = Date.now() + (skew.peek() ?? 0);
        // With the text beside it and the values: a picture in which nothing is painted anew costs next to nothing.
        const turn = Math.floor((at % 60_000) / 1_000) * 6;
        const element = hand.current;
        if (element && element.dataset["turn"] !== String(turn)) {
          element.dataset["turn"] = String(turn);
          element.setAttribute("transform", `rotate(${turn} 50 50)`);
        }
      }),
    [],
  );
  return (
    <div class="clock" role="timer" aria-label={text.value}>
      <svg class="dial" viewBox="0 0 100 100" aria-hidden="true">
        <circle cx="50" cy="50" r="44" />
        <g ref={hand}>
          <line x1="50" y1="56" x2="50" y2="14" />
          <circle class="tip" cx="50" cy="12" r="11" />
        </g>
      </svg>
      <span class="time" data-size="primary">
        {text}
      </span>
    </div>
  );
}
