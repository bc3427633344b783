// The words of the service's public surface, as TypeScript sees them. Everything a site or an older service may leave out
// is optional here, so that the type checker makes us say what a page shows when it is absent.

export type Priority = "high" | "medium" | "low" | "info";
export type AlertKind = "physiological" | "technical";
export type AlertState = "pending" | "active" | "acknowledged" | "returned" | "closed" | "shelved" | "out_of_service";
export type Verdict = "useful" | "known" | "artefact" | "threshold";
export type Language = "ja" | "en";
/** P0 bed only, P1 bed and an initial, P2 full name, P3 all; the service decides, a page only shows what it was sent. */
export type Identity = "P0" | "P1" | "P2" | "P3";

export interface BothLanguages {
  en: string;
  ja: string;
}

export interface Evidence {
  analyte: string;
  value: number | null;
  unit?: string;
  measured_at?: string | null;
  source?: string;
  limit?: number | null;
  /** How the value was compared with the limit: `>`, `>=`, `<`, `<=`. */
  comparison?: string | null;
  /** `<` where the laboratory reported less than the value. */
  comparator?: string | null;
  /** What the rule asked, such as `change_from_baseline("24h")`; empty for the value itself. */
  feature?: string;
  /** What that gave. */
  result?: number | null;
  /** The value was later corrected or withdrawn. */
  superseded?: boolean;
  /** What was known against the value when it counted. */
  flag?: string;
}

export interface Acknowledgement {
  by?: string;
  role?: string;
  at?: string;
  expires_at?: string | null;
  comment?: string | null;
}

export interface Alert {
  id: string;
  rule: string;
  rule_version?: string | number;
  kind: AlertKind;
  priority: Priority;
  state: AlertState;
  patient?: string | null;
  ward?: string | null;
  bed?: string | null;
  title: BothLanguages;
  raised_at: string;
  closed_at?: string | null;
  measured_at?: string | null;
  /** The policy that says who is told when. */
  escalation?: string;
  step?: number | null;
  next_step_at?: string | null;
  /** Roles told so far, and those whose answer is awaited. */
  told?: string[];
  awaiting?: string[];
  instruction?: BothLanguages;
  missing?: string[];
  /** A graver alert of the same patient speaks for this one. */
  inhibited_by?: string | null;
  /** Judged and told to nobody. */
  shadow?: boolean;
  acknowledged?: Acknowledgement | null;
  shelf?: { by?: string; role?: string; at?: string; until?: string | null; reason?: string } | null;
  evidence?: Evidence[];
  source?: string;
}

export interface Term {
  name: string;
  points: number;
  value?: number | string | null;
  at?: string | null;
  source?: string;
}

export interface Grade {
  grade?: number | null;
  suggested?: number | null;
  /** What is certain although something is missing: the grade is this or more. */
  at_least?: number | null;
  charted?: number | null;
  charted_at?: string | null;
  /** Since when the suggestion has been what it is. */
  since?: string | null;
  reasons?: (string | BothLanguages)[];
  missing?: string[];
}

export interface Risk {
  points?: number | null;
  /** What is certain although something is missing: the points are this or more. */
  at_least?: number | null;
  band?: string | null;
  /** Something is missing, or treatment hides it: the band is this or a higher one. */
  band_open?: boolean;
  terms?: Term[];
  missing?: string[];
  source?: string;
}

export interface Latest {
  value: number | null;
  comparator?: string | null;
  unit?: string;
  measured_at?: string | null;
  stale?: boolean;
  /** What is known against the value. */
  flag?: string;
}

export interface Therapy {
  kind: string;
  at: string;
  until?: string | null;
  agent?: string | null;
  device?: string | null;
  flow?: number | null;
  dose?: number | string | null;
  action?: "given" | "started" | "stopped" | "withdrawn";
  product?: string | null;
}

export interface Patient {
  id: string;
  ward: string;
  bed: string | null;
  /** Days since the CAR-T infusion; null before it is known. */
  day?: number | null;
  product?: string | null;
  infused_at?: string | null;
  /** Present only where the display's identity level allows it. */
  name?: string | null;
  same_name?: boolean;
  crs?: Grade | null;
  icans?: Grade | null;
  risk?: { crs?: Risk | null; icans?: Risk | null } | null;
  news2?: number | { value?: number | null; missing?: string[] } | null;
  latest?: Record<string, Latest>;
  alerts?: (Alert | string)[];
  therapies?: Therapy[];
}

export interface SeriesPoint {
  at: string;
  value: number | null;
  comparator?: string | null;
  status?: string;
  source?: string;
}

export interface Series {
  analyte: string;
  unit?: string;
  points: SeriesPoint[];
}

export type ServerFrame =
  | { type: "snapshot"; cursor: string; patients: Patient[]; alerts: Alert[] }
  | { type: "alert"; cursor: string; change: string; alert: Alert }
  | { type: "patient"; cursor: string; patient: Patient }
  | { type: "heartbeat"; cursor: string; now: string }
  | { type: "error"; reason: string };

export type ClientFrame =
  | { type: "subscribe"; wards?: string[]; min_priority?: Priority; after?: string; identity?: Identity }
  | { type: "acknowledge"; alert: string; comment?: string }
  | { type: "painted"; cursor: string }
  | { type: "sound"; on: boolean };

/** Who is told after how long, as `/api/v1/rules` lists it. */
export interface Policy {
  id: string;
  steps: { after_seconds: number; roles: string[] }[];
  repeat_seconds?: number | null;
  repeat_times?: number;
  acknowledge_by?: string[];
}

export interface Session {
  user: { name: string; role: string; wards?: string[] } | null;
  open: boolean;
  ward_choices?: string[];
  identity?: Identity | null;
}

const frameTypes = new Set(["snapshot", "alert", "patient", "heartbeat", "error"]);

/** One text frame of `/ws/v1`, or null for what this page does not know: a newer service may send more kinds. */
export function readFrame(text: string): ServerFrame | null {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof read !== "object" || read === null) return null;
  const type = (read as { type?: unknown }).type;
  return typeof type === "string" && frameTypes.has(type) ? (read as ServerFrame) : null;
}
