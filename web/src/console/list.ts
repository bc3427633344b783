// The work list: what waits, in the order in which it should be answered.
import type { Alert, Patient, Priority } from "../wire.ts";
import { byUrgency, isShown, type Ward } from "../ward.ts";

export interface Filter {
  ward: string | null;
  /** The least priority shown, or null for all. */
  priority: Priority | null;
  role: string | null;
}

export const everything: Filter = { ward: null, priority: null, role: null };

const rank = { high: 0, medium: 1, low: 2, info: 3 } as const;

/** Not acknowledged before acknowledged, then priority, then the longest wait, then the higher early score. */
export function workList(ward: Ward, filter: Filter): Alert[] {
  return Object.values(ward.alerts)
    .filter((alert) => isShown(alert) && passes(alert, filter))
    .sort((a, b) => byUrgency(a, b) || score(ward.patients, b) - score(ward.patients, a));
}

/** Whom the alert concerns now: whose answer is awaited, else who was told. */
export function rolesOf(alert: Alert): string[] {
  return alert.awaiting && alert.awaiting.length > 0 ? alert.awaiting : (alert.told ?? []);
}

function passes(alert: Alert, filter: Filter): boolean {
  if (filter.ward !== null && alert.ward && alert.ward !== filter.ward) return false;
  if (filter.priority !== null && rank[alert.priority] > rank[filter.priority]) return false;
  return filter.role === null || rolesOf(alert).includes(filter.role);
}

function score(patients: Ward["patients"], alert: Alert): number {
  const patient: Patient | undefined = alert.patient ? patients[alert.patient] : undefined;
  return Math.max(patient?.risk?.crs?.points ?? 0, patient?.risk?.icans?.points ?? 0);
}

export function isWaiting(alert: Alert): boolean {
  return alert.state === "active" || alert.state === "returned";
}

/** The waiting alerts of the same patient, for the one acknowledgement that covers them; there is none for a whole ward. */
export function companions(list: readonly Alert[], alert: Alert): Alert[] {
  if (!alert.patient) return [];
  return list.filter((other) => other.patient === alert.patient && isWaiting(other));
}

/** Where the arrow keys go from `current`. */
export function stepIn(list: readonly Alert[], current: string | null, by: 1 | -1): string | null {
  if (list.length === 0) return null;
  const at = list.findIndex((alert) => alert.id === current);
  const next = at === -1 ? 0 : Math.min(list.length - 1, Math.max(0, at + by));
  return list[next]?.id ?? null;
}
