// A TCP proxy that fails in the ways networks fail: it can stop passing bytes, close, reset, lose its far side without a
// word, or answer in the service's place that there is none.
import { connect, createServer } from "node:net";

/** How new connections are met. */
const ways = {
  /** Bytes pass. */
  pass: "pass",
  /** Nothing passes and nothing is closed: a pulled cable, a stopped process. */
  freeze: "freeze",
  /** Closed in order at once. */
  close: "close",
  /** Reset at once. */
  reset: "reset",
  /** Answered `502 Bad Gateway`, as a reverse proxy does whose service is gone. */
  refuse: "refuse",
};

export async function startProxy(host, port) {
  const pairs = new Set();
  /** Every connection that was accepted, whatever became of it. */
  const accepted = new Set();
  let way = ways.pass;
  const server = createServer((near) => {
    accepted.add(near);
    near.on("error", () => undefined).on("close", () => accepted.delete(near));
    if (way === ways.pass) return join(near);
    if (way === ways.close) return near.end();
    if (way === ways.reset) return near.resetAndDestroy();
    if (way === ways.refuse) return near.once("data", () => near.end("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"));
    // A frozen host completes no handshake of its own, but its kernel's backlog does: accept and say nothing.
    pairs.add([near, null]);
    return near.pause();
  });
  const join = (near) => {
    const far = connect(port, host);
    const pair = [near, far];
    pairs.add(pair);
    const end = () => {
      // Half-open: the near side is not told that the far one is gone.
      if (way === ways.freeze) return;
      near.destroy();
      far.destroy();
      pairs.delete(pair);
    };
    near.on("data", (bytes) => way === ways.freeze || far.write(bytes));
    far.on("data", (bytes) => way === ways.freeze || near.write(bytes));
    for (const side of pair) side.on("error", end).on("close", end);
  };
  const each = (does) => {
    for (const [near, far] of pairs) does(near, far);
  };
  const drop = () => {
    each((near, far) => {
      near.destroy();
      far?.destroy();
    });
    pairs.clear();
  };
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    freeze: () => (way = ways.freeze),
    /** The far side goes away and the near side never hears of it, nor does anybody who calls anew. */
    halfOpen: () => {
      way = ways.freeze;
      each((_, far) => far?.destroy());
    },
    close: () => {
      way = ways.close;
      each((near) => near.end());
    },
    reset: () => {
      way = ways.reset;
      each((near) => near.resetAndDestroy());
    },
    refuse: () => {
      way = ways.refuse;
      each((near) => near.end());
    },
    thaw: () => {
      way = ways.pass;
      // Connections that were silent while frozen lost bytes for good, as a real network would have timed them out.
      drop();
    },
    stop: async () => {
      way = ways.close;
      drop();
      for (const near of accepted) near.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}
