// A process that answers like a counterpart and computes nothing. Its argument says what it answers.
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";

const { name, numbers, seconds, values = [], log, end, error } = JSON.parse(process.argv[2]);
let runs = 0;

const answer = (content) => process.stdout.write(`${JSON.stringify(content)}\n`);

console.log("a library says hello");
console.log(JSON.stringify({ version: 1 }));
for await (const line of createInterface({ input: process.stdin })) {
  const { ask, size } = JSON.parse(line);
  if (log !== undefined) appendFileSync(log, `${name} ${ask}\n`);
  if (ask === end) {
    process.stderr.write("out of memory\n");
    process.exit(3);
  }
  if (ask === error) answer({ error: "no such model" });
  else if (ask === "prepare") answer({ numbers });
  else if (ask === "matmul") answer({ gigaflops: size / 8 });
  else {
    answer({ seconds: seconds[runs % seconds.length], peakBytes: 5, value: values[runs] });
    runs += 1;
  }
}
