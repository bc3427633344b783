// The quality figures as a spreadsheet reads them.

export interface Quality {
  patient_days?: number | null;
  alerts_per_patient_day?: number | null;
  interruptive_per_patient_day?: number | null;
  floods?: unknown[];
  chattering?: unknown[];
  standing?: unknown[];
  top?: { rule: string; count: number }[];
  ack_seconds?: { p50?: number | null; p90?: number | null };
  ratings?: Record<string, number>;
  by_day?: { day: string; high?: number; medium?: number; low?: number }[];
  targets?: Record<string, number>;
}

/** Three columns: section, name, value. Starts with a byte-order mark, without which Excel reads Japanese as noise. */
export function csvOf(quality: Quality): string {
  const lines: (string | number | null | undefined)[][] = [
    ["section", "name", "value"],
    ["summary", "patient_days", quality.patient_days],
    ["summary", "alerts_per_patient_day", quality.alerts_per_patient_day],
    ["summary", "interruptive_per_patient_day", quality.interruptive_per_patient_day],
    ["summary", "ack_seconds_p50", quality.ack_seconds?.p50],
    ["summary", "ack_seconds_p90", quality.ack_seconds?.p90],
    ...(quality.top ?? []).map(({ rule, count }) => ["rule", rule, count]),
    ...Object.entries(quality.ratings ?? {}).map(([verdict, count]) => ["rating", verdict, count]),
    ...(quality.by_day ?? []).flatMap((day) => [
      ["high", day.day, day.high ?? 0],
      ["medium", day.day, day.medium ?? 0],
      ["low", day.day, day.low ?? 0],
    ]),
  ];
  return `\ufeff${lines.map((line) => line.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** A cell that starts like a formula is text here; a spreadsheet must not run a rule's name. */
function cell(value: string | number | null | undefined): string {
  if (typeof value === "number") return String(value);
  const text = value ?? "";
  const safe = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
