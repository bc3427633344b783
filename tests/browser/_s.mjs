import { launch } from "./browser.mjs";
const base = process.env.BASE ?? "http://127.0.0.1:18080";
const b = await launch(["--autoplay-policy=no-user-gesture-required"]);
const list = process.argv.slice(2);
for (const spec of list) {
  const [name, path, w = "1280", h = "900", scheme = "dark", y = "0", code = ""] = spec.split("|");
  const c = await b.newContext({ viewport: { width: +w, height: +h }, timezoneId: "Asia/Tokyo", colorScheme: scheme });
  const p = await c.newPage();
  p.on("pageerror", (e) => console.log(name, "ERR", e.message));
  p.on("console", (m) => m.type() === "error" && console.log(name, m.text()));
  await p.goto(base + path); await p.waitForTimeout(3000);
  if (code) { await p.evaluate(code); await p.waitForTimeout(800); }
  if (+y) { await p.evaluate((at) => scrollTo(0, at), +y); await p.waitForTimeout(500); }
  await p.screenshot({ path: `/tmp/shots/${name}.png` });
  await c.close();
}
await b.close();
