import { execFile, execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What npm and pnpm say where a package is neither in their cache nor to be fetched. */
const OUT_OF_REACH =
  /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|NO_OFFLINE|META_FETCH_FAIL/;

/** A command that has failed. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly output: string;

  constructor(command: string, output: string, complaint: string) {
    super(`${command} must succeed, got:\n${output}${complaint}`);
    this.output = output;
  }

  /** Why packages could not be had; undefined if the command failed for another reason. */
  get obstacle(): string | undefined {
    return OUT_OF_REACH.exec(this.message)?.[0];
  }
}

/** How {@link runCommand} runs. */
export interface CommandOptions {
  readonly folder: string;
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

/**
 * Runs a command to its end and gives back what it prints.
 *
 * @throws {CommandError} If it fails.
 */
export function runCommand(
  command: string,
  words: readonly string[],
  { folder, variables }: CommandOptions,
): Promise<string> {
  const options = { cwd: folder, env: { ...cleanEnvironment(), ...variables }, maxBuffer: 2 ** 26 };
  return new Promise((resolve, reject) => {
    execFile(command, words, options, (error, output, complaint) => {
      if (error === null) resolve(output);
      else
        reject(new CommandError([command, ...words].join(" "), output, `${complaint}${error.code ?? error.message}`));
    });
  });
}

/** The environment without what npm and vitest tell the programs that they run; npm's settings stay. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^(?:npm_(?!config_)|npm_config_(?:local_prefix|userconfig)$|VITEST|INIT_CWD$|NODE_ENV$|TEST$)/.test(name),
  );
  return Object.fromEntries(kept);
}

/**
 * Copies what git has or would take of the repository into a temporary folder that is a repository itself.
 *
 * The pinned pnpm is a command in its `node_modules/.cache/relatum-commands`, as in this repository.
 */
export function copyRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), "relatum-copy-"));
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const path of listed.split("\0").filter((name) => name !== "" && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(root, path), join(folder, path));
  }
  for (const words of [
    ["init", "-q"],
    ["add", "-A"],
    ["commit", "-q", "-m", "copy"],
  ])
    git(folder, words);
  writePnpm(folder);
  return folder;
}

/** Runs git in a copy and gives back what it prints. */
export function git(folder: string, words: readonly string[]): string {
  const author = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"];
  return execFileSync("git", [...author, ...words], { cwd: folder, encoding: "utf8" });
}

/** The PATH under which the commands of a copy are found, pnpm among them. */
export function pathOf(folder: string): string {
  const places = [join(folder, "node_modules", ".bin"), join(folder, "node_modules", ".cache", "relatum-commands")];
  return [...places, process.env["PATH"]].join(delimiter);
}

/** Removes a copy. */
export function removeCopy(folder: string | undefined): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

function writePnpm(folder: string): void {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { packageManager: string };
  const place = join(folder, "node_modules", ".cache", "relatum-commands");
  mkdirSync(place, { recursive: true });
  // Whoever publishes elsewhere sets the registry for all that it calls; pnpm itself comes from the usual one.
  const usual = process.env["npm_config_registry"];
  const registry = usual === undefined ? "unset npm_config_registry" : `export npm_config_registry='${usual}'`;
  const script = `#!/bin/sh\n${registry}\nexec npx --yes --prefer-offline ${packageManager} "$@"\n`;
  writeFileSync(join(place, "pnpm"), script);
  chmodSync(join(place, "pnpm"), 0o755);
}
