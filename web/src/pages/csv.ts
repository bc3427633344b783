// The figures as a spreadsheet reads them.

export interface Waits {
  alerts?: number;
  acknowledged?: number;
  p50_seconds?: number | null;
  p90_seconds?: number | null;
  late?: number;
  never?: number;
}

/** Patients by worst grade, 0 to 4, and those of whom nothing is known. */
export interface ByGrade {
  grades?: number[];
  unknown?: number;
}

export interface Incidence {
  patients?: number;
  crs?: { charted?: ByGrade; suggested?: ByGrade };
  icans?: { charted?: ByGrade; suggested?: ByGrade };
}

export interface Treatment {
  patients?: number;
  before_alert?: number;
  p50_minutes?: number | null;
  p90_minutes?: number | null;
}

export interface Days {
  patients?: number;
  p50?: number | null;
  p90?: number | null;
}

export interface Course {
  ward?: string;
  bed?: string;
  product?: string | null;
  infused_at?: string;
  day_30_over?: boolean;
  crs?: { charted?: number | null; suggested?: number | null };
  icans?: { charted?: number | null; suggested?: number | null };
  alerted_at?: string | null;
  tocilizumab_at?: string | null;
  steroid_at?: string | null;
  minutes_to_tocilizumab?: number | null;
  minutes_to_steroid?: number | null;
  discharged_at?: string | null;
  stay_days?: number | null;
  misses?: { what: string; at: string }[];
}

export interface Outcomes {
  infused_from?: string;
  patients?: number;
  day_30_over?: number;
  incidence?: { day_30?: Incidence; so_far?: Incidence };
  to_tocilizumab?: Treatment;
  to_steroid?: Treatment;
  stay_days?: Days;
  infusion_to_discharge_days?: Days;
  admission_to_infusion_days?: Days;
  missed_patients?: number;
  courses?: Course[];
}

export interface Quality {
  from?: string;
  patient_days?: number | null;
  alerts_per_patient_day?: number | null;
  interruptive_per_patient_day?: number | null;
  floods?: { at?: string; alerts?: number }[];
  chattering?: Named[];
  standing?: Named[];
  top?: { rule: string; count: number }[];
  ack_seconds?: { p50?: number | null; p90?: number | null };
  ratings?: Record<string, number>;
  by_day?: { day: string; high?: number; medium?: number; low?: number }[];
  targets?: Record<string, number>;
  waits?: Record<string, Waits>;
  outcomes?: Outcomes;
}

export interface Named {
  rule?: string;
  ward?: string;
  bed?: string;
  since?: string;
}

type Cell = string | number | boolean | null | undefined;

/** Three columns: section, name, value. */
export function csvOf(quality: Quality): string {
  return csvLines([
    ["section", "name", "value"],
    ["summary", "patient_days", quality.patient_days],
    ["summary", "alerts_per_patient_day", quality.alerts_per_patient_day],
    ["summary", "interruptive_per_patient_day", quality.interruptive_per_patient_day],
    ["summary", "ack_seconds_p50", quality.ack_seconds?.p50],
    ["summary", "ack_seconds_p90", quality.ack_seconds?.p90],
    ...Object.entries(quality.waits ?? {}).flatMap(([priority, waits]) => numbers(`wait_${priority}`, waits)),
    ...(quality.top ?? []).map(({ rule, count }) => ["rule", rule, count]),
    ...Object.entries(quality.ratings ?? {}).map(([verdict, count]) => ["rating", verdict, count]),
    ...(quality.by_day ?? []).flatMap((day) => [
      ["high", day.day, day.high ?? 0],
      ["medium", day.day, day.medium ?? 0],
      ["low", day.day, day.low ?? 0],
    ]),
    ...outcomeLines(quality.outcomes ?? {}),
  ]);
}

function outcomeLines(outcomes: Outcomes): Cell[][] {
  const spans = ["to_tocilizumab", "to_steroid", "stay_days", "infusion_to_discharge_days", "admission_to_infusion_days"] as const;
  return [
    ["outcomes", "patients", outcomes.patients],
    ["outcomes", "day_30_over", outcomes.day_30_over],
    ["outcomes", "missed_patients", outcomes.missed_patients],
    ...(["day_30", "so_far"] as const).flatMap((when) => incidenceLines(when, outcomes.incidence?.[when])),
    ...spans.flatMap((span) => numbers(span, outcomes[span] ?? {})),
  ];
}

function incidenceLines(when: string, incidence: Incidence | undefined): Cell[][] {
  return (["crs", "icans"] as const).flatMap((scale) =>
    (["charted", "suggested"] as const).flatMap((by) => {
      const counted = incidence?.[scale]?.[by];
      const name = `${when}_${scale}_${by}`;
      return [...(counted?.grades ?? []).map((patients, grade): Cell[] => [name, grade, patients]), [name, "unknown", counted?.unknown]];
    }),
  );
}

function numbers(section: string, values: object): Cell[][] {
  return Object.entries(values).map(([name, value]) => [section, name, value as Cell]);
}

/** A row for each infusion, for the ward's own review; nothing in it names a patient. */
export function coursesCsv(courses: readonly Course[]): string {
  const header = ["ward", "bed", "product", "infused_at", "day_30_over", "crs_charted", "crs_suggested", "icans_charted", "icans_suggested", "alerted_at", "tocilizumab_at", "minutes_to_tocilizumab", "steroid_at", "minutes_to_steroid", "discharged_at", "stay_days", "misses"];
  const line = (one: Course): Cell[] => [
    one.ward, one.bed, one.product, one.infused_at, one.day_30_over, one.crs?.charted, one.crs?.suggested, one.icans?.charted, one.icans?.suggested,
    one.alerted_at, one.tocilizumab_at, one.minutes_to_tocilizumab, one.steroid_at, one.minutes_to_steroid, one.discharged_at, one.stay_days,
    (one.misses ?? []).map((miss) => miss.what).join(" "),
  ];
  return csvLines([header, ...courses.map(line)]);
}

/** Starts with a byte-order mark, without which Excel reads Japanese as noise. */
export function csvLines(lines: readonly (readonly Cell[])[]): string {
  return `\ufeff${lines.map((line) => line.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** A cell that starts like a formula is text here; a spreadsheet must not run a rule's name. */
function cell(value: Cell): string {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = value ?? "";
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hands a text to the browser as a file. */
export function saveText(name: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
