// The pages people work with: console, patient, intake and the rest.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test, until } from "./suite.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const addresses = ["/", "/wall?ward=6E", "/console", "/patients/p1", "/intake", "/rules", "/quality", "/scores", "/audit", "/login"];

for (const address of addresses)
  test(`${address} breaks no rule of WCAG 2.2 A or AA that can be checked by machine, dark or light, in either language`, async ({ mock, open }) => {
    const service = await mock();
    for (const [scheme, language] of [["dark", "ja"], ["light", "en"]]) {
      const page = await open(`${service.url}${address}${address.includes("?") ? "&" : "?"}lang=${language}`, { colorScheme: scheme });
      await page.waitForTimeout(700);
      if (address.startsWith("/console")) await page.keyboard.press("w");
      const found = await page.evaluate(
        async ({ code }) => {
          new Function(code)();
          const answer = await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
          return answer.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html.slice(0, 120)} ${node.any[0]?.message ?? ""}`));
        },
        { code: axe },
      );
      assert.deepEqual(found, [], `${scheme} ${language}`);
      await page.context().close();
    }
  });

test("every page stays inside the service and its content policy, and none throws", async ({ mock, open }) => {
  const service = await mock();
  const page = await open("about:blank");
  const outside = [];
  const wrong = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(service.url) && !/^(data|about|blob):/.test(request.url())) outside.push(request.url());
  });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => {
    if (/content security policy|refused to/i.test(message.text())) wrong.push(message.text());
  });
  for (const address of addresses) {
    await page.goto(service.url + address);
    await page.waitForTimeout(900);
    assert.deepEqual([outside, wrong], [[], []], address);
  }
});

test("a service that answers nothing but 404 leaves every page standing", async ({ mock, open }) => {
  const service = await mock();
  const page = await open("about:blank");
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  await page.route("**/api/**", (route) => route.fulfill({ status: 404, contentType: "application/problem+json", body: '{"title":"not found"}' }));
  for (const address of addresses) {
    await page.goto(service.url + address);
    await page.waitForTimeout(700);
    assert.deepEqual(wrong, [], address);
    assert.ok((await page.locator("body").innerText()).trim().length > 20, address);
  }
  await page.goto(`${service.url}/rules?lang=en`);
  await page.getByText("Not available").waitFor();
});

test("answers with half their fields missing break no page", async ({ mock, open }) => {
  const service = await mock();
  service.state.listings = {
    feeds: () => ({ feeds: [{ source: "LAB" }] }),
    quarantine: () => ({ quarantine: [{ id: "q" }] }),
    rules: () => ({ rules: [{ id: "r", recent: [{}] }], policies: [{ id: "p", steps: [] }] }),
    quality: () => ({ waits: { high: {} }, outcomes: { incidence: { day_30: {} }, courses: [{}, { misses: [{ what: "crs" }] }] } }),
    scores: () => ({ scores: [{ name: "crs" }] }),
    audit: () => ({ audit: [{}] }),
  };
  service.state.ward.patients.push({ id: "bare", ward: "6E", bed: "6E-99" });
  service.state.ward.alerts.push({ id: "bare", rule: "r", kind: "physiological", priority: "low", state: "active", patient: "bare", title: { en: "x", ja: "x" }, raised_at: new Date().toISOString() });
  service.state.ward.alerts.push({ id: "aside", rule: "r", kind: "physiological", priority: "low", state: "shelved", title: { en: "x", ja: "x" }, raised_at: new Date().toISOString() });
  const page = await open("about:blank");
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  for (const address of [...addresses, "/patients/bare"]) {
    await page.goto(service.url + address);
    await page.waitForTimeout(700);
    assert.deepEqual(wrong, [], address);
  }
});

test("on a phone the place one is at is seen in the row of places, and no number or word of a table is broken in two", async ({ mock, open }) => {
  const service = await mock();
  for (const language of ["ja", "en"])
    for (const path of ["/console", "/intake", "/quality", "/scores", "/audit"]) {
      const page = await open(`${service.url}${path}?lang=${language}`, { viewport: { width: 390, height: 844 } });
      await page.locator("nav [aria-current]").waitFor();
      await page.waitForTimeout(800);
      const seen = await page.evaluate(async () => {
        await document.fonts.ready;
        const box = document.querySelector("nav [aria-current]").getBoundingClientRect();
        const broken = [...document.querySelectorAll("td, th")].flatMap((cell) => {
          const text = [...cell.childNodes].find((node) => node.nodeType === 3 && /^[\w.:-]+$/.test(node.data.trim()));
          if (!text) return [];
          const range = document.createRange();
          range.selectNodeContents(text);
          return range.getClientRects().length > 1 ? [text.data] : [];
        });
        return { whole: box.left >= 0 && box.right <= innerWidth, broken };
      });
      assert.deepEqual(seen, { whole: true, broken: [] }, `${path} ${language}`);
      await page.context().close();
    }
});

test("nothing scrolls sideways on a phone", async ({ mock, open }) => {
  const service = await mock();
  const page = await open("about:blank", { viewport: { width: 390, height: 844 } });
  for (const address of addresses.filter((one) => !one.startsWith("/wall"))) {
    await page.goto(service.url + address);
    await page.waitForTimeout(600);
    const over = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
    assert.ok(over <= 0, `${address} is ${over} px too wide`);
  }
});

test("no control or text of a page runs out of its card", async ({ mock, open }) => {
  const service = await mock();
  const page = await open("about:blank");
  for (const [width, language] of [[1280, "ja"], [390, "en"]]) {
    await page.setViewportSize({ width, height: 900 });
    for (const address of addresses.filter((one) => !one.startsWith("/wall"))) {
      await page.goto(`${service.url}${address}?lang=${language}`);
      await page.waitForTimeout(500);
      const out = await page.evaluate(() =>
        [...document.querySelectorAll(".card")].flatMap((card) => {
          const frame = card.getBoundingClientRect();
          return [...card.querySelectorAll("input, select, button, h2, h3, dt, b")]
            .filter((part) => part.getClientRects().length > 0 && !part.closest(".table-frame"))
            .filter((part) => part.getBoundingClientRect().right > frame.right + 1)
            .map((part) => `${part.tagName} ${part.name ?? part.textContent.slice(0, 30)}`);
        }),
      );
      assert.deepEqual(out, [], `${address} at ${width} px, ${language}`);
    }
  }
});

test("an alert is acknowledged with one tap, with its reason, and taken back within ten seconds", async ({ mock, open }) => {
  const service = await mock();
  const page = await open(`${service.url}/console?lang=en`, { viewport: { width: 390, height: 844 } });
  const card = page.locator("#alert-a3");
  const box = await card.locator(".ack").boundingBox();
  assert.ok(box.height >= 44 && box.width >= 44);
  await card.getByRole("button", { name: "Attending" }).click();
  await until(() => service.calls.some((call) => call.path === "/api/v1/alerts/a3/acknowledge" && call.body.comment === "attending"), "posted");
  await card.getByRole("button", { name: /Undo/ }).click();
  await until(() => service.calls.some((call) => call.path === "/api/v1/alerts/a3/undo"), "taken back");
  await card.locator(".ack").waitFor();
  await card.locator(".ack").click();
  await until(() => service.calls.filter((call) => call.path === "/api/v1/alerts/a3/acknowledge").length === 2, "posted again");
  await card.getByRole("button", { name: "Useful" }).click();
  await until(() => service.calls.some((call) => call.path === "/api/v1/alerts/a3/rate" && call.body.verdict === "useful"), "rated");
});

test("a refused acknowledgement says why at the alert itself", async ({ mock, open }) => {
  const service = await mock();
  const page = await open(`${service.url}/console?lang=en`);
  await page.route("**/acknowledge", (route) => route.fulfill({ status: 403, contentType: "application/problem+json", body: '{"title":"forbidden","detail":"your role may not acknowledge"}' }));
  await page.locator("#alert-a3 .ack").click();
  await page.locator("#alert-a3").getByText("your role may not acknowledge").waitFor();
  await page.locator("#alert-a3 .ack").waitFor();
});

test("shelving asks for minutes and a reason", async ({ mock, open }) => {
  const service = await mock();
  const page = await open(`${service.url}/console?lang=en`);
  const card = page.locator("#alert-a4");
  await card.getByRole("button", { name: "Shelve", exact: true }).click();
  await card.getByRole("button", { name: "60 m" }).click();
  await card.getByRole("button", { name: /Shelve for 60/ }).click();
  assert.equal(service.calls.length, 0, "shelved without a reason");
  await card.getByLabel("Reason (required)").fill("dialysis");
  await card.getByRole("button", { name: /Shelve for 60/ }).click();
  await until(() => service.calls.some((call) => call.path === "/api/v1/alerts/a4/shelve"), "posted");
  assert.deepEqual(service.calls.at(-1).body, { minutes: 60, reason: "dialysis" });
});

test("the console is worked by keys: arrows, w for why, a to acknowledge, with a focus ring of 3 px", async ({ mock, open }) => {
  const service = await mock();
  const page = await open(`${service.url}/console?lang=en`, { viewport: { width: 390, height: 844 } });
  await page.locator("#alert-a1").waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const focused = await page.evaluate(() => ({ id: document.activeElement.id, ring: getComputedStyle(document.activeElement).outlineWidth, style: getComputedStyle(document.activeElement).outlineStyle }));
  assert.deepEqual(focused, { id: "alert-a3", ring: "3px", style: "solid" });
  await page.keyboard.press("w");
  await page.locator("#alert-a3 .why").waitFor();
  await page.keyboard.press("a");
  await until(() => service.calls.some((call) => call.path === "/api/v1/alerts/a3/acknowledge"), "acknowledged");
  assert.equal(service.calls.length, 1);
});

test("the list is sorted by urgency, and one button covers one patient and never the ward", async ({ mock, open }) => {
  const service = await mock();
  const page = await open(`${service.url}/console?lang=en`);
  await page.locator("article.alert").first().waitFor();
  const order = await page.locator("article.alert").evaluateAll((cards) => cards.map((card) => [card.dataset.signal, card.dataset.state]));
  assert.deepEqual(order[0], ["high", "active"]);
  assert.deepEqual(order.at(-1), ["low", "acknowledged"]);
  const groups = page.getByRole("button", { name: /Acknowledge all/ });
  assert.deepEqual(await groups.allTextContents(), ["Acknowledge all 2 of bed 01"]);
  await groups.click();
  await until(() => service.calls.length === 2, "both posted");
  assert.deepEqual(service.calls.map((call) => call.path).sort(), ["/api/v1/alerts/a1/acknowledge", "/api/v1/alerts/a2/acknowledge"]);
});

test("why shows values, points, what is missing and the source", async ({ mock, open }) => {
  const page = await open(`${(await mock()).url}/console?lang=en`, { viewport: { width: 390, height: 844 } });
  const card = page.locator("#alert-a1");
  await card.getByRole("button", { name: "Why" }).click();
  const said = await card.locator(".why").innerText();
  for (const part of [/SpO₂\s+88 %\s+limit < 92/, /at least 13 points · band red/, /D1 temperature/, /Hay 2017/, /IL-6/, /unknown, not low risk/, /Lee 2019/]) assert.match(said, part);
});

test("a score with something missing is a floor and never low, on the console, the patient page, the handover and the wall", async ({ mock, open, wall }) => {
  const service = await mock();
  const patient = service.state.ward.patients[0];
  const term = { name: "D1 temperature", points: 3, value: "", at: null, source: "Hay 2017" };
  patient.risk = {
    crs: { points: 0, at_least: null, band: "green", band_open: true, terms: [], missing: ["il6", "crp"] },
    icans: { points: 3, at_least: 3, band: "amber", band_open: true, terms: [term], missing: ["ice"] },
  };
  for (const [language, unknown, floor, low] of [["en", "unknown · band open: not all is known", "at least 3 points · band amber or higher", /green|points in all/i], ["ja", "不明 · 区分未定（未確認の項目あり）", "3 点以上 · 区分 橙以上", /緑|合計/]]) {
    const phone = await open(`${service.url}/console?lang=${language}`, { viewport: { width: 390, height: 844 } });
    await phone.locator("#alert-a1").getByRole("button", { name: language === "en" ? "Why" : "理由", exact: true }).click();
    const page = await open(`${service.url}/patients/p1?lang=${language}`);
    await page.locator(".risk").first().waitFor();
    const said = [await phone.locator(".why").first().innerText(), await page.locator(".patient").innerText()];
    // Without value and age the source stands alone, with no dots left over.
    assert.equal((await page.locator(".bar-note").first().innerText()).trim(), "Hay 2017");
    await page.emulateMedia({ media: "print" });
    said.push(await page.locator(".handover").innerText());
    for (const text of said) {
      assert.ok(text.includes(unknown) && text.includes(floor), text);
      assert.doesNotMatch(text, low);
    }
    const tiles = await wall(service.url, `lang=${language}`);
    assert.doesNotMatch(await tiles.locator("body").innerText(), low);
    assert.equal(await tiles.locator('[data-band], [class*="green"]').count(), 0);
  }
});

test("a new alert is spoken once to a screen reader", async ({ mock, open }) => {
  const service = await mock();
  const page = await open(`${service.url}/console?lang=en`);
  await page.locator("article.alert").first().waitFor();
  const live = page.locator("[aria-live=assertive]");
  assert.equal(await live.textContent(), "");
  service.send({ type: "alert", change: "raised", alert: { ...service.state.ward.alerts[0], id: "n1", patient: "p4", bed: "6E-04", title: { en: "Pressure low", ja: "血圧低下" } } });
  await until(async () => (await live.textContent()) === "New alert: 04 Pressure low", "spoken");
});

test("every control is at least 24 px, and those of the bedside at least 44", async ({ mock, open }) => {
  const service = await mock();
  for (const address of ["/console", "/patients/p1"]) {
    const page = await open(service.url + address, { viewport: { width: 390, height: 844 } });
    await page.waitForTimeout(700);
    const small = await page.evaluate(() =>
      [...document.querySelectorAll("button, select, input, a.button, summary")]
        .filter((element) => element.getClientRects().length > 0)
        // Layout is in fractions of a pixel: 43.9999 is 44.
        .map((element) => ({ name: element.textContent.trim() || element.name, height: Math.round(element.getBoundingClientRect().height * 100) / 100, main: element.closest("main") !== null && element.tagName === "BUTTON" }))
        .filter(({ height, main }) => height < (main ? 44 : 24)),
    );
    assert.deepEqual(small, [], address);
    await page.context().close();
  }
});

test("an ICE assessment takes eleven taps, and nothing tapped is not a zero", async ({ mock, open }) => {
  const service = await mock();
  const page = await open(`${service.url}/patients/p1?lang=en`, { viewport: { width: 390, height: 844 } });
  const save = page.getByRole("button", { name: "Record assessment" });
  assert.equal(await save.isDisabled(), true);
  const started = performance.now();
  for (const item of ["Year", "Month", "City", "Hospital", "Object 1", "Object 2", "Follows a command", "Writes a sentence"])
    await page.getByRole("button", { name: item, exact: true }).click();
  await page.getByRole("button", { name: "Awakens to voice" }).click();
  assert.match(await page.locator(".ice-total").textContent(), /ICE 8 \/ 10/);
  await save.click();
  await until(() => service.calls.length === 1, "posted");
  assert.ok(performance.now() - started < 30_000);
  assert.deepEqual(service.calls[0], {
    path: "/api/v1/patients/p1/assessments",
    body: { ice: { orientation: 4, naming: 2, commands: 1, writing: 1, attention: 0 }, consciousness: "voice" },
  });
  // Of the last assessment nothing is left to be counted into the next.
  await page.getByText("Recorded · ICE 8 / 10").waitFor();
  assert.deepEqual(await page.locator('#ice [aria-pressed="true"]').allInnerTexts(), ["Awakens spontaneously"]);
});

test("a grade, a therapy and a value are recorded as the service reads them", async ({ mock, open }) => {
  const service = await mock();
  const page = await open(`${service.url}/patients/p1?lang=en`);
  await page.locator(".grade-pick").first().getByRole("button", { name: "2" }).click();
  await page.getByRole("button", { name: "Chart grade" }).click();
  await until(() => service.calls.length === 1, "grade");
  assert.deepEqual(service.calls[0].body, { charted: { crs: 2 } });
  await page.getByLabel("Oxygen device").selectOption("nasal_cannula");
  await page.getByLabel("Flow L/min").fill("3");
  await page.getByRole("button", { name: "Record therapy" }).click();
  await until(() => service.calls.length === 2, "therapy");
  const { at, ...therapy } = service.calls[1].body;
  assert.deepEqual(therapy, { kind: "oxygen", action: "started", device: "nasal_cannula", flow: 3 });
  assert.ok(Math.abs(Date.parse(at) - Date.now()) < 120_000);
  await page.getByLabel("Value (°C)").fill("38.2");
  await page.getByRole("button", { name: "Record value" }).click();
  await until(() => service.calls.length === 3, "value");
  assert.equal(service.calls[2].body.value, 38.2);
  assert.ok(Math.abs(Date.parse(service.calls[2].body.measured_at) - Date.now()) < 10_000);
  await page.getByLabel("Measured").last().fill("2026-11-22T06:30");
  await page.getByRole("button", { name: "Record value" }).click();
  await until(() => service.calls.length === 4, "value with its time");
  assert.equal(service.calls[3].body.measured_at, "2026-11-21T21:30:00.000Z");
});

test("what was started on the page is stopped on the page: by the form, one or all, and by one tap or key where it runs", async ({ mock, open }) => {
  const service = await mock();
  const patient = service.state.ward.patients[0];
  const started = { kind: "vasopressor", action: "started", at: new Date(Date.now() - 3_600_000).toISOString(), agent: "noradrenaline", dose: "0.1 ug/kg/min" };
  patient.therapies.push(started);
  const page = await open(`${service.url}/patients/p1?lang=en`);
  const posted = async (count) => {
    await until(() => service.calls.length === count, `posted ${count}`);
    const { at, ...body } = service.calls[count - 1].body;
    assert.ok(Math.abs(Date.parse(at) - Date.now()) < 120_000);
    return body;
  };
  const form = page.locator("#therapy");
  const record = () => form.getByRole("button", { name: "Record therapy" }).click();
  await form.getByLabel("Kind").selectOption("vasopressor");
  await form.getByLabel("Agent").fill("vasopressin");
  await record();
  assert.deepEqual(await posted(1), { kind: "vasopressor", action: "started", agent: "vasopressin" });
  await form.getByRole("button", { name: "Stopped" }).click();
  await form.getByLabel("Stopped at").waitFor();
  await record();
  assert.deepEqual(await posted(2), { kind: "vasopressor", action: "stopped", agent: "noradrenaline" });
  await form.getByLabel("Agent").selectOption("All that run");
  await record();
  assert.deepEqual(await posted(3), { kind: "vasopressor", action: "stopped" });
  await form.getByLabel("Kind").selectOption("oxygen");
  assert.equal(await form.getByRole("button", { name: "Started" }).getAttribute("aria-pressed"), "true", "a stop is not carried over to the next kind");
  await form.getByRole("button", { name: "Stopped" }).click();
  assert.equal(await form.getByLabel("Oxygen device").count(), 0);
  await record();
  assert.deepEqual(await posted(4), { kind: "oxygen", action: "stopped" });

  const stop = page.getByRole("list", { name: "Running now" }).getByRole("button", { name: /^Stop now: Vasopressor noradrenaline/i });
  await stop.focus();
  await page.keyboard.press("Enter");
  assert.deepEqual(await posted(5), { kind: "vasopressor", action: "stopped", agent: "noradrenaline" });
  await page.getByText("Recorded as stopped: Vasopressor").waitFor();
  service.send({ type: "patient", patient: { ...patient, therapies: [...patient.therapies, { ...service.calls[4].body }] } });
  await stop.waitFor({ state: "detached" });
  await page.emulateMedia({ media: "print" });
  assert.match(await page.locator(".handover").innerText(), /Vasopressor Stopped noradrenaline/);
  await page.emulateMedia({ media: "screen" });
  await page.route("**/therapies", (route) => route.fulfill({ status: 403, contentType: "application/problem+json", body: '{"title":"forbidden","detail":"your role may not chart"}' }));
  await page.getByRole("button", { name: /^Stop now: Oxygen/ }).click();
  await page.getByText("Not recorded: your role may not chart").waitFor();
});

test("each trend has a table of the same numbers, and the charts share one cursor", async ({ mock, open }) => {
  const page = await open(`${(await mock()).url}/patients/p1?lang=en`);
  await page.locator(".trend .u-over").first().waitFor();
  const trends = await page.locator(".trend").count();
  assert.ok(trends >= 6);
  assert.equal(await page.locator(".trend details table").count(), trends);
  const over = page.locator(".trend .u-over").first();
  await over.scrollIntoViewIfNeeded();
  const box = await over.boundingBox();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 20);
  const lines = await page.locator(".u-cursor-x").evaluateAll((all) => all.map((line) => line.style.transform));
  assert.ok(lines.length === trends && new Set(lines.map((text) => Math.round(parseFloat(text.match(/[\d.]+/)?.[0] ?? "0")))).size === 1, lines.join(" | "));
});

test("the handover prints on its own with situation, background, assessment and recommendation", async ({ mock, open }) => {
  const page = await open(`${(await mock()).url}/patients/p1?lang=en`);
  await page.locator(".patient-head").waitFor();
  assert.equal(await page.locator(".handover").isVisible(), false);
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator(".patient").isVisible(), false);
  const said = await page.locator(".handover").innerText();
  for (const part of [/S Situation/, /B Background/, /A Assessment/, /R Recommendation/, /Tocilizumab 8 mg\/kg/, /SpO₂ low on oxygen/, /Early CRS score: at least 13 points/, /Obtain what is missing: .*IL-6/]) assert.match(said, part);
  const sheets = /\/Type \/Pages[^>]*\/Count (\d+)|\/Count (\d+)[^>]*\/Type \/Pages/.exec((await page.pdf({ preferCSSPageSize: true })).toString("latin1"));
  assert.equal(sheets?.[1] ?? sheets?.[2], "1", "one sheet");
});

test("a value beyond what the method measures is shown with its sign in the header, at its trend and in the handover", async ({ mock, open }) => {
  const service = await mock();
  Object.assign(service.state.ward.patients[0].latest.crp, { value: 320, comparator: ">" });
  service.state.ward.patients[0].latest.ferritin = { ...service.state.ward.patients[0].latest.crp, value: 0.5, comparator: "<", unit: "ng/mL" };
  const page = await open(`${service.url}/patients/p1?lang=en`);
  assert.equal(await page.locator('.trend[data-analyte="crp"] figcaption b').innerText(), ">320");
  assert.equal(await page.locator('.trend[data-analyte="ferritin"] figcaption b').innerText(), "<0.5");
  assert.match(await page.locator(".latest").innerText(), />320/);
  await page.emulateMedia({ media: "print" });
  const said = await page.locator(".handover").innerText();
  for (const part of [/CRP\s+>320 mg\/L/, /Ferritin\s+<0\.5 ng\/mL/]) assert.match(said, part);
});

test("quarantined messages show reason and place and can be retried", async ({ mock, open }) => {
  const service = await mock();
  const page = await open(`${service.url}/intake?lang=en`);
  await page.getByText("unknown unit `mg/ddl`").waitFor();
  await page.getByText("As received").click();
  await page.getByText("OBX|3|NM|2777-1").waitFor();
  await page.getByRole("button", { name: "Retry" }).click();
  await until(() => service.calls.some((call) => call.path === "/api/v1/quarantine/q1/retry"), "retried");
  await page.getByText("Retried: 1 used").waitFor();
  assert.match(await page.locator("main").innerText(), /GATEWAY/);
});

test("a retry that does not help says so with its reason, leaves the message waiting, and takes no part for the whole", async ({ mock, open }) => {
  const service = await mock();
  const row = { id: "q1", number: 1, source: "LAB", via: "mllp", reason: "unknown unit `mg/ddl`", state: "waiting" };
  let answer = { ...row, state: "retried", used: 2, rejected: 1 };
  service.state.listings = { quarantine: () => ({ quarantine: [row] }) };
  const page = await open("about:blank");
  await page.route("**/retry", (route) => {
    row.state = answer.state;
    return route.fulfill({ contentType: "application/json", body: JSON.stringify(answer) });
  });
  for (const [language, still, none, waits, rest] of [
    ["en", "It still cannot be used: unknown unit `mg/ddl`", "It still cannot be used", "waiting, retried without success", "This reason is gone; rows of the same message that still cannot be used: 2"],
    ["ja", "まだ使えません：unknown unit `mg/ddl`", "まだ使えません", "再処理待ち（再試行でも使えず）", "この理由は解消しました。同じ電文でまだ使えない行：2 行"],
  ]) {
    row.state = "waiting";
    await page.goto(`${service.url}/intake?lang=${language}`);
    const kept = page.locator(".kept");
    const retry = kept.getByRole("button", { name: language === "en" ? "Retry" : "再試行" });
    answer = { ...row, state: "retried", used: 2, rejected: 1 };
    await retry.click();
    await kept.getByText(still, { exact: true }).waitFor();
    await kept.getByText(waits).waitFor();
    answer = { state: "retried", rejected: 1 };
    await retry.click();
    await kept.getByText(none, { exact: true }).waitFor();
    answer = { ...row, state: "resolved", used: 2, rejected: 2 };
    await retry.click();
    await kept.getByText(rest, { exact: true }).waitFor();
  }
});

test("what was resolved leaves the list of what waits, says so, and is found under all", async ({ mock, open }) => {
  const service = await mock();
  const row = { id: "q1", number: 1, source: "LAB", via: "mllp", reason: "unknown unit `mg/ddl`", state: "waiting" };
  service.state.listings = { quarantine: (query) => ({ quarantine: query.get("state") === "waiting" && row.state === "resolved" ? [] : [row] }) };
  const page = await open(`${service.url}/intake?lang=en`);
  await page.route("**/retry", (route) => {
    row.state = "resolved";
    return route.fulfill({ contentType: "application/json", body: JSON.stringify({ ...row, used: 1, rejected: 0 }) });
  });
  await page.locator(".kept").getByRole("button", { name: "Retry" }).click();
  await page.getByText("Nothing waits in quarantine").waitFor();
  await page.getByText("Retried: 1 used").waitFor();
  await page.getByRole("button", { name: "All", exact: true }).click();
  await page.locator(".kept").getByText("resolved").waitFor();
});

test("more than a hundred quarantined messages are reached page by page, and it is said how many are shown", async ({ mock, open }) => {
  const service = await mock();
  const all = Array.from({ length: 250 }, (_, n) => ({ id: `q${250 - n}`, number: 250 - n, source: "LAB", reason: `reason ${250 - n}`, state: "waiting" }));
  // As the service does: 100 where no limit is named, never more than 500, the newest first.
  service.state.listings = {
    quarantine: (query) => {
      const before = Number(query.get("before") ?? Infinity);
      return { quarantine: all.filter((row) => row.number < before).slice(0, Math.min(500, Number(query.get("limit") ?? 100))) };
    },
  };
  const page = await open(`${service.url}/intake?lang=en`);
  const more = page.getByRole("button", { name: "Show older" });
  for (const [count, said] of [[100, "Shown: the newest 100"], [200, "Shown: the newest 200"]]) {
    await page.getByText(said, { exact: true }).waitFor();
    assert.equal(await page.locator(".kept").count(), count);
    await more.click();
  }
  await page.getByText("Shown: all 250", { exact: true }).waitFor();
  assert.equal(await page.locator(".kept").count(), 250);
  assert.equal(await more.count(), 0);
  // One looked at again is where it was, and the older ones are still there.
  await page.getByRole("button", { name: "Retry" }).last().click();
  await page.locator(".kept").last().getByText("Retried: 1 used").waitFor();
  assert.equal(await page.locator(".kept").count(), 250);
});

test("a log-in that fails says so, one that succeeds goes back, and never to another site", async ({ mock, open }) => {
  const service = await mock({ open: false });
  const page = await open(`${service.url}/login?lang=en&next=//evil.example/`);
  await page.getByLabel("Name").fill("sato");
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("Name or password is wrong").waitFor();
  await page.getByLabel("Password").fill("storm");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(`${service.url}/console`);
});

test("who is not logged in where there are users is led to the log-in and back", async ({ mock, open }) => {
  const service = await mock({ open: false });
  service.state.session = { user: null, open: false, ward_choices: [], identity: null };
  const page = await open(`${service.url}/rules?lang=en`);
  await page.waitForURL(/\/login\?next=%2Frules/);
  const wall = await open(`${service.url}/wall?ward=6E&lang=en`);
  await wall.getByText("Log in to see this page").waitFor();
  assert.equal(service.seen.length, 0);
});

test("the language changes on the page and is remembered", async ({ mock, open }) => {
  const service = await mock();
  const page = await open(`${service.url}/console?lang=ja`);
  assert.equal(await page.locator("h1").textContent(), "アラート一覧");
  await page.getByRole("button", { name: "English" }).click();
  assert.equal(await page.locator("h1").textContent(), "Alerts");
  assert.equal(await page.evaluate(() => document.documentElement.lang), "en");
  await page.goto(`${service.url}/rules`);
  await page.locator("h1").waitFor();
  assert.equal(await page.locator("h1").textContent(), "Alert rules");
});

test("what has to last five minutes is missing as that, and no input of a score is named by its identifier", async ({ mock, open }) => {
  const service = await mock();
  const patient = service.state.ward.patients.find((one) => one.id === "p1");
  patient.risk.crs.missing = ["systolic", "spo2", "easix_pre", "pai1_baseline", "phosphate_min_24h"];
  for (const [language, said] of [
    ["en", ["Systolic for 5 min", "SpO₂ for 5 min", "PAI-1 before the infusion", "lowest Phosphate of 24 h"]],
    ["ja", ["5分持続"]],
  ]) {
    const page = await open(`${service.url}/patients/p1?lang=${language}`);
    await page.locator(".chip").first().waitFor();
    const chips = (await page.locator(".chip").allInnerTexts()).join(" | ");
    for (const part of said) assert.ok(chips.toLowerCase().includes(part.toLowerCase()), `${part} in ${chips}`);
    assert.doesNotMatch(chips, /_|pai1|\bpre\b|min 24h/);
    assert.equal(await page.locator(".latest li", { hasText: language === "en" ? "Systolic" : "収縮期" }).count(), 1);
  }
});
