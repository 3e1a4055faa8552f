/** What a model card says of a saved model. */
export interface ModelCard {
  /** The name that tables show: `ATLOP`. */
  readonly title: string;
  /** The package that loads it: `@relatum/atlop`. */
  readonly package: string;
  /** The function of the package that loads it: `loadAtlop`. */
  readonly load: string;
  /** Relation names in label order. */
  readonly relations: readonly string[];
  /** What defines the model apart from its weights: anything that JSON can hold. */
  readonly config: object;
}

/** The sections of a card that only whoever trained the model can write. */
export type ModelCardSection = "Data" | "Recipe" | "Scores";

/** What stands in a section that nobody has filled in. */
const UNKNOWN = "Not recorded.";

/**
 * Formats the `README.md` of a saved model's directory, in the form that model hubs show.
 *
 * @returns Markdown; {@link fillModelCard} fills in data, recipe and scores.
 */
export function formatModelCard({ title, package: name, load, relations, config }: ModelCard): string {
  const { relations: _, ...settings } = config as { readonly relations?: unknown };
  return [
    "---",
    "library_name: relatum",
    "tags:",
    "  - relation-extraction",
    `  - ${title.toLowerCase()}`,
    "---",
    "",
    `# ${title}`,
    "",
    `A model saved by \`${name}\`. It finds: ${relations.join(", ")}.`,
    "",
    "## How to load",
    "",
    "```ts",
    `import { ${load} } from "${name}";`,
    "",
    `const extractor = await ${load}("model"); // this directory`,
    "const { relations } = await extractor.extract(documents); // documents of @relatum/datasets",
    "```",
    "",
    "## Settings",
    "",
    "```json",
    JSON.stringify(settings, null, 2),
    "```",
    "",
    ...(["Data", "Recipe", "Scores"] satisfies ModelCardSection[]).flatMap((section) => [
      `## ${section}`,
      "",
      UNKNOWN,
      "",
    ]),
    "## Licence",
    "",
    "The code that loads the model is under the MIT licence. The weights are under the terms of the encoder that they",
    "started from and of the data that they were trained on.",
    "",
  ].join("\n");
}

/** Gives the card with other text in some of its sections; a section that the card lacks is left out. */
export function fillModelCard(card: string, sections: Partial<Record<ModelCardSection, string>>): string {
  return Object.entries(sections).reduce((text, [section, content]) => {
    const pattern = new RegExp(`^(## ${section}\\n\\n)[\\s\\S]*?(?=^## |(?![\\s\\S]))`, "m");
    return text.replace(pattern, (_, heading: string) => `${heading}${content.trim()}\n\n`);
  }, card);
}
