// A TCP proxy that can stop passing bytes without closing anything: what a pulled cable or a stopped process looks like.
import { connect, createServer } from "node:net";

export async function startProxy(host, port) {
  const pairs = new Set();
  let frozen = false;
  const server = createServer((near) => {
    if (frozen) {
      // A frozen host completes no handshake of its own, but its kernel's backlog does: accept and say nothing.
      pairs.add([near, null]);
      near.on("error", () => undefined);
      near.pause();
      return;
    }
    const far = connect(port, host);
    const pair = [near, far];
    pairs.add(pair);
    const end = () => {
      near.destroy();
      far.destroy();
      pairs.delete(pair);
    };
    near.on("data", (bytes) => frozen || far.write(bytes));
    far.on("data", (bytes) => frozen || near.write(bytes));
    for (const side of pair) side.on("error", end).on("close", end);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    freeze: () => (frozen = true),
    thaw: () => {
      frozen = false;
      // Connections that were silent while frozen lost bytes for good, as a real network would have timed them out.
      for (const [near, far] of pairs) {
        near.destroy();
        far?.destroy();
      }
      pairs.clear();
    },
    stop: async () => {
      for (const [near, far] of pairs) {
        near.destroy();
        far?.destroy();
      }
      await new Promise((closed) => server.close(closed));
    },
  };
}
