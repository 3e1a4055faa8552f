import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { disturb, type Disturbance } from "./disturb.ts";
import { FaultyServer } from "./faulty-server.ts";
import { recordInstallation } from "./record-installation.ts";
import { dataset, directDataset, encoder, encoderPackage, engine, type Subject } from "./subjects.ts";

const server = new FaultyServer();
const place = mkdtempSync(join(tmpdir(), "relatum-disk-"));
const hasDisk = canMount();
if (!hasDisk)
  process.stdout.write("Full disks are left out: mounting a small one takes the rights of root on Linux.\n");

beforeAll(() => server.apply());
afterAll(async () => {
  await server.stop();
  rmSync(place, { recursive: true, force: true });
});

function mount(...words: string[]): void {
  execFileSync("mount", ["-t", "tmpfs", ...words, "relatum-fault", place], { stdio: "pipe" });
}

function canMount(): boolean {
  try {
    mount("-o", "size=64k");
    execFileSync("umount", [place]);
    return true;
  } catch {
    return false;
  }
}

/** A disk of so many kilobytes that has room again later. */
function fullDisk(kilobytes: number): Disturbance {
  return {
    name: `a disk of ${kilobytes} kB`,
    makeCache: () => {
      mount("-o", `size=${kilobytes}k`);
      return Promise.resolve(join(place, "cache"));
    },
    begin: () => Promise.resolve(),
    end: () => {
      mount("-o", "remount,size=64m");
      return Promise.resolve();
    },
  };
}

/** Kilobytes that an installation takes while it runs, at the most. */
const NEEDED = new Map<Subject, number>([
  [engine, 3_100],
  [encoder, 1_100],
  [encoderPackage, 4_200],
  [dataset, 1_100],
]);

async function tryDisk(subject: Subject, kilobytes: number): Promise<string[]> {
  try {
    return await disturb(subject, server, fullDisk(kilobytes));
  } finally {
    execFileSync("umount", [place]);
  }
}

describe.skipIf(!hasDisk)("a full disk", () => {
  it.each([...NEEDED.keys()].map((subject) => [subject] as const))(
    "$name: says so, and keeps no half",
    async (subject) => {
      subject.serve(server);
      const sizes = Array.from(
        { length: 9 },
        (_, tenth) => Math.ceil((((tenth + 1) / 10) * (NEEDED.get(subject) ?? 0)) / 4) * 4,
      );
      const problems: string[] = [];
      let failed = 0;
      for (const size of sizes) {
        const found = await tryDisk(subject, size);
        problems.push(...found);
        if (found.length > 0) failed += 1;
      }

      recordInstallation(`Full disk, ${subject.name}`, "a download written straight to its place", {
        tried: sizes.length,
        failed,
      });
      expect(problems).toEqual([]);
    },
  );

  it("is seen to leave half a file where it is written straight to its place", async () => {
    directDataset.serve(server);

    expect((await tryDisk(directDataset, 500)).join("\n")).toContain("half of it is taken for whole");
  });
});
