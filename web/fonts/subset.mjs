// Cuts the Japanese face down to what a ward needs, because the whole face is a megabyte a weight and the
// pages must work without the internet. Three cuts: `words` holds every character our own pages, the alert rules and the service use
// (loaded at once, both weights); `names` the rest of level 1 of JIS X 0208; `rare` and the extras level 2 and
// the extensions of Windows-31J. So a site's own rule titles, comments and names never become empty boxes, and no page loads what it
// does not show.
import { readFileSync, readdirSync, mkdirSync, writeFileSync, existsSync, statSync } from "node:fs";
import { join, dirname, extname } from "node:path";
import { fileURLToPath } from "node:url";
import subsetFont from "subset-font";

const here = dirname(fileURLToPath(import.meta.url));
const web = dirname(here);
const cut = join(here, "cut");
const source = (part, weight) =>
  join(web, "node_modules/@fontsource/ibm-plex-sans-jp/files", `ibm-plex-sans-jp-${part}-${weight}-normal.woff2`);

function* files(folder, endings) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path, endings);
    else if (endings.includes(extname(entry.name))) yield path;
  }
}

/** What the Latin faces answer themselves: everything below U+2000 and general punctuation. */
const isJapanese = (c) => c.codePointAt(0) > 0x206f;

function charactersOf(paths) {
  const found = new Set();
  for (const path of paths) for (const c of readFileSync(path, "utf8")) if (isJapanese(c)) found.add(c);
  return found;
}

/** Every two-byte character of Windows-31J whose first byte lies in the given span, read out through the platform's decoder. */
function windows31j(from, to) {
  const decoder = new TextDecoder("shift_jis");
  const found = new Set();
  for (let lead = from; lead <= to; lead += 1)
    for (let trail = 0x40; trail <= 0xfc; trail += 1) {
      const c = decoder.decode(new Uint8Array([lead, trail]));
      if ([...c].length === 1 && c !== "\ufffd" && isJapanese(c)) found.add(c);
    }
  return found;
}

/** Punctuation, kana and the 2,965 kanji of level 1. */
const levelOne = () => windows31j(0x81, 0x98);
/** Level 2: rare in sentences, frequent in people's names. */
const levelTwo = () => new Set([...windows31j(0x98, 0x9f), ...windows31j(0xe0, 0xea)]);
/** The extensions, 髙 and 﨑 among them; the large file of the package leaves them out, its numbered slices have them. */
const extensions = () => new Set([...windows31j(0xed, 0xee), ...windows31j(0xfa, 0xfc), "鷗"]);

const range = (characters) => {
  const points = [...characters].map((c) => c.codePointAt(0)).sort((a, b) => a - b);
  const spans = [];
  for (const p of points) {
    const last = spans.at(-1);
    if (last && p === last[1] + 1) last[1] = p;
    else spans.push([p, p]);
  }
  return spans.map(([a, b]) => (a === b ? `U+${a.toString(16)}` : `U+${a.toString(16)}-${b.toString(16)}`)).join(",");
};

const kana = [...levelOne()].filter((c) => c.codePointAt(0) < 0x3100 || c.codePointAt(0) > 0xff00);
const words = new Set([
  ...charactersOf([...files(join(web, "src"), [".ts", ".tsx"]), ...files(join(web, "..", "alert-rules"), [".toml"]), ...files(join(web, "..", "src"), [".rs"])]),
  ...kana,
]);
const names = new Set([...levelOne()].filter((c) => !words.has(c)));
const rare = new Set([...levelTwo()].filter((c) => !words.has(c) && !names.has(c)));

/** As `Map.groupBy`, which Node 20 does not have. */
function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

/** The slice of the package that holds a character, by its own list of ranges. */
function sliceOf(character) {
  const point = character.codePointAt(0);
  const holds = (ranges) =>
    ranges.split(",").some((part) => {
      const [from, to] = part.trim().slice(2).split("-").map((digits) => parseInt(digits, 16));
      return point >= from && point <= (to ?? from);
    });
  return Object.entries(slices).find(([name, ranges]) => /^\[\d+\]$/.test(name) && holds(ranges))?.[0].slice(1, -1);
}
const slices = JSON.parse(readFileSync(join(web, "node_modules/@fontsource/ibm-plex-sans-jp/unicode.json"), "utf8"));

mkdirSync(cut, { recursive: true });
const bySlice = groupBy(extensions(), sliceOf);
const extras = [...bySlice].flatMap(([slice, characters]) => (slice === undefined ? [] : [[`extra-${slice}`, 500, new Set(characters)]]));
const faces = [
  ["rare", 500, rare],
  ...extras,
  ["names", 500, names],
  ["words", 500, words],
  ["words", 700, words],
];
let css = "";
for (const [name, weight, characters] of faces) {
  const file = join(cut, `${name}-${weight}.woff2`);
  const listing = `${file}.txt`;
  const wanted = [...characters].sort().join("");
  // Cutting takes seconds; the same characters give the same file, so an unchanged list is not cut again.
  if (!existsSync(file) || !existsSync(listing) || readFileSync(listing, "utf8") !== wanted) {
    writeFileSync(file, await subsetFont(readFileSync(source(name.startsWith("extra-") ? name.slice(6) : "japanese", weight)), wanted, { targetFormat: "woff2" }));
    writeFileSync(listing, wanted);
  }
  // The face declared last is asked first, so `names` may claim everything and `words` takes back its own; the
  // descriptors must be equal for the browser to see both as one face. What neither has is asked of the next family,
  // `rare`. Those two have one weight for both.
  const single = name !== "words";
  const weights = single ? ["400 599", "600 800"] : [weight === 500 ? "400 599" : "600 800"];
  const claimed = name === "rare" || name === "names" ? "U+2e80-ffef" : range(characters);
  const family = name === "rare" || name.startsWith("extra-") ? "Plex JP Rare" : "Plex JP";
  for (const span of weights)
    css += `@font-face{font-family:"${family}";font-style:normal;font-weight:${span};font-display:swap;src:url("./${name}-${weight}.woff2") format("woff2");unicode-range:${claimed}}\n`;
  if (!name.startsWith("extra-"))
    console.log(`font ${name} ${weight}: ${characters.size} characters, ${Math.round(statSync(file).size / 1024)} KB`);
}
console.log(`font extras: ${extras.length} files for ${extensions().size} characters`);
writeFileSync(join(cut, "japanese.css"), css);
