import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { readPredictions } from "./read-predictions.ts";
import { RunDirectoryError } from "./run-directory.ts";

let path: string;
beforeEach(() => void (path = join(mkdtempSync(join(tmpdir(), "relatum-")), "predictions-test.jsonl")));
afterEach(() => rmSync(join(path, ".."), { recursive: true }));

const ENTITIES = { id: "a", relations: [{ head: 0, tail: 1, relation: "likes", score: 0.5 }] };

describe("readPredictions", () => {
  it("reads the relations of entities, with the document of each", async () => {
    writeFileSync(path, `${JSON.stringify(ENTITIES)}\n\n`);

    const { task, relations } = await readPredictions(path);

    expect(task).toBe("document");
    expect(relations).toEqual([{ head: 0, tail: 1, relation: "likes", score: 0.5, documentId: "a" }]);
  });

  it.each([
    ["no JSON", "{", "line 2 must hold a document's predictions: Expected"],
    ["nothing", "null", "line 2 must hold a document's predictions, but "],
    ["no list of relations", '{"id":"b"}', "line 2 must hold a document's predictions, but relations: "],
    [
      "an entity that is no number",
      '{"id":"b","relations":[{"head":"0","tail":1,"relation":"likes","score":1}]}',
      "line 2 must hold a document's predictions, but relations.0.head: ",
    ],
    [
      "spans where the lines before have entities",
      '{"id":"b","spans":[],"relations":[]}',
      "line 1 must hold a document's predictions, but relations.0.head: ",
    ],
  ])("refuses a line of %s and names it", async (_, line, message) => {
    writeFileSync(path, `${JSON.stringify(ENTITIES)}\n${line}\n`);

    await expect(readPredictions(path)).rejects.toThrow(RunDirectoryError);
    await expect(readPredictions(path)).rejects.toThrow(`${path} ${message}`);
  });

  it("says that a file is not there", async () => {
    await expect(readPredictions(path)).rejects.toThrow(`${path} must hold a run's predictions: ENOENT`);
  });
});
