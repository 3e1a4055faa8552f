// The process that does our side of a comparison, or onnxruntime's: `speed` starts it and asks it on its standard input.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Document } from "@relatum/datasets";

import type { Job, Work } from "./job.ts";
import { serve } from "./serve.ts";

const MATMUL_TRIES = 10;

/** A slow engine tries no longer. */
const MATMUL_SECONDS = 1;

async function prepare(job: Job): Promise<Work> {
  if (job.kind === "onnx-forward") return (await import("./onnx-work.ts")).prepareOnnx(job);
  if (job.kind === "tokenize") {
    return (await import("./tokenize-work.ts")).prepareTokenize(job.encoder, await readDocuments(job));
  }
  const { useEngine } = await import("@relatum/tensor-utils/native");
  await useEngine(job.engine);
  switch (job.kind) {
    case "encoder-forward":
      return (await import("./encoder-work.ts")).prepareForward(job);
    case "encoder-step":
      return (await import("./encoder-work.ts")).prepareStep(job);
    case "paper":
      return (await import("./paper-work.ts")).preparePaper(job, await readDocuments(job));
  }
}

async function readDocuments({ workspace }: Job): Promise<readonly Document[]> {
  return JSON.parse(await readFile(join(workspace, "documents.json"), "utf8")) as readonly Document[];
}

async function matmulGigaflops(size: number): Promise<number> {
  const tf = await import("@tensorflow/tfjs");
  const [left, right] = [tf.randomUniform([size, size]), tf.randomUniform([size, size])];
  let [best, spent] = [Infinity, 0];
  for (let index = 0; index < MATMUL_TRIES && spent < MATMUL_SECONDS; index += 1) {
    const start = performance.now();
    const corner = tf.tidy(() => tf.matMul(left, right).slice([0, 0], [1, 1]));
    await corner.data();
    const seconds = (performance.now() - start) / 1000;
    best = Math.min(best, seconds);
    spent += seconds;
    corner.dispose();
  }
  tf.dispose([left, right]);
  return (2 * size ** 3) / best / 1e9;
}

await serve({ prepare, matmulGigaflops });
