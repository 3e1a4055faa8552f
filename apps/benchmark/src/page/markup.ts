/** A piece of HTML. */
export interface Markup {
  readonly html: string;
}

/** What may stand in a template: text is escaped, pieces of HTML are not, absent values leave nothing. */
export type MarkupValue = string | number | Markup | undefined | readonly MarkupValue[];

/** Makes a piece of HTML from a template. */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  const html = strings.map((text, index) => (index === 0 ? text : `${toHtml(values[index - 1])}${text}`)).join("");
  return { html };
}

/** Trusts a text to be HTML. */
export function trustMarkup(html: string): Markup {
  return { html };
}

/** A value as JSON that can stand in a `script` element. */
export function embedJson(value: unknown): Markup {
  return trustMarkup(
    JSON.stringify(value).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029"),
  );
}

function toHtml(value: MarkupValue): string {
  if (value === undefined) return "";
  if (typeof value === "string" || typeof value === "number") return escapeText(String(value));
  return "html" in value ? value.html : value.map(toHtml).join("");
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}
