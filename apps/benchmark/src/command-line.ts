/** A command line that a shell reads back as these arguments. */
export function formatCommand(program: string, parts: readonly string[]): string {
  return [program, ...parts.map(quote)].join(" ");
}

/** How the user calls this program: through the repository's script, or by its name. */
export function programName(environment: Readonly<Record<string, string | undefined>>): string {
  return environment["npm_lifecycle_event"] === "bench" ? "npm run bench --" : "relatum-bench";
}

function quote(part: string): string {
  return /^[\w@%+=:,./-]+$/.test(part) ? part : `'${part.replaceAll("'", `'\\''`)}'`;
}
