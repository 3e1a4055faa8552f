import { countVerdicts, describeFindings, describePrinted, isMeasured } from "../claims/claims-table.ts";
import type { Ledger } from "../claims/ledger.ts";
import type { MeasuredClaim, Verdict } from "../claims/measure-claims.ts";
import { markup, type Markup } from "./markup.ts";

/** Signs of the verdicts, for those who see no colours. */
const SIGNS: Readonly<Record<Verdict, string>> = {
  holds: "✓",
  "holds in part": "◐",
  "does not hold": "✗",
  "not measured": "–",
};

/** What the papers claim and whether it holds here; nothing where no paper lists claims. */
export function formatClaimsSection(ledgers: readonly Ledger[]): Markup | undefined {
  if (ledgers.length === 0) return undefined;
  return markup`<section id="claims" aria-labelledby="claims-title">
<h2 id="claims-title">What the papers claim</h2>
<p>Each row and sentence of a paper that can be put to the test, with its numbers and ours: means over the seeds that both sides have.
Our models are small and train for a short time; of one seed, a difference says little.</p>
${ledgers.map(formatLedger)}
</section>`;
}

/** The claims that were measured, and folded away those that were not. */
function formatLedger({ title, claims }: Ledger, index: number): Markup {
  const id = `claims-${index}`;
  const measured = claims.filter(isMeasured);
  const others = claims.filter((one) => !isMeasured(one));
  return markup`<h3 id="${id}">${title}</h3>
<p class="soft">${countVerdicts(claims)}.</p>
${measured.length === 0 ? undefined : formatTable(measured, id)}
${
  others.length === 0
    ? undefined
    : markup`<details><summary>${title}: ${others.length} not measured</summary>
${formatTable(others, id)}</details>`
}
`;
}

function formatTable(claims: readonly MeasuredClaim[], labelledBy: string): Markup {
  return markup`<div class="scroll" role="region" aria-labelledby="${labelledBy}" tabindex="0">
<table class="claims"><thead><tr><th scope="col">The paper says</th><th scope="col">Where</th><th scope="col">Its numbers</th><th scope="col">Ours</th>
<th scope="col">Verdict</th></tr></thead>
<tbody>${claims.map(formatClaim)}</tbody></table></div>`;
}

function formatClaim(one: MeasuredClaim): Markup {
  const { claim, findings, verdict } = one;
  const ours =
    findings.length === 0
      ? markup`<span class="soft">${describeFindings(one).replaceAll("`", "")}</span>`
      : markup`<ul>${findings.map(({ what, text, holds }) => markup`<li>${text} <small>${what}${findings.length > 1 && !holds ? " · does not hold" : ""}</small></li>`)}</ul>`;
  return markup`<tr><th scope="row">${claim.statement}</th><td>${claim.source}</td><td>${describePrinted(claim)}</td><td>${ours}</td>
<td class="verdict" data-verdict="${verdict}"><span aria-hidden="true">${SIGNS[verdict]}</span> ${verdict}</td></tr>
`;
}
