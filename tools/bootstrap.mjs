// What `npm start` and `npm test` call. Needs Node and npm alone: installs the packages with the pinned pnpm, builds
// them, provisions TensorFlow's library, then runs the verb. A step whose work is done is skipped, so that a second run
// needs no network. The syntax is that of old Node versions: they must get as far as the line that refuses them.
import { spawn } from "child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "fs";
import { constants } from "os";
import { delimiter, dirname, join } from "path";
import { fileURLToPath } from "url";

const USAGE = `Usage: node tools/bootstrap.mjs <verb>

  start [TURBO …]    the papers' benchmarks and their report  (npm start)
  test [FILTER …]    every test, or the files that match      (npm test -- FILTER)
  parity [NAME]      the parity tests, or those of a package  (npm run test:parity -- NAME)
  slow NAME          a test of slow-tests/: publish, new-paper (npm run test:publish, test:paper), own-data
  faults [NAME]      slow-tests/faults: kills, full disks, hostile files, long runs; then their table (npm run test:faults)
  bench …            the benchmark's command line             (npm run bench -- …)
  install            the set-up alone: packages, build, engine
  exec COMMAND …     a command of the repository, once its packages are installed
`;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const modules = join(root, "node_modules");
const onWindows = process.platform === "win32";

let child;
let interrupted = false;
process.on("SIGINT", () => {
  // From a terminal, and under npm, the signal goes to the whole process group: the child has it already.
  const reachesChild = process.stdin.isTTY || process.env.npm_lifecycle_event !== undefined;
  if (child && !reachesChild) child.kill("SIGINT");
  interrupted = true;
});
process.on("SIGTERM", stop);

function stop() {
  if (child) child.kill("SIGTERM");
  interrupted = true;
}

if (process.env.npm_lifecycle_event !== undefined) {
  // npm passes SIGTERM on to its shell alone; without this, a training would go on unseen.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop();
  }, 1000);
  watch.unref();
}

void checkNode()
  .then(() => main(process.argv[2], process.argv.slice(3)))
  .catch((error) => {
    process.stderr.write(`relatum: ${error.message}\n`);
    return error.status || 1;
  })
  .then((status) => {
    process.exitCode = status;
  });

async function checkNode() {
  const least = manifest.engines.node.replace(/[^\d.]/g, "");
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [leastMajor, leastMinor] = least.split(".").map(Number);
  if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
    throw new Error(`Node must be version ${least} or later, got ${process.versions.node}.`);
  }
}

async function main(verb, words) {
  const benchmark = join(root, "apps", "benchmark", "dist", "cli.js");
  switch (verb) {
    case "start":
      await setUp();
      return turbo(["benchmark", "report", "--log-order=stream", ...words]);
    case "test":
      await setUp();
      return vitest(words);
    case "parity": {
      const filters = parityFilters(words);
      await setUp();
      return vitest(filters);
    }
    case "slow":
      await installPackages();
      return vitest(["--config", join("slow-tests", "vitest.config.ts"), ...words]);
    case "faults": {
      await setUp();
      const status = await vitest([
        "--config",
        join("slow-tests", "vitest.config.ts"),
        ...(words.length > 0 ? words : [join("slow-tests", "faults")]),
      ]);
      await run(process.execPath, ["--import", "tsx", join("slow-tests", "faults", "table.ts")], { cwd: root });
      return status;
    }
    case "bench":
      await setUp();
      // npm runs scripts in the repository's root; relative paths mean the folder the caller stands in.
      return run(process.execPath, [benchmark, ...words], { cwd: process.env.INIT_CWD || process.cwd() });
    case "install":
      await setUp();
      return 0;
    case "exec":
      await installPackages();
      return run(words[0], words.slice(1), { shell: onWindows });
    default:
      process.stderr.write(USAGE);
      return 2;
  }
}

async function setUp() {
  await installPackages();
  await must("the build", turbo(["build", "--output-logs=errors-only"], quiet()));
  await provisionEngine();
}

/** Installs what the lockfile lists, if it is newer than the last installation. */
async function installPackages() {
  const marker = join(modules, ".modules.yaml");
  const lockfile = join(root, "pnpm-lock.yaml");
  if (!existsSync(marker) || statSync(marker).mtimeMs < statSync(lockfile).mtimeMs) {
    const install = ["install", "--frozen-lockfile", "--config.confirm-modules-purge=false"];
    const words = ["--yes", "--prefer-offline", manifest.packageManager, ...install];
    await must("pnpm install", run("npx", words, Object.assign(quiet(), { shell: onWindows })));
    utimesSync(marker, new Date(), new Date());
  }
  writePnpm();
}

/** Makes the pinned pnpm a command: turbo looks for one, and calls it for tasks that are not cached. */
function writePnpm() {
  const words = `npx --yes --prefer-offline ${manifest.packageManager}`;
  mkdirSync(commands(), { recursive: true });
  writeFileSync(join(commands(), "pnpm"), `#!/bin/sh\nexec ${words} "$@"\n`);
  chmodSync(join(commands(), "pnpm"), 0o755);
  writeFileSync(join(commands(), "pnpm.cmd"), `@${words} %*\r\n`);
}

function commands() {
  return join(modules, ".cache", "relatum-commands");
}

/** Without the library everything runs as well, on the portable engine: a failure here is told and passed over. */
async function provisionEngine() {
  if (process.env.RELATUM_ENGINE === "wasm" || process.env.RELATUM_ENGINE === "cpu") return;
  let problem = "";
  const cli = join(root, "packages", "tensor-utils", "dist", "native", "cli.js");
  const status = await run(process.execPath, [cli, "install"], {
    stdio: ["ignore", 2, "pipe"],
    onError: (text) => {
      problem += text;
    },
  });
  if (status !== 0) process.stderr.write(`${problem.trim()} Until then the portable, slower engine is used.\n`);
}

function turbo(words, options = { cwd: root }) {
  return run(process.execPath, [join(modules, "turbo", "bin", "turbo"), "run", ...words], options);
}

function vitest(words) {
  return run(process.execPath, [join(modules, "vitest", "vitest.mjs"), "run", ...words], { cwd: root });
}

/** What to tell vitest so that it runs the parity tests of a package; without a name, of every package. */
function parityFilters([name, ...words]) {
  if (name === undefined) return [".parity.test.ts"];
  if (name.startsWith("-")) return [".parity.test.ts", name, ...words];
  const packages = join(root, "packages");
  const parityTests = (folder) => {
    const source = join(packages, folder, "src");
    const names = existsSync(source) ? readdirSync(source, { recursive: true }) : [];
    return names.filter((file) => file.endsWith(".parity.test.ts")).map((file) => join(source, file));
  };
  const known = readdirSync(packages).filter((folder) => parityTests(folder).length > 0);
  const folder = name.replace(/^@relatum\//, "");
  if (!known.includes(folder)) throw new Error(`NAME must be one of ${known.join(", ")}, got "${name}".`);
  return [...parityTests(folder), ...words];
}

async function must(what, ending) {
  const status = await ending;
  if (status === 0) return;
  throw Object.assign(new Error(`${what} must succeed, got status ${status}.`), { status });
}

/** Options of a step of the set-up: what it says goes to the error stream, the output belongs to the verb. */
function quiet() {
  return { cwd: root, stdio: ["ignore", 2, 2] };
}

/** Runs a command to its end; gives back its exit status, 128 and more if a signal ended it. */
function run(command, words, { onError, ...options } = {}) {
  if (interrupted) return Promise.resolve(130);
  const env = {
    ...process.env,
    DO_NOT_TRACK: "1",
    TURBO_TELEMETRY_DISABLED: "1",
    npm_config_loglevel: process.env.npm_config_loglevel || "error",
    PATH: [join(modules, ".bin"), commands(), process.env.PATH].join(delimiter),
  };
  return new Promise((resolve, reject) => {
    child = spawn(command, words, { stdio: "inherit", env, ...options });
    if (onError) child.stderr.setEncoding("utf8").on("data", onError);
    child.on("error", (error) => reject(new Error(`${command} must start, got: ${error.message}.`)));
    child.on("close", (status, signal) => {
      child = undefined;
      resolve(signal === null ? status : 128 + constants.signals[signal]);
    });
  });
}
