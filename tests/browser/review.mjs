// The pages on which a ward looks back and an administrator looks up: quality, rules, audit; and what the console adds to them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test, until } from "./suite.mjs";

test("quality shows incidence by worst grade, treatment, stay, waits and misses, each number also as text", async ({ mock, open }) => {
  const page = await open(`${(await mock()).url}/quality?lang=en`);
  await page.locator("#outcomes-title").waitFor();
  const said = (await page.locator("main").innerText()).replace(/\s+/g, " ");
  assert.match(said, /12 infusions in a year, day 30 over for 8/);
  assert.match(said, /First alert to tocilizumab, median 95 m 90 %: 5\.2 h · 5 treated, 1 before any alert/);
  assert.match(said, /First alert to steroid, median 4\.0 h/);
  assert.match(said, /Length of stay, median 24\.5 d/);
  assert.match(said, /Patients with a miss 1/);
  assert.match(said, /CRS grade 2 charted .* tocilizumab/);
  const grades = () => page.locator(".incidence").first().locator("tbody tr").allInnerTexts();
  const read = (rows) => rows.map((row) => row.replace(/\s+/g, " ").trim());
  assert.deepEqual(read(await grades()), ["5 0 0", "4 0 0", "3 1 13% 1 13%", "2 2 25% 3 38%", "1 3 38% 3 38%", "0 1 13% 1 13%", "unknown 1 13% 0"]);
  await page.getByRole("button", { name: "All so far" }).click();
  assert.deepEqual(read(await grades()).at(-1), "unknown 3 25% 0");
  const waits = await page.getByRole("region", { name: "Waiting for an answer" }).locator("tbody tr").allInnerTexts();
  assert.match(waits[1].replace(/\s+/g, " "), /MED.* 31 29 4\.3 m 15\.0 m 3 1/);
});

test("the figures and the row for each infusion are saved as CSV", async ({ mock, open }) => {
  const page = await open(`${(await mock()).url}/quality?lang=en`);
  await page.locator("#outcomes-title").waitFor();
  const save = async (name) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
    return readFile(await download.path(), "utf8");
  };
  const figures = await save("Save CSV");
  for (const line of ["day_30_crs_charted,2,2", "so_far_icans_suggested,unknown,0", "to_tocilizumab,p50_minutes,95", "wait_high,late,1", "outcomes,missed_patients,1"]) assert.ok(figures.includes(`${line}\r\n`), `${line} in ${figures}`);
  const rows = (await save("Save one row per infusion (CSV)")).trim().split("\r\n");
  assert.equal(rows.length, 3);
  assert.match(rows[1], /^6E,6E-03,axi-cel,.*,true,2,2,0,0,.*,crs tocilizumab$/);
});

test("a rule on trial shows what it would have called for, and the list is narrowed to those", async ({ mock, open }) => {
  const page = await open(`${(await mock()).url}/rules?lang=en`);
  await page.locator(".rule").first().waitFor();
  assert.equal(await page.locator(".rule").count(), 2);
  await page.getByRole("button", { name: "On trial" }).click();
  assert.equal(await page.locator(".rule").count(), 1);
  assert.match(await page.locator(".rule").innerText(), /shadow \(calls nobody\)[\s\S]*What it would have called for \(1\)[\s\S]*6E 01 · closed/);
});

test("the audit is searched, its refusals stand out, and what is found is saved as CSV", async ({ mock, open }) => {
  const service = await mock();
  const page = await open(`${service.url}/audit?lang=en&who=n.sato`);
  await page.locator(".audit tbody tr").first().waitFor();
  assert.equal(service.state.searches[0].who, "n.sato");
  assert.equal(await page.locator(".audit tbody tr").count(), 2);
  await page.getByLabel("Account").fill("");
  await page.getByLabel("From (time)").fill("2026-11-22T06:00");
  await page.getByRole("button", { name: "Search" }).click();
  await until(async () => (await page.locator(".audit tbody tr").count()) === 4, "all lines");
  // The page is in Tokyo; the question names the instant.
  assert.equal(service.state.searches.at(-1).from, "2026-11-21T21:00:00.000Z");
  assert.equal(await page.locator(".audit tr[data-refused]").count(), 1);
  assert.match(await page.locator(".audit tr[data-refused]").innerText(), /b\.ueda.*refused: not on the wards/s);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save CSV" }).click()]);
  assert.match(await readFile(await download.path(), "utf8"), /at,by,role,action,patient,subject,outcome,address\r\n.*,n\.sato,nurse,acknowledge alert,MRN00417,a3,done,10\.0\.0\.7/);
});

test("who may not see the audit is not led there", async ({ mock, open }) => {
  const service = await mock({ open: false });
  for (const [role, shown] of [["nurse", 0], ["engineer", 0], ["admin", 1]]) {
    service.state.session = { user: { name: "x", role, wards: ["6E"] }, open: false, ward_choices: ["6E"], identity: "P3" };
    const page = await open(`${service.url}/rules?lang=en`);
    await page.getByRole("button", { name: "Log out" }).waitFor();
    assert.equal(await page.locator('nav a[href="/audit"]').count(), shown, role);
  }
});

test("the ladder shows who was told, who is next and in how long, and who must answer", async ({ mock, open }) => {
  const page = await open(`${(await mock()).url}/patients/p1?lang=en`);
  const ladder = page.locator(".why-alert .ladder").first();
  await ladder.waitFor();
  const steps = await ladder.locator("li").evaluateAll((rows) => rows.map((row) => [row.dataset.step, row.innerText.replace(/\s+/g, " ").trim()]));
  assert.deepEqual(steps.map(([state]) => state), ["done", "next", "later"]);
  assert.match(steps[0][1], /Nurse told/);
  assert.match(steps[1][1], /Nurse, Physician in [56]:\d\d/);
  // The last step keeps the policy's seven minutes to the one before.
  assert.match(steps[2][1], /Physician in 1[23]:\d\d/);
  assert.match(await ladder.innerText(), /Must answer: Nurse, Physician/);
});

test("alerts that are over stay in the alert lane, on the axis of the charts", async ({ mock, open }) => {
  const service = await mock();
  const hour = 3_600_000;
  const at = (hours) => new Date(Date.now() - hours * hour).toISOString();
  service.state.past = [{ ...service.state.ward.alerts[1], id: "past", rule: "map-low", state: "closed", title: { en: "Pressure low", ja: "血圧低下" }, raised_at: at(48), closed_at: at(36) }];
  const page = await open(`${service.url}/patients/p1?lang=en`);
  await page.locator(".lane-label").filter({ hasText: "Pressure low" }).waitFor();
  const bar = page.locator(".lane-run[data-over]");
  const [box, plot] = [await bar.boundingBox(), await page.locator(".trend .u-over").first().boundingBox()];
  // 72 hours are shown: raised a third into them, over at half.
  assert.ok(Math.abs((box.x - plot.x) / plot.width - 1 / 3) < 0.02, `${(box.x - plot.x) / plot.width}`);
  assert.ok(Math.abs(box.width / plot.width - 1 / 6) < 0.02, `${box.width / plot.width}`);
});

test("a seizure is recorded without the ten questions, and what was not asked stays unknown", async ({ mock, open }) => {
  const service = await mock();
  const page = await open(`${service.url}/patients/p1?lang=en`, { viewport: { width: 390, height: 844 } });
  await page.getByRole("link", { name: "ICE assessment" }).click();
  await page.getByText("Seizure, weakness, oedema").click();
  await page.getByRole("button", { name: "Brief, resolved" }).click();
  await page.getByRole("button", { name: "Record assessment" }).click();
  await until(() => service.calls.length === 1, "posted");
  assert.deepEqual(service.calls[0].body, { consciousness: "spontaneous", seizure: "brief" });
});

for (const address of ["/", "/console", "/patients/p1", "/intake", "/rules", "/quality", "/scores", "/audit", "/login"])
  test(`${address} is worked by keys alone: the first leads past the menu, every control is reached, and is seen to be`, async ({ mock, open }) => {
    const page = await open(`${(await mock()).url}${address}?lang=en`);
    await page.waitForTimeout(800);
    const wanted = await page.evaluate(() => {
      const usable = [...document.querySelectorAll("a[href], button, select, input, textarea, summary")].filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }) && one.tabIndex >= 0);
      usable.forEach((one, n) => (one.dataset.reach = String(n)));
      return usable.length;
    });
    const reached = new Set();
    const unseen = [];
    let first = null;
    // Date fields take several steps each; twice round is more than enough.
    for (let step = 0; step < wanted * 2 + 60 && reached.size < wanted; step += 1) {
      await page.keyboard.press("Tab");
      const at = await page.evaluate(() => {
        const one = document.activeElement;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
        return { reach: one.dataset?.reach ?? null, href: one.getAttribute("href"), said: (one.innerText || one.name || one.tagName).slice(0, 30), ring: outlineStyle !== "none" ? parseFloat(outlineWidth) : boxShadow !== "none" ? 3 : 0 };
      });
      first ??= at;
      if (at.reach === null) continue;
      reached.add(at.reach);
      if (at.ring < 2) unseen.push(at.said);
    }
    const missed = await page.evaluate((met) => [...document.querySelectorAll("[data-reach]")].filter((one) => !met.includes(one.dataset.reach)).map((one) => one.outerHTML.slice(0, 120)), [...reached]);
    assert.deepEqual(missed, [], `${address}: controls that are not reached`);
    assert.deepEqual(unseen, [], address);
    assert.ok(first.href?.startsWith("#"), `${address}: first ${JSON.stringify(first)}`);
  });
