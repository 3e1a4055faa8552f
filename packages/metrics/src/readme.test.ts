import { testReadme } from "../../../tools/readme-example.ts";
import * as index from "./index.ts";

testReadme({ from: import.meta.url, entries: [index] });
