// The wall when something is wrong: the network, the service, the clock, the page itself, the loudspeaker.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createRequire } from "node:module";
import { test, until } from "./suite.mjs";
import { startProxy } from "./proxy.mjs";
import { settled, ward } from "./ward.mjs";

const web = fileURLToPath(new URL("../../web/", import.meta.url));

/** Every way in which a connection ends or stops, and how the proxy does it. */
const failures = {
  "the service closes the connection": (proxy) => proxy.close(),
  "the connection is reset": (proxy) => proxy.reset(),
  "the network freezes": (proxy) => proxy.freeze(),
  "the far side is lost without a word": (proxy) => proxy.halfOpen(),
  "a reverse proxy answers 502": (proxy) => proxy.refuse(),
};

test("however the connection fails, the overlay stands within 10 s, values stay, and the wall resumes by itself", async ({ service, mock, open, later }) => {
  // The service itself where there is one; what only a stand-in can tell (what it was asked) is asked of the stand-in.
  if (service) await settled(service);
  const stand = service ? null : await mock();
  const [port, name6, beds, bed] = service ? [Number(new URL(service.http).port), ward, 2, "01"] : [stand.port, "6E", 12, "6E-01"];
  const seen = await Promise.all(
    Object.entries(failures).map(async ([name, fail]) => {
      const proxy = await startProxy("127.0.0.1", port);
      later(() => proxy.stop());
      const page = await open(`${proxy.url}/wall?ward=${name6}`, { viewport: { width: 1920, height: 1080 } });
      await page.locator(".tile").first().waitFor();
      return { name, fail, proxy, page };
    }),
  );
  const lost = await Promise.all(
    seen.map(async ({ name, fail, proxy, page }) => {
      const amber = page.locator(".late").waitFor({ timeout: 12_000 }).then(() => performance.now());
      const started = performance.now();
      fail(proxy);
      await page.locator(".overlay").waitFor({ timeout: 14_000 });
      const overlay = performance.now() - started;
      return { name, amber: (await amber) - started, overlay };
    }),
  );
  // The last frame may be up to one heartbeat old when the connection fails.
  for (const { name, amber, overlay } of lost) {
    assert.ok(amber > 2_500 && amber < 6_500, `${name}: amber after ${Math.round(amber)} ms`);
    assert.ok(overlay > 5_500 && overlay < 10_000, `${name}: overlay after ${Math.round(overlay)} ms`);
  }
  for (const { name, page } of seen) {
    const said = await page.locator(".overlay").innerText();
    assert.match(said, /通信断 00:00:\d\d \/ NO DATA/, name);
    assert.match(said, /ベッドサイドモニター/, name);
    assert.equal(await page.locator(`.tile[data-bed="${bed}"] .reading b`).first().isVisible(), true, name);
    assert.match(await page.locator(".grid").evaluate((element) => getComputedStyle(element).filter), /saturate/, name);
    const before = await page.locator(".counter").textContent();
    await until(async () => (await page.locator(".counter").textContent()) !== before, `${name}: counter runs`);
  }
  const subscribed = stand?.seen.filter((frame) => frame.type === "subscribe").length ?? 0;
  for (const { proxy } of seen) proxy.thaw();
  for (const { name, page } of seen) {
    await page.locator(".overlay").waitFor({ state: "detached", timeout: 30_000 });
    assert.equal(await page.locator(".tile").count(), beds, name);
  }
  if (!stand) return;
  const resumed = stand.seen.filter((frame) => frame.type === "subscribe").slice(subscribed);
  assert.equal(resumed.length, seen.length);
  for (const frame of resumed) assert.match(frame.after, /^\d+$/);
}, { alone: true });

/** The display's clock as the page reads it, so many milliseconds off from now on. */
const setClock = (page, by) =>
  page.evaluate((offset) => {
    window.realNow ??= Date.now.bind(Date);
    Date.now = () => window.realNow() + offset;
  }, by);

test("a display clock set back or ahead is told within 10 s, the time shown stays that of the service, and no overlay is delayed by it", async ({ mock, wall, later }) => {
  const service = await mock();
  const shown = async (page) => {
    const [hours, minutes] = (await page.locator(".clock .time").textContent()).trim().split(":").map(Number);
    const now = new Date(Date.now() + 9 * 3_600_000);
    const apart = Math.abs(hours * 60 + minutes - (now.getUTCHours() * 60 + now.getUTCMinutes()));
    return Math.min(apart, 1440 - apart) <= 1;
  };
  await Promise.all(
    [-3_600_000, 3_600_000].map(async (by) => {
      const proxy = await startProxy("127.0.0.1", service.port);
      later(() => proxy.stop());
      const page = await wall(proxy.url);
      await page.waitForTimeout(2_500);
      const started = performance.now();
      await setClock(page, by);
      await page.locator('[data-trouble="skew"]').waitFor({ timeout: 10_000 });
      assert.ok(performance.now() - started < 10_000);
      await page.waitForTimeout(2_500);
      assert.ok(await shown(page), `${by}: the wall shows ${await page.locator(".clock .time").textContent()}`);
      assert.equal(await page.locator(".overlay").count(), 0, `${by}: the service is heard`);
      // Frozen and set at the same moment: the watch runs on a clock nobody can set.
      const frozen = performance.now();
      proxy.freeze();
      await setClock(page, by - 7_200_000);
      await page.locator(".overlay").waitFor({ timeout: 14_000 });
      assert.ok(performance.now() - frozen < 10_000, `${by}: ${Math.round(performance.now() - frozen)} ms`);
    }),
  );
}, { alone: true });

test("a display that slept shows the overlay at once, not eight seconds later", async ({ mock, wall, later }) => {
  const service = await mock();
  const proxy = await startProxy("127.0.0.1", service.port);
  later(() => proxy.stop());
  const page = await wall(proxy.url);
  await page.waitForTimeout(1_500);
  proxy.freeze();
  // What a sleep looks like from inside: the clock of the machine went on, that of the page did not.
  await setClock(page, 600_000);
  await page.locator(".overlay").waitFor({ timeout: 20_000 });
  assert.match(await page.locator(".overlay").innerText(), /00:10:0\d/);
});

test("a service that went away is called again until it is back, never more than 5 s apart", async ({ mock, wall }) => {
  const service = await mock();
  const page = await wall(service.url);
  const calls = [];
  page.on("websocket", () => calls.push(performance.now()));
  await service.stop();
  await until(() => calls.length >= 8, "eight attempts", 40_000);
  const waits = calls.slice(1).map((at, n) => at - calls[n]);
  assert.ok(Math.max(...waits) < 6_500, `waits ${waits.map(Math.round)}`);
  const back = await mock({ port: service.port });
  await page.locator(".overlay").waitFor({ state: "detached", timeout: 30_000 });
  assert.ok(back.seen.some((frame) => frame.type === "subscribe"));
});

test("a display clock more than two seconds off is said to be off, and the wall shows the time of the service", async ({ mock, wall }) => {
  const service = await mock({ clock: 3_600_000 + 5_000 });
  const page = await wall(service.url);
  await page.locator('[data-trouble="skew"]').waitFor({ timeout: 20_000 });
  assert.match(await page.locator('[data-trouble="skew"]').textContent(), /時刻ずれ 360[45]/);
  const shown = await page.locator(".clock .time").textContent();
  const server = await page.evaluate((at) => new Date(at).toTimeString().slice(0, 5), Date.now() + 3_605_000);
  assert.equal(shown.trim(), server);
});

test("a page that stood still says so afterwards", async ({ mock, wall }) => {
  const page = await wall((await mock()).url);
  assert.equal(await page.locator('[data-trouble="stalled"]').count(), 0);
  await page.waitForTimeout(1_500);
  await page.evaluate(() => {
    const end = performance.now() + 4_500;
    while (performance.now() < end);
  });
  await page.locator('[data-trouble="stalled"]').waitFor({ timeout: 20_000 });
  assert.match(await page.locator('[data-trouble="stalled"]').textContent(), /[345] 秒/);
}, { alone: true });

test("the second hand moves with the render loop", async ({ mock, wall }) => {
  const page = await wall((await mock()).url);
  const turn = () => page.locator(".dial g").getAttribute("transform");
  const before = await turn();
  await until(async () => (await turn()) !== before, "hand moves", 1_500);
}, { alone: true });

test("a receipt follows each alert at once and other frames at most once a second", async ({ mock, wall }) => {
  const service = await mock();
  const page = await wall(service.url);
  await page.waitForTimeout(1_200);
  const painted = () => service.seen.filter((frame) => frame.type === "painted");
  const before = painted().length;
  for (let n = 0; n < 30; n += 1) {
    service.send({ type: "patient", patient: { ...service.state.ward.patients[1], day: n } });
    await page.waitForTimeout(50);
  }
  const calm = painted().length - before;
  assert.ok(calm >= 1 && calm <= 3, `${calm} receipts for 30 frames in a second and a half`);
  service.send({ type: "alert", change: "raised", alert: { ...service.state.ward.alerts[0], id: "now", patient: "p4", bed: "6E-04" } });
  const cursor = service.cursor();
  await until(() => painted().some((frame) => frame.cursor === cursor), "receipt for the alert", 1_000);
}, { alone: true });

test("a hidden page sends no receipts", async ({ mock, wall }) => {
  const service = await mock();
  const page = await wall(service.url);
  await page.evaluate(() => {
    // What a browser does to a page nobody can see: it draws no frames.
    window.requestAnimationFrame = () => 0;
  });
  await page.waitForTimeout(1_500);
  const before = service.seen.filter((frame) => frame.type === "painted").length;
  service.send({ type: "alert", change: "raised", alert: { ...service.state.ward.alerts[0], id: "unseen", patient: "p4" } });
  await page.waitForTimeout(1_500);
  assert.equal(service.seen.filter((frame) => frame.type === "painted").length, before);
}, { alone: true });

test("the sounds have their pulses, their pauses and soft edges", async ({ browser, later }) => {
  const { build } = createRequire(`${web}package.json`)("esbuild");
  const bundle = await build({ entryPoints: [`${web}src/sound.ts`], bundle: true, write: false, format: "iife", globalName: "sound", logLevel: "error" });
  const page = await browser.newPage();
  later(() => page.close());
  for (const [priority, pulses] of [["high", 10], ["medium", 3], ["low", 2]]) {
    const heard = await page.evaluate(
      async ({ code, priority: name }) => {
        const sound = new Function(`${code}; return sound;`)();
        const rate = 44_100;
        const pattern = sound.patternOf(name);
        const audio = new OfflineAudioContext(1, rate * 4, rate);
        sound.schedule(audio, pattern, 0.1, 0.5);
        const samples = (await audio.startRendering()).getChannelData(0);
        const step = rate / 200;
        const loudness = Array.from({ length: samples.length / step }, (_, n) => samples.slice(n * step, (n + 1) * step).reduce((most, one) => Math.max(most, Math.abs(one)), 0));
        const peak = Math.max(...loudness);
        const edges = [];
        loudness.forEach((level, n) => {
          const on = level > peak * 0.25;
          if (on !== (edges.length % 2 === 1)) edges.push(n * 5);
        });
        const jump = samples.reduce((most, one, n) => Math.max(most, n === 0 ? 0 : Math.abs(one - samples[n - 1])), 0);
        return { edges, peak, first: Math.max(...samples.slice(0, rate / 10).map(Math.abs)), jump, planned: pattern.pulses.map((pulse) => (pulse.at + 0.1) * 1000) };
      },
      { code: bundle.outputFiles[0].text, priority },
    );
    assert.equal(heard.edges.length, pulses * 2, `${priority}: ${heard.edges}`);
    heard.planned.forEach((at, n) => assert.ok(Math.abs(heard.edges[n * 2] - at) < 25, `${priority} pulse ${n}`));
    assert.equal(heard.first, 0);
    assert.ok(heard.peak > 0.2 && heard.peak <= 1, `peak ${heard.peak}`);
  }
});

test("a muted page says so on the screen and to the service, and a touch ends it", async ({ mock, wall }) => {
  const service = await mock();
  const page = await wall(service.url, "", { muted: true });
  await page.locator('[data-trouble="sound"]').waitFor({ timeout: 30_000 });
  assert.match(await page.locator('[data-trouble="sound"]').textContent(), /音が出ません/);
  await until(() => service.seen.some((frame) => frame.type === "sound" && frame.on === false), "told the service");
  await page.mouse.click(400, 400);
  await page.locator('[data-trouble="sound"]').waitFor({ state: "detached", timeout: 30_000 });
  await until(() => service.seen.at(-1) && service.seen.some((frame) => frame.type === "sound" && frame.on === true), "told the service");
});

test("the wall keeps twelve beds at one frame a second each without growing", async ({ mock, wall }) => {
  const service = await mock();
  const page = await wall(service.url);
  const client = await page.context().newCDPSession(page);
  const heap = async () => {
    await client.send("HeapProfiler.collectGarbage");
    return (await client.send("Runtime.getHeapUsage")).usedSize;
  };
  const feed = async (rounds) => {
    for (let n = 0; n < rounds; n += 1) {
      for (const patient of service.state.ward.patients) {
        const temperature = { ...patient.latest.temperature, value: 36.5 + (n % 20) / 10, measured_at: new Date().toISOString() };
        service.send({ type: "patient", patient: { ...patient, latest: { ...patient.latest, temperature } } });
      }
      await page.waitForTimeout(25);
    }
  };
  await feed(60);
  const before = await heap();
  await feed(240);
  const grown = ((await heap()) - before) / 1024;
  assert.ok(grown < 1_024, `heap grew by ${Math.round(grown)} KB over 2,880 frames`);
}, { alone: true });
