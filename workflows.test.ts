import { readdirSync, readFileSync } from "node:fs";

import { expect, it } from "vitest";

const folder = new URL(".github/workflows/", import.meta.url);
const files = readdirSync(folder);
const read = (file: string): string => readFileSync(new URL(file, folder), "utf8");

it.each(files)("%s pins every action to a commit, and names its version", (file) => {
  const actions = read(file).match(/^.*\buses:.*$/gm) ?? [];

  expect(actions.length).toBeGreaterThan(0);
  expect(actions.filter((line) => !/ uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
});

it.each(files)("%s pins an action to one commit throughout the workflows", (file) => {
  const pins = (text: string): string[] => text.match(/[\w-]+\/[\w-]+@[0-9a-f]{40}/g) ?? [];
  const all = new Set(files.flatMap((name) => pins(read(name))));
  const names = [...all].map((pin) => pin.split("@")[0]);

  expect(pins(read(file)).filter((pin) => names.filter((name) => name === pin.split("@")[0]).length > 1)).toEqual([]);
});

it.each(files)("%s gives no job more than reading, but where the job says so", (file) => {
  expect(read(file)).toMatch(/^permissions:\n  contents: read\n/m);
});

it("tests a release on every version of Node and system that is supported, and says where it was built", () => {
  const release = read("release.yml");

  expect(release).toContain("node: [20, 22, 24]");
  expect(release).toContain("os: [ubuntu-latest, macos-latest]");
  expect(release).toContain("id-token: write");
  expect(release).toContain('NPM_CONFIG_PROVENANCE: "true"');
});

it("looks for known holes in the packages that users get, with each change", () => {
  const ci = read("ci.yml");

  expect(ci).toContain("node tools/bootstrap.mjs exec pnpm audit --prod --audit-level=moderate\n");
  expect(ci).not.toMatch(/audit --prod[^\n]*\n +continue-on-error/);
});
