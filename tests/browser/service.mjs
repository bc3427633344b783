// The real service, started on free ports with a throw-away folder, or one that already runs.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/**
 * `config` is the text of a configuration file, `users` whom to add before it starts, as `[name, password, ...options]`.
 * `freeze`, `thaw` and `command` are there only for a service that was started here.
 * @returns {Promise<{http: string, mllp: {host: string, port: number}, freeze?: () => void, thaw?: () => void,
 *   command?: (...words: string[]) => string, stop: () => Promise<void>} | null>}
 */
export async function startService({ config, users = [] } = {}) {
  const { STORMWATCH_HTTP, STORMWATCH_MLLP, STORMWATCH_BIN } = process.env;
  if (!config && STORMWATCH_HTTP && STORMWATCH_MLLP) return { http: withScheme(STORMWATCH_HTTP), mllp: split(STORMWATCH_MLLP), stop: async () => undefined };
  if (!STORMWATCH_BIN) return null;
  const folder = mkdtempSync(join(tmpdir(), "stormwatch-browser-"));
  for (const [name, password, ...options] of users)
    execFileSync(STORMWATCH_BIN, ["user", "add", name, ...options, "--data", folder], { input: `${password}\n`, encoding: "utf8" });
  const file = join(folder, "stormwatch.toml");
  if (config) writeFileSync(file, config);
  const child = spawn(STORMWATCH_BIN, ["serve", ...(config ? ["--config", file] : []), "--data", folder, "--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
  const listening = await new Promise((found, failed) => {
    const timer = setTimeout(() => failed(new Error("the service did not say that it listens within 30 s")), 30_000);
    child.once("exit", (code) => failed(new Error(`the service ended with ${code} before it listened`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const match = /^listening http=(\S+) mllp=(\S+)/.exec(line);
      if (!match) return;
      clearTimeout(timer);
      found({ http: match[1], mllp: match[2] });
    });
  });
  return {
    http: withScheme(listening.http),
    mllp: split(listening.mllp),
    // Standing still closes nothing: this is how a hanging service looks to a wall.
    freeze: () => child.kill("SIGSTOP"),
    thaw: () => child.kill("SIGCONT"),
    command: (...words) => execFileSync(STORMWATCH_BIN, [...words, "--data", folder], { encoding: "utf8" }),
    stop: async () => {
      child.kill("SIGCONT");
      child.removeAllListeners("exit");
      const gone = new Promise((exit) => child.once("exit", exit));
      child.kill("SIGTERM");
      const hurry = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await gone;
      clearTimeout(hurry);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function withScheme(address) {
  return address.startsWith("http") ? address.replace(/\/$/, "") : `http://${address}`;
}

function split(address) {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}
