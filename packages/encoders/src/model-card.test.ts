import { describe, expect, it } from "vitest";

import { fillModelCard, formatModelCard } from "./model-card.ts";

const card = formatModelCard({
  title: "ATLOP",
  package: "@relatum/atlop",
  load: "loadAtlop",
  relations: ["owner", "birth place"],
  config: { relations: ["owner", "birth place"], pairSize: 16 },
});

/** The text under a heading. */
const section = (text: string, name: string): string | undefined =>
  new RegExp(`## ${name}\\n\\n([\\s\\S]*?)\\n\\n?(?=## |$)`).exec(text)?.[1];

describe("formatModelCard", () => {
  it("says what the model finds, how to load it, and its settings without the relations again", () => {
    expect(card).toContain("It finds: owner, birth place.");
    expect(section(card, "How to load")).toContain('const extractor = await loadAtlop("model");');
    expect(section(card, "Settings")).toBe('```json\n{\n  "pairSize": 16\n}\n```');
  });

  it("opens with what model hubs read, and leaves open what only the trainer knows", () => {
    expect(card).toMatch(/^---\nlibrary_name: relatum\ntags:\n {2}- relation-extraction\n {2}- atlop\n---\n/);
    for (const name of ["Data", "Recipe", "Scores"]) expect(section(card, name)).toBe("Not recorded.");
    expect(section(card, "Licence")).toContain("MIT");
  });
});

describe("fillModelCard", () => {
  it("replaces the sections given, once and again, and nothing else", () => {
    const once = fillModelCard(card, { Data: "DocRED", Scores: "| F1 |\n|---|\n| $1 |" });
    const again = fillModelCard(once, { Data: "CDR" });

    expect(section(again, "Data")).toBe("CDR");
    expect(section(again, "Recipe")).toBe("Not recorded.");
    expect(section(again, "Scores")).toBe("| F1 |\n|---|\n| $1 |");
    expect(again.split("## ")).toHaveLength(card.split("## ").length);
  });

  it("leaves a text of another form as it is", () => {
    expect(fillModelCard("# Mine\n", { Data: "DocRED" })).toBe("# Mine\n");
  });
});
