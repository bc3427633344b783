// From a message on the wire to what a nurse sees, with the service itself.
import assert from "node:assert/strict";
import { test, until } from "./suite.mjs";
import { admission, results, saturation, send, temperature } from "./mllp.mjs";
import { collisions, texts } from "./look.mjs";
import { infuse, patients, post, secrets, settled, tile, wallOf, ward } from "./ward.mjs";

test("service: an admission by HL7 puts a bed on an open wall, without a reload", async ({ service, open }) => {
  const newcomer = { id: "MRN00500", family: "新井", given: "一", ward: "8N", bed: "07" };
  const page = await open(`${service.http}/wall?ward=8N`, { viewport: { width: 1920, height: 1080 } });
  await page.getByText("この病棟に患者はいません").waitFor();
  assert.equal(await send(service.mllp, admission(newcomer)), "AA");
  await tile(page, "07").waitFor({ timeout: 30_000 });
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
  await page.locator('.tile[data-bed="03"]:not([data-signal="normal"])').waitFor({ timeout: 30_000 });
  const took = performance.now() - started;
  assert.ok(took < 2_000, `${Math.round(took)} ms from the wire to the wall`);
  assert.match(await tile(page, "03").innerText(), /T\s*39\.1\s*≥ 38\.\d/);
  assert.match(await tile(page, "03").innerText(), /D\+1/);
}, { alone: true });

test("service: a sudden change is used and named as not yet confirmed, until a second value confirms it", async ({ service, open }) => {
  const leaping = { id: "MRN00502", family: "跳田", given: "三", ward: "8W", bed: "01" };
  assert.equal(await send(service.mllp, admission(leaping)), "AA");
  assert.equal(await send(service.mllp, results(leaping, [temperature("36.5")], -6)), "AA");
  assert.equal(await send(service.mllp, results(leaping, [temperature("39.4")], -3)), "AA");
  const page = await open(`${service.http}/patients/${leaping.id}?lang=en`);
  const first = page.locator(".latest li").first();
  await until(async () => /39\.4[\s\S]*not yet confirmed/.test(await first.innerText()), "the doubt beside the value");
  assert.equal(await send(service.mllp, results(leaping, [temperature("39.2")], -1)), "AA");
  await until(async () => /39\.2/.test(await first.innerText()) && !/not yet/.test(await first.innerText()), "the second value confirms it");
}, { group: "service" });

test("service: a fall of phosphate is shown as the change the rule asked for", async ({ service, open }) => {
  await settled(service);
  const page = await wallOf(open, service);
  await page.locator('.tile[data-bed="02"]:not([data-signal="normal"])').waitFor({ timeout: 30_000 });
  assert.match(await tile(page, "02").innerText(), /iP\s*Δ−34%\s*≤ −(15|30)/);
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
  await wall.locator('.tile[data-bed="02"][data-state="acknowledged"]').waitFor({ timeout: 30_000 });
  assert.match(await tile(wall, "02").locator(".taken").innerText(), /\d+(分|h)/);
  await cards.getByRole("button", { name: /Undo/ }).first().click();
  await wall.locator('.tile[data-bed="02"][data-state="active"]').waitFor({ timeout: 30_000 });
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
  await wall.locator('.tile[data-bed="01"] .grade[data-charted]').waitFor({ timeout: 30_000 });
}, { group: "service" });

test("service: therapies and values recorded by hand are taken as the forms send them", async ({ service, open }) => {
  await settled(service);
  const page = await open(`${service.http}/patients/${patients.storm.id}?lang=en`);
  await page.getByLabel("Oxygen device").selectOption("nasal_cannula");
  await page.getByLabel("Flow L/min").fill("3");
  await page.getByRole("button", { name: "Record therapy" }).click();
  await page.locator(".lane-bar").first().waitFor({ timeout: 30_000 });
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
  await page.getByText("As received").first().waitFor({ timeout: 30_000 });
  await page.getByText("As received").first().click();
  await page.getByText("99999-9").first().waitFor();
}, { group: "service" });

test("service: every page loads whole, with nothing refused and nothing thrown", async ({ service, open }) => {
  await settled(service);
  const page = await open("about:blank");
  const wrong = [];
  page.on("response", (response) => response.status() >= 400 && wrong.push(`${response.status()} ${response.url()}`));
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("websocket", (socket) => socket.on("framereceived", ({ payload }) => String(payload).startsWith('{"type":"error"') && wrong.push(String(payload))));
  for (const address of ["/", `/wall?ward=${ward}`, "/console", `/patients/${patients.storm.id}`, "/intake", "/rules", "/quality", "/scores", "/audit", "/login"]) {
    await page.goto(service.http + address);
    await page.waitForTimeout(1_500);
    assert.deepEqual(wrong, [], address);
    assert.equal(await page.locator(".missing").filter({ hasText: /Not available|まだ利用できません/ }).count(), 0, address);
  }
}, { group: "service" });

test("service: the scores are read in Japanese to the last row, and nothing but names stays English", async ({ service, open }) => {
  const page = await open(`${service.http}/scores?lang=ja`);
  await page.locator("table").first().waitFor();
  // A source is cited as it was published.
  const cells = (await page.locator("main td, main h2, main p").allTextContents()).filter((text) => !text.startsWith("出典"));
  assert.ok(cells.length > 200, `${cells.length} cells`);
  // Products, drugs and units are names; two plain words in a row, or one of a dozen letters, are English left over.
  const english = cells.filter((text) => /(?<![\w-])[a-z]{3,} [a-z]{3,}(?![\w-])/.test(text) || /(?<![\w-])[a-z]{12,}(?![\w-])/.test(text));
  assert.deepEqual(english, []);
}, { group: "service" });

test("service: a console asks for its ward and its least priority, and the service sends no more", async ({ service, open }) => {
  await settled(service);
  const sent = [];
  const page = await open("about:blank");
  page.on("websocket", (socket) => {
    const frames = [];
    socket.on("framesent", ({ payload }) => String(payload).includes('"subscribe"') && sent.push({ asked: JSON.parse(String(payload)), frames }));
    socket.on("framereceived", ({ payload }) => frames.push(JSON.parse(String(payload))));
  });
  await page.goto(`${service.http}/console?lang=en`);
  await page.locator("article.alert").first().waitFor();
  const all = await page.locator("article.alert").count();
  await page.getByRole("button", { name: "HIGH", exact: true }).click();
  await until(() => sent.at(-1)?.asked.min_priority === "high", "asked again");
  await until(() => sent.at(-1).frames.some((frame) => frame.type === "snapshot"), "a fresh snapshot");
  assert.ok(sent.at(-1).frames.find((frame) => frame.type === "snapshot").alerts.every((alert) => alert.priority === "high"));
  await until(async () => (await page.locator("article.alert").count()) < all, "fewer cards");
  await page.getByRole("button", { name: "Show all" }).click();
  await until(async () => (await page.locator("article.alert").count()) === all, "all again");
  await page.getByRole("combobox", { name: "Ward" }).selectOption(ward);
  await until(() => sent.at(-1)?.asked.wards?.join() === ward, "asked for one ward");
  await until(() => sent.at(-1).frames.some((frame) => frame.type === "snapshot"), "a fresh snapshot");
  assert.ok(sent.at(-1).frames.find((frame) => frame.type === "snapshot").patients.every((patient) => patient.ward === ward));
  await page.reload();
  await until(() => sent.at(-1)?.asked.wards?.join() === ward, "remembered");
}, { group: "service" });

test("service: an alert put aside is listed with its reason and comes back by one tap", async ({ service, open }) => {
  await settled(service);
  const page = await open(`${service.http}/console?lang=en&ward=${ward}`, { viewport: { width: 390, height: 844 } });
  const card = page.locator("article.alert").filter({ has: page.getByRole("button", { name: "Shelve", exact: true }) }).last();
  const id = (await card.getAttribute("id")).replace("alert-", "");
  await card.getByRole("button", { name: "Shelve", exact: true }).click();
  await page.locator(`#alert-${id}`).getByLabel("Reason (required)").fill("dialysis until noon");
  await page.locator(`#alert-${id}`).getByRole("button", { name: /Shelve for 30/ }).click();
  const aside = page.locator(`#aside-${id}`);
  await aside.waitFor({ timeout: 30_000 });
  assert.match(await aside.innerText(), /dialysis until noon.*back in (30:0\d|29:5\d)/s);
  await aside.getByRole("button", { name: "Back in service now" }).click();
  await aside.waitFor({ state: "detached", timeout: 30_000 });
}, { group: "service" });

test("service: what was looked at is found on the audit page by patient, action and outcome", async ({ service, open }) => {
  await settled(service);
  const reader = await open(`${service.http}/patients/${patients.calm.id}?lang=en`);
  await reader.locator(".patient-head").waitFor();
  await fetch(`${service.http}/api/v1/patients/NOBODY-7`);
  const page = await open(`${service.http}/audit?lang=en`);
  await page.locator(".audit tbody tr").first().waitFor();
  await page.getByLabel("Patient").fill(patients.calm.id);
  await page.getByLabel("Action").selectOption("read");
  await page.getByRole("button", { name: "Search" }).click();
  await until(async () => {
    const rows = await page.locator(".audit tbody tr").allInnerTexts();
    return rows.length > 0 && rows.every((row) => row.includes(patients.calm.id) && /\tread /.test(row));
  }, "only that patient, only readings");
  assert.match(page.url(), /patient=MRN00418&action=read/);
  await page.getByLabel("Patient").fill("NOBODY-7");
  await page.getByLabel("Action").selectOption("");
  await page.getByLabel("Outcome").selectOption("refused");
  await page.getByRole("button", { name: "Search" }).click();
  await until(async () => /refused: not on the wards/.test((await page.locator(".audit tbody").innerText().catch(() => "")) ?? ""), "the refusal");
}, { group: "service" });

test("service: a hanging service is told as such within 10 s, and the wall returns without a reload", async ({ service, open, later }) => {
  await settled(service);
  const page = await wallOf(open, service);
  await tile(page, "01").waitFor();
  await page.evaluate(() => (window.sameWall = true));
  later(() => service.thaw());
  const started = performance.now();
  service.freeze();
  await page.locator(".overlay").waitFor({ timeout: 14_000 });
  const took = performance.now() - started;
  assert.ok(took < 10_000, `overlay after ${Math.round(took)} ms`);
  service.thaw();
  await page.locator(".overlay").waitFor({ state: "detached", timeout: 30_000 });
  assert.equal(await page.locator(".tile").count(), 2);
  assert.equal(await page.evaluate(() => window.sameWall), true);
}, { alone: true, needs: "freeze" });

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
  await tile(page, "01").waitFor({ timeout: 30_000 });
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
