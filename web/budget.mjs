// Prints what a page makes a browser fetch (its scripts and styles with all they import, compressed) and refuses a wall
// above 90 KB: a wall must start within a second on a small kiosk computer.
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { join, dirname } from "node:path";
import { fileURLToPath } from "node:url";

const dist = join(dirname(fileURLToPath(import.meta.url)), "dist");
const wallLimit = 90 * 1024;
const packed = (file) => gzipSync(readFileSync(join(dist, file))).length;

function fetched(html) {
  const found = new Set();
  const visit = (file) => {
    if (found.has(file)) return;
    found.add(file);
    if (!file.endsWith(".js")) return;
    const text = readFileSync(join(dist, file), "utf8");
    for (const match of text.matchAll(/["'`](?:\.\/|\/assets\/|assets\/)([\w.-]+\.(?:js|css))["'`]/g)) visit(`assets/${match[1]}`);
  };
  for (const match of html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)) visit(match[1]);
  return [...found];
}

let failed = false;
for (const name of readdirSync(dist).filter((file) => file.endsWith(".html"))) {
  const bytes = fetched(readFileSync(join(dist, name), "utf8")).reduce((sum, file) => sum + packed(file), 0);
  console.log(`${name.padEnd(14)} ${(bytes / 1024).toFixed(1).padStart(6)} KB compressed`);
  if (name === "wall.html" && bytes > wallLimit) failed = true;
}
if (failed) {
  console.error(`wall.html is above its budget of ${wallLimit / 1024} KB`);
  process.exit(1);
}
