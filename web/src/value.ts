// How a measured value is written: short names for the wall, units as a ward writes them, digits that mean something.
import type { Evidence } from "./wire.ts";

interface Written {
  /** The name on the wall, where a word has no room. */
  short: string;
  digits: number;
  /** A vertical range a healthy trace would sit in, so that noise does not look like news. */
  low: number;
  high: number;
  /** Milliseconds after which two values are no longer joined by a line. */
  gap: number;
}

const hour = 3_600_000;
const vital = 2 * hour;
const lab = 36 * hour;

const written: Record<string, Written> = {
  temperature: { short: "T", digits: 1, low: 36, high: 39, gap: 6 * hour },
  heart_rate: { short: "HR", digits: 0, low: 60, high: 120, gap: vital },
  systolic: { short: "SBP", digits: 0, low: 90, high: 140, gap: vital },
  diastolic: { short: "DBP", digits: 0, low: 50, high: 90, gap: vital },
  map: { short: "MAP", digits: 0, low: 60, high: 100, gap: vital },
  spo2: { short: "SpO₂", digits: 0, low: 88, high: 100, gap: vital },
  respiratory_rate: { short: "RR", digits: 0, low: 10, high: 25, gap: vital },
  oxygen_flow: { short: "O₂", digits: 1, low: 0, high: 6, gap: 6 * hour },
  fio2: { short: "FiO₂", digits: 2, low: 0.2, high: 0.6, gap: 6 * hour },
  gcs: { short: "GCS", digits: 0, low: 3, high: 15, gap: 14 * hour },
  phosphate: { short: "iP", digits: 2, low: 0.6, high: 1.4, gap: lab },
  pai1: { short: "PAI-1", digits: 0, low: 10, high: 60, gap: lab },
  crp: { short: "CRP", digits: 0, low: 0, high: 60, gap: lab },
  ferritin: { short: "Fer", digits: 0, low: 0, high: 1500, gap: lab },
  il6: { short: "IL-6", digits: 0, low: 0, high: 100, gap: lab },
  ldh: { short: "LDH", digits: 0, low: 100, high: 400, gap: lab },
  platelets: { short: "PLT", digits: 0, low: 20, high: 200, gap: lab },
  fibrinogen: { short: "Fbg", digits: 0, low: 100, high: 400, gap: lab },
  d_dimer: { short: "DD", digits: 1, low: 0, high: 5, gap: lab },
  lactate: { short: "Lac", digits: 1, low: 0, high: 4, gap: lab },
  creatinine: { short: "Cr", digits: 2, low: 0.4, high: 1.5, gap: lab },
  ice: { short: "ICE", digits: 0, low: 0, high: 10, gap: 14 * hour },
};

const unlisted: Omit<Written, "short"> = { digits: 1, low: Infinity, high: -Infinity, gap: lab };

export function writtenAs(analyte: string): Written {
  return written[analyte] ?? { short: analyte.replaceAll("_", " "), ...unlisted };
}

/** The number as it is read aloud. A large laboratory value keeps no decimals that the method does not have. */
export function numberText(analyte: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const listed = written[analyte];
  // The unit decides the digits of phosphate: 0.71 mmol/L, 2.2 mg/dL.
  const digits = listed ? (analyte === "phosphate" && value >= 2 ? 1 : listed.digits) : Number.isInteger(value) ? 0 : 2;
  return value.toFixed(Math.abs(value) >= 1000 ? 0 : digits);
}

/** The number with the sign a laboratory put before it: `>320`. A limit that rounding would move keeps its own digits, for
 * `<0.5` is not `<1`. */
export function boundText(analyte: string, reading: { value: number | null; comparator?: string | null } | undefined): string {
  if (!reading?.comparator || reading.value === null) return numberText(analyte, reading?.value);
  const rounded = numberText(analyte, reading.value);
  return reading.comparator + (Number(rounded) === reading.value ? rounded : String(reading.value));
}

/** The number where five digits have no room: 12,345 is `12.3k`. */
export function compactText(analyte: string, value: number | null | undefined): string {
  if (value === null || value === undefined || Math.abs(value) < 10_000) return numberText(analyte, value);
  return `${(value / 1000).toFixed(1).replace(/\.0$/, "")}k`;
}

const units: Record<string, string> = {
  Cel: "°C",
  "/min": "/min",
  "{beats}/min": "/min",
  "mm[Hg]": "mmHg",
  "10*9/L": "×10⁹/L",
  "10*3/uL": "×10³/µL",
  "10*12/L": "×10¹²/L",
  "ug/L": "µg/L",
  "umol/L": "µmol/L",
  "[iU]/L": "IU/L",
  "U/L": "U/L",
  "{score}": "",
  points: "",
  "1": "",
};

/** A UCUM unit as a ward writes it. */
export function unitText(unit: string | null | undefined): string {
  return unit ? (units[unit] ?? unit) : "";
}

const signs: Record<string, string> = { ">": ">", ">=": "≥", "<": "<", "<=": "≤", above: ">", below: "<", "≥": "≥", "≤": "≤" };

/** The sign between value and limit, or null when the service did not say how it compared. */
export function signOf(evidence: Evidence): string | null {
  return evidence.comparison ? (signs[evidence.comparison] ?? null) : null;
}

/** The bed without its ward's prefix: `6E-01` on ward 6E is `01`, because everybody in front of the wall knows the ward. */
export function bedText(bed: string | null | undefined, ward: string | null | undefined): string {
  if (!bed) return "–";
  if (ward && bed.startsWith(ward) && bed.length > ward.length) return bed.slice(ward.length).replace(/^[-_ /.]+/, "");
  return bed;
}

/** `D+2`, `D-3`, `D0`; `D–` before the infusion is known. */
export function dayText(day: number | null | undefined): string {
  if (day === null || day === undefined) return "D–";
  const whole = Math.floor(day);
  return whole > 0 ? `D+${whole}` : whole < 0 ? `D−${-whole}` : "D0";
}
