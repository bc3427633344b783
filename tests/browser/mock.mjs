// A stand-in for the service, for developing the pages and for tests of what only a page does. It serves web/dist under the
// same policy as the service, and a ward from fixture.mjs over the same HTTP and WebSocket words.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { fixture, series } from "./fixture.mjs";

const dist = fileURLToPath(new URL("../../web/dist/", import.meta.url));
const kinds = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml" };
export const policy =
  "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; style-src 'self'; script-src 'self'; font-src 'self'; worker-src 'self'";
const pages = { "/": "index", "/wall": "wall", "/console": "console", "/quality": "quality", "/intake": "intake", "/quarantine": "intake", "/audit": "audit", "/rules": "rules", "/scores": "scores", "/login": "login" };

/** @param {{port?: number, open?: boolean, ward?: ReturnType<typeof fixture>, clock?: number}} wish */
export async function startMock(wish = {}) {
  const ward = wish.ward ?? fixture();
  const seen = [];
  const calls = [];
  let cursor = 100;
  let clock = wish.clock ?? 0;
  const sockets = new Set();
  const nowText = () => new Date(Date.now() + clock).toISOString();
  const send = (frame) => {
    cursor += 1;
    const text = JSON.stringify({ ...frame, cursor: String(cursor) });
    for (const socket of sockets) socket.send(text);
  };
  const change = (id, how, fields) => {
    const alert = ward.alerts.find((one) => one.id === id);
    Object.assign(alert, fields);
    send({ type: "alert", change: how, alert });
    return alert;
  };
  const state = { ward, session: { user: wish.open === false ? { name: "wall-6e", role: "display", wards: ["6E"] } : null, open: wish.open ?? true, ward_choices: ["6E"], identity: "P0" } };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, "http://mock");
    response.setHeader("content-security-policy", policy);
    if (url.pathname.startsWith("/api/")) return answer(request, response, url, { state, calls, change });
    await file(response, url.pathname);
  });
  const heartbeat = () => JSON.stringify({ type: "heartbeat", cursor: String(cursor), now: nowText() });
  const socketServer = new WebSocketServer({ server, path: "/ws/v1" });
  listen(socketServer, sockets, seen, (frame) => [
    ...(frame.after === undefined ? [JSON.stringify({ type: "snapshot", cursor: String(cursor), patients: ward.patients, alerts: ward.alerts })] : []),
    heartbeat(),
  ]);
  const beat = setInterval(() => {
    for (const socket of sockets) socket.send(heartbeat());
  }, 2_000);
  await new Promise((listening) => server.listen(wish.port ?? 0, "127.0.0.1", listening));
  const { port } = server.address();
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    state,
    seen,
    calls,
    cursor: () => String(cursor),
    send,
    change,
    setClock: (offset) => (clock = offset),
    stop: async () => {
      clearInterval(beat);
      for (const socket of socketServer.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** Keeps every frame of a client and answers its subscription with what `welcome` gives. */
function listen(server, sockets, seen, welcome) {
  server.on("connection", (socket) => {
    socket.on("message", (text) => {
      const frame = JSON.parse(String(text));
      seen.push(frame);
      if (frame.type !== "subscribe") return;
      sockets.add(socket);
      for (const answer of welcome(frame)) socket.send(answer);
    });
    socket.on("close", () => sockets.delete(socket));
  });
}

async function file(response, path) {
  const name = pages[path] ? `${pages[path]}.html` : path.startsWith("/patients/") ? "patient.html" : normalize(path).replace(/^\/+/, "");
  try {
    const bytes = await readFile(join(dist, name));
    response.setHeader("content-type", kinds[extname(name)] ?? "application/octet-stream");
    response.end(bytes);
  } catch {
    response.statusCode = 404;
    response.end("not found");
  }
}

async function answer(request, response, url, { state, calls, change }) {
  const say = (status, body) => {
    response.statusCode = status;
    response.setHeader("content-type", status < 400 ? "application/json" : "application/problem+json");
    response.end(JSON.stringify(body));
  };
  const { ward } = state;
  const parts = url.pathname.split("/").slice(3).map(decodeURIComponent);
  if (request.method === "POST") {
    let text = "";
    for await (const chunk of request) text += chunk;
    const body = text === "" ? null : JSON.parse(text);
    calls.push({ path: url.pathname, body });
    return posted(parts, body, say, change, ward);
  }
  const patient = ward.patients.find((one) => one.id === parts[1]);
  if (parts[0] === "session") return say(200, state.session);
  if (parts[0] === "patients" && parts.length === 1) return say(200, { patients: ward.patients });
  if (parts[0] === "patients" && !patient) return say(404, { title: "not found", detail: "no such patient" });
  if (parts[0] === "patients" && parts.length === 2) return say(200, patient);
  if (parts[2] === "series")
    return say(200, series(patient, url.searchParams.get("analyte"), Date.parse(url.searchParams.get("from")), Date.parse(url.searchParams.get("to")), Number(url.searchParams.get("points") ?? 200)));
  if (parts[0] === "alerts" && parts.length === 1) {
    const of = url.searchParams.get("patient");
    return say(200, { alerts: [...ward.alerts, ...(state.past ?? [])].filter((one) => !of || one.patient === of) });
  }
  if (parts[0] === "audit" && !state.listings?.audit) {
    state.searches = [...(state.searches ?? []), Object.fromEntries(url.searchParams)];
    const wanted = (name, field) => (one) => !url.searchParams.get(name) || String(one[field] ?? "").startsWith(url.searchParams.get(name));
    return say(200, { audit: deeds().filter(wanted("who", "by")).filter(wanted("patient", "patient")).filter(wanted("action", "action")).filter(wanted("outcome", "outcome")) });
  }
  if (parts[0] === "quarantine" && parts[1] === "q1")
    return say(200, { ...listings.quarantine().quarantine[0], raw: "MSH|^~\\&|LAB|H\nOBX|3|NM|2777-1^Phosphate^LN||2.3|mg/ddl" });
  const listing = state.listings?.[parts[0]] ?? listings[parts[0]];
  return listing ? say(200, listing(url.searchParams)) : say(404, { title: "not found" });
}

function posted(parts, body, say, change, ward) {
  const later = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
  if (parts[0] === "login") return body?.password === "storm" ? say(200, { user: { name: body.name, role: "nurse" } }) : say(401, { title: "unauthorized" });
  if (parts[0] === "patients") return say(201, { accepted: true });
  if (parts[0] === "quarantine") return say(200, { state: "resolved", used: 1, rejected: 0 });
  if (!ward.alerts.some((one) => one.id === parts[1])) return say(404, { title: "not found", detail: "no such alert" });
  if (parts[2] === "acknowledge")
    return say(200, change(parts[1], "acknowledged", { state: "acknowledged", acknowledged: { by: "demo", role: "nurse", at: later(0), expires_at: later(30), comment: body?.comment ?? null } }));
  if (parts[2] === "undo") return say(200, change(parts[1], "undone", { state: "active", acknowledged: null }));
  if (parts[2] === "shelve") return say(200, change(parts[1], "shelved", { state: "shelved", shelf: { by: "demo", role: "physician", at: later(0), until: later(body.minutes), reason: body.reason } }));
  if (parts[2] === "unshelve") return say(200, change(parts[1], "unshelved", { state: "active", shelf: null }));
  if (parts[2] === "rate") return say(200, { verdict: body.verdict });
  return say(404, { title: "not found" });
}

const listings = {
  feeds: () => ({
    feeds: [
      { source: "LAB", via: "mllp", last_seen: new Date(Date.now() - 42 * 60_000).toISOString(), lag_seconds: 8.2, values: 1284, rejected: 3, rate_per_minute: 1.4, skew_seconds: 0.3 },
      { source: "GATEWAY", via: "mqtt", last_seen: new Date(Date.now() - 1500).toISOString(), lag_seconds: 0.4, values: 90211, rejected: 0, rate_per_minute: 720, skew_seconds: -3.1 },
    ],
  }),
  quarantine: () => ({
    quarantine: [
      { id: "q1", received_at: new Date(Date.now() - 3_600_000).toISOString(), source: "LAB", via: "mllp", reason: "unknown unit `mg/ddl`", location: "OBX-6 of row 3", state: "waiting" },
    ],
  }),
  rules: () => ({
    hash: "9f31c0de",
    policies: [
      { id: "bedside-first", steps: [{ after_seconds: 0, roles: ["nurse"] }], repeat_seconds: 1800, repeat_times: 1, acknowledge_by: [] },
      { id: "rapid-response", steps: [{ after_seconds: 0, roles: ["nurse"] }, { after_seconds: 180, roles: ["nurse", "physician"] }, { after_seconds: 600, roles: ["physician"] }], repeat_seconds: 180, repeat_times: 10, acknowledge_by: ["nurse", "physician"] },
    ],
    rules: [
      { id: "phosphate-fall", title: { en: "Phosphate is falling", ja: "血清リンが低下しています" }, priority: "low", kind: "physiological", when: 'day >= 0 && day <= 10 && phosphate.change_from_baseline("24h") <= -15', until: 'phosphate.change_from_baseline("24h") > -10', for: "0s", source: "a drop precedes CRS by a median of one day (Br J Haematol, 48 patients); 15 % is engineering", rationale: { cause: "consumption", consequence: "CRS", response: "measure again, warn the physician", time_to_respond: "30m" }, escalate: "bedside-first", shadow: false, file: "phosphate.toml", last_fired: new Date(Date.now() - 3_000_000).toISOString(), fired: 4, recent: [{ at: new Date(Date.now() - 3_000_000).toISOString(), ward: "6E", bed: "6E-05", state: "active", shadow: false }] },
      { id: "spo2-low", title: { en: "SpO₂ low on oxygen", ja: "酸素投与下で SpO₂ が低い" }, priority: "high", kind: "physiological", when: "spo2 < 92 && oxygen", until: "spo2 >= 94", for: "5m", source: "ASTCT 2019", rationale: {}, escalate: "physician", shadow: true, file: "oxygen.toml", last_fired: new Date(Date.now() - 9_000_000).toISOString(), fired: 2, recent: [{ at: new Date(Date.now() - 9_000_000).toISOString(), ward: "6E", bed: "6E-01", state: "closed", shadow: true }] },
    ],
  }),
  quality: () => ({
    patient_days: 84, alerts_per_patient_day: 3.4, interruptive_per_patient_day: 1.2, floods: [], chattering: [{ rule: "map-low", count: 6 }], standing: [],
    top: [{ rule: "phosphate-fall", count: 41 }, { rule: "crs-fever", count: 33 }, { rule: "map-low", count: 20 }],
    ack_seconds: { p50: 95, p90: 410 }, ratings: { useful: 22, known: 9, artefact: 3, threshold: 5 },
    by_day: Array.from({ length: 10 }, (_, n) => ({ day: `2026-11-${12 + n}`, high: n % 3, medium: 3 + (n % 4), low: 6 + ((n * 5) % 7) })),
    waits: {
      high: { alerts: 9, acknowledged: 9, p50_seconds: 95, p90_seconds: 250, late: 1, never: 0 },
      medium: { alerts: 31, acknowledged: 29, p50_seconds: 260, p90_seconds: 900, late: 3, never: 1 },
      low: { alerts: 44, acknowledged: 30, p50_seconds: 1400, p90_seconds: 6200, late: 0, never: 4 },
    },
    outcomes: outcomes(),
    targets: { alerts_per_patient_day: 6, interruptive_per_patient_day: 2, ack_seconds_p90: 600 },
  }),
  scores: () => ({
    scores: [
      { name: "crs", title: { en: "CRS grade", ja: "CRS グレード" }, unit: "grade", source: "Lee 2019", limits: "suggested, a clinician confirms", table: [{ item: "temperature", condition: ">= 38.0 °C", points: 1 }, { item: "hypotension", condition: "not requiring vasopressors", points: 2 }] },
    ],
  }),
};

/** Twelve infusions, eight of them with their thirty days over. */
function outcomes() {
  const ago = (days, hours = 0) => new Date(Date.now() - days * 86_400_000 + hours * 3_600_000).toISOString();
  const by = (grades, unknown) => ({ grades, unknown });
  const course = (bed, days, crs, icans, misses = []) => ({
    ward: "6E", bed, product: "axi-cel", infused_at: ago(days), day_30_over: days >= 30, crs: { charted: crs, suggested: crs }, icans: { charted: icans, suggested: icans },
    alerted_at: ago(days - 2), tocilizumab_at: ago(days - 2, 5), steroid_at: null, minutes_to_tocilizumab: 300, minutes_to_steroid: null, discharged_at: days > 20 ? ago(days - 18) : null, stay_days: days > 20 ? 24.5 : null, misses,
  });
  return {
    infused_from: ago(365), patients: 12, day_30_over: 8,
    incidence: {
      day_30: { patients: 8, crs: { charted: by([1, 3, 2, 1, 0], 1), suggested: by([1, 3, 3, 1, 0], 0) }, icans: { charted: by([4, 1, 1, 0, 0], 2), suggested: by([4, 2, 1, 1, 0], 0) } },
      so_far: { patients: 12, crs: { charted: by([2, 4, 2, 1, 0], 3), suggested: by([3, 5, 3, 1, 0], 0) }, icans: { charted: by([5, 1, 1, 0, 0], 5), suggested: by([7, 2, 2, 1, 0], 0) } },
    },
    to_tocilizumab: { patients: 5, before_alert: 1, p50_minutes: 95, p90_minutes: 310 },
    to_steroid: { patients: 3, before_alert: 0, p50_minutes: 240, p90_minutes: 600 },
    stay_days: { patients: 8, p50: 24.5, p90: 38 },
    infusion_to_discharge_days: { patients: 8, p50: 18, p90: 30.2 },
    admission_to_infusion_days: { patients: 12, p50: 6.5, p90: 8 },
    missed_patients: 1,
    courses: [course("6E-03", 44, 2, 0, [{ what: "crs", at: ago(43) }, { what: "tocilizumab", at: ago(43, 2) }]), course("6E-01", 2, null, null)],
  };
}

function deeds() {
  const at = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
  return [
    { at: at(1), by: "n.sato", role: "nurse", action: "acknowledge alert", patient: "MRN00417", subject: "a3", address: "10.0.0.7", outcome: "done" },
    { at: at(2), by: "n.sato", role: "nurse", action: "read patient", patient: "MRN00417", subject: null, address: "10.0.0.7", outcome: "done" },
    { at: at(9), by: "b.ueda", role: "nurse", action: "read patient", patient: "MRN00999", subject: null, address: "10.0.0.9", outcome: "refused: not on the wards" },
    { at: at(30), by: "wall-6e", role: "display", action: "connect", patient: null, subject: "6E", address: "10.0.0.2", outcome: "done" },
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await startMock({ port: Number(process.env.PORT ?? 8090) });
  console.log(`listening http=${mock.url.slice(7)}`);
}
