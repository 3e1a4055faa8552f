import { testReadme } from "../../../tools/readme-example.ts";
import * as graph from "./graph/index.ts";
import * as index from "./index.ts";
import * as native from "./native/index.ts";
import * as train from "./train/index.ts";

testReadme({
  from: import.meta.url,
  entries: [index, graph, native, train],
  replacements: { '"auto"': JSON.stringify(process.env["RELATUM_ENGINE"] ?? "auto") },
});
