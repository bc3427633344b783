// Pictures of every page in the states that matter, for people to look at: `node shots.mjs FOLDER`. Not a test: what a picture
// shows is judged by eye; what can be measured is measured in the tests. `ONLY` takes those whose name contains it.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { launch } from "./browser.mjs";
import { startMock } from "./mock.mjs";
import { startProxy } from "./proxy.mjs";
import { fixture } from "./fixture.mjs";

const folder = process.argv[2] ?? "shots";
const languages = ["ja", "en"];

/** A ward in which nobody needs anything. */
function calm() {
  const ward = fixture();
  ward.alerts.length = 0;
  const well = ward.patients[3];
  ward.patients.forEach((patient, n) => {
    const latest = Object.fromEntries(Object.entries(well.latest).map(([name, value]) => [name, { ...value, value: value.value + ((n * 7) % 5) / 10 }]));
    Object.assign(patient, { alerts: [], crs: { ...well.crs }, icans: { ...well.icans }, day: n - 1, latest });
  });
  return ward;
}

/** One bed calls at high priority. */
function high() {
  const ward = calm();
  const storm = fixture();
  ward.patients[0] = { ...storm.patients[0] };
  ward.alerts.push(storm.alerts[0]);
  return ward;
}

/** Every value is old. */
function stale() {
  const ward = calm();
  ward.patients.forEach((patient, n) => {
    const age = (n + 2) * 3_600_000;
    for (const latest of Object.values(patient.latest)) Object.assign(latest, { stale: true, measured_at: new Date(Date.now() - age).toISOString() });
  });
  ward.alerts.push({ ...fixture().alerts.find((alert) => alert.rule === "feed-late") });
  return ward;
}

const states = {
  normal: { ward: calm },
  high: { ward: high },
  many: { ward: fixture },
  stale: { ward: stale },
  disconnected: { ward: fixture, lost: true },
  "sound-locked": { ward: high, muted: true },
};

mkdirSync(folder, { recursive: true });
const browser = await launch(["--autoplay-policy=no-user-gesture-required"]);
const muted = await launch(["--autoplay-policy=document-user-activation-required"]);
const wanted = (name) => !process.env.ONLY || name.includes(process.env.ONLY);

async function shoot(name, url, options, ready) {
  const context = await (options.muted ? muted : browser).newContext({ viewport: { width: 1920, height: 1080 }, timezoneId: "Asia/Tokyo", locale: "ja-JP", ...options.context });
  const page = await context.newPage();
  await page.goto(url);
  await ready(page);
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: options.full ?? false });
  console.log(name);
  await context.close();
}

for (const [state, { ward, lost, muted: quiet }] of Object.entries(states))
  for (const language of languages)
    for (const theme of ["day", "night"]) {
      const name = `wall-${state}-${language}-${theme}`;
      if (!wanted(name)) continue;
      const service = await startMock({ ward: ward() });
      const proxy = lost ? await startProxy("127.0.0.1", service.port) : null;
      await shoot(name, `${proxy?.url ?? service.url}/wall?ward=6E&lang=${language}&theme=${theme}`, { muted: quiet }, async (page) => {
        await page.locator(".tile").first().waitFor();
        // One heartbeat, the traces, and the check of the sound.
        await page.waitForTimeout(2_500);
        if (quiet) await page.locator('[data-trouble="sound"]').waitFor({ timeout: 12_000 });
        if (!proxy) return;
        proxy.freeze();
        await page.locator(".overlay").waitFor({ timeout: 15_000 });
      });
      await proxy?.stop();
      await service.stop();
    }

const pages = { console: "/console", patient: "/patients/p1", quality: "/quality", intake: "/intake", rules: "/rules", scores: "/scores", audit: "/audit", overview: "/", login: "/login" };
for (const [name, path] of Object.entries(pages))
  for (const language of languages)
    for (const scheme of ["dark", "light"])
      for (const [device, width, height] of [["desk", 1280, 1000], ["phone", 390, 844]]) {
        const full = `${name}-${device}-${language}-${scheme}`;
        if (!wanted(full)) continue;
        const service = await startMock();
        await shoot(full, `${service.url}${path}?lang=${language}`, { context: { viewport: { width, height }, colorScheme: scheme }, full: true }, (page) => page.waitForTimeout(1_500));
        await service.stop();
      }
await browser.close();
await muted.close();
