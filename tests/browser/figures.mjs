// What a wall costs: `node figures.mjs` prints one JSON line. Sixty beds at one frame a second each; processor time of every
// process of the browser, and the heap over a soak (`MINUTES`, 10 by default) at twenty times that rate.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import { launch } from "./browser.mjs";
import { startMock } from "./mock.mjs";
import { fixture } from "./fixture.mjs";

const beds = Number(process.env.BEDS ?? 60);
const minutes = Number(process.env.MINUTES ?? 10);
/** The page in pixels: a full-HD wall unless `SIZE` says otherwise, such as `3840x2160`. */
const [width, height] = (process.env.SIZE ?? "1920x1080").split("x").map(Number);
/** Clock ticks a second, in which the kernel counts. */
const ticks = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** The fixture's twelve beds over and over, a fifth of them calling. */
function crowd() {
  const { patients, alerts } = fixture();
  const ward = { patients: [], alerts: [] };
  for (let n = 0; n < beds; n += 1) {
    const base = patients[n % patients.length];
    const id = `c${n}`;
    const bed = `6E-${String(n + 1).padStart(2, "0")}`;
    ward.patients.push({ ...base, id, bed, alerts: [] });
    if (n % 5 === 0) ward.alerts.push({ ...alerts[(n / 5) % 4], id: `a${n}`, patient: id, bed });
  }
  return ward;
}

const threadsOf = { MAIN: "page", Compositor: "compositor", ThreadPoolForeg: "raster", Chrome_ChildIOT: "messages" };

/** Seconds of processor time of everything `root` started: by kind of process, and of the page's process by thread. */
function spent(root) {
  const processes = new Map();
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      const kind = /--type=([\w-]+)/.exec(readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " "))?.[1] ?? "browser";
      processes.set(Number(name), { parent, kind });
    } catch {
      // It ended while we looked.
    }
  }
  const inside = (pid) => pid === root || (processes.has(pid) && inside(processes.get(pid).parent));
  const sums = {};
  const add = (name, seconds) => (sums[name] = (sums[name] ?? 0) + seconds);
  for (const [pid, { kind }] of processes) if (inside(pid)) for (const [thread, seconds] of threads(pid)) {
    add(kind, seconds);
    if (kind === "renderer") add(`renderer ${threadsOf[thread] ?? "other"}`, seconds);
  }
  return sums;
}

function threads(pid) {
  const found = [];
  try {
    for (const tid of readdirSync(`/proc/${pid}/task`)) {
      const nanoseconds = Number(readFileSync(`/proc/${pid}/task/${tid}/schedstat`, "utf8").split(" ")[0]);
      found.push([tid === String(pid) ? "MAIN" : readFileSync(`/proc/${pid}/task/${tid}/comm`, "utf8").trim(), nanoseconds / 1e9]);
    }
  } catch {
    // It ended while we looked.
  }
  return found;
}

/** Seconds the host kept from this machine, all processors together: what runs meanwhile is charged for waiting. */
const stolen = () => Number(readFileSync("/proc/stat", "utf8").split("\n", 1)[0].trim().split(/\s+/)[8]) / ticks;

const service = await startMock({ ward: crowd() });
const browser = await launch(["--autoplay-policy=no-user-gesture-required"]);
const page = await browser.newPage({ viewport: { width, height }, timezoneId: "Asia/Tokyo" });
await page.goto(`${service.url}/wall?ward=6E&inches=98&metres=2&beds=${beds}&sound=off`);
await page.locator(".tile").nth(Math.min(beds, 60) - 1).waitFor();
const shown = await page.locator(".tile").count();
const root = browserPid();

function browserPid() {
  const children = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(process.pid)], { encoding: "utf8" }).trim().split("\n");
  return Number(children.find((line) => /chrom/.test(line)).trim().split(/\s+/)[0]);
}

let round = 0;
/** The service gathers what monitors say for so long before it sends, ms: `hub.rs`. `GATHER=0` sends each frame alone. */
const gather = Number(process.env.GATHER ?? 40);

/** One frame for each bed, spread over the second as monitors spread theirs. */
async function second(rate) {
  const started = performance.now();
  for (let n = 0; n < beds; n += 1) {
    const patient = service.state.ward.patients[n];
    const value = 36.5 + ((round + n) % 20) / 10;
    const temperature = { ...patient.latest.temperature, value, measured_at: new Date().toISOString() };
    const heart_rate = { ...patient.latest.heart_rate, value: 70 + ((round * 3 + n) % 40), measured_at: new Date().toISOString() };
    service.send({ type: "patient", patient: { ...patient, latest: { ...patient.latest, temperature, heart_rate } } });
    const said = ((n + 1) * 1000) / rate / beds;
    const due = started + (gather > 0 && rate === 1 ? Math.ceil(said / gather) * gather : said);
    if (due > performance.now() + 4) await new Promise((next) => setTimeout(next, due - performance.now()));
  }
  round += 1;
}

const client = await page.context().newCDPSession(page);
await client.send("Performance.enable");
const work = async () => Object.fromEntries((await client.send("Performance.getMetrics")).metrics.map(({ name, value }) => [name, value]));
const heap = async () => {
  // What is on its way is no growth.
  await page.waitForTimeout(1_000);
  await client.send("HeapProfiler.collectGarbage");
  await client.send("HeapProfiler.collectGarbage");
  const { usedSize } = await client.send("Runtime.getHeapUsage");
  return usedSize / 1024;
};

for (let n = 0; n < 10; n += 1) await second(1);
const windows = [];
const tasks = await work();
const from = performance.now();
for (let n = 0; n < 20; n += 1) windows.push(await measured(3));
const done = await work();
const took = (performance.now() - from) / 1000;

/** Shares of a core, in percent, over some seconds. */
async function measured(seconds) {
  const [before, kept, at] = [spent(root), stolen(), performance.now()];
  for (let n = 0; n < seconds; n += 1) await second(1);
  const [after, lost, length] = [spent(root), stolen() - kept, (performance.now() - at) / 1000];
  const shares = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, ((value - (before[name] ?? 0)) / length) * 100]));
  return { shares, stolen: (lost / length) * 100 };
}

/** Shares on average of some windows. */
const mean = (some) => {
  const names = [...new Set(some.flatMap(({ shares }) => Object.keys(shares)))];
  return Object.fromEntries(names.map((name) => [name, Number((some.reduce((sum, { shares }) => sum + (shares[name] ?? 0), 0) / some.length).toFixed(1))]));
};
const median = (name) => Number(windows.map(({ shares }) => shares[name] ?? 0).sort((a, b) => a - b)[windows.length / 2].toFixed(1));
/** Of windows in which the host kept less than a fiftieth of a core from this machine; none where it always did. */
const undisturbed = windows.filter((one) => one.stolen < 2);

const course = [];
const soakUntil = performance.now() + minutes * 60_000;
await second(20);
course.push(await heap());
const nodes = (await work()).Nodes;
let frames = 0;
while (performance.now() < soakUntil) {
  for (let n = 0; n < 100; n += 1) await second(20);
  frames += 100 * beds;
  course.push(await heap());
}
const half = course.slice(Math.floor(course.length / 2));
const slope = half.length < 2 ? 0 : (half.at(-1) - half[0]) / (half.length - 1);

const dist = fileURLToPath(new URL("../../web/dist/", import.meta.url));
const packed = [...readFileSync(`${dist}wall.html`, "utf8").matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].reduce((sum, [, file]) => sum + gzipSync(readFileSync(dist + file)).length, 0);
console.log(
  JSON.stringify({
    tiles: shown,
    seconds: Math.round(took),
    task_percent: Number((((done.TaskDuration - tasks.TaskDuration) / took) * 100).toFixed(1)),
    renderer_percent: mean(windows).renderer,
    renderer_percent_median: median("renderer"),
    stolen_percent: Number((windows.reduce((sum, one) => sum + one.stolen, 0) / windows.length).toFixed(1)),
    undisturbed_windows: `${undisturbed.length} of ${windows.length}`,
    undisturbed_percent: undisturbed.length > 0 ? mean(undisturbed) : null,
    all_percent: mean(windows),
    soak_minutes: minutes,
    soak_frames: frames,
    heap_kb: course.map(Math.round),
    heap_growth_kb_per_1000_rounds: Number((slope * 10).toFixed(1)),
    nodes: [nodes, (await work()).Nodes],
    wall_first_files_kb_gzip: Number((packed / 1024).toFixed(1)),
    chromium: browser.version(),
  }),
);
await browser.close();
await service.stop();
