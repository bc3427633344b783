// The ward of the tests against the service: one patient with a fever, one whose phosphate falls.
import assert from "node:assert/strict";
import { admission, phosphate, results, saturation, send, temperature } from "./mllp.mjs";

export const ward = "9W";
export const patients = {
  storm: { id: "MRN00417", family: "嵐山", given: "花子", ward, bed: "01" },
  calm: { id: "MRN00418", family: "小川", given: "静", ward, bed: "02" },
};
/** What no bed-only display may be sent. */
export const secrets = ["MRN00417", "MRN00418", "嵐山", "花子", "小川", "19610402", "1961-04-02"];
export const tile = (page, bed) => page.locator(`.tile[data-bed="${bed}"]`);

export async function post(service, path, body) {
  const response = await fetch(`${service.http}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  const text = await response.text();
  assert.ok(response.status < 300, `${path} answered ${response.status} ${text}`);
}

export const hoursAgo = (hours) => new Date(Date.now() - hours * 3_600_000).toISOString();
export const wallOf = (open, service, query = "") => open(`${service.http}/wall?ward=${ward}&${query}`, { viewport: { width: 1920, height: 1080 } });

/** Made once, however many tests ask. */
let settling = null;
export const settled = (service) => (settling ??= settle(service));
async function settle(service) {
  for (const patient of Object.values(patients)) assert.equal(await send(service.mllp, admission(patient)), "AA");
  await infuse(service, patients.storm);
  await infuse(service, patients.calm);
  assert.equal(await send(service.mllp, results(patients.storm, [temperature("39.1"), saturation("96")])), "AA");
  assert.equal(await send(service.mllp, results(patients.calm, [phosphate("3.5")], -26 * 60)), "AA");
  assert.equal(await send(service.mllp, results(patients.calm, [phosphate("2.3")])), "AA");
}

export const infuse = (service, patient) =>
  post(service, `/api/v1/patients/${patient.id}/therapies`, { kind: "infusion", product: "tisa-cel", at: hoursAgo(24) });
