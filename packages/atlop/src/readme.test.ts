import { sampleWorld } from "@relatum/datasets";
import { tinyBackbone } from "@relatum/encoders/testing";

import { testModelReadme } from "../../../tools/readme-example.ts";
import * as index from "./index.ts";

testModelReadme({
  from: import.meta.url,
  entries: [index],
  createBackbone: () => tinyBackbone(1),
  documents: sampleWorld({ seed: 1, documents: 8 }).documents,
});
