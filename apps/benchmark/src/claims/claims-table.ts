import type { Claim } from "./claim.ts";
import type { MeasuredClaim } from "./measure-claims.ts";

/** What stands around the table in a paper's `PAPER.md`. */
const START = "<!-- claims: written by `relatum-bench report --claims`; do not edit -->";
const END = "<!-- /claims -->";

/** What a table says of its numbers. */
const NOTE = "Means over the seeds that both sides have; of one seed, a difference says little.";

/** Names that a list holds at most. */
const MOST_NAMES = 4;

/** How many claims there are of each kind: `3 hold, 1 does not hold, 12 are not measured`. */
export function countVerdicts(claims: readonly MeasuredClaim[]): string {
  const count = (verdict: MeasuredClaim["verdict"]): number => claims.filter((one) => one.verdict === verdict).length;
  const parts = [
    [count("holds"), "holds", "hold"],
    [count("holds in part"), "holds in part", "hold in part"],
    [count("does not hold"), "does not hold", "do not hold"],
    [count("not measured"), "is not measured", "are not measured"],
  ] as const;
  const shown = parts.filter(([number]) => number > 0);
  return shown.map(([number, one, many]) => `${number} ${number === 1 ? one : many}`).join(", ");
}

/** A paper's claims as a table in Markdown, those measured first; nothing of none. */
export function formatClaims(claims: readonly MeasuredClaim[]): string {
  if (claims.length === 0) return "";
  const ordered = [...claims.filter(isMeasured), ...claims.filter((one) => !isMeasured(one))];
  return [`${capitalize(countVerdicts(claims))}. ${NOTE}`, "", ...tableOf(ordered)].join("\n");
}

/** Those of a paper's claims that were measured as a table in Markdown, and how many there are of the others. */
export function formatMeasuredClaims(claims: readonly MeasuredClaim[]): string {
  const measured = claims.filter(isMeasured);
  const summary = `${capitalize(countVerdicts(claims))}: the paper's \`PAPER.md\` lists all.`;
  return measured.length === 0 ? summary : [`${summary} ${NOTE}`, "", ...tableOf(measured)].join("\n");
}

function tableOf(claims: readonly MeasuredClaim[]): string[] {
  return [
    "| the paper says | where | its numbers | ours | verdict |",
    "|---|---|---|---|---|",
    ...claims.map((one) => {
      const { statement, source } = one.claim;
      return `| ${[statement, source, describePrinted(one.claim), describeFindings(one), one.verdict].join(" | ")} |`;
    }),
  ];
}

/** Whether there is anything to say of a claim. */
export function isMeasured({ verdict }: MeasuredClaim): boolean {
  return verdict !== "not measured";
}

/** The paper's numbers in words. */
export function describePrinted({ printed }: Claim): string {
  if (printed.length === 0) return "–";
  // As the paper prints them: 59.00 beside 57.01.
  const digits = Math.max(...printed.flatMap(({ value, against = 0 }) => [value, against].map(countDecimals)));
  const show = (value: number): string => value.toFixed(digits);
  return printed
    .map(({ what, value, against }) => {
      return `${show(value)}${against === undefined ? "" : ` against ${show(against)}`} (${what})`;
    })
    .join("; ");
}

/** What was measured in words, or what is missing for it. */
export function describeFindings({ claim, findings, missing }: MeasuredClaim): string {
  const several = new Set(findings.map(({ holds }) => holds)).size > 1;
  const found = findings.map(({ what, text, holds }) => `${what}: ${text}${several && !holds ? " ✗" : ""}`);
  if (found.length > 0) return found.join("; ");
  return claim.unmeasured ?? `needs ${listSome(missing)}`;
}

/**
 * Puts a table where a `PAPER.md` keeps it.
 *
 * @param path What opens the error message.
 * @throws {RangeError} If the text has no place for it.
 */
export function replaceClaims(text: string, table: string, path: string): string {
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start < 0 || end < start) throw new RangeError(`${path} must have the lines "${START}" and "${END}", got none.`);
  const body = table === "" ? "\n" : `\n\n${table}\n\n`;
  return `${text.slice(0, start)}${START}${body}${text.slice(end)}`;
}

function countDecimals(value: number): number {
  return String(value).split(".")[1]?.length ?? 0;
}

/** The first few names, and how many there are besides. */
function listSome(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => `\`${name}\``);
  const others = names.length - shown.length;
  return others === 0 ? shown.join(", ") : `${shown.join(", ")} and ${others} more`;
}

function capitalize(text: string): string {
  return text.replace(/^./, (letter) => letter.toUpperCase());
}
