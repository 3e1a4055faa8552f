import { createRandom } from "@relatum/tensor-utils";
import { describe, expect, it } from "vitest";

import { BiLstmEncoder } from "./bilstm.ts";
import { encoderTrainingBytes } from "./encoding-bytes.ts";
import { tinyBackbone } from "./tiny-backbone.ts";

describe("encoderTrainingBytes", () => {
  it("counts what the layers keep and the maps of one at work", () => {
    const { encoder } = tinyBackbone(1); // 2 layers, 4 heads, 32 wide, 64 between

    const bytes = encoderTrainingBytes(encoder, 3, 16);

    const kept = 2 * (4 * 16 ** 2 + (8 * 32 + 4 * 64) * 16);
    expect(bytes).toBe(4 * 3 * (kept + 4 * 4 * 16 ** 2));
  });

  it("takes an encoder of another make for one of twelve layers, four times as wide between its maps", () => {
    const { hiddenSize, heads, maxTokens } = tinyBackbone(1).encoder;
    const other = { hiddenSize, heads, maxTokens } as Parameters<typeof encoderTrainingBytes>[0];

    expect(encoderTrainingBytes(other, 1, 16)).toBe(4 * (12 * (4 * 16 ** 2 + 24 * 32 * 16) + 4 * 4 * 16 ** 2));
  });

  it("grows with the tokens of a BiLSTM, not with their square", () => {
    const sizes = { inputSize: 8, stateSize: 4, layers: 2, inputDropout: 0, outputDropout: 0 };
    const encoder = new BiLstmEncoder(sizes, createRandom(1));

    expect(encoderTrainingBytes(encoder, 2, 10)).toBe(4 * 2 * 10 * (8 + 2 * 16 * 4 * 2));
    expect(encoderTrainingBytes(encoder, 2, 20)).toBe(2 * encoderTrainingBytes(encoder, 2, 10));
  });
});
