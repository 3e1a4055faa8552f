import { createRequire } from "node:module";

import type { Job, OnnxJob, Work } from "./job.ts";
import { sampleValues } from "./sample-values.ts";

/** The part of `onnxruntime-node` that is used. */
interface OnnxRuntime {
  readonly InferenceSession: {
    create(path: string, options: { intraOpNumThreads: number }): Promise<OnnxSession>;
  };
  readonly Tensor: new (type: "int64", data: BigInt64Array, shape: readonly number[]) => unknown;
}

interface OnnxSession {
  run(feeds: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, { readonly data: Float32Array }>>>;
}

/** Prepares an encoder's forward pass in onnxruntime. */
export async function prepareOnnx({ runtime, model, tokenIds, threads }: Job & OnnxJob): Promise<Work> {
  const { InferenceSession, Tensor } = createRequire(import.meta.url)(runtime) as OnnxRuntime;
  const session = await InferenceSession.create(model, { intraOpNumThreads: threads });
  const shape = [tokenIds.length, tokenIds[0]?.length ?? 0];
  const ids = BigInt64Array.from(tokenIds.flat(), BigInt);
  const feeds = {
    input_ids: new Tensor("int64", ids, shape),
    attention_mask: new Tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
  };
  const compute = async (): Promise<Float32Array> => (await session.run(feeds))["hidden"]?.data ?? new Float32Array();
  return {
    numbers: async () => sampleValues(await compute()),
    run: async () => void (await compute()),
  };
}
