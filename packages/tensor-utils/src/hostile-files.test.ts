import { describe } from "vitest";

import { testHostileReaders } from "../../../tools/hostile-readers.ts";
import { HOSTILE_READERS } from "./__fixtures__/hostile-readers.ts";

describe("readers of tensors and checkpoints", () => {
  testHostileReaders(HOSTILE_READERS, { inputs: 250 });
});
