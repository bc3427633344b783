// The one reducer: what a page knows is a fold over the frames it was sent. It runs in the browser and in node alike.
import type { Alert, Patient, ServerFrame } from "./wire.ts";

export interface Ward {
  readonly patients: Readonly<Record<string, Patient>>;
  readonly alerts: Readonly<Record<string, Alert>>;
  /** The place in the stream up to which this page has seen everything; given back on reconnect. */
  readonly cursor: string | null;
  /** Server time of the last heartbeat, milliseconds since 1970. */
  readonly heardAt: number | null;
  /** False until the first snapshot: an empty ward and an unknown ward must not look the same. */
  readonly known: boolean;
  readonly refused: string | null;
}

export const nobody: Ward = { patients: {}, alerts: {}, cursor: null, heardAt: null, known: false, refused: null };

/**
 * The ward after one frame. Applying the same frame twice changes nothing; patients and alerts that a frame does not
 * touch keep their object identity, so that only their own tile is drawn again.
 */
export function reduce(ward: Ward, frame: ServerFrame): Ward {
  switch (frame.type) {
    case "snapshot":
      return fromSnapshot(ward, frame.cursor, frame.patients, frame.alerts);
    case "alert":
      return { ...ward, cursor: frame.cursor, alerts: withAlert(ward.alerts, frame.alert) };
    case "patient":
      return withPatient({ ...ward, cursor: frame.cursor }, frame.patient);
    case "heartbeat": {
      const heard = Date.parse(frame.now);
      return { ...ward, cursor: frame.cursor, heardAt: Number.isNaN(heard) ? ward.heardAt : heard };
    }
    case "error":
      return { ...ward, refused: frame.reason };
  }
}

function fromSnapshot(ward: Ward, cursor: string, patients: Patient[], alerts: Alert[]): Ward {
  const empty: Ward = { ...ward, patients: {}, alerts: {}, cursor, known: true, refused: null };
  const seated = (patients ?? []).reduce(withPatient, empty);
  return { ...seated, alerts: (alerts ?? []).reduce(withAlert, seated.alerts) };
}

/** A patient without a bed has left the ward; their alerts leave with them only through their own frames. */
function withPatient(ward: Ward, patient: Patient): Ward {
  const patients = { ...ward.patients };
  if (patient.bed === null || patient.bed === undefined) delete patients[patient.id];
  else patients[patient.id] = patient;
  let alerts = ward.alerts;
  for (const alert of patient.alerts ?? []) if (typeof alert !== "string") alerts = withAlert(alerts, alert);
  return { ...ward, patients, alerts };
}

function withAlert(alerts: Ward["alerts"], alert: Alert): Ward["alerts"] {
  const next = { ...alerts };
  // An alert leaves a page for one reason only: the service said it is over.
  if (alert.state === "closed") delete next[alert.id];
  else next[alert.id] = alert;
  return next;
}

/** The alerts that concern one patient, those that count most first. */
export function alertsOf(ward: Ward, patient: string): Alert[] {
  return Object.values(ward.alerts)
    .filter((alert) => alert.patient === patient && isShown(alert))
    .sort(byUrgency);
}

/** Alerts about machines and feeds, which belong to no bed. */
export function unplaced(ward: Ward): Alert[] {
  return Object.values(ward.alerts)
    .filter((alert) => !alert.patient && isShown(alert))
    .sort(byUrgency);
}

/**
 * Pending alerts are not yet raised, shelved ones were put aside by a person, shadowed ones are on trial, and a graver
 * alert speaks for an inhibited one; none of them may call anybody.
 */
export function isShown(alert: Alert): boolean {
  if (alert.shadow || alert.inhibited_by) return false;
  return alert.state === "active" || alert.state === "acknowledged" || alert.state === "returned";
}

/** What a person put aside for a while, soonest back first. */
export function putAside(ward: Ward): Alert[] {
  return Object.values(ward.alerts)
    .filter((alert) => alert.state === "shelved" || alert.state === "out_of_service")
    .sort((a, b) => Date.parse(a.shelf?.until ?? "") - Date.parse(b.shelf?.until ?? ""));
}

const rank = { high: 0, medium: 1, low: 2, info: 3 } as const;
const stateRank = { active: 0, returned: 1, acknowledged: 2, pending: 3, shelved: 4, out_of_service: 5, closed: 6 } as const;

/** Unacknowledged before acknowledged, then priority, then the one that has waited longest. */
export function byUrgency(a: Alert, b: Alert): number {
  const calling = Number(a.state === "acknowledged") - Number(b.state === "acknowledged");
  if (calling !== 0) return calling;
  const priority = rank[a.priority] - rank[b.priority];
  if (priority !== 0) return priority;
  const state = stateRank[a.state] - stateRank[b.state];
  return state !== 0 ? state : Date.parse(a.raised_at) - Date.parse(b.raised_at);
}
