// Plants a defect into one built module: `RELATUM_PLANT` holds { file, find, put } as JSON. Loaded with --import.
import { register } from "node:module";

if (process.env.RELATUM_PLANT) {
  register(new URL("plant-hooks.mjs", import.meta.url), { data: JSON.parse(process.env.RELATUM_PLANT) });
}
