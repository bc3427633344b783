// The pages over TLS, as a browser and as `openssl s_client` see them, from a service with its own certificate and one user.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startService } from "./service.mjs";
import { test } from "./suite.mjs";

const password = "a long enough password";

/** A service that speaks TLS, and where its certificate lies; both are gone when the test ends. */
async function encrypted(later) {
  const folder = mkdtempSync(join(tmpdir(), "stormwatch-tls-"));
  later(() => rmSync(folder, { recursive: true, force: true }));
  const [certificate, key] = [join(folder, "server.crt"), join(folder, "server.key")];
  const made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=stormwatch test", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  execFileSync("openssl", [...made, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const service = await startService({
    config: `[http]\ntls = { certificate = ${JSON.stringify(certificate)}, key = ${JSON.stringify(key)} }\n`,
    users: [["n.sato", password, "--role", "nurse"]],
  });
  later(() => service.stop());
  return { certificate, host: service.http.replace(/^https?:\/\//, "") };
}

/** What `openssl s_client` says of one handshake: the protocol that was agreed on, the check of the certificate. */
function handshake(host, certificate, ...more) {
  return new Promise((said) => {
    const client = execFile("openssl", ["s_client", "-connect", host, "-servername", "localhost", "-CAfile", certificate, "-verify_hostname", "localhost", "-verify_return_error", "-brief", ...more], { timeout: 30_000 }, (error, out, err) => said({ code: error ? (error.code ?? 1) : 0, text: `${out}${err}` }));
    client.stdin.on("error", () => undefined).end();
  });
}

function ask(host, certificate, path, { body, headers } = {}) {
  return new Promise((answered, failed) => {
    const asking = request(`https://${host}${path}`, { ca: readFileSync(certificate), servername: "localhost", agent: false, method: body ? "POST" : "GET", headers: { ...(body ? { "content-type": "application/json" } : {}), ...headers } }, (response) => {
      response.resume().on("end", () => answered(response));
    });
    asking.on("error", failed).end(body);
  });
}

test("service: TLS 1.2 and 1.3 alone are spoken, with a certificate that openssl can check", async ({ later }) => {
  const { host, certificate } = await encrypted(later);
  for (const [version, agreed] of [["-tls1_2", /TLSv1\.2/], ["-tls1_3", /TLSv1\.3/]]) {
    const { code, text } = await handshake(host, certificate, version);
    assert.equal(code, 0, `${version}: ${text}`);
    assert.match(text, agreed);
    assert.match(text, /Verification: OK/);
    // No cipher without forward secrecy, none that is not authenticated encryption.
    assert.match(text, /Ciphersuite: (TLS_(AES|CHACHA20)|ECDHE-.*(GCM|CHACHA20))/);
  }
  for (const version of ["-tls1_1", "-tls1"]) {
    const { code, text } = await handshake(host, certificate, version, "-cipher", "ALL:@SECLEVEL=0");
    assert.notEqual(code, 0, `${version}: ${text}`);
  }
  const weak = await handshake(host, certificate, "-tls1_2", "-cipher", "AES128-SHA:AES256-SHA256:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0");
  assert.notEqual(weak.code, 0, weak.text);
  // Another name than the certificate's: openssl has to refuse, or the check above proves nothing.
  const other = await handshake(host, certificate, "-verify_hostname", "elsewhere");
  assert.notEqual(other.code, 0, other.text);
}, { needs: "command" });

test("service: over TLS every answer asks for TLS from then on, and the cookie goes nowhere else", async ({ later }) => {
  const { host, certificate } = await encrypted(later);
  for (const path of ["/", "/login", "/healthz", "/api/v1/patients", "/nothing-here"]) {
    const { statusCode, headers } = await ask(host, certificate, path);
    assert.match(headers["strict-transport-security"] ?? "", /^max-age=31536000$/, `${path} ${statusCode}`);
    assert.doesNotMatch(headers["content-security-policy"], /unsafe/, path);
  }
  const answer = await ask(host, certificate, "/api/v1/login", { body: JSON.stringify({ name: "n.sato", password }) });
  assert.equal(answer.statusCode, 200);
  const [cookie] = answer.headers["set-cookie"];
  assert.match(cookie, /^__Host-stormwatch=/);
  for (const word of ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"]) assert.ok(cookie.includes(word), `${word} in ${cookie}`);
  assert.doesNotMatch(cookie, /Domain=/);
}, { needs: "command" });

test("service: a nurse signs in over TLS and the console is live over the same door", async ({ later, open }) => {
  const { host } = await encrypted(later);
  const page = await open(`https://${host}/console?lang=en`, { ignoreHTTPSErrors: true });
  await page.waitForURL(/\/login\?next=%2Fconsole/);
  await page.getByLabel("Name").fill("n.sato");
  await page.getByLabel("Password").fill(password);
  const sockets = [];
  page.on("websocket", (socket) => sockets.push(socket));
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(/\/console/);
  await page.getByText("Nothing waits").first().waitFor({ timeout: 30_000 });
  assert.ok(sockets.length > 0 && sockets.every((socket) => socket.url().startsWith("wss://")), sockets.map((socket) => socket.url()).join());
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie.name, cookie.secure, cookie.httpOnly, cookie.sameSite], ["__Host-stormwatch", true, true, "Strict"]);
  // A page cannot read it, whatever runs there.
  assert.equal(await page.evaluate(() => document.cookie), "");
}, { needs: "command" });
