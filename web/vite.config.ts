import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const page = (name: string): string => fileURLToPath(new URL(`${name}.html`, import.meta.url));

/** The faces are under the SIL Open Font License, which asks to travel with them. */
const fontLicence: Plugin = {
  name: "font-licence",
  generateBundle() {
    const source = readFileSync(new URL("node_modules/@fontsource/ibm-plex-sans/LICENSE", import.meta.url), "utf8");
    this.emitFile({ type: "asset", fileName: "assets/ibm-plex-licence.txt", source });
  },
};

// One entry a page: the wall must not carry the charts and forms of the console.
export const pages = ["index", "wall", "console", "patient", "quality", "intake", "rules", "scores", "audit", "login"];

export default defineConfig({
  base: "/",
  appType: "mpa",
  plugins: [fontLicence],
  build: {
    target: "es2022",
    // Fonts and images stay files: the content security policy of the service has no `data:` for fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: { input: Object.fromEntries(pages.map((name) => [name, page(name)])) },
  },
  worker: { format: "es" },
});
