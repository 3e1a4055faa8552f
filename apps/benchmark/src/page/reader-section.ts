import { markup, type Markup } from "./markup.ts";
import type { ReaderRun } from "./reader-data.ts";

/** The frame of the reader, which the page's script fills; a word of explanation where there is nothing to read. */
export function formatReaderSection(readings: readonly ReaderRun[]): Markup {
  const head = markup`<h2 id="reader-title">Reader</h2>`;
  if (readings.length === 0) {
    return markup`<section id="reader" aria-labelledby="reader-title">${head}
<p>No documents are on this page: those of data sets may not be passed on. <code>report --html FILE --data DIR --documents 20</code>
writes a page with documents of the runs’ own data, for your eyes only.</p></section>`;
  }
  return markup`<section id="reader" aria-labelledby="reader-title">${head}
<p>Choose a relation to see its two entities in the text, the sentences that support it, and what the model went by.</p>
<div class="reader-bar">
<label class="wide">Run <select id="reader-run">${readings.map(({ label }, index) => markup`<option value="${index}">${label}</option>`)}</select></label>
<label>Document <select id="reader-document"></select></label>
<span class="pager"><button type="button" id="reader-previous" aria-label="Previous document">←</button>
<button type="button" id="reader-next" aria-label="Next document">→</button></span>
<span id="reader-count" class="soft" aria-live="polite"></span>
</div>
<div class="reader">
<div>
<article id="reader-text" aria-label="Text of the document" tabindex="0"></article>
<div id="reader-explanation" aria-live="polite"></div>
<div id="reader-entities"></div>
</div>
<div id="reader-relations"></div>
</div>
</section>`;
}
