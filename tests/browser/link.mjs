// The wall when something is wrong: the network, the service, the clock, the page itself, the loudspeaker.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createRequire } from "node:module";
import { test, until } from "./suite.mjs";
import { startProxy } from "./proxy.mjs";

const web = fileURLToPath(new URL("../../web/", import.meta.url));

test("a frozen network shows amber after 5 s and the overlay after 10, values stay, and the thaw resumes from the cursor", async ({ mock, wall, later }) => {
  const service = await mock();
  const proxy = await startProxy("127.0.0.1", service.port);
  later(() => proxy.stop());
  const page = await wall(proxy.url);
  const started = performance.now();
  proxy.freeze();
  await page.locator(".late").waitFor({ timeout: 9_000 });
  const amber = performance.now() - started;
  assert.ok(amber > 2_500 && amber < 7_500, `amber after ${amber} ms`);
  assert.equal(await page.locator(".overlay").count(), 0);
  await page.locator(".overlay").waitFor({ timeout: 9_000 });
  const lost = performance.now() - started;
  // The last frame may be up to one heartbeat old when the network freezes.
  assert.ok(lost > 7_500 && lost < 12_500, `overlay after ${lost} ms`);
  assert.match(await page.locator(".overlay").innerText(), /通信断 00:00:1\d \/ NO DATA/);
  assert.match(await page.locator(".overlay").innerText(), /ベッドサイドモニター/);
  assert.equal(await page.locator('.tile[data-bed="6E-01"] .reading b').isVisible(), true);
  assert.match(await page.locator(".grid").evaluate((element) => getComputedStyle(element).filter), /saturate/);
  const before = await page.locator(".counter").textContent();
  await until(async () => (await page.locator(".counter").textContent()) !== before, "counter runs");
  proxy.thaw();
  await page.locator(".overlay").waitFor({ state: "detached", timeout: 9_000 });
  const resumed = service.seen.filter((frame) => frame.type === "subscribe").at(-1);
  assert.match(resumed.after, /^\d+$/);
  assert.equal(await page.locator(".tile").count(), 12);
}, { alone: true });

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
  await page.locator(".overlay").waitFor({ state: "detached", timeout: 9_000 });
  assert.ok(back.seen.some((frame) => frame.type === "subscribe"));
});

test("a display clock more than two seconds off is said to be off, and the wall shows the time of the service", async ({ mock, wall }) => {
  const service = await mock({ clock: 3_600_000 + 5_000 });
  const page = await wall(service.url);
  await page.locator('[data-trouble="skew"]').waitFor({ timeout: 4_000 });
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
  await page.locator('[data-trouble="stalled"]').waitFor({ timeout: 5_000 });
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
  for (let n = 0; n < 20; n += 1) {
    service.send({ type: "patient", patient: { ...service.state.ward.patients[1], day: n } });
    await page.waitForTimeout(50);
  }
  const calm = painted().length - before;
  assert.ok(calm >= 1 && calm <= 3, `${calm} receipts for 20 frames in a second`);
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
  await page.locator('[data-trouble="sound"]').waitFor({ timeout: 7_000 });
  assert.match(await page.locator('[data-trouble="sound"]').textContent(), /音が出ません/);
  await until(() => service.seen.some((frame) => frame.type === "sound" && frame.on === false), "told the service");
  await page.mouse.click(400, 400);
  await page.locator('[data-trouble="sound"]').waitFor({ state: "detached", timeout: 7_000 });
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
