import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { z } from "zod";

import type { PaperAdapter } from "./adapter.ts";

const packageShape = z.object({ name: z.string(), version: z.string() });

/** Packages whose versions a run records. */
const RECORDED = [
  "@relatum/datasets",
  "@relatum/encoders",
  "@relatum/metrics",
  "@relatum/tensor-utils",
  "@tensorflow/tfjs",
];

/** The versions of Node, of the shared packages and of the paper's, by name. */
export async function versions(adapter: Pick<PaperAdapter, "directory">): Promise<Readonly<Record<string, string>>> {
  const require = createRequire(import.meta.url);
  const places = [
    ...RECORDED.map((name) => require.resolve(`${name}/package.json`)),
    new URL("../package.json", adapter.directory),
  ];
  const found = await Promise.all(
    places.map(async (place) => {
      const text = await readFile(place, "utf8").catch(() => "{}");
      const content = packageShape.safeParse(JSON.parse(text));
      return content.success ? [[content.data.name, content.data.version]] : [];
    }),
  );
  return { node: process.versions.node, ...(Object.fromEntries(found.flat()) as Record<string, string>) };
}
