// The wall as a display: can it be read, told apart without colour, and does it harm nobody.
import assert from "node:assert/strict";
import { test, until } from "./suite.mjs";
import { changes, collisions, hold, texts, watchColours } from "./look.mjs";
import { fixture, gradedWard } from "./fixture.mjs";

const capRatio = 0.698;
const minutesOfArc = (font, inches, metres, width, height) => {
  const millimetres = (inches * 25.4) / Math.hypot(width, height);
  return (2 * Math.atan((font * capRatio * millimetres) / (2 * metres * 1000)) * 180 * 60) / Math.PI;
};

test("every text of a tile is seen under at least 16 minutes of arc, on every profile and in both languages", async ({ mock, wall }) => {
  const service = await mock();
  const page = await wall(service.url);
  for (const [inches, metres, beds] of [[55, 5, null], [43, 4, null], [65, 5, 16], [43, 3.5, null], [75, 6, null]])
    for (const language of ["ja", "en"]) {
      await page.goto(`${service.url}/wall?ward=6E&inches=${inches}&metres=${metres}&lang=${language}&beds=${beds ?? ""}`);
      await page.locator(".tile").first().waitFor();
      await page.evaluate(() => document.fonts.ready);
      const seen = await texts(page);
      const small = seen.filter((one) => minutesOfArc(one.font, inches, metres, 1920, 1080) < 16);
      assert.deepEqual(small.map((one) => `${one.bed} ${one.text} ${one.font}`), [], `${inches} inches at ${metres} m, ${language}`);
      assert.ok(seen.length > 40, `only ${seen.length} texts found`);
      assert.ok(seen.every((one) => one.family.includes("Plex Condensed")));
    }
});

test("the bed is the largest text of its tile and kanji words have at least 25 minutes of arc", async ({ mock, wall }) => {
  const page = await wall((await mock()).url, "lang=ja");
  const seen = await texts(page);
  for (const bed of seen.filter((one) => one.kind === "bed"))
    for (const other of seen.filter((one) => one.bed === bed.bed && one.kind !== "bed")) assert.ok(bed.font > other.font, `${other.text} in ${bed.bed}`);
  const words = seen.filter((one) => one.kind === "word");
  assert.ok(words.length >= 5);
  // A kanji fills about 0.88 of the em where a capital fills 0.698.
  for (const word of words) assert.ok(minutesOfArc((word.font * 0.88) / capRatio, 55, 5, 1920, 1080) >= 25, `${word.text} ${word.font}`);
});

test("nothing is clipped, covered or scrolled, in both languages and with crowded tiles", async ({ mock, wall }) => {
  const ward = fixture();
  const crowded = ward.patients[9];
  crowded.alerts = [];
  const alert = ward.alerts.find((one) => one.patient === crowded.id);
  Object.assign(alert, { state: "acknowledged", acknowledged: { role: "physician", by: "x", expires_at: new Date(Date.now() + 7.9 * 3_600_000).toISOString() } });
  ward.patients[8].day = 12;
  ward.patients[6].day = 14;
  Object.assign(ward.patients[6], { crs: { suggested: null, at_least: 2, since: new Date().toISOString() }, icans: { suggested: null, at_least: 1, since: new Date().toISOString() } });
  ward.alerts.find((one) => one.patient === "p5").evidence = [
    { analyte: "phosphate", value: 0.61, unit: "mmol/L", feature: 'change_from_baseline("24h")', result: -38.2, limit: -15, comparison: "<=" },
  ];
  alert.evidence = [{ analyte: "ferritin", value: 12345, unit: "ng/mL", limit: 10000, comparison: ">=" }];
  const service = await mock({ ward });
  for (const [language, inches] of [["ja", 55], ["en", 55], ["en", 65]]) {
    const page = await wall(service.url, `lang=${language}&inches=${inches}${inches === 65 ? "&beds=16" : ""}`);
    assert.deepEqual(await collisions(page), [], `${language} ${inches}`);
    assert.deepEqual((await texts(page)).filter((one) => one.clipped && one.kind !== "primary").map((one) => one.text), []);
    const scroll = await page.evaluate(() => [document.scrollingElement.scrollHeight - innerHeight, document.scrollingElement.scrollWidth - innerWidth]);
    assert.deepEqual(scroll, [0, 0]);
    await page.context().close();
  }
});

/** Since when a grade stands, as it is to be read at `now` in front of the wall: the hour, or the date of what is older. */
function sinceRead(at, now) {
  const tokyo = (options) => (time) => new Intl.DateTimeFormat("en-US", { timeZone: "Asia/Tokyo", hourCycle: "h23", ...options }).format(time);
  const date = tokyo({ month: "numeric", day: "numeric" });
  const since = Date.parse(at);
  const isNear = date(since) === date(now) || now - since < 12 * 3_600_000;
  return `${isNear ? tokyo({ hour: "2-digit", minute: "2-digit" })(since) : date(since)}–`;
}

test("each grade that stands says since when, another day's with its date, on every kind of tile, every profile and in both languages", async ({ mock, wall }) => {
  const told = [];
  for (const [inches, metres, beds, count, more] of [[55, 5, "", 12, ""], [43, 5, "", 6, ""], [43, 4, "", 9, ""], [65, 5, 16, 16, ""], [75, 6, "", 12, ""], [55, 5, "", 8, "identity=P2"]]) {
    const now = Date.now();
    const ward = gradedWard(count, now);
    if (more) for (const patient of ward.patients) patient.name = "山田 太郎";
    const service = await mock({ ward });
    for (const language of ["ja", "en"])
      for (const muted of [false, true]) {
        const what = `${inches} inches, ${metres} m, ${language}, muted ${muted} ${more}`;
        const page = await wall(service.url, `inches=${inches}&metres=${metres}&beds=${beds}&lang=${language}&${more}`, { muted });
        if (muted) await page.locator('[data-trouble="sound"]').waitFor();
        const said = Object.fromEntries(await page.locator(".tile").evaluateAll((tiles) => tiles.map((tile) => [tile.dataset.bed, tile.innerText.replace(/\s+/g, " ")])));
        assert.equal(Object.keys(said).length, count, what);
        for (const { bed, crs, icans } of ward.patients)
          for (const [name, grade] of [["CRS", crs], ["ICANS", icans]]) {
            const stands = grade.charted ?? grade.suggested ?? grade.at_least;
            if (!stands) continue;
            const text = `${name} ${grade.at_least ? "≥" : ""}${stands} ${sinceRead(grade.charted_at ?? grade.since, now)}`;
            if (!said[bed].includes(text)) told.push(`${what}: ${bed} does not say ${text}: ${said[bed]}`);
          }
        const small = (await texts(page)).filter((one) => minutesOfArc(one.font, inches, metres, 1920, 1080) < 16);
        told.push(...(await collisions(page)).map((one) => `${what}: ${one}`), ...small.map((one) => `${what}: ${one.bed} ${one.text} is too small`), ...(await page.evaluate(cutSinces)).map((one) => `${what}: ${one}`));
        await page.context().close();
      }
    await service.stop();
  }
  assert.deepEqual(told, []);
});

/** Runs in the page: the grades and their sinces that stand on two lines, or have no room of their own on the tile. */
function cutSinces() {
  return [...document.querySelectorAll(".tile :is(.grade, .since)")].flatMap((element) => {
    const box = element.getBoundingClientRect();
    const tile = element.closest(".tile").getBoundingClientRect();
    const font = parseFloat(getComputedStyle(element).fontSize);
    const isWhole = box.height < font * 1.6 && box.left >= tile.left && box.right <= tile.right && box.bottom <= tile.bottom;
    return isWhole && element.checkVisibility() ? [] : [`${element.textContent} in ${element.closest(".tile").dataset.bed} is cut`];
  });
}

test("a layout that cannot be read is refused with what would do", async ({ mock, wall }) => {
  const page = await wall((await mock()).url, "inches=43&beds=12&lang=en");
  const said = await page.textContent("main");
  assert.match(said, /cannot be read/);
  assert.match(said, /shows 6 beds legibly/);
  assert.equal(await page.locator(".tile").count(), 0);
});

test("beds above the capacity become chips and an alarmed bed never does", async ({ mock, wall }) => {
  const ward = fixture();
  for (let n = 13; n <= 17; n += 1) ward.patients.push({ ...ward.patients[3], id: `p${n}`, bed: `6E-${n}`, alerts: [] });
  const service = await mock({ ward });
  const page = await wall(service.url);
  assert.equal(await page.locator(".tile").count(), 12);
  assert.equal(await page.locator(".chips li").count(), 5);
  assert.deepEqual(await page.locator(".chips li").allTextContents(), ["13", "14", "15", "16", "17"]);
  service.send({ type: "alert", change: "raised", alert: { ...ward.alerts[2], id: "new", patient: "p15", bed: "6E-15" } });
  await page.locator('.tile[data-bed="6E-15"][data-signal="medium"]').waitFor({ timeout: 30_000 });
  assert.equal(await page.locator(".chips li").filter({ hasText: "15" }).count(), 0);
});

test("every text stands out from its ground by at least 4.5 to 1, in both phases of a flash, day and night", async ({ mock, wall }) => {
  const service = await mock();
  for (const theme of ["day", "night"]) {
    const page = await wall(service.url, `theme=${theme}`);
    for (const phase of [1, 0]) {
      await hold(page, phase);
      const weak = (await texts(page)).filter((one) => one.contrast < 4.5);
      assert.deepEqual(weak.map((one) => `${one.bed} ${one.text} ${one.contrast.toFixed(2)}`), [], `${theme}, phase ${phase}`);
    }
    await page.context().close();
  }
});

test("night dims the page and leaves alarms as they are", async ({ mock, wall }) => {
  const service = await mock();
  const seen = [];
  for (const theme of ["day", "night"]) {
    const page = await wall(service.url, `theme=${theme}`);
    seen.push(
      await page.evaluate(() => ({
        ground: getComputedStyle(document.body).backgroundColor,
        text: getComputedStyle(document.body).color,
        alarm: getComputedStyle(document.querySelector('[data-signal="high"] .flag')).backgroundColor,
      })),
    );
    await page.context().close();
  }
  assert.equal(seen[0].alarm, seen[1].alarm);
  assert.notEqual(seen[0].ground, seen[1].ground);
  assert.notEqual(seen[0].text, seen[1].text);
});

test("priorities are told apart without colour: by shape, by word and by asterisks", async ({ mock, wall }) => {
  const page = await wall((await mock()).url);
  await hold(page, 1);
  const client = await page.context().newCDPSession(page);
  await client.send("Emulation.setEmulatedVisionDeficiency", { type: "achromatopsia" });
  const tiles = { high: "6E-01", medium: "6E-03", low: "6E-05", technical: "6E-06" };
  const masks = {};
  for (const [signal, bed] of Object.entries(tiles)) {
    const shot = await page.locator(`.tile[data-bed="${bed}"] .flag-glyph > .glyph`).screenshot();
    masks[signal] = await mask(page, shot);
  }
  const names = Object.keys(masks);
  for (const one of names)
    for (const other of names)
      if (one < other) assert.ok(overlap(masks[one], masks[other]) < 0.85, `${one} and ${other} look alike: ${overlap(masks[one], masks[other])}`);
  const words = await Promise.all(names.map((signal) => page.locator(`.tile[data-bed="${tiles[signal]}"] .word`).textContent()));
  assert.equal(new Set(words).size, 4);
  const stars = await Promise.all(["high", "medium", "low"].map((signal) => page.locator(`.tile[data-bed="${tiles[signal]}"] .marks i`).count()));
  assert.deepEqual(stars, [3, 2, 1]);
});

/** Ink and paper of a small picture: true where a pixel is nearer the centre's tone than the edge's. */
async function mask(page, png) {
  return page.evaluate(async (encoded) => {
    const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(32, 32);
    const ink = canvas.getContext("2d");
    ink.drawImage(image, 0, 0, 32, 32);
    const { data } = ink.getImageData(0, 0, 32, 32);
    const grey = Array.from({ length: 1024 }, (_, n) => data[n * 4]);
    const paper = grey[1];
    return grey.map((tone) => Math.abs(tone - paper) > 60);
  }, png.toString("base64"));
}

function overlap(a, b) {
  let both = 0;
  let either = 0;
  for (let n = 0; n < a.length; n += 1) {
    both += Number(a[n] && b[n]);
    either += Number(a[n] || b[n]);
  }
  return either === 0 ? 1 : both / either;
}

test("high flashes at 2 Hz, medium between 0.4 and 0.8, low not at all, all beds in phase, and numbers never", async ({ mock, wall }) => {
  const service = await mock();
  const page = await wall(service.url);
  service.send({ type: "alert", change: "raised", alert: { ...service.state.ward.alerts[0], id: "second", patient: "p2", bed: "6E-02" } });
  await page.locator('.tile[data-bed="6E-02"][data-signal="high"]').waitFor();
  const part = (bed, rest = "") => `.tile[data-bed="${bed}"]${rest}`;
  const length = 6_000;
  const lit = " .flag-glyph > .lit";
  const [high, high2, medium, low, number, frame] = await watchColours(
    page,
    [part("6E-01", lit), part("6E-02", lit), part("6E-03", lit), part("6E-05", " .flag-glyph"), part("6E-01", " .reading b"), part("6E-01", " > .lit")],
    length,
  );
  const flashes = (samples) => changes(samples, "lit").length / 2 / (length / 1000);
  assert.ok(flashes(high) >= 1.4 && flashes(high) <= 2.8, `high ${flashes(high)} Hz`);
  assert.ok(flashes(frame) >= 1.4 && flashes(frame) <= 2.8);
  assert.ok(flashes(medium) >= 0.4 && flashes(medium) <= 0.85, `medium ${flashes(medium)} Hz`);
  assert.equal(await page.locator(`${part("6E-05", " .lit")}, ${part("6E-07", " .lit")}`).count(), 0);
  for (const steady of [low, number]) assert.deepEqual([changes(steady, "lit"), changes(steady, "colour"), changes(steady, "background")], [[], [], []]);
  assert.deepEqual(changes(high, "lit"), changes(high2, "lit"));
  assert.deepEqual(changes(high, "lit"), changes(frame, "lit"));
  // What WCAG 2.3.1 counts: the edges of all beds together, two to a flash, in any one second.
  const edges = [...new Set([...changes(high, "lit"), ...changes(high2, "lit"), ...changes(medium, "lit")])].sort((a, b) => a - b);
  for (const edge of edges) {
    const inSecond = edges.filter((other) => other >= edge && other < edge + 1000).length;
    assert.ok(inSecond <= 6, `${inSecond / 2} flashes in one second`);
  }
}, { alone: true });

test("both phases of a flash are drawn in the colour of the priority, and neither is blank", async ({ mock, wall }) => {
  const page = await wall((await mock()).url);
  const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const looks = { "6E-01": ["#d0021b", "#5c0a14"], "6E-03": ["#ffd400", "#5a4c06"] };
  for (const phase of [1, 0]) {
    await hold(page, phase);
    for (const [bed, [lit, dim]] of Object.entries(looks)) {
      const tile = await page.locator(`.tile[data-bed="${bed}"]`).boundingBox();
      const field = await page.locator(`.tile[data-bed="${bed}"] .flag-glyph`).boundingBox();
      const seen = await colours(page, [[tile.x + tile.width / 2, tile.y + 3], [field.x + 6, field.y + 6]]);
      for (const one of seen)
        for (const n of [0, 1, 2]) assert.ok(Math.abs(one[n] - rgb(phase === 1 ? lit : dim)[n]) <= 2, `${bed}, phase ${phase}: ${one}`);
    }
  }
});

/** The colours on the screen at some places. */
async function colours(page, places) {
  const png = (await page.screenshot()).toString("base64");
  return page.evaluate(
    async ({ encoded, places: wanted }) => {
      const bytes = Uint8Array.from(atob(encoded), (c) => c.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const ink = new OffscreenCanvas(image.width, image.height).getContext("2d");
      ink.drawImage(image, 0, 0);
      return wanted.map(([x, y]) => [...ink.getImageData(x, y, 1, 1).data].slice(0, 3));
    },
    { encoded: png, places },
  );
}

test("who asks for less motion sees no flash, and a thicker frame instead", async ({ mock, wall }) => {
  const service = await mock();
  const page = await wall(service.url, "", { reducedMotion: "reduce" });
  const [high] = await watchColours(page, ['.tile[data-bed="6E-01"] .flag-glyph > .lit'], 2_000);
  assert.equal(changes(high, "lit").length, 0);
  assert.equal(high[0].lit, "1");
  const widths = await page.evaluate(() =>
    ["6E-01", "6E-05"].map((bed) => parseFloat(getComputedStyle(document.querySelector(`.tile[data-bed="${bed}"] > .frame`)).borderTopWidth)),
  );
  assert.ok(widths[0] > widths[1], String(widths));
  assert.deepEqual(await collisions(page), []);
}, { alone: true });

test("an alarm grows in place: the beds keep their places and the strip lists it first", async ({ mock, wall }) => {
  const service = await mock();
  const page = await wall(service.url);
  const places = () => page.evaluate(() => [...document.querySelectorAll(".tile")].map((tile) => [tile.dataset.bed, tile.getBoundingClientRect().x, tile.getBoundingClientRect().y]));
  const before = await places();
  service.send({
    type: "alert",
    change: "raised",
    alert: { ...service.state.ward.alerts[0], id: "late", patient: "p11", bed: "6E-11", raised_at: "2020-01-01T00:00:00Z" },
  });
  await page.locator('.tile[data-bed="6E-11"][data-signal="high"]').waitFor();
  assert.deepEqual(await places(), before);
  assert.equal((await page.locator(".alarm-list li").first().textContent()).trim(), "11");
});

test("a tile says bed, word, value against limit, day, grade, since, age and who took it", async ({ mock, wall }) => {
  const page = await wall((await mock()).url);
  const said = async (bed) => (await page.locator(`.tile[data-bed="${bed}"]`).innerText()).replace(/\s+/g, " ");
  assert.match(await said("6E-03"), /03 .*警告.* T 39\.1 > 38\.0 .*D\+1 CRS 1 \d\d:\d\d– .*分/);
  assert.match(await said("6E-05"), /iP 0\.61 < 0\.70/);
  assert.match(await said("6E-07"), /看 2[34]分/);
  assert.match(await said("6E-09"), /CRS \?/);
  assert.match(await said("6E-12"), /D– CRS \? ICANS \?/);
  assert.equal(await page.locator('.tile[data-bed="6E-10"] .grade[data-charted]').count(), 1);
  assert.match(await page.locator(".strip-bottom .technical").innerText(), /機器.*42 分/s);
});

test("an old value is hatched, greyed and shows its own age", async ({ mock, wall }) => {
  const page = await wall((await mock()).url);
  const old = page.locator('.tile[data-bed="6E-08"] .reading[data-stale]').first();
  assert.match(await old.evaluate((element) => getComputedStyle(element).backgroundImage), /repeating-linear-gradient/);
  assert.match(await page.locator('.tile[data-bed="6E-08"] .age').textContent(), /7時間/);
  assert.equal(await page.locator('.tile[data-bed="6E-01"] [data-stale]').count(), 0);
});

test("no alerts is said of fresh values only, and of the beds only where a machine is in trouble", async ({ mock, wall }) => {
  const service = await mock();
  const { ward } = service.state;
  const technical = ward.alerts.filter((alert) => !alert.patient);
  assert.equal(technical.length, 1);
  for (const patient of ward.patients) Object.assign(patient, { alerts: [], latest: { temperature: { value: 36.8, unit: "Cel", measured_at: new Date().toISOString(), stale: false } } });
  const said = async () => (await (await wall(service.url)).locator(".alarm-list").innerText()).trim();
  ward.alerts.length = 0;
  assert.equal(await said(), "アラートなし");
  ward.alerts.push(...technical);
  assert.equal(await said(), "ベッドのアラートなし");
  for (const patient of ward.patients.slice(0, 3)) patient.latest.temperature.stale = true;
  assert.equal(await said(), "3 床の値が古い");
});

test("what fell stands with its arrow at the number, so that a fall by four is not read as four", async ({ mock, wall }) => {
  const page = await wall((await mock()).url);
  assert.match((await page.locator('.tile[data-bed="6E-10"] .against').innerText()).replace(/\s+/g, " "), /^ICE ↓4 ≥ 3$/);
});

test("the trace has its limit, its gap and its treatment marks", async ({ mock, wall }) => {
  const page = await wall((await mock()).url);
  const tile = page.locator('.tile[data-bed="6E-01"] .sparkline');
  await tile.locator(".spark-line").waitFor();
  await until(async () => ((await tile.locator(".spark-line").getAttribute("d")) ?? "").length > 100, "trace drawn");
  assert.equal(await tile.locator(".spark-limit").count(), 1);
  assert.equal((await tile.locator(".spark-line").getAttribute("d")).match(/M/g).length, 2);
  assert.equal(await tile.locator('.spark-given[data-kind="tocilizumab"]').count(), 1);
  assert.equal(await tile.locator('.spark-given[data-kind="steroid"]').count(), 1);
});

test("nothing that names a person is on a wall: not in text, title, address or storage", async ({ mock, wall }) => {
  const ward = fixture();
  ward.patients[0].id = "MRN00417";
  for (const alert of ward.alerts) if (alert.patient === "p1") alert.patient = "MRN00417";
  const page = await wall((await mock({ ward })).url);
  const all = await page.evaluate(() => [document.body.innerHTML, document.title, location.href, JSON.stringify({ ...localStorage }), document.cookie].join("\n"));
  assert.doesNotMatch(all, /MRN00417/);
  assert.match(await page.locator('.tile[data-bed="6E-01"]').innerText(), /88/);
});

test("names the service sends are not shown unless the display is set to, and then nothing is covered", async ({ mock, wall }) => {
  const ward = fixture();
  for (const patient of ward.patients) Object.assign(patient, { name: "山田 太郎", same_name: patient.id === "p1" || patient.id === "p2" });
  const service = await mock({ ward });
  const plain = await wall(service.url);
  assert.doesNotMatch(await plain.locator("body").innerHTML(), /山田|太郎/);
  assert.equal(service.seen.find((frame) => frame.type === "subscribe").identity, "P0");
  const named = await wall(service.url, "identity=P2");
  assert.match(await named.locator('.tile[data-bed="6E-01"] .name').innerText(), /同名\s*山田 太郎/);
  assert.deepEqual(await collisions(named), []);
});

test("no kanji of a name or a rule becomes an empty box", async ({ mock, wall }) => {
  const page = await wall((await mock()).url);
  const empty = await page.evaluate(async () => {
    const family = getComputedStyle(document.body).fontFamily;
    const letters = [..."急警橙髙﨑齋邊鷗櫻々〜（）％℃ヴ"];
    await Promise.all(letters.map((letter) => document.fonts.load(`600 48px ${family}`, letter)));
    const drawn = (letter) => {
      const ink = new OffscreenCanvas(64, 64).getContext("2d");
      ink.font = `600 48px ${family}`;
      ink.fillText(letter, 8, 52);
      return ink.getImageData(0, 0, 64, 64).data.filter((_, n) => n % 4 === 3).join("");
    };
    // What no face has is drawn as one and the same box.
    const box = drawn("\u{2fa1e}");
    return letters.filter((letter) => drawn(letter) === box || !drawn(letter).includes("255"));
  });
  assert.deepEqual(empty, []);
});

test("a page without users says so, and one with users says what is primary", async ({ mock, wall }) => {
  const open = await wall((await mock()).url, "lang=en");
  assert.match(await open.locator(".strip-bottom").innerText(), /not for clinical use/);
  const closed = await wall((await mock({ open: false })).url, "lang=en");
  assert.match(await closed.locator(".strip-bottom").innerText(), /Bedside monitor alarms are primary/);
});

test("what a wall is worth and what is wrong with it is read in whole beside whatever else the strip says, on every profile", async ({ mock, wall }) => {
  const ward = fixture();
  ward.alerts.push({ ...ward.alerts.find((alert) => !alert.patient), id: "second", rule: "no-display", title: { en: "No display shows this ward", ja: "この病棟を表示している画面がありません" } });
  const said = [];
  for (const muted of [false, true])
    for (const [inches, metres, beds] of [[55, 5, ""], [43, 4, ""], [65, 5, 16], [32, 5, 2]]) {
      const service = await mock({ ward: { patients: ward.patients.slice(0, beds || 12), alerts: ward.alerts.filter(({ patient }) => !patient || Number(patient.slice(1)) <= (beds || 12)) } });
      const page = await wall(service.url, "", { muted });
      for (const language of ["ja", "en"])
        for (const open of [true, false]) {
          service.state.session = { ...service.state.session, open, user: open ? null : { name: "wall-6e", role: "display", wards: ["6E"] } };
          await page.goto(`${service.url}/wall?ward=6E&inches=${inches}&metres=${metres}&lang=${language}&beds=${beds}`);
          await page.locator(".strip-bottom .machines").waitFor();
          await page.evaluate(() => document.fonts.ready);
          if (muted) await page.locator('[data-trouble="sound"]').waitFor();
          said.push([`${inches} inches, ${metres} m, ${language}, open ${open}, muted ${muted}`, await page.evaluate(unread), await collisions(page)]);
        }
      await page.context().close();
      await service.stop();
    }
  assert.equal(said.length, 32);
  assert.deepEqual(said.filter(([, strip, tiles]) => strip.length + tiles.length > 0).map((one) => one.flat().join("; ")), []);
});

/** Runs in the page: what of the strip is cut, covered or off the screen. */
function unread() {
  const all = [...document.querySelectorAll(".strip-bottom > *")];
  const boxes = all.map((element) => {
    const range = document.createRange();
    range.selectNodeContents(element);
    return { element, box: element.getBoundingClientRect(), ink: range.getBoundingClientRect() };
  });
  const found = [];
  for (const { element, box, ink } of boxes) {
    const name = element.textContent.slice(0, 20);
    if (box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.left < -1) found.push(`${name} leaves the screen`);
    const whole = element.matches(".open, .trouble, .late");
    if (whole && (ink.width > box.width + 1 || ink.height > box.height + parseFloat(getComputedStyle(element).fontSize) * 0.4)) found.push(`${name} is cut`);
    const first = element.matches(".machines") ? element.firstElementChild.getBoundingClientRect() : null;
    const room = document.querySelector(".trouble") ? 4.5 : 8;
    if (first && (first.width < parseFloat(getComputedStyle(element).fontSize) * room || first.right > box.right + 1)) found.push(`${name} has no room`);
    for (const other of boxes)
      if (other.element !== element && box.left < other.box.right - 1 && other.box.left < box.right - 1 && box.top < other.box.bottom - 1 && other.box.top < box.bottom - 1)
        found.push(`${name} covers ${other.element.textContent.slice(0, 20)}`);
  }
  return found;
}

test("the row of alarmed beds shows whole entries only, the most urgent first, and counts the rest", async ({ mock, wall }) => {
  const service = await mock();
  const { ward } = service.state;
  const [patient, alert] = [ward.patients[0], ward.alerts[0]];
  for (let n = 20; n < 36; n += 1) {
    ward.patients.push({ ...patient, id: `x${n}`, bed: `6E-${n}` });
    ward.alerts.push({ ...alert, id: `a${n}`, patient: `x${n}`, bed: `6E-${n}`, priority: "low" });
  }
  const page = await wall(service.url);
  const said = await page.evaluate(() => {
    const list = document.querySelector(".alarm-list");
    const clock = document.querySelector(".strip-top").lastElementChild.getBoundingClientRect();
    const seen = [...list.children].filter((entry) => getComputedStyle(entry).visibility !== "hidden");
    return {
      all: list.children.length,
      seen: seen.length,
      first: seen[0].dataset.signal,
      over: seen.filter((entry) => entry.getBoundingClientRect().right > list.getBoundingClientRect().right + 1).length,
      more: document.querySelector(".alarms-more")?.textContent,
      free: document.querySelector(".alarms-more").getBoundingClientRect().right <= clock.left,
    };
  });
  assert.ok(said.all > said.seen && said.seen >= 6, JSON.stringify(said));
  assert.equal(said.more, `+${said.all - said.seen}`);
  assert.deepEqual([said.first, said.over, said.free], ["high", 0, true], JSON.stringify(said));
});

