// The connection to `/ws/v1`: subscribes, resumes where it left off, and comes back for ever.
import type { ClientFrame, Identity, Priority, ServerFrame } from "./wire.ts";
import { readFrame } from "./wire.ts";
import { backOff, lostAfter } from "./watch.ts";
import { token } from "./ask.ts";

export type Phase = "connecting" | "catching-up" | "live";

export interface Hears {
  frame: (frame: ServerFrame) => void;
  phase: (phase: Phase, attempt: number) => void;
}

export interface Link {
  send: (frame: ClientFrame) => void;
  /** Milliseconds of `performance.now()` at which the last frame came, or the page started. */
  heardAt: () => number;
  close: () => void;
}

export interface Wish {
  wards: string[];
  minPriority?: Priority;
  /** The most this screen wants to be sent about people, whatever its account may see. */
  identity?: Identity;
  /** The cursor to resume from, asked anew at each attempt. */
  after: () => string | null;
}

const openWithin = 5_000;

export function connect(wish: Wish, hears: Hears): Link {
  let socket: WebSocket | null = null;
  let attempt = 0;
  let heardAt = performance.now();
  let openedAt = 0;
  let closed = false;
  let waiting: ReturnType<typeof setTimeout> | undefined;

  const open = (): void => {
    if (closed) return;
    hears.phase("connecting", attempt);
    const mine = dial();
    socket = mine;
    openedAt = performance.now();
    mine.onopen = () => {
      hears.phase("catching-up", attempt);
      mine.send(JSON.stringify(subscription(wish)));
    };
    mine.onmessage = (message) => {
      heardAt = performance.now();
      if (hear(message, hears)) {
        attempt = 0;
        hears.phase("live", 0);
      }
    };
    mine.onclose = () => {
      if (socket === mine) again();
    };
  };

  const again = (): void => {
    socket = null;
    if (closed) return;
    hears.phase("connecting", attempt + 1);
    waiting = setTimeout(open, backOff(attempt, Math.random()));
    attempt += 1;
  };

  // A frozen peer closes nothing: neither a dead network nor a stopped process sends a FIN, so we give up ourselves.
  const watch = setInterval(() => {
    if (!socket || !isDead(socket, openedAt, heardAt, performance.now())) return;
    socket.onclose = socket.onmessage = socket.onopen = null;
    socket.close();
    again();
  }, 500);

  open();
  return {
    send: (frame) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    },
    heardAt: () => heardAt,
    close: () => {
      closed = true;
      clearInterval(watch);
      clearTimeout(waiting);
      socket?.close();
    },
  };
}

function dial(): WebSocket {
  const bearer = token();
  const address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/v1`;
  return bearer ? new WebSocket(address, ["stormwatch.v1", `bearer.${bearer}`]) : new WebSocket(address);
}

/** Passes a frame on; true where it shows that nothing is missing: what follows a resume has no snapshot in front. */
function hear(message: MessageEvent, hears: Hears): boolean {
  const frame = typeof message.data === "string" ? readFrame(message.data) : null;
  if (!frame) return false;
  hears.frame(frame);
  return frame.type === "snapshot" || frame.type === "heartbeat";
}

function isDead(socket: WebSocket, openedAt: number, heardAt: number, now: number): boolean {
  if (socket.readyState === WebSocket.CONNECTING) return now - openedAt >= openWithin;
  return now - Math.max(openedAt, heardAt) >= lostAfter;
}

function subscription(wish: Wish): ClientFrame {
  const after = wish.after();
  return {
    type: "subscribe",
    ...(wish.wards.length > 0 ? { wards: wish.wards } : {}),
    ...(wish.minPriority ? { min_priority: wish.minPriority } : {}),
    ...(wish.identity ? { identity: wish.identity } : {}),
    ...(after === null ? {} : { after }),
  };
}
