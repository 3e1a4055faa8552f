import { createInterface } from "node:readline/promises";

import type { Job, Work } from "./job.ts";
import type { Request } from "./speed-process.ts";

/** What a process that answers requests can do. */
export interface Server {
  prepare(job: Job): Promise<Work>;
  matmulGigaflops(size: number): Promise<number>;
}

/** Answers requests, a line of JSON each, until the input ends. */
export async function serve(server: Server): Promise<void> {
  const answer = (content: object): void => void process.stdout.write(`${JSON.stringify(content)}\n`);
  let work: Work | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    try {
      switch (request.ask) {
        case "prepare":
          work = await server.prepare(request.job);
          answer({ numbers: await work.numbers(), count: work.count });
          break;
        case "run":
          answer(await time(work as Work));
          break;
        case "matmul":
          answer({ gigaflops: await server.matmulGigaflops(request.size) });
      }
    } catch (error) {
      answer({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}

async function time(work: Work): Promise<object> {
  work.reset?.();
  const start = performance.now();
  const value = await work.run();
  const seconds = (performance.now() - start) / 1000;
  return { seconds, peakBytes: process.resourceUsage().maxRSS * 1024, value };
}
