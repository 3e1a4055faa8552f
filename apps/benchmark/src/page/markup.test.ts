import { describe, expect, it } from "vitest";

import { embedJson, markup, trustMarkup } from "./markup.ts";

describe("markup", () => {
  it("escapes text, in attributes too, and keeps pieces of HTML", () => {
    const piece = markup`<b title="${'a "b"'}">${"x < y & z"}</b>`;

    expect(markup`<p>${piece}${trustMarkup("<hr>")}</p>`.html).toBe(
      '<p><b title="a &quot;b&quot;">x &lt; y &amp; z</b><hr></p>',
    );
  });

  it("joins lists and leaves nothing of what is absent", () => {
    expect(markup`${[1, undefined, ["<"]]}${undefined}`.html).toBe("1&lt;");
  });
});

describe("embedJson", () => {
  it("holds nothing that ends a script element, and reads back as it was", () => {
    const value = { text: "</script><!-- \u2028" };
    const { html } = embedJson(value);

    expect(html).not.toMatch(/[<\u2028]/);
    expect(JSON.parse(html)).toEqual(value);
  });
});
