import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** What the page carries with it. */
export interface PageAssets {
  readonly style: string;
  /** Vega, vega-lite and vega-embed, in the order in which they need each other. */
  readonly libraries: readonly string[];
  /** The page's own. */
  readonly scripts: readonly string[];
}

/** Files beside what the packages export. */
const LIBRARIES = [
  ["vega", "vega.min.js"],
  ["vega-lite", "vega-lite.min.js"],
  ["vega-embed", "vega-embed.min.js"],
] as const;

const SCRIPTS = ["charts.js", "filter.js", "reader.js"];

/** Reads what the page carries with it. */
export async function loadAssets(): Promise<PageAssets> {
  const libraries = LIBRARIES.map(([name, file]) => new URL(file, import.meta.resolve(name)));
  // From src/ and from dist/ alike: what browsers run is not compiled.
  const own = (name: string): URL => new URL(`../../src/page/browser/${name}`, import.meta.url);
  return {
    style: await read(own("page.css")),
    libraries: await Promise.all(libraries.map(read)),
    scripts: await Promise.all(SCRIPTS.map((name) => read(own(name)))),
  };
}

/** A file's text, without the line that would have a browser look for its source map. */
async function read(url: URL): Promise<string> {
  const text = await readFile(fileURLToPath(url), "utf8");
  return text.replace(/^\/\/# sourceMappingURL=.*$/m, "").trimEnd();
}
