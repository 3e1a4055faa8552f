import { execFileSync } from "node:child_process";

import type { PlopTypes } from "@turbo/gen";

const TEMPLATES = "templates/paper";

/** What `turbo gen` offers: a package for another paper, with a trivial model that trains from the first minute. */
export default function configure(plop: PlopTypes.NodePlopAPI): void {
  plop.setHelper("json", (value: unknown) => JSON.stringify(value));
  plop.setHelper("pascal", (name: string) => name.replace(/^./, (letter) => letter.toUpperCase()));
  plop.setGenerator("paper", {
    description: "a package for another paper, with a trivial model in place of the paper's",
    prompts: [
      {
        type: "input",
        name: "name",
        message: "The paper's short name in lower case, one word (atlop):",
        validate: (name: string) => /^[a-z][a-z0-9]*$/.test(name) || "It must be one word of lower-case letters.",
      },
      {
        type: "input",
        name: "title",
        message: "The name that tables show, one word (ATLOP):",
        validate: (title: string) => /^\w+$/.test(title) || "It must be one word of letters and digits.",
      },
      { type: "input", name: "citation", message: "The paper in one line (authors: title. venue and year):" },
    ],
    actions: [
      {
        type: "addMany",
        base: TEMPLATES,
        destination: "packages/{{name}}",
        templateFiles: [`${TEMPLATES}/**/*`],
        stripExtensions: ["hbs"],
        globOptions: { dot: true },
      },
      { type: "add", path: ".changeset/first-{{name}}.md", templateFile: "templates/changeset.md.hbs" },
      {
        type: "modify",
        path: "tsconfig.json",
        pattern: /( *)(?=\{ "path": "apps\/benchmark" \})/,
        template: '$1{ "path": "packages/{{name}}" },\n$1',
      },
      {
        type: "modify",
        path: "turbo.json",
        pattern: /("@relatum\/\w+#benchmark")(?=\s*\])/,
        template: '$1, "@relatum/{{name}}#benchmark"',
      },
      format,
    ],
  });
}

/** How lines break depends on the name. */
function format({ name }: PlopTypes.Answers, _: unknown, plop: PlopTypes.NodePlopAPI): string {
  const root = plop.getDestBasePath();
  execFileSync("node_modules/.bin/oxfmt", [`packages/${name}`, "turbo.json"], { cwd: root, stdio: "ignore" });
  return "formatted";
}
