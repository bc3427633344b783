// HL7 v2 over MLLP, written anew here: a second opinion on what the service reads.
import { connect } from "node:net";

/** Sends one message and gives the code of its acknowledgement (MSA-1). */
export function send({ host, port }, lines) {
  return new Promise((answered, failed) => {
    const socket = connect(port, host);
    let text = "";
    socket.setTimeout(30_000, () => socket.destroy(new Error("no acknowledgement within 30 s")));
    socket.on("error", failed);
    socket.on("connect", () => socket.write(`\x0b${lines.join("\r")}\r\x1c\r`));
    socket.on("data", (bytes) => {
      text += bytes.toString("utf8");
      if (!text.includes("\x1c\r")) return;
      socket.end();
      answered(/MSA\|(\w\w)/.exec(text)?.[1] ?? "none");
    });
  });
}

/** `20261122060000+0000`, so many minutes from now. */
export function stamp(minutes = 0) {
  return `${new Date(Date.now() + minutes * 60_000).toISOString().replace(/[-:T]|\.\d+Z/g, "").slice(0, 14)}+0000`;
}

let number = 0;
const header = (type) => {
  number += 1;
  return `MSH|^~\\&|SIM|KUH|STORMWATCH|KUH|${stamp()}||${type}|B${process.pid}-${number}|P|2.5|||||JPN|UNICODE UTF-8`;
};
const person = ({ id, family, given }) => `PID|1||${id}^^^KUH^MR||${family}^${given}^^^^^L^I||19610402|M`;
const place = ({ ward, bed }) => `PV1|1|I|${ward}^${bed}^1`;

export function admission(patient) {
  return [header("ADT^A01^ADT_A01"), `EVN|A01|${stamp()}`, person(patient), place(patient)];
}

/** One result a row: `[code, name, value, unit]`, collected so many minutes from now. */
export function results(patient, rows, minutes = 0) {
  const at = stamp(minutes);
  return [
    header("ORU^R01^ORU_R01"),
    person(patient),
    place(patient),
    `OBR|1|||PANEL^Panel^L|||${at}`,
    ...rows.map(([code, name, value, unit], n) => `OBX|${n + 1}|NM|${code}^${name}^LN||${value}|${unit}|||||F|||${at}`),
  ];
}

export const temperature = (value) => ["8310-5", "Body temperature", value, "Cel"];
export const saturation = (value) => ["2708-6", "Oxygen saturation", value, "%"];
export const phosphate = (value) => ["2777-1", "Phosphate", value, "mg/dL"];
