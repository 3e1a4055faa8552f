import { describe, expect, it } from "vitest";

import { createTerminal, type Output } from "./terminal.ts";

function record(isTTY: boolean): Output & { text: string } {
  const output = {
    isTTY,
    columns: 10,
    text: "",
    write: (text: string) => void (output.text += text),
  };
  return output;
}

describe("createTerminal", () => {
  it("writes results and progress to different outputs", () => {
    const [out, progress] = [record(false), record(false)];
    const terminal = createTerminal(out, progress, () => 0);
    terminal.out("result");
    terminal.notice("notice");

    expect([out.text, progress.text]).toEqual(["result\n", "notice\n"]);
  });

  it("replaces the status on a terminal, cut to its width, and takes it away before a notice", () => {
    const progress = record(true);
    let time = 0;
    const terminal = createTerminal(record(true), progress, () => (time += 1000));
    terminal.status("one two three");
    terminal.notice("done");

    expect(progress.text).toBe("\r\u001B[2Kone two t\r\u001B[2Kdone\n");
  });

  it("writes the status as a line every ten seconds elsewhere", () => {
    const progress = record(false);
    const times = [0, 5_000, 9_999, 10_000, 15_000];
    const terminal = createTerminal(record(false), progress, () => times.shift() ?? 0);
    for (const text of ["a", "b", "c", "d", "e"]) terminal.status(text);

    expect(progress.text).toBe("a\nd\n");
  });
});
