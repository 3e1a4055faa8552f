import { describe } from "vitest";

import { testHostileReaders } from "../../../tools/hostile-readers.ts";
import { HOSTILE_READERS } from "./__fixtures__/hostile-readers.ts";

describe("readers of saved ATLOP models", () => {
  testHostileReaders(HOSTILE_READERS, { inputs: 40 });
});
