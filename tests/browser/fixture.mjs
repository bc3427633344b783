// A ward of twelve beds in which every state a tile can have occurs once. Times are relative to `now`.
const minute = 60_000;
const hour = 60 * minute;

const latest = (now, values, age = 40_000, stale = []) =>
  Object.fromEntries(
    Object.entries(values).map(([analyte, [value, unit, minutes]]) => [
      analyte,
      {
        value,
        unit,
        measured_at: new Date(now - (minutes === undefined ? age : minutes * minute)).toISOString(),
        stale: stale.includes(analyte),
      },
    ]),
  );

const vitals = (t, hr, map, spo2, rr = 18) => ({
  temperature: [t, "Cel", 3],
  heart_rate: [hr, "/min"],
  map: [map, "mm[Hg]", 12],
  spo2: [spo2, "%"],
  respiratory_rate: [rr, "/min"],
});

const grade = (suggested, since, extra = {}) => ({ grade: suggested, suggested, charted: null, since, reasons: [], missing: [], ...extra });

/** Names and record numbers the service knows and a wall must never be sent. */
export const secrets = ["山田", "太郎", "Yamada", "MRN00417", "1961-04-02"];

export function fixture(now = Date.now(), ward = "6E") {
  const made = maker(now, ward);
  firstBeds(made);
  middleBeds(made);
  lastBeds(made);
  const { patients, alerts } = made;
  for (const patient of patients) patient.alerts = alerts.filter((one) => one.patient === patient.id);
  return { patients, alerts };
}

/** Hands for filling beds and raising alerts, all at one instant. */
function maker(now, ward) {
  const ago = (ms) => new Date(now - ms).toISOString();
  const soon = (ms) => new Date(now + ms).toISOString();
  const infusion = (days) => ({ kind: "infusion", at: ago(days * 24 * hour + 3 * hour), product: "tisa-cel" });
  const patients = [];
  const alerts = [];
  const bed = (number, day, fields) => {
    const id = `p${number}`;
    patients.push({
      id,
      ward,
      bed: `${ward}-${String(number).padStart(2, "0")}`,
      day,
      product: "tisa-cel",
      crs: grade(0, null),
      icans: grade(0, null),
      risk: { crs: { points: 1, band: "green", terms: [], missing: [] }, icans: { points: 0, band: "green", terms: [], missing: [] } },
      news2: 1,
      therapies: day >= 0 ? [infusion(day)] : [],
      alerts: [],
      latest: latest(now, vitals(36.7, 78, 84, 97)),
      ...fields,
    });
  };
  const alert = (number, fields) =>
    alerts.push({
      id: `a${alerts.length + 1}`,
      rule_version: "1",
      kind: "physiological",
      state: "active",
      patient: number ? `p${number}` : null,
      ward,
      bed: number ? `${ward}-${String(number).padStart(2, "0")}` : null,
      raised_at: ago(4 * minute),
      measured_at: ago(5 * minute),
      step: 1,
      next_step_at: soon(6 * minute),
      acknowledged: null,
      source: "Lee 2019, table 2",
      evidence: [],
      ...fields,
    });
  return { now, patients, alerts, ago, soon, infusion, bed, alert };
}

function firstBeds({ now, ago, infusion, bed, alert }) {
  bed(1, 2, {
    crs: grade(3, ago(25 * minute)),
    icans: grade(1, ago(3 * hour)),
    risk: {
      crs: {
        points: 13,
        band: "red",
        terms: [
          { name: "D1 temperature", points: 3, value: 39.4, at: ago(3 * minute), source: "Hay 2017" },
          { name: "D3 phosphate", points: 2, value: -32.4, at: ago(5 * hour), source: "Banner" },
          { name: "D4 PAI-1", points: 1, value: 1.82, at: ago(9 * hour), source: "Yamasaki-Morita 2022" },
          { name: "H2 SpO₂", points: 3, value: 88, at: ago(minute), source: "ASTCT" },
        ],
        missing: ["il6"],
      },
      icans: { points: 4, band: "yellow", terms: [{ name: "N1 CRS", points: 3, value: 3, at: ago(25 * minute) }], missing: ["ice", "fibrinogen"] },
    },
    latest: latest(now, { ...vitals(39.4, 128, 63, 88, 27), phosphate: [0.71, "mmol/L", 300], crp: [86, "mg/L", 320], ice: [8, "{score}", 180] }),
    therapies: [
      infusion(2),
      { kind: "tocilizumab", at: ago(6 * hour), dose: "8 mg/kg" },
      { kind: "steroid", at: ago(2 * hour), agent: "dexamethasone", dose: "10 mg" },
      { kind: "oxygen", at: ago(30 * minute), device: "nasal_cannula", flow: 4 },
    ],
  });
  alert(1, {
    rule: "spo2-low",
    priority: "high",
    escalation: "rapid-response",
    told: ["nurse"],
    awaiting: ["nurse", "physician"],
    title: { en: "SpO₂ low on oxygen", ja: "酸素投与下で SpO₂ が低い" },
    evidence: [
      { analyte: "spo2", value: 88, unit: "%", measured_at: ago(minute), source: "monitor", limit: 92, comparison: "<" },
      { analyte: "temperature", value: 39.4, unit: "Cel", measured_at: ago(3 * minute), source: "monitor", limit: 38, comparison: ">=" },
    ],
  });
  alert(1, {
    rule: "fever",
    priority: "low",
    title: { en: "Fever", ja: "発熱" },
    evidence: [{ analyte: "temperature", value: 39.4, unit: "Cel", measured_at: ago(3 * minute), limit: 38, comparison: ">=" }],
  });
}

function middleBeds({ now, ago, bed, alert }) {
  bed(2, 4, { crs: grade(null, ago(7 * hour), { at_least: 2, missing: ["oxygen_support"] }), latest: latest(now, vitals(38.4, 98, 71, 93)) });
  bed(3, 1, { crs: grade(1, ago(2 * hour)), latest: latest(now, vitals(39.1, 112, 76, 95)), risk: { crs: { points: 8, band: "amber", terms: [], missing: [] }, icans: null } });
  alert(3, {
    rule: "crs-fever",
    priority: "medium",
    title: { en: "Fever within 72 h of infusion", ja: "投与後72時間以内の発熱" },
    evidence: [{ analyte: "temperature", value: 39.1, unit: "Cel", measured_at: ago(3 * minute), source: "monitor", limit: 38, comparison: ">" }],
  });
  bed(4, 0, {});
  bed(5, 3, { latest: latest(now, { ...vitals(37.2, 90, 82, 97), phosphate: [0.61, "mmol/L", 50] }) });
  alert(5, {
    rule: "phosphate-fall",
    priority: "low",
    title: { en: "Phosphate is falling", ja: "血清リンが低下しています" },
    evidence: [{ analyte: "phosphate", value: 0.61, unit: "mmol/L", measured_at: ago(50 * minute), source: "lab", limit: 0.7, comparison: "<" }],
  });
  bed(6, 6, { latest: latest(now, vitals(36.9, 81, 80, 98), 9 * minute, ["heart_rate", "spo2"]) });
  alert(6, {
    rule: "monitor-off",
    kind: "technical",
    priority: "medium",
    title: { en: "Monitor sends no values", ja: "モニター値が届いていない" },
  });
}

function lastBeds({ now, patients, ago, soon, bed, alert }) {
  bed(7, 5, { crs: grade(2, ago(65 * minute)), icans: grade(0, null), latest: latest(now, vitals(38.6, 118, 62, 94)) });
  alert(7, {
    rule: "map-low",
    priority: "medium",
    state: "acknowledged",
    title: { en: "Mean arterial pressure low", ja: "平均血圧が低い" },
    evidence: [{ analyte: "map", value: 62, unit: "mm[Hg]", measured_at: ago(4 * minute), limit: 65, comparison: "<" }],
    acknowledged: { by: "n.sato", role: "nurse", at: ago(6 * minute), expires_at: soon(24 * minute), comment: "attending" },
  });
  bed(8, 9, { latest: latest(now, vitals(36.4, 72, 88, 98), 3 * hour, ["temperature", "heart_rate", "map", "spo2", "respiratory_rate"]) });
  patients.at(-1).latest.temperature.measured_at = ago(7 * hour);
  bed(9, 2, { crs: { grade: null, suggested: null, charted: null, since: null, reasons: [], missing: ["temperature"] }, latest: latest(now, { heart_rate: [76, "/min"], spo2: [97, "%"] }) });
  bed(10, 7, { crs: grade(1, ago(20 * hour), { charted: 2 }), icans: grade(2, ago(40 * minute)), latest: latest(now, { ...vitals(37.9, 96, 77, 96), ice: [6, "{score}", 40] }) });
  alert(10, {
    rule: "ice-drop",
    priority: "medium",
    state: "returned",
    title: { en: "ICE fell by 3 in 12 h", ja: "12時間で ICE が3点低下" },
    evidence: [{ analyte: "ice", value: 6, unit: "{score}", measured_at: ago(40 * minute), feature: 'fall("12h")', result: 4, limit: 3, comparison: ">=" }],
  });
  bed(11, -1, { latest: latest(now, vitals(36.6, 70, 90, 98)) });
  bed(12, null, { product: null, crs: grade(null, null), icans: grade(null, null), latest: {} });
  alert(null, {
    rule: "feed-late",
    kind: "technical",
    priority: "low",
    title: { en: "Laboratory feed is late: nothing for 42 min", ja: "検査部からの受信が 42 分ありません" },
  });
  // The rules as they are have grades, scores and facts without a value of their own.
  alert(11, { rule: "crs-ews-amber", priority: "low", state: "acknowledged", title: { en: "CRS early warning: amber", ja: "CRS早期警戒：橙" }, acknowledged: { by: "y", role: "physician", at: ago(60_000), expires_at: soon(7.5 * hour) } });
  alert(2, { rule: "crs-2", priority: "medium", state: "acknowledged", title: { en: "CRS grade 2 (suggested)", ja: "CRS Grade 2（推定）" }, acknowledged: { by: "y", role: "nurse", at: ago(60_000), expires_at: soon(29 * minute) } });
}

/**
 * A ward whose every bed has a grade that stands, most of them two, under each kind of tile: no alert, a value against its
 * limit, a grade, words of one line and of two. Some grades are older than a day, some only known to be that or more.
 */
export function gradedWard(count = 12, now = Date.now()) {
  const made = maker(now, "6E");
  const { ago, bed, alert } = made;
  const grades = [
    [grade(2, ago(50 * minute)), grade(1, ago(3 * hour))],
    [grade(null, ago(30 * hour), { at_least: 2, missing: ["oxygen_support"] }), grade(null, ago(26 * hour), { at_least: 1 })],
    [grade(4, ago(5 * minute)), grade(4, ago(4 * minute))],
    [grade(3, ago(20 * minute)), grade(0, null)],
    [grade(0, null), grade(3, ago(49 * hour))],
    [grade(1, ago(49 * hour)), grade(2, ago(9 * 24 * hour), { charted: 3, charted_at: ago(2 * hour) })],
  ];
  const alerts = [
    { rule: "spo2-low", priority: "high", title: { en: "SpO₂ low", ja: "SpO₂ 低下" }, evidence: [{ analyte: "spo2", value: 88, unit: "%", measured_at: ago(minute), limit: 92, comparison: "<" }] },
    { rule: "iec-hs", priority: "medium", title: { en: "IEC-HS: watch criteria are met", ja: "輸注後もMAP 65未満が10分持続" } },
    { rule: "crs-2", priority: "medium", title: { en: "CRS grade 2 (suggested)", ja: "CRS Grade 2（推定）" } },
    null,
    { rule: "crs-ews-amber", priority: "low", title: { en: "PAI-1 is high", ja: "CRS早期警戒：橙" } },
    { rule: "icans-3", priority: "high", title: { en: "ICANS grade 3 or 4 (suggested)", ja: "ICANS Grade 3以上（推定）" } },
    { rule: "phosphate-fall", priority: "low", title: { en: "Phosphate falls", ja: "リン低下" }, evidence: [{ analyte: "phosphate", value: 0.61, unit: "mmol/L", measured_at: ago(119 * minute), limit: 0.7, comparison: "<" }] },
    { rule: "taken", priority: "medium", state: "acknowledged", title: { en: "Seizure after CAR-T infusion", ja: "ICE 10点だが早期神経徴候あり" }, acknowledged: { role: "physician", by: "x", expires_at: new Date(now + 7.9 * hour).toISOString() } },
  ];
  for (let n = 1; n <= count; n += 1) {
    const [crs, icans] = grades[(n + Math.floor(n / 6)) % grades.length];
    const age = n % 3 === 0 ? 59 * minute : n % 3 === 1 ? 7 * hour : 40_000;
    bed(n, n % 4 === 0 ? 130 : n, { crs, icans, latest: latest(now, { temperature: [39.4, "Cel"], spo2: [88, "%"], phosphate: [0.61, "mmol/L"], ice: [6, "{score}"] }, age) });
    const raised = alerts[n % alerts.length];
    if (raised && n !== 13) alert(n, raised);
    if (raised && n % 2 === 0) alert(n, { rule: "fever", priority: "low", title: { en: "Fever", ja: "発熱" } });
  }
  const { patients, alerts: all } = made;
  for (const patient of patients) patient.alerts = all.filter((one) => one.patient === patient.id);
  return { patients, alerts: all };
}

/** A trace that ends in the latest value: rises over the last hours for the sick, wanders for the well. */
export function series(patient, analyte, from, to, points = 200) {
  const last = patient.latest?.[analyte];
  const unit = last?.unit ?? "";
  if (!last || last.value === null) return { analyte, unit, points: [] };
  const lab = ["phosphate", "pai1", "crp", "ferritin", "platelets", "ice"].includes(analyte);
  const start = { temperature: 36.8, heart_rate: 82, map: 84, spo2: 97, phosphate: 1.13, crp: 4, ferritin: 300, platelets: 180, pai1: 22, ice: 10 }[analyte] ?? last.value;
  const end = Date.parse(last.measured_at);
  const step = lab ? 8 * 3_600_000 : Math.max((to - from) / points, 5 * 60_000);
  const made = [];
  for (let at = end; at >= from; at -= step) {
    const age = (end - at) / 3_600_000;
    const rise = Math.exp(-age / 5);
    const ripple = lab ? 0 : Math.sin(at / 2.3e6) * Math.abs(start) * 0.004 + Math.sin(at / 7.1e5) * Math.abs(start) * 0.002;
    // The night shift forgot two hours: a gap must stay a gap.
    if (!lab && age > 11 && age < 14) continue;
    made.push({ at: new Date(at).toISOString(), value: Number((start + (last.value - start) * rise + (at === end ? 0 : ripple)).toFixed(2)), status: "final", source: lab ? "lab" : "monitor" });
  }
  return { analyte, unit, points: made.reverse() };
}
