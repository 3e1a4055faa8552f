import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

const root = dirname(fileURLToPath(import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** Files that git has or would take. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(root, path)));
const packageFolders = [
  ...new Set(files.flatMap((path) => /^(?:packages|apps)\/[^/]+(?=\/package\.json$)/.exec(path) ?? [])),
];
const sources = files.filter(
  (path) => /^(?:packages|apps)\/[^/]+\/src\/.*\.ts$/.test(path) && !path.includes("/__fixtures__/"),
);
const library = sources.filter((path) => !path.endsWith(".test.ts"));
const papers = packageFolders.filter((folder) => files.includes(`${folder}/PAPER.md`));

const folderOf = (path: string): string => path.split("/").slice(0, 2).join("/");

/** The text without comments and the insides of template strings that span lines. */
const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

function importsOf(path: string): Import[] {
  const statements = withoutComments(read(path)).matchAll(
    /^(?:import|export)\s+(type\s+)?(?:[\w*{][^;"']*?\sfrom\s+)?["']([^"']+)["']/gm,
  );
  const dynamic = read(path).matchAll(/\bimport\("([^"]+)"\)/g);
  return [
    ...[...statements].map(([, typeOnly, from]) => ({ from: from as string, typeOnly: typeOnly !== undefined })),
    ...[...dynamic].map(([, from]) => ({ from: from as string, typeOnly: false })),
  ];
}

/** What each kind of package may import of ours; `type:` allows types alone. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  "packages/datasets": [],
  "packages/tensor-utils": [],
  "packages/encoders": ["@relatum/tensor-utils"],
  "packages/metrics": ["type:@relatum/datasets"],
  "apps/benchmark": ["@relatum/datasets", "@relatum/tensor-utils", "@relatum/encoders", "@relatum/metrics"],
  paper: ["@relatum/datasets", "@relatum/tensor-utils", "@relatum/encoders"],
};

describe("imports", () => {
  it("follow the arrows of the architecture", () => {
    const wrong = library.flatMap((path) => {
      const folder = folderOf(path);
      const allowed = [...(ALLOWED[folder] ?? ALLOWED["paper"] ?? [])];
      if (/\/(?:benchmark|speed)\.ts$/.test(path) && papers.includes(folder)) allowed.push("type:@relatum/benchmark");
      return importsOf(path)
        .filter(({ from }) => from.startsWith("@relatum/"))
        .filter(({ from, typeOnly }) => {
          const name = from.split("/").slice(0, 2).join("/");
          return !allowed.includes(name) && !(typeOnly && allowed.includes(`type:${name}`));
        })
        .map(({ from }) => `${path} imports ${from}`);
    });

    expect(wrong).toEqual([]);
  });

  it("keep tfjs out of datasets and metrics", () => {
    const wrong = library
      .filter((path) => /^packages\/(?:datasets|metrics)\//.test(path))
      .filter((path) => importsOf(path).some(({ from }) => from.startsWith("@tensorflow/")));

    expect(wrong).toEqual([]);
  });

  it("keep training and the engine out of the layers", () => {
    const layers = library.filter((path) => /^packages\/tensor-utils\/src\/(?:kernels\/)?[^/]+$/.test(path));
    const wrong = layers.filter((path) =>
      importsOf(path).some(({ from }) => /\.\/(?:train|native|graph)\//.test(from)),
    );

    expect(wrong).toEqual([]);
  });

  it("reach files, processes and the network from the known places only", () => {
    const known = [
      /^apps\//,
      /^packages\/datasets\/src\/(?:load|catalog|download)\.ts$/,
      /^packages\/encoders\/src\/(?:hub\/.*|pretrained|weights\/pretrained-files)\.ts$/,
      /^packages\/tensor-utils\/src\/(?:native\/.*|train\/checkpoint|graph\/record)\.ts$/,
      /^packages\/[a-z-]+\/src\/saved-model\.ts$/,
    ];
    const wrong = library
      .filter((path) => !known.some((place) => place.test(path)))
      .filter((path) => importsOf(path).some(({ from }) => from.startsWith("node:")));

    expect(wrong).toEqual([]);
  });

  it("leave chance, clocks and the environment to apps and to provisioning", () => {
    const places = /^(?:apps\/|packages\/tensor-utils\/src\/native\/|packages\/encoders\/src\/hub\/)/;
    const wrong = library
      .filter((path) => !places.test(path))
      .filter((path) => /\bMath\.random\b|\bDate\.now\b|\bprocess\.env\b/.test(withoutComments(read(path))));

    expect(wrong).toEqual([]);
  });
});

describe("files", () => {
  it("have kebab-case names that say what they are about", () => {
    const wrong = sources.filter((path) => {
      const name = basename(path);
      return (
        !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z-]+)*\.ts$/.test(name) || /^(?:utils|helpers|types|common)\./.test(name)
      );
    });

    expect(wrong).toEqual([]);
  });

  it("have 400 lines at the most", () => {
    const wrong = library.filter((path) => read(path).split("\n").length > 401);

    expect(wrong).toEqual([]);
  });

  it("export by name", () => {
    const wrong = library.filter((path) => /^export default\b/m.test(read(path)));

    expect(wrong).toEqual([]);
  });

  it("named index.ts hold re-exports alone", () => {
    const wrong = library
      .filter((path) => path.endsWith("/index.ts"))
      .filter((path) => {
        const rest = withoutComments(read(path)).replace(/export (?:type )?\{[^}]*\} from "[^"]+";/g, "");
        return rest.trim() !== "";
      });

    expect(wrong).toEqual([]);
  });

  it("say of every exported name what it is", () => {
    const declaration =
      /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|class|interface|type|const|let) (\w+)/;
    const wrong = library.flatMap((path) => {
      const lines = read(path).split("\n");
      return lines.flatMap((line, index) => {
        const name = declaration.exec(line)?.[1];
        if (name === undefined) return [];
        const before = lines[index - 1]?.trim() ?? "";
        const isOverload = lines.slice(0, index).some((other) => declaration.exec(other)?.[1] === name);
        return before.endsWith("*/") || isOverload ? [] : [`${path}:${index + 1} ${name}`];
      });
    });

    expect(wrong).toEqual([]);
  });

  it("name no machine, no registry and no scratch path", () => {
    const words = [
      ["/wo", "rk/"].join(""),
      ["/ro", "ot/"].join(""),
      ["registry.", "npmjs"].join(""),
      ["files.", "pythonhosted"].join(""),
    ];
    const wrong = files
      .filter((path) => !/\.(?:safetensors|bin|png|woff2?)$/.test(path))
      .flatMap((path) => {
        const text = read(path);
        return words.filter((word) => text.includes(word)).map((word) => `${path}: ${word}`);
      });

    expect(wrong).toEqual([]);
  });
});

describe("packages", () => {
  it.each(packageFolders)("%s is published whole and on its own", (folder) => {
    const manifest = JSON.parse(read(`${folder}/package.json`)) as Record<string, unknown>;

    expect(manifest).toMatchObject({
      type: "module",
      license: "MIT",
      sideEffects: false,
      publishConfig: { access: "public" },
    });
    expect(manifest["name"]).toBe(`@relatum/${basename(folder)}`);
    expect(manifest["files"]).toEqual(expect.arrayContaining(["dist", "src", "!**/*.test.*", "!**/__fixtures__"]));
    expect(manifest["engines"]).toEqual({ node: ">=20.19.0" });
    const ours = Object.entries({
      ...(manifest["dependencies"] as Record<string, string> | undefined),
      ...(manifest["devDependencies"] as Record<string, string> | undefined),
    }).filter(([name]) => name.startsWith("@relatum/"));
    expect(ours).toEqual(ours.map(([name]) => [name, "workspace:^"]));
    expect(
      Object.keys((manifest["peerDependencies"] as object | undefined) ?? {}).filter((name) =>
        name.startsWith("@relatum/"),
      ),
    ).toEqual([]);
  });

  it.each(packageFolders)("%s has a README of at most 120 lines with an example", (folder) => {
    const text = read(`${folder}/README.md`);

    expect(text.split("\n").length).toBeLessThanOrEqual(121);
    expect(text).toContain("```");
  });

  it.each(papers)("%s exports the five names that every paper exports", (folder) => {
    const index = read(`${folder}/src/index.ts`);
    const name = basename(folder).replace(/^./, (letter) => letter.toUpperCase());

    for (const exported of [
      `${name}Config`,
      `define${name}Config`,
      `${name}Model`,
      `${name}Extractor`,
      `train${name}`,
      `load${name}`,
    ]) {
      expect(index).toMatch(new RegExp(`\\b${exported}\\b`));
    }
  });

  it.each(papers)("%s lists what its paper claims, and shows it in PAPER.md", (folder) => {
    expect(files).toContain(`${folder}/benchmark/claims.json`);
    expect(section(read(`${folder}/PAPER.md`), "Claims")).toContain("<!-- /claims -->");
  });

  it.each(papers)("%s has a row in PAPER.md for every equation in its code, and code for every row", (folder) => {
    const ledger = read(`${folder}/PAPER.md`);
    const equations = section(ledger, "Equations");
    const tagged = library
      .filter((path) => path.startsWith(`${folder}/`))
      .flatMap((path) => [
        ...read(path).matchAll(
          /@equation \w+ eqs?\. ([^\s(]+)[\s\S]*?\*\/\s*(?:export )?(?:async )?(?:(?:function|class) )?(\w+)/g,
        ),
      ])
      .map(([, number, name]) => ({ number, name }));
    const rows = equations.split("\n").filter((line) => /^\|(?! *(?:eq\.|-))/.test(line));

    expect(tagged.length).toBeGreaterThan(0);
    const unlisted = tagged.filter(
      ({ number, name }) => !rows.some((row) => row.includes(`${number}`) && row.includes(`${name}`)),
    );
    const unwritten = rows.filter((row) => !tagged.some(({ name }) => row.includes(`${name}`)));
    expect({ unlisted, unwritten }).toEqual({ unlisted: [], unwritten: [] });
  });
});

/** The part of a Markdown text under a heading. */
function section(text: string, heading: string): string {
  const start = text.search(new RegExp(`^#+ ${heading}`, "m"));
  const rest = text.slice(start).replace(/^#+ .*\n/, "");
  const end = rest.search(/^#+ /m);
  return start === -1 ? "" : end === -1 ? rest : rest.slice(0, end);
}
