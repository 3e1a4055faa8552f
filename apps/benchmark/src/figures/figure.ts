import { z } from "zod";

/** A figure of a paper to be drawn from our runs, an entry of its `figures.json`. */
export interface PaperFigure {
  /** Where the paper has it: `Figure 2`. */
  readonly source: string;
  readonly title: string;
  /** What it shows, in a sentence. */
  readonly description: string;
  readonly split: "development" | "test";
  readonly x: { readonly title: string; readonly scale: "linear" | "log" };
  readonly y: { readonly title: string };
  readonly series: readonly FigureSeries[];
}

/** Points of one colour, joined by a line. */
export interface FigureSeries {
  readonly name: string;
  /** The score that is drawn: `Rel F1`. */
  readonly metric: string;
  readonly points: readonly FigurePoint[];
}

/** An experiment's score over a number, or over a speed. */
export interface FigurePoint {
  readonly label?: string | undefined;
  /** Name of an experiment of the paper. */
  readonly experiment: string;
  /** Where it stands: a number, or how many texts a second a side of a case of the command `speed` reads. */
  readonly x: number | { readonly speed: string; readonly side: "ours" | "peer" };
  /** The paper's own point. */
  readonly printed?: { readonly x: number; readonly y: number } | undefined;
}

const name = z.string().min(1);

/** The form of a paper's `figures.json`. */
export const figuresShape: z.ZodType<PaperFigure[]> = z.array(
  z.strictObject({
    source: name,
    title: name,
    description: name,
    split: z.enum(["development", "test"]),
    x: z.strictObject({ title: name, scale: z.enum(["linear", "log"]).default("linear") }),
    y: z.strictObject({ title: name }),
    series: z
      .array(
        z.strictObject({
          name,
          metric: name,
          points: z
            .array(
              z.strictObject({
                label: name.optional(),
                experiment: name,
                x: z.union([z.number(), z.strictObject({ speed: name, side: z.enum(["ours", "peer"]) })]),
                printed: z.strictObject({ x: z.number(), y: z.number() }).optional(),
              }),
            )
            .min(1),
        }),
      )
      .min(1),
  }),
);
