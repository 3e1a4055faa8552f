import { describe, expect, it } from "vitest";

import { formatCommand, programName } from "./command-line.ts";

describe("formatCommand", () => {
  it("quotes what a shell would not read back", () => {
    const command = formatCommand("relatum-bench", ["train", "my file.json", "--out", "it's", "a/b-c.d"]);

    expect(command).toBe("relatum-bench train 'my file.json' --out 'it'\\''s' a/b-c.d");
  });
});

describe("programName", () => {
  it("is the script of the repository where that was called", () => {
    expect(programName({ npm_lifecycle_event: "bench" })).toBe("npm run bench --");
    expect(programName({})).toBe("relatum-bench");
  });
});
