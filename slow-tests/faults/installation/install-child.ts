// Installs one subject in a process of its own: node install-child.ts SUBJECT CACHE ADDRESS
import { SUBJECTS } from "./subjects.ts";

const [name = "", cache = "", address = ""] = process.argv.slice(2);
const subject = SUBJECTS[name];
if (subject === undefined) throw new RangeError(`subject must be one of ${Object.keys(SUBJECTS).join(", ")}.`);
process.stdout.write("starts\n");
await subject.install(cache, address);
process.stdout.write("done\n");
