// Runs the browser tests. `STORMWATCH_BIN` names the service to start, or `STORMWATCH_HTTP` and `STORMWATCH_MLLP` one that
// runs; `PAGES_ONLY=1` leaves the service out and tests against a stand-in what only a page does. `ONLY` runs the tests
// whose sentence contains it, `LANES` so many beside each other.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { startMock } from "./mock.mjs";
import { run } from "./suite.mjs";
import { startService } from "./service.mjs";
import "./wall.mjs";
import "./link.mjs";
import "./pages.mjs";
import "./review.mjs";

if (!existsSync(fileURLToPath(new URL("../../web/dist/wall.html", import.meta.url)))) {
  console.error("web/dist is not there: run `npm ci && npm run build` in web first");
  process.exit(2);
}
const service = process.env.PAGES_ONLY ? null : await startService();
if (!service && !process.env.PAGES_ONLY) {
  console.error("no service to test: set STORMWATCH_BIN to the built binary, or PAGES_ONLY=1 to test the pages alone");
  process.exit(2);
}
if (service) {
  await import("./real.mjs");
  await import("./tls.mjs");
}

const browser = await launch(["--autoplay-policy=no-user-gesture-required"]);
const muted = await launch(["--autoplay-policy=document-user-activation-required"]);
console.log(`chromium ${browser.version()}, ${service ? `service at ${service.http}` : "no service: pages only"}`);

/** The tools of one test: what it opens is closed when it ends. */
function kit() {
  const clearing = [];
  const tools = {
    browser,
    service,
    later: (clear) => clearing.push(clear),
    mock: async (wish) => {
      const mock = await startMock(wish);
      clearing.push(() => mock.stop().catch(() => undefined));
      return mock;
    },
    open: async (url, wish = {}) => {
      const { muted: quiet, ...options } = wish;
      const context = await (quiet ? muted : browser).newContext({ viewport: { width: 1280, height: 900 }, timezoneId: "Asia/Tokyo", locale: "ja-JP", colorScheme: "dark", ...options });
      clearing.push(() => context.close().catch(() => undefined));
      context.setDefaultTimeout(90_000);
      const page = await context.newPage();
      await page.goto(url);
      return page;
    },
    wall: async (url, query = "", wish = {}) => {
      const page = await tools.open(`${url}/wall?ward=6E&${query}`, { viewport: { width: 1920, height: 1080 }, ...wish });
      await page.locator(".tile, .refusal").first().waitFor();
      await page.evaluate(() => document.fonts.ready);
      return page;
    },
    sweep: async () => {
      for (const clear of clearing.splice(0).reverse()) await clear();
    },
  };
  return tools;
}

const started = performance.now();
const good = await run(kit, process.env.ONLY);
console.log(`${Math.round((performance.now() - started) / 1000)} s`);
await service?.stop();
await browser.close();
await muted.close();
process.exit(good ? 0 : 1);
