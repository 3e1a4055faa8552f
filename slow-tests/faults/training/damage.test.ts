import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import * as tf from "@tensorflow/tfjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createRandom } from "../../../packages/tensor-utils/src/random.ts";
import { loadCheckpoint } from "../../../packages/tensor-utils/src/train/checkpoint.ts";
import { recordFault } from "../record.ts";
import { findDifferences, hashFiles, type Outcome, readEvents, readOutcome } from "./outcome.ts";
import { type SmallExperiment, smallExperiment, writeExperiment } from "./small-run.ts";
import { type Ending, type Plant, train, type TrainingOptions } from "./training-process.ts";

const SEED = 8;
const HOURS = 3_600_000;
/** Damages of each kind to each file. */
const DAMAGES = 40;

const folder = mkdtempSync(join(tmpdir(), "relatum-damage-"));
const stopped = join(folder, "stopped");
const small = smallExperiment("atlop");
const experiment = writeExperiment(folder, small);
let expected: Outcome;

beforeAll(async () => {
  const run = join(folder, "undisturbed");
  const whole = await train(experiment, run);
  // Stops with two checkpoints there are: those of steps 4 and 5, in the second epoch.
  const half = await train(experiment, stopped, { fault: { match: "^open .*checkpoint-000004", signal: "SIGTERM" } });
  if (whole.status !== 0 || half.status !== 130) throw new Error(`It must train, got: ${whole.said}${half.said}`);
  expected = readOutcome(run);
}, HOURS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy of the stopped run. */
function copyRun(name: string): string {
  const run = join(folder, name);
  cpSync(stopped, run, { recursive: true });
  return run;
}

const checkpointsOf = (run: string): [earlier: string, last: string] => {
  const names = readdirSync(join(run, "checkpoints")).toSorted();
  expect(names).toHaveLength(2);
  return names.map((name) => join(run, "checkpoints", name)) as [string, string];
};

/** Cuts bytes off, changes a bit, or empties a block, at a place of its own each time. */
function* damage(bytes: Buffer, name: string): Generator<[how: string, damaged: Buffer]> {
  const random = createRandom(SEED).fork(name);
  for (let count = 0; count < DAMAGES; count++) {
    const place = random.integer(bytes.length);
    yield [`${name} cut at ${place}`, bytes.subarray(0, place)];
    const flipped = Buffer.from(bytes);
    flipped[place] = (flipped[place] as number) ^ (1 << random.integer(8));
    yield [`${name} with a bit of byte ${place} changed`, flipped];
    const emptied = Buffer.from(bytes);
    emptied.fill(0, place, Math.min(bytes.length, place + 512));
    if (!emptied.equals(bytes)) yield [`${name} with zeros from byte ${place} on`, emptied];
    yield [`${name} with bytes besides`, Buffer.concat([bytes, bytes.subarray(0, 1 + random.integer(64))])];
  }
}

/** What is wrong about what a damaged last checkpoint, beside a sound one, is taken for. */
async function findMisreading(run: string, file: string): Promise<string[]> {
  const [earlier, last] = checkpointsOf(run);
  try {
    const loaded = await loadCheckpoint(join(run, "checkpoints"));
    if (loaded === undefined) return ["was taken for none"];
    tf.dispose([loaded.parameters, loaded.moments, loaded.best].flatMap((tensors) => [...tensors.values()]));
    const isSaid = loaded.skipped.some(({ name, error }) => name === basename(last) && error.message.includes(file));
    return [
      ...(loaded.path === earlier ? [] : ["was read as whole"]),
      ...(isSaid ? [] : ["was passed over, and not said"]),
    ];
  } catch (error) {
    return [`ended in ${String(error)}`];
  }
}

describe("a run whose last checkpoint is damaged", () => {
  it("never takes it for whole, wherever it is damaged, and takes the one before", { timeout: HOURS }, async () => {
    const run = copyRun("anywhere");
    const [earlier, last] = checkpointsOf(run);
    const problems: string[] = [];
    let tried = 0;
    for (const file of readdirSync(last)) {
      const path = join(last, file);
      const bytes = readFileSync(path);
      const another: [string, Buffer] = [`${file} of the checkpoint before`, readFileSync(join(earlier, file))];
      // The best epoch's parameters are the same in both.
      for (const [how, damaged] of [...damage(bytes, file), ...(another[1].equals(bytes) ? [] : [another])]) {
        // The whole manifest of another checkpoint tells of that one's files: one of those here does not agree.
        const blamed = how === another[0] && file === "manifest.json" ? "safetensors" : file;
        writeFileSync(path, damaged);
        tried += 1;
        problems.push(...(await findMisreading(run, blamed)).map((problem) => `${how} ${problem}`));
      }
      writeFileSync(path, bytes);
    }

    recordFault({
      area: "Training",
      fault: "last checkpoint cut, lengthened, a bit changed, zeros, exchanged, at random places",
      tried,
      survived: tried - problems.length,
      lost: problems.length,
      planted: "a reader that compares no checksums",
      seed: SEED,
    });
    expect(problems).toEqual([]);
    expect(tried).toBeGreaterThan(3 * DAMAGES);
  });

  it("goes on from the one before, says so, and ends as if nothing had been", { timeout: HOURS }, async () => {
    const run = copyRun("gone-on");
    const [, last] = checkpointsOf(run);
    changeBit(join(last, "parameters.safetensors"));

    const { said, status } = await train(experiment, run);

    expect(status).toBe(0);
    expect(said).toContain(`A damaged checkpoint was passed over: ${join(last, "parameters.safetensors")} must hold`);
    expect(readEvents(run).filter(({ kind }) => kind === "resume")).toMatchObject([{ skipped: [expect.any(String)] }]);
    expect(findDifferences(expected, run)).toEqual([]);
  });

  it("ends otherwise, and is seen to, with a reader that compares no checksums", { timeout: HOURS }, async () => {
    const run = copyRun("planted");
    const [, last] = checkpointsOf(run);
    changeBit(join(last, "parameters.safetensors"));
    const plant: Plant = {
      file: "/train/checkpoint.js",
      find: 'if (hash.digest("hex") !== expected.sha256)',
      put: "if (false)",
    };

    await train(experiment, run, { plant });

    expect(findDifferences(expected, run)).not.toEqual([]);
  });
});

/** Changes a high bit amid a file. */
function changeBit(path: string): void {
  const bytes = readFileSync(path);
  const place = Math.floor(bytes.length / 2);
  bytes[place] = (bytes[place] as number) ^ 0x40;
  writeFileSync(path, bytes);
}

/** Something else in the place of a stopped run, and what the refusal must name. */
interface Other {
  readonly name: string;
  readonly asked?: Partial<SmallExperiment>;
  readonly change?: (run: string) => void;
  readonly named: RegExp;
}

const OTHERS: readonly Other[] = [
  {
    name: "another model",
    asked: { ...smallExperiment("gain"), name: "other" },
    named: /paper is "atlop" there and "gain" here/,
  },
  {
    name: "another data set",
    asked: { data: { ...small.data, documents: { ...small.data.documents, train: 13 } } },
    named: /data\.train is "\w+" there and "\w+" here/,
  },
  {
    name: "another recipe",
    asked: { training: { ...small.training, headLearningRate: 2e-3 } },
    named: /training\.headLearningRate is 0\.001 there and 0\.002 here/,
  },
  {
    name: "another setting of the model",
    asked: { config: { ...small.config, blockSize: 32 } },
    named: /config\.blockSize is 16 there and 32 here/,
  },
  {
    name: "another version of a package",
    change: (run) =>
      editJson(join(run, "config.json"), (config) => {
        (config["versions"] as Record<string, string>)["@relatum/atlop"] = "9.9.9";
      }),
    named: /versions\.@relatum\/atlop is "9\.9\.9" there and "[\d.]+" here/,
  },
  {
    name: "a checkpoint in another version's format",
    change: (run) => editManifest(checkpointsOf(run)[1], (manifest) => (manifest["format"] = "relatum-checkpoint-9")),
    named: /must have the format "relatum-checkpoint-1", got "relatum-checkpoint-9"/,
  },
  {
    name: "checkpoints of another recipe, moved here",
    change: (run) => {
      for (const checkpoint of checkpointsOf(run)) {
        editManifest(checkpoint, ({ fingerprint }) => {
          (fingerprint as Record<string, string>)["training"] = '{"seed":1}';
        });
      }
    },
    named: /whose training is ".*", got "\{"seed":1\}"/,
  },
];

describe("a run that is not the one in the folder", () => {
  it.each(OTHERS)("is refused, with the difference named: $name", { timeout: HOURS }, async (other) => {
    const { ending, before, after } = await tryOther(other);

    const isRefused = ending.status === 1 && other.named.test(ending.said) && !/\n\s+at /.test(ending.said);
    recordFault({
      area: "Training",
      fault: `${other.name} in the run's folder`,
      tried: 1,
      survived: isRefused ? 1 : 0,
      lost: isRefused ? 0 : 1,
      planted: "versions that are not compared",
    });
    expect(ending.said).toMatch(other.named);
    expect(ending.status).toBe(1);
    expect(after).toEqual(before);
  });

  it("is not refused, and that is seen, where versions are not compared", { timeout: HOURS }, async () => {
    const version = OTHERS.find(({ name }) => name.includes("version of a package")) as Other;
    const plant: Plant = {
      file: "/run-directory.js",
      find: 'findDifference(packagesOf(there), packagesOf(config), "versions")',
      put: "undefined",
    };

    const { ending } = await tryOther(version, { plant, fault: { match: "^append", signal: "SIGKILL" } });

    expect(ending.said).not.toMatch(version.named);
    expect(ending.signal).toBe("SIGKILL");
  });
});

/** Trains something else in the folder of a stopped run, which must stay as it is, but for its log. */
async function tryOther(
  { name, asked = {}, change }: Other,
  options: TrainingOptions = {},
): Promise<{
  ending: Ending;
  before: Record<string, string>;
  after: Record<string, string>;
}> {
  const run = join(folder, name.replaceAll(/\W+/g, "-"));
  rmSync(run, { recursive: true, force: true });
  cpSync(stopped, run, { recursive: true });
  change?.(run);
  const file = writeExperiment(join(folder, "others"), { ...small, ...asked });
  const before = hashFiles(run);
  // No step is taken: the engine that is there at once will do.
  const ending = await train(file, run, { environment: { RELATUM_ENGINE: "cpu" }, ...options });
  const [{ "log.jsonl": _, ...files }, { "log.jsonl": __, ...filesAfter }] = [before, hashFiles(run)];
  return { ending, before: files, after: filesAfter };
}

type Json = Record<string, unknown>;

function editJson(path: string, edit: (json: Json) => void): void {
  if (!existsSync(path)) throw new Error(`${path} must be there.`);
  const json = JSON.parse(readFileSync(path, "utf8")) as Json;
  edit(json);
  writeFileSync(path, JSON.stringify(json));
}

/** Changes a manifest as another program would have written it, its checksum included. */
function editManifest(checkpoint: string, edit: (manifest: Json) => void): void {
  editJson(join(checkpoint, "manifest.json"), (file) => {
    const manifest = JSON.parse(file["manifest"] as string) as Json;
    edit(manifest);
    file["manifest"] = JSON.stringify(manifest);
    file["sha256"] = createHash("sha256")
      .update(file["manifest"] as string)
      .digest("hex");
  });
}
