// From a message on the wire to what a nurse sees, with the service itself.
import assert from "node:assert/strict";
import { test, until } from "./suite.mjs";
import { admission, phosphate, results, saturation, send, temperature } from "./mllp.mjs";
import { collisions, texts } from "./look.mjs";

const ward = "9W";
const patients = {
  storm: { id: "MRN00417", family: "嵐山", given: "花子", ward, bed: "01" },
  calm: { id: "MRN00418", family: "小川", given: "静", ward, bed: "02" },
};
const secrets = ["MRN00417", "MRN00418", "嵐山", "花子", "小川", "19610402", "1961-04-02"];
const tile = (page, bed) => page.locator(`.tile[data-bed="${bed}"]`);

async function post(service, path, body) {
  const response = await fetch(`${service.http}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const text = await response.text();
  assert.ok(response.status < 300, `${path} answered ${response.status} ${text}`);
}

const hoursAgo = (hours) => new Date(Date.now() - hours * 3_600_000).toISOString();
const wallOf = (open, service, query = "") => open(`${service.http}/wall?ward=${ward}&${query}`, { viewport: { width: 1920, height: 1080 } });

/** The ward of the tests, once: one patient with a fever, one whose phosphate falls. */
let settling = null;
const settled = (service) => (settling ??= settle(service));
async function settle(service) {
  for (const patient of Object.values(patients)) assert.equal(await send(service.mllp, admission(patient)), "AA");
  await infuse(service, patients.storm);
  await infuse(service, patients.calm);
  assert.equal(await send(service.mllp, results(patients.storm, [temperature("39.1"), saturation("96")])), "AA");
  assert.equal(await send(service.mllp, results(patients.calm, [phosphate("3.5")], -26 * 60)), "AA");
  assert.equal(await send(service.mllp, results(patients.calm, [phosphate("2.3")])), "AA");
}

const infuse = (service, patient) =>
  post(service, `/api/v1/patients/${patient.id}/therapies`, { kind: "infusion", product: "tisa-cel", at: hoursAgo(24) });

test("service: an admission by HL7 puts a bed on an open wall, without a reload", async ({ service, open }) => {
  const newcomer = { id: "MRN00500", family: "新井", given: "一", ward: "8N", bed: "07" };
  const page = await open(`${service.http}/wall?ward=8N`, { viewport: { width: 1920, height: 1080 } });
  await page.getByText("この病棟に患者はいません").waitFor();
  assert.equal(await send(service.mllp, admission(newcomer)), "AA");
  await tile(page, "07").waitFor({ timeout: 5_000 });
  assert.match(await tile(page, "07").innerText(), /D–/);
}, { group: "service" });

test("service: a fever raises its alert on the wall within two seconds of the result, value against limit", async ({ service, open }) => {
  const feverish = { id: "MRN00501", family: "熱田", given: "二", ward: "8S", bed: "03" };
  assert.equal(await send(service.mllp, admission(feverish)), "AA");
  await infuse(service, feverish);
  const page = await open(`${service.http}/wall?ward=8S`, { viewport: { width: 1920, height: 1080 } });
  await page.locator('.tile[data-bed="03"][data-signal="normal"]').waitFor();
  const started = performance.now();
  assert.equal(await send(service.mllp, results(feverish, [temperature("39.1"), saturation("96")])), "AA");
  await page.locator('.tile[data-bed="03"]:not([data-signal="normal"])').waitFor({ timeout: 5_000 });
  const took = performance.now() - started;
  assert.ok(took < 2_000, `${Math.round(took)} ms from the wire to the wall`);
  assert.match(await tile(page, "03").innerText(), /T\s*39\.1\s*≥ 38\.\d/);
  assert.match(await tile(page, "03").innerText(), /D\+1/);
}, { alone: true });

test("service: a fall of phosphate is shown as the change the rule asked for", async ({ service, open }) => {
  await settled(service);
  const page = await wallOf(open, service);
  await page.locator('.tile[data-bed="02"]:not([data-signal="normal"])').waitFor({ timeout: 5_000 });
  assert.match(await tile(page, "02").innerText(), /ΔiP\s*−34%\s*≤ −(15|30)/);
}, { group: "service" });

test("service: what the wall shows of real messages is legible and covers nothing", async ({ service, open }) => {
  await settled(service);
  for (const language of ["ja", "en"]) {
    const page = await wallOf(open, service, `lang=${language}`);
    await tile(page, "01").waitFor();
    await page.evaluate(() => document.fonts.ready);
    assert.deepEqual(await collisions(page), []);
    assert.deepEqual((await texts(page)).filter((one) => one.contrast < 4.5).map((one) => one.text), []);
    await page.context().close();
  }
}, { group: "service" });

test("service: an acknowledgement on the console shows on the wall, and its undo too", async ({ service, open }) => {
  await settled(service);
  const wall = await wallOf(open, service);
  await tile(wall, "02").waitFor();
  const console_ = await open(`${service.http}/console?lang=en`, { viewport: { width: 390, height: 844 } });
  const cards = console_.locator("article.alert").filter({ has: console_.locator(".alert-bed", { hasText: "02" }) });
  await cards.first().waitFor();
  const waiting = cards.filter({ has: console_.locator(".ack") });
  const count = await waiting.count();
  assert.ok(count >= 1);
  const group = waiting.first().getByRole("button", { name: /Acknowledge all/ });
  if ((await group.count()) > 0) await group.click();
  else await waiting.first().locator(".ack").click();
  await wall.locator('.tile[data-bed="02"][data-state="acknowledged"]').waitFor({ timeout: 5_000 });
  assert.match(await tile(wall, "02").locator(".taken").innerText(), /\d+(分|h)/);
  await cards.getByRole("button", { name: /Undo/ }).first().click();
  await wall.locator('.tile[data-bed="02"][data-state="active"]').waitFor({ timeout: 5_000 });
}, { group: "service" });

test("service: an ICE assessment and a charted grade reach the wall", async ({ service, open }) => {
  await settled(service);
  const page = await open(`${service.http}/patients/${patients.storm.id}?lang=en`);
  for (const item of ["Year", "Month", "City", "Hospital", "Object 1", "Object 2", "Object 3", "Follows a command"])
    await page.getByRole("button", { name: item, exact: true }).click();
  await page.getByRole("button", { name: "Record assessment" }).click();
  await page.getByText("Recorded").first().waitFor();
  await page.locator(".grade-pick").first().getByRole("button", { name: "1" }).click();
  await page.getByRole("button", { name: "Chart grade" }).click();
  await until(async () => /charted\s*1/.test(await page.locator(".grade-card").first().innerText()), "charted grade");
  await until(async () => /8/.test(await page.locator(".latest li").last().innerText()), "ICE 8");
  const wall = await wallOf(open, service);
  await wall.locator('.tile[data-bed="01"] .grade[data-charted]').waitFor({ timeout: 5_000 });
}, { group: "service" });

test("service: therapies and values recorded by hand are taken as the forms send them", async ({ service, open }) => {
  await settled(service);
  const page = await open(`${service.http}/patients/${patients.storm.id}?lang=en`);
  await page.getByLabel("Oxygen device").selectOption("nasal_cannula");
  await page.getByLabel("Flow L/min").fill("3");
  await page.getByRole("button", { name: "Record therapy" }).click();
  await page.locator(".lane-bar").first().waitFor({ timeout: 8_000 });
  await page.getByLabel("Value (°C)").fill("38.7");
  await page.getByRole("button", { name: "Record value" }).click();
  await until(async () => /38\.7/.test(await page.locator(".latest li").first().innerText()), "the value");
  assert.equal(await page.locator(".said[data-bad]").count(), 0);
}, { group: "service" });

test("service: a message that cannot be used is on the intake page with its reason and text", async ({ service, open }) => {
  await settled(service);
  const code = await send(service.mllp, results(patients.calm, [["99999-9", "Unheard of", "1", "furlong"]]));
  assert.match(code, /^A[AE]$/);
  const page = await open(`${service.http}/intake?lang=en`);
  await page.getByText("As received").first().waitFor({ timeout: 8_000 });
  await page.getByText("As received").first().click();
  await page.getByText("99999-9").first().waitFor();
}, { group: "service" });

test("service: every page loads whole, with nothing refused and nothing thrown", async ({ service, open }) => {
  await settled(service);
  for (const address of ["/", `/wall?ward=${ward}`, "/console", `/patients/${patients.storm.id}`, "/intake", "/rules", "/quality", "/scores", "/login"]) {
    const page = await open("about:blank");
    const wrong = [];
    page.on("response", (response) => response.status() >= 400 && wrong.push(`${response.status()} ${response.url()}`));
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
    page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => String(payload).startsWith('{"type":"error"') && wrong.push(String(payload))));
    await page.goto(service.http + address);
    await page.waitForTimeout(2_500);
    assert.deepEqual(wrong, [], address);
    assert.equal(await page.locator(".missing").filter({ hasText: /Not available|まだ利用できません/ }).count(), 0, address);
    await page.context().close();
  }
}, { group: "service" });

test("service: a hanging service is told as such, and the wall returns without a reload", async ({ service, open, later }) => {
  await settled(service);
  const page = await wallOf(open, service);
  await tile(page, "01").waitFor();
  later(() => service.thaw());
  service.freeze();
  await page.locator(".overlay").waitFor({ timeout: 14_000 });
  service.thaw();
  await page.locator(".overlay").waitFor({ state: "detached", timeout: 12_000 });
  assert.equal(await page.locator(".tile").count(), 2);
}, { group: "service", needs: "freeze" });

test("service: a wall asks for beds alone, so that even an open service sends it no name over its socket", async ({ service, open }) => {
  await settled(service);
  const frames = [];
  const page = await open("about:blank", { viewport: { width: 1920, height: 1080 } });
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => frames.push(String(payload))));
  await page.goto(`${service.http}/wall?ward=${ward}`);
  await tile(page, "01").waitFor();
  await until(async () => ((await tile(page, "01").locator(".spark-last").count()) > 0), "the trace by the bed's alias");
  for (const secret of secrets) assert.ok(!frames.join("\n").includes(secret), `the wall was sent ${secret}`);
}, { group: "service" });

test("service: a display of level P0 is sent no name, no number and no birth date, and may acknowledge nothing", async ({ service, open }) => {
  await settled(service);
  const made = service.command("user", "add", "--role", "display", "--ward", ward, "--identity", "P0", "--token", "wall-9w");
  const token = made.match(/[A-Za-z0-9_-]{24,}/g)?.at(-1);
  assert.ok(token, made);
  const frames = [];
  const bodies = [];
  const page = await open("about:blank", { viewport: { width: 1920, height: 1080 } });
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => frames.push(String(payload))));
  page.on("response", async (response) => {
    if (response.url().includes("/api/")) bodies.push(await response.text().catch(() => ""));
  });
  await page.goto(`${service.http}/wall?ward=${ward}#token=${token}`);
  await tile(page, "01").waitFor({ timeout: 8_000 });
  assert.equal(await page.evaluate(() => location.hash), "");
  await send(service.mllp, results(patients.storm, [temperature("39.4")]));
  await until(() => frames.filter((frame) => frame.includes('"type":"patient"')).length > 0, "news");
  await page.waitForTimeout(1_000);
  const everything = [...frames, ...bodies, await page.content(), await page.title()].join("\n");
  for (const secret of secrets) assert.ok(!everything.includes(secret), `a P0 display was sent ${secret}`);
  assert.ok(frames.some((frame) => frame.includes("39.4")));
  const refused = await page.evaluate(async (bearer) => {
    const listed = await fetch("/api/v1/alerts", { headers: { authorization: `Bearer ${bearer}` } });
    const { alerts } = await listed.json();
    const answer = await fetch(`/api/v1/alerts/${alerts[0].id}/acknowledge`, { method: "POST", headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" }, body: "{}" });
    return answer.status;
  }, token);
  assert.equal(refused, 403);
  const stranger = await open(`${service.http}/console`);
  await stranger.waitForURL(/\/login\?next=%2Fconsole/);
}, { group: "service", needs: "command" });
